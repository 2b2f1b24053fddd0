"""What PyTorch's attention and encoders give, and their gradients: python3 test/reference/attention.py > test/reference/attention.json"""

import json
import math

import torch

torch.manual_seed(11)
torch.set_default_dtype(torch.float64)


def written(x):
    values = x.detach().flatten()
    return {"shape": list(x.shape), "values": values.int().tolist() if x.dtype == torch.bool else values.tolist()}


def attention_names(module, prefix=""):
    """PyTorch's parameters of attention by our names; three projections of one size are one weight of PyTorch's."""
    at = lambda name: prefix + name
    if module.in_proj_weight is not None:
        weights = [(module.in_proj_weight, part) for part in range(3)]
    else:
        weights = [(module.q_proj_weight, None), (module.k_proj_weight, None), (module.v_proj_weight, None)]
    take = lambda p, part: (lambda x: x if part is None else x.chunk(3)[part], p)
    named = {at(f"{name}.weight"): take(*weight) for name, weight in zip(["query", "key", "value"], weights)}
    if module.in_proj_bias is not None:
        for part, name in enumerate(["query", "key", "value"]):
            named[at(f"{name}.bias")] = take(module.in_proj_bias, part)
        named[at("output.bias")] = take(module.out_proj.bias, None)
    named[at("output.weight")] = take(module.out_proj.weight, None)
    return named


def layer_names(module, prefix=""):
    named = attention_names(module.self_attn, f"{prefix}attention.")
    for name in ["linear1", "linear2", "norm1", "norm2"]:
        for part in ["weight", "bias"]:
            named[f"{prefix}{name}.{part}"] = (lambda x: x, getattr(getattr(module, name), part))
    return named


def stack_names(module):
    named = {k: v for i, layer in enumerate(module.layers) for k, v in layer_names(layer, f"layers.{i}.").items()}
    for part in ["weight", "bias"] if module.norm else []:
        named[f"norm.{part}"] = (lambda x: x, getattr(module.norm, part))
    return named


def stirred(module):
    """Biases begin as zeros and norms as ones: values at which mistakes would not show."""
    with torch.no_grad():
        for p in module.parameters():
            p.add_(0.3 * torch.randn(p.shape))
    return module


def case(kind, given, options, named, inputs, output, masks, weights=None):
    cotangent = torch.randn(output.shape)
    (output * cotangent).sum().backward()
    return {
        "kind": kind,
        "given": given,
        "options": options,
        "masks": {k: written(v) if isinstance(v, torch.Tensor) else v for k, v in masks.items()},
        "parameters": {name: written(part(p)) for name, (part, p) in named.items()},
        "inputs": [written(x) for x in inputs],
        "output": written(output),
        "cotangent": written(cotangent),
        "gradients": {name: written(part(p.grad)) for name, (part, p) in named.items()},
        "inputGradients": [written(x.grad) for x in inputs],
        **({} if weights is None else {"weights": written(weights)}),
    }


def later(time):
    return torch.ones(time, time, dtype=torch.bool).triu(1)


def attention(size, heads, shapes, options={}, masks={}):
    module = stirred(torch.nn.MultiheadAttention(size, heads, batch_first=True, **options))
    inputs = [torch.randn(shape, requires_grad=True) for shape in shapes]
    query, key, value = inputs * 3 if len(inputs) == 1 else inputs
    mask = later(query.shape[-2]) if masks.get("causal") else masks.get("mask")
    if mask is not None and mask.dim() == 4:
        mask = mask.flatten(0, 1)  # PyTorch's masks for each head: [batch · heads, queries, keys]
    output, weights = module(
        query, key, value, attn_mask=mask, key_padding_mask=masks.get("padding"), average_attn_weights=False
    )
    return case("attention", [size, heads], options, attention_names(module), inputs, output, masks, weights)


def encoder(size, heads, shape, ours, theirs, masks={}, layers=None):
    settings = {"dim_feedforward": ours["feedForward"], "dropout": 0.0, "batch_first": True, **theirs}
    module = torch.nn.TransformerEncoderLayer(size, heads, **settings)
    if layers is not None:
        norm = torch.nn.LayerNorm(size) if ours.get("norm") else None
        module = torch.nn.TransformerEncoder(module, layers, norm)
    stirred(module)
    x = torch.randn(shape, requires_grad=True)
    mask = later(shape[-2]) if masks.get("causal") else masks.get("mask")
    output = module(x, mask, src_key_padding_mask=masks.get("padding"))
    kind, named = ("layer", layer_names) if layers is None else ("stack", stack_names)
    return case(kind, [size, heads], {**ours, "dropout": 0}, named(module), [x], output, masks)


def waves(time, size):
    """Vaswani et al. 2017, §3.5, a number at a time."""
    angle = lambda t, i: t * math.exp(-math.log(10000.0) * (2 * (i // 2)) / size)
    return torch.tensor([[[math.sin, math.cos][i % 2](angle(t, i)) for i in range(size)] for t in range(time)])


some = torch.tensor([[False, True, False], [False, False, True], [True, False, False]])
padding = torch.tensor([[False, False, True], [False, False, False]])
perSample = torch.stack([some, some.flip(0)])
cases = [
    attention(4, 2, [[2, 3, 4]]),
    attention(4, 1, [[3, 4]], {}, {"causal": True}),
    attention(4, 2, [[2, 3, 4]], {}, {"mask": some, "padding": padding}),
    attention(4, 2, [[2, 3, 4]], {}, {"mask": torch.stack([perSample, perSample.flip(1)], 1)}),
    attention(6, 3, [[2, 2, 6], [2, 3, 5], [2, 3, 4]], {"kdim": 5, "vdim": 4, "bias": False}, {"padding": padding}),
    encoder(4, 2, [2, 3, 4], {"feedForward": 5}, {}),
    encoder(4, 2, [2, 3, 4], {"feedForward": 5, "normFirst": True}, {"norm_first": True}, {"padding": padding}),
    encoder(
        4, 1, [3, 4],
        {"feedForward": 3, "activation": "tanh", "eps": 0.01},
        {"activation": torch.tanh, "layer_norm_eps": 0.01},
        {"mask": some},
    ),
    encoder(
        4, 2, [2, 3, 4],
        {"feedForward": 5, "layers": 2, "norm": True, "normFirst": True},
        {"norm_first": True},
        {"causal": True},
        layers=2,
    ),
    encoder(4, 2, [2, 3, 4], {"feedForward": 3, "layers": 2}, {}, {"padding": padding}, layers=2),
]
origin = f"PyTorch {torch.__version__}, float64, by attention.py; waves by its formula"
print(json.dumps({"origin": origin, "cases": cases, "waves": written(waves(7, 6))}))
