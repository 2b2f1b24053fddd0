"""Recurrent layers of PyTorch, two layers and both directions: outputs, last states and all gradients of a weighted sum.

Run: /usr/bin/python3 test/reference/recurrent.py
"""
import json
import os
import platform

import torch

INPUTS, NEURONS, LAYERS, TIME, BATCH = 2, 3, 2, 4, 2
rng = torch.Generator().manual_seed(7)


def draw(*shape, scale=1.0):
    """Numbers that a few binary digits hold, so that the file is short and exact."""
    return (torch.randn(shape, generator=rng, dtype=torch.float64) * 64 * scale).round() / 64


def plain(x):
    return {"shape": list(x.shape), "values": x.detach().reshape(-1).tolist()}


def case(kind, bidirectional):
    layer = getattr(torch.nn, kind)(INPUTS, NEURONS, LAYERS, bidirectional=bidirectional).double()
    for parameter in layer.parameters():
        parameter.data = draw(*parameter.shape, scale=0.6)
    directions = LAYERS * (2 if bidirectional else 1)
    x = draw(TIME, BATCH, INPUTS).requires_grad_()
    initial = [draw(directions, BATCH, NEURONS).requires_grad_() for _ in range(2 if kind == "LSTM" else 1)]
    outputs, last = layer(x, tuple(initial) if kind == "LSTM" else initial[0])
    last = list(last) if kind == "LSTM" else [last]
    pull = [draw(*y.shape) for y in [outputs, *last]]
    sum((y * g).sum() for y, g in zip([outputs, *last], pull)).backward()
    return {
        "kind": kind,
        "bidirectional": bidirectional,
        "parameters": {name: plain(p) for name, p in layer.named_parameters()},
        "gradients": {name: plain(p.grad) for name, p in layer.named_parameters()},
        "sequence": plain(x),
        "sequenceGradient": plain(x.grad),
        "initial": [plain(s) for s in initial],
        "initialGradient": [plain(s.grad) for s in initial],
        "outputs": plain(outputs),
        "last": [plain(s) for s in last],
        "pull": [plain(g) for g in pull],
    }


cases = [case(kind, both) for kind in ("RNN", "GRU", "LSTM") for both in (False, True)]
origin = f"test/reference/recurrent.py, PyTorch {torch.__version__}, Python {platform.python_version()}"
with open(os.path.join(os.path.dirname(__file__), "recurrent.json"), "w") as file:
    json.dump({"origin": origin, "layers": LAYERS, "inputs": INPUTS, "neurons": NEURONS, "cases": cases}, file)
    file.write("\n")
