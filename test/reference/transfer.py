"""State dicts of PyTorch, what the modules say to an input with them, in evaluation, and whether they load ours.

Run: /usr/bin/python3 test/reference/transfer.py
"""
import json
import os
import platform

import torch
from torch import nn

rng = torch.Generator().manual_seed(11)


def draw(*shape, scale=1.0):
    """Numbers that a few binary digits hold, so that the file is short and exact."""
    return (torch.randn(shape, generator=rng, dtype=torch.float64) * 64 * scale).round() / 64


def plain(x):
    return {"shape": list(x.shape), "values": x.detach().reshape(-1).tolist()}


class Recogniser(nn.Module):
    """Containers by field name, and a list."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(5, 4)
        self.blocks = nn.ModuleList([nn.Linear(4, 4), nn.LayerNorm(4)])
        self.gain = nn.Parameter(torch.ones(4))

    def forward(self, x):
        for block in self.blocks:
            x = block(x if x.is_floating_point() else self.embed(x))
        return x * self.gain


class Attend(nn.Module):
    """Attention to itself, or with keys and values of other sizes."""

    def __init__(self, **options):
        super().__init__()
        self.heard = nn.MultiheadAttention(4, 2, batch_first=True, **options)

    def forward(self, x):
        sizes = [self.heard.embed_dim, self.heard.kdim, self.heard.vdim]
        return self.heard(*[x[..., :size] for size in sizes])[0]


def first(module):
    """A recurrent layer says its outputs first, then its state."""
    module.register_forward_hook(lambda _, __, output: output[0])
    return module


convolutional = nn.Sequential(
    nn.Conv2d(2, 4, 3, padding=1, groups=2),
    nn.BatchNorm2d(4),
    nn.ReLU(),
    nn.ConvTranspose2d(4, 2, 2, stride=2),
    nn.GroupNorm(1, 2),
    nn.Flatten(),
)
cases = {
    "Sequential": (nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Sequential(nn.Linear(4, 2))), draw(2, 3)),
    "containers": (Recogniser(), torch.tensor([[0, 3, 4], [1, 1, 2]])),
    "convolutions with BatchNorm": (convolutional, draw(2, 2, 3, 3)),
    "Conv1d": (nn.Sequential(nn.Conv1d(2, 3, 2), nn.BatchNorm1d(3, affine=False)), draw(2, 2, 4)),
    "RNN": (first(nn.RNN(2, 3)), draw(3, 2, 2)),
    "GRU": (first(nn.GRU(2, 3)), draw(3, 2, 2)),
    "GRUCell": (nn.GRUCell(2, 3), draw(2, 2)),
    "GRU of two layers": (first(nn.GRU(2, 3, 2)), draw(3, 2, 2)),
    "LSTM in both directions": (first(nn.LSTM(2, 3, bidirectional=True)), draw(3, 2, 2)),
    "LSTM of two layers in both directions": (first(nn.LSTM(2, 3, 2, bidirectional=True)), draw(3, 2, 2)),
    "attention": (Attend(), draw(2, 3, 4)),
    "attention to other sizes": (Attend(kdim=3, vdim=2), draw(2, 3, 4)),
    "attention without biases": (Attend(bias=False), draw(2, 3, 4)),
    "TransformerEncoderLayer": (nn.TransformerEncoderLayer(4, 2, 6, batch_first=True), draw(2, 3, 4)),
    "TransformerEncoder": (
        nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 6, batch_first=True), 2, nn.LayerNorm(4)),
        draw(2, 3, 4),
    ),
}


def case(module, x):
    module = module.double()
    for name, value in module.state_dict().items():
        if value.is_floating_point():
            value.copy_(draw(*value.shape, scale=0.6).abs() + 0.5 if "var" in name else draw(*value.shape, scale=0.6))
    # Not in the mode of evaluation: its fused attention has no float64. What differs by mode is set here instead.
    for part in module.modules():
        if isinstance(part, nn.Dropout):
            part.p = 0.0
        if isinstance(part, nn.MultiheadAttention):
            part.dropout = 0.0
        if isinstance(part, nn.modules.batchnorm._BatchNorm):
            part.eval()
    y = module(x)
    state = {name: value.clone() for name, value in module.state_dict().items()}
    # As sensigrad writes it: without counters, and with one of two biases zero, where the gates add them.
    ours = {name: value.clone() for name, value in state.items() if not name.endswith("num_batches_tracked")}
    for name in [name for name in ours if "bias_ih" in name and "GRU" not in type(module).__name__]:
        ours[name] += ours[name.replace("_ih", "_hh")]
        ours[name.replace("_ih", "_hh")] *= 0
    module.load_state_dict(ours, strict=True)
    assert torch.allclose(module(x), y, rtol=0, atol=1e-14)
    return {"state": {name: plain(value) for name, value in state.items()}, "x": plain(x), "y": plain(y)}


written = {name: case(*pair) for name, pair in cases.items()}
origin = f"test/reference/transfer.py, PyTorch {torch.__version__}, Python {platform.python_version()}"
with open(os.path.join(os.path.dirname(__file__), "transfer.json"), "w") as file:
    json.dump({"origin": origin, "cases": written}, file)
    file.write("\n")
