"""Losses of PyTorch with all reductions: values, and gradients by the output of each reduced to its weighted sum.

Run: /usr/bin/python3 test/reference/losses.py
"""
import json
import os
import platform

import torch
import torch.nn.functional as F

rng = torch.Generator().manual_seed(3)


def draw(*shape, scale=1.0):
    """Numbers that a few binary digits hold, so that the file is short and exact."""
    return (torch.randn(shape, generator=rng, dtype=torch.float64) * 64 * scale).round() / 64


def distribution(*shape):
    """Probabilities in sixteenths, with zeros among them."""
    counts = torch.multinomial(torch.ones(shape, dtype=torch.float64), 16, replacement=True, generator=rng)
    return torch.nn.functional.one_hot(counts, shape[-1]).sum(-2).double() / 16


def plain(x):
    dtype = "int32" if x.dtype == torch.int64 else "float64"
    return {"shape": list(x.shape), "values": x.detach().reshape(-1).tolist(), "dtype": dtype}


def case(loss, f, *arguments, options=None, differentiated=1):
    """f(*arguments, reduction) by PyTorch, for the loss of ours that takes the same arguments and the options."""
    found = {}
    for reduction in ("mean", "sum", "none"):
        given = [a.clone().requires_grad_() if i < differentiated else a for i, a in enumerate(arguments)]
        value = f(*given, reduction)
        value.sum().backward()
        found[reduction] = {"value": plain(value), "gradients": [plain(a.grad) for a in given[:differentiated]]}
    named = {k: plain(v) if isinstance(v, torch.Tensor) else v for k, v in (options or {}).items()}
    return {"loss": loss, "options": named, "arguments": [plain(a) for a in arguments], "reductions": found}


def kl(log, t, reduction):
    """PyTorch's batchmean is the mean of distributions, and its none is not summed along the classes."""
    if reduction == "none":
        return F.kl_div(log, t, reduction="none").sum(-1)
    return F.kl_div(log, t, reduction="batchmean" if reduction == "mean" else "sum")


x, y = draw(3, 4), draw(3, 4)
logits, labels = draw(5, 4, scale=2), torch.tensor([0, 3, 1, 1, 2])
weights = torch.tensor([0.5, 2.0, 1.0, 0.25], dtype=torch.float64)
shares = distribution(5, 4)
occurs = torch.tensor([[0, 1, 1, 0.25]] * 3, dtype=torch.float64)
pairs = torch.tensor([1, -1, -1], dtype=torch.float64)


def entropy(**options):
    return lambda a, b, reduction: F.cross_entropy(a, b, reduction=reduction, **options)


cases = [
    case("meanSquaredError", lambda a, b, r: F.mse_loss(a, b, reduction=r), x, y, differentiated=2),
    case("meanAbsoluteError", lambda a, b, r: F.l1_loss(a, b, reduction=r), x, y, differentiated=2),
    case("huber", lambda a, b, r: F.huber_loss(a, b, reduction=r), x, y),
    case("huber", lambda a, b, r: F.huber_loss(a, b, reduction=r, delta=0.4), x, y, options={"delta": 0.4}),
    case("crossEntropy", entropy(), logits, labels),
    case("crossEntropy", entropy(label_smoothing=0.1), logits, labels, options={"labelSmoothing": 0.1}),
    case("crossEntropy", entropy(weight=weights), logits, labels, options={"classWeights": weights}),
    case(
        "crossEntropy",
        entropy(weight=weights, label_smoothing=0.2),
        logits,
        labels,
        options={"classWeights": weights, "labelSmoothing": 0.2},
    ),
    case("crossEntropy", entropy(), logits, shares, differentiated=2),
    case(
        "crossEntropy",
        entropy(weight=weights, label_smoothing=0.2),
        logits,
        shares,
        options={"classWeights": weights, "labelSmoothing": 0.2},
    ),
    case("binaryCrossEntropy", lambda a, b, r: F.binary_cross_entropy_with_logits(a, b, reduction=r), x, occurs),
    case(
        "binaryCrossEntropy",
        lambda a, b, r: F.binary_cross_entropy_with_logits(a, b, reduction=r, pos_weight=weights),
        x,
        occurs,
        options={"positiveWeight": weights},
    ),
    case("klDivergence", kl, torch.log_softmax(logits, -1), shares),
    case("cosineEmbedding", lambda a, b, t, r: F.cosine_embedding_loss(a, b, t, reduction=r), x, y, pairs, differentiated=2),
    case(
        "cosineEmbedding",
        lambda a, b, t, r: F.cosine_embedding_loss(a, b, t, margin=0.1, reduction=r),
        x,
        y,
        -pairs,
        options={"margin": 0.1},
        differentiated=2,
    ),
]
origin = f"test/reference/losses.py, PyTorch {torch.__version__}, Python {platform.python_version()}"
with open(os.path.join(os.path.dirname(__file__), "losses.json"), "w") as file:
    json.dump({"origin": origin, "cases": cases}, file)
    file.write("\n")
