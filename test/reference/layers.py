"""Writes layers.json: what PyTorch gives for the layers without neurons, in training and in evaluation."""

import json
import platform
from pathlib import Path

import torch
from torch import nn

torch.manual_seed(7)
torch.set_default_dtype(torch.float64)


def plain(x):
    return {"shape": list(x.shape), "values": x.detach().flatten().tolist()}


def randomised(layer):
    """Parameters of any value, so that no gradient is a special case."""
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.normal_()
    return layer


def entry(layer, x, steps=1):
    """Parameters, then a number of steps in training, then one in evaluation: outputs, gradients and buffers."""
    layer = randomised(layer)
    given = {"parameters": {name: plain(p) for name, p in layer.named_parameters()}, "x": plain(x), "passes": []}
    for mode in ["train"] * steps + ["eval"]:
        layer.train(mode == "train")
        layer.zero_grad()
        inputs = x.clone().requires_grad_(x.is_floating_point())
        y = layer(inputs)
        cotangent = torch.randn_like(y)
        y.backward(cotangent)
        given["passes"].append(
            {
                "mode": mode,
                "y": plain(y),
                "cotangent": plain(cotangent),
                "dx": plain(inputs.grad) if x.is_floating_point() else None,
                "gradients": {name: plain(p.grad) for name, p in layer.named_parameters()},
                "buffers": {n: plain(b) for n, b in layer.named_buffers() if b.dim() > 0},
            }
        )
    return given


cases = {
    "BatchNorm": entry(nn.BatchNorm1d(3), 2 * torch.randn(5, 3) + 1, 3),
    "BatchNorm over a length": entry(nn.BatchNorm1d(2), torch.randn(3, 2, 4), 2),
    "BatchNorm over an image": entry(nn.BatchNorm2d(2, eps=1e-3, momentum=0.3), torch.randn(2, 2, 3, 2), 2),
    "LayerNorm": entry(nn.LayerNorm(4), 3 * torch.randn(2, 3, 4) - 1),
    "LayerNorm over two axes": entry(nn.LayerNorm([2, 3], eps=1e-2), torch.randn(4, 2, 3)),
    "GroupNorm": entry(nn.GroupNorm(2, 4), torch.randn(3, 4, 5)),
    "GroupNorm over channels": entry(nn.GroupNorm(1, 3), torch.randn(4, 3)),
    "Embedding": entry(nn.Embedding(5, 3), torch.tensor([[0, 4], [2, 4]])),
    "Embedding with padding": entry(nn.Embedding(4, 2, padding_idx=1), torch.tensor([1, 0, 3, 1])),
    "MaxPool1d": entry(nn.MaxPool1d(2), torch.randn(2, 3, 7)),
    "MaxPool2d": entry(nn.MaxPool2d(3, stride=2, padding=1), torch.randn(2, 2, 5, 6)),
    "AveragePool1d": entry(nn.AvgPool1d(3, stride=1, padding=1), torch.randn(2, 2, 5)),
    "AveragePool2d": entry(nn.AvgPool2d(2, padding=1, count_include_pad=False), torch.randn(2, 1, 4, 4)),
    "Flatten": entry(nn.Flatten(), torch.randn(2, 3, 2)),
}

origin = f"PyTorch {torch.__version__}, Python {platform.python_version()}, float64; written by layers.py"
text = json.dumps({"origin": origin, "cases": cases})
Path(__file__).with_suffix(".json").write_text(text + "\n")
