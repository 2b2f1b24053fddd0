"""Writes optimisers.json: how PyTorch's optimisers (Lion and Muon: written here in numpy) move a small layer."""

import json
import math
import os

import numpy as np
import torch

STEPS, KEPT = 25, (1, 2, 5, 25)
rng = np.random.default_rng(7)
problem = {
    "weight": rng.normal(size=(2, 3)).round(4).tolist(),
    "bias": rng.normal(size=2).round(4).tolist(),
    "x": rng.normal(size=(5, 3)).round(4).tolist(),
    "y": rng.normal(size=(5, 2)).round(4).tolist(),
}


def gradients(weight, bias, dtype):
    x, y = (torch.tensor(problem[name], dtype=dtype) for name in "xy")
    weight, bias = (torch.tensor(p, dtype=dtype, requires_grad=True) for p in (weight, bias))
    ((torch.tanh(x @ weight.T + bias) - y) ** 2).mean().backward()
    return weight.grad.numpy(), bias.grad.numpy()


def flat(weight, bias):
    return [*np.asarray(weight).ravel().tolist(), *np.asarray(bias).ravel().tolist()]


def with_torch(optimiser, options, dtype):
    weight, bias = (torch.tensor(problem[name], dtype=dtype, requires_grad=True) for name in ("weight", "bias"))
    moving = getattr(torch.optim, optimiser)([weight, bias], **options)
    x, y = (torch.tensor(problem[name], dtype=dtype) for name in "xy")
    kept = {}
    for step in range(1, STEPS + 1):
        moving.zero_grad()
        ((torch.tanh(x @ weight.T + bias) - y) ** 2).mean().backward()
        moving.step()
        if step in KEPT:
            kept[step] = flat(weight.detach(), bias.detach())
    return kept


def with_numpy(move):
    weight, bias = np.array(problem["weight"]), np.array(problem["bias"])
    memory = ({}, {})
    kept = {}
    for step in range(1, STEPS + 1):
        of_weight, of_bias = gradients(weight, bias, torch.float64)
        weight = move(weight, of_weight, memory[0], step)
        bias = move(bias, of_bias, memory[1], step)
        if step in KEPT:
            kept[step] = flat(weight, bias)
    return kept


def lion(lr, b1, b2, decay):
    """Chen et al. 2023, arXiv 2302.06675, algorithm 2."""

    def move(p, g, memory, _):
        m = memory.get("m", np.zeros_like(p))
        p = p - lr * (np.sign(b1 * m + (1 - b1) * g) + decay * p)
        memory["m"] = b2 * m + (1 - b2) * g
        return p

    return move


def newton_schulz(g, iterations=5):
    """Jordan et al. 2024; normed without an epsilon."""
    x = g / np.sqrt((g**2).sum())
    if g.shape[0] > g.shape[1]:
        x = x.T
    for _ in range(iterations):
        gram = x @ x.T
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    return x.T if g.shape[0] > g.shape[1] else x


def muon(lr, mu, nesterov, decay, b1=0.9, b2=0.95, eps=1e-8):
    """Jordan et al. 2024 for matrices, scaled as Liu et al. 2025 (arXiv 2502.16982, eq. 4); AdamW for the rest."""

    def move(p, g, memory, t):
        if p.ndim == 2:
            memory["v"] = mu * memory.get("v", np.zeros_like(p)) + g
            direction = g + mu * memory["v"] if nesterov else memory["v"]
            update = 0.2 * math.sqrt(max(p.shape)) * newton_schulz(direction)
        else:
            memory["m"] = b1 * memory.get("m", 0) + (1 - b1) * g
            memory["s"] = b2 * memory.get("s", 0) + (1 - b2) * g**2
            update = memory["m"] / (1 - b1**t) / (np.sqrt(memory["s"] / (1 - b2**t)) + eps)
        return p - lr * (update + decay * p)

    return move


# name of ours, our options, PyTorch's options
torch_cases = [
    ("SGD", {"rate": 0.1}, {"lr": 0.1}),
    ("SGD", {"rate": 0.1, "momentum": 0.9}, {"lr": 0.1, "momentum": 0.9}),
    (
        "SGD",
        {"rate": 0.05, "momentum": 0.8, "nesterov": True, "weightDecay": 0.03},
        {"lr": 0.05, "momentum": 0.8, "nesterov": True, "weight_decay": 0.03},
    ),
    ("RMSprop", {"rate": 0.01}, {"lr": 0.01}),
    ("RMSprop", {"rate": 0.01, "alpha": 0.9, "centered": True}, {"lr": 0.01, "alpha": 0.9, "centered": True}),
    (
        "RMSprop",
        {"rate": 0.01, "momentum": 0.7, "weightDecay": 0.1, "eps": 1e-3},
        {"lr": 0.01, "momentum": 0.7, "weight_decay": 0.1, "eps": 1e-3},
    ),
    ("Adagrad", {"rate": 0.1}, {"lr": 0.1}),
    (
        "Adagrad",
        {"rate": 0.1, "initialSum": 0.2, "weightDecay": 0.1},
        {"lr": 0.1, "initial_accumulator_value": 0.2, "weight_decay": 0.1},
    ),
    ("Adam", {"rate": 0.05}, {"lr": 0.05}),
    (
        "Adam",
        {"rate": 0.05, "betas": [0.5, 0.7], "weightDecay": 0.1, "eps": 1e-4},
        {"lr": 0.05, "betas": (0.5, 0.7), "weight_decay": 0.1, "eps": 1e-4},
    ),
    ("Adam", {"rate": 0.05, "amsgrad": True, "betas": [0.9, 0.5]}, {"lr": 0.05, "amsgrad": True, "betas": (0.9, 0.5)}),
    ("Adam", {"rate": 0.05, "betas": [0, 0.9]}, {"lr": 0.05, "betas": (0.0, 0.9)}),
    ("AdamW", {"rate": 0.05}, {"lr": 0.05}),
    ("AdamW", {"rate": 0.05, "weightDecay": 0.3}, {"lr": 0.05, "weight_decay": 0.3}),
]
numpy_cases = [
    ("Lion", {"rate": 0.01}, lion(0.01, 0.9, 0.99, 0)),
    ("Lion", {"rate": 0.01, "betas": [0.8, 0.9], "weightDecay": 0.5}, lion(0.01, 0.8, 0.9, 0.5)),
    ("Muon", {"rate": 0.02}, muon(0.02, 0.95, True, 0.1)),
    ("Muon", {"rate": 0.02, "momentum": 0.6, "nesterov": False, "weightDecay": 0}, muon(0.02, 0.6, False, 0)),
]


def long_run():
    """A thousand float32 steps of Adam along gradients that are given."""
    p = torch.zeros(4, dtype=torch.float32, requires_grad=True)
    moving = torch.optim.Adam([p], lr=1e-3)
    kept = {}
    for t in range(1, 1001):
        p.grad = torch.tensor([math.sin(0.7 * t + i) + 0.3 * i for i in range(4)], dtype=torch.float32)
        moving.step()
        if t in (1, 10, 100, 1000):
            kept[t] = p.detach().numpy().tolist()
    return kept


def rates(schedule, steps=20):
    moving = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    scheduler = schedule(moving)
    found = []
    for _ in range(steps):
        found.append(moving.param_groups[0]["lr"])
        moving.step()
        scheduler.step()
    return found


of = torch.optim.lr_scheduler
written = {
    "origin": "optimisers.py beside this file",
    "versions": {"torch": torch.__version__, "numpy": np.__version__},
    "problem": problem,
    "cases": [
        {"optimiser": name, "options": ours, "source": "PyTorch", "after": {d: with_torch(name, theirs, getattr(torch, d)) for d in ("float64", "float32")}}
        for name, ours, theirs in torch_cases
    ]
    + [
        {"optimiser": name, "options": ours, "source": "numpy", "after": {"float64": with_numpy(move)}}
        for name, ours, move in numpy_cases
    ],
    "longRun": long_run(),
    "schedules": {
        "linear": rates(lambda o: of.LinearLR(o, start_factor=0.25, total_iters=8)),
        "cosine": rates(lambda o: of.CosineAnnealingLR(o, T_max=20, eta_min=0.01)),
        "stairs": rates(lambda o: of.StepLR(o, step_size=6, gamma=0.5)),
        "exponential": rates(lambda o: of.ExponentialLR(o, gamma=0.9)),
        "oneCycle": rates(lambda o: of.OneCycleLR(o, max_lr=0.4, total_steps=21, cycle_momentum=False)),
    },
}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "optimisers.json"), "w") as file:
    json.dump(written, file, indent=1)
    file.write("\n")
