"""PyTorch on one thread, in each form that could be its best."""

import torch

from worker import serve

torch.set_num_threads(1)


def with_gradients(loss, weights):
    """The function that computes a loss and the gradients of the named weights."""

    def run():
        value = loss()
        gradients = torch.autograd.grad(value, list(weights.values()))
        return {"loss": value, **dict(zip(weights, gradients))}

    return run


def mean_square(h, y):
    return (h - y).square().mean()


def steps_by_hand(w, v, b, x, h):
    steps, batch, inputs = x.shape
    potentials = torch.addmm(b, x.reshape(-1, inputs), v).view(steps, batch, -1)
    for potential in potentials.unbind():
        h = torch.tanh(torch.addmm(potential, h, w))
    return h


@torch.jit.script
def steps_in_script(w, v, b, x, h):
    potentials = torch.matmul(x, v) + b
    for t in range(x.size(0)):
        h = torch.tanh(torch.addmm(potentials[t], h, w))
    return h


def rnn(mode, x, h, y, **weights):
    if mode == "nn.RNN":
        return rnn_layer(x, h, y, **weights)
    steps = {"loop": steps_by_hand, "jit.script": steps_in_script}[mode]
    w, v, b = (weights[name].requires_grad_() for name in ("w", "v", "b"))
    return with_gradients(lambda: mean_square(steps(w, v, b, x, h), y), {"w": w, "v": v, "b": b})


def rnn_layer(x, h, y, w, v, b):
    layer = torch.nn.RNN(x.shape[2], h.shape[1])
    with torch.no_grad():
        layer.weight_hh_l0.copy_(w.T)
        layer.weight_ih_l0.copy_(v.T)
        layer.bias_ih_l0.copy_(b)
        layer.bias_hh_l0.zero_()
    weights = {"w": layer.weight_hh_l0, "v": layer.weight_ih_l0, "b": layer.bias_ih_l0}
    run = with_gradients(lambda: mean_square(layer(x, h[None])[1][0], y), weights)

    def named():
        results = run()
        return {**results, "w": results["w"].T, "v": results["v"].T}

    return named


def deep(mode, w, b, x, y):
    ws = [each.clone().requires_grad_() for each in w]
    bs = [each.clone().requires_grad_() for each in b]

    def run():
        h = x
        for w, b in zip(ws, bs):
            h = torch.tanh(torch.addmm(b, h, w))
        loss = mean_square(h, y)
        gradients = torch.autograd.grad(loss, ws + bs)
        return {"loss": loss, "w": gradients[: len(ws)], "b": gradients[len(ws) :]}

    return run


def lyapunov(mode, w, h, d, steps):
    """The state and its tangent are two rows, which one product moves; results are written where they are next read."""
    rows, moved = torch.empty(2, w.shape[0]), torch.empty(2, w.shape[0])
    (state, tangent), (potential, direction) = rows.unbind(), moved.unbind()

    def run():
        with torch.no_grad():
            torch.cat([h, d], out=rows)
            lengths = []
            for _ in range(steps):
                torch.mm(rows, w, out=moved)
                torch.tanh(potential, out=state)
                through = torch.addcmul(direction, direction * state, state, value=-1)
                length = torch.linalg.vector_norm(through)
                torch.div(through, length, out=tangent)
                lengths.append(length)
            return {"exponent": torch.stack(lengths).log().mean()}

    return run


def chained(x, a, b, operations):
    y = x
    for _ in range(operations // 2):
        y = y * a + b
    return y


def chain(mode, x, a, b, operations):
    def run():
        with torch.no_grad():
            return {"y": chained(x, a, b, operations)}

    return run


def chain_gradient(mode, x, a, b, operations):
    x.requires_grad_()

    def run():
        total = chained(x, a, b, operations).sum()
        (gradient,) = torch.autograd.grad(total, x)
        return {"sum": total, "x": gradient}

    return run


def gemm(mode, a, b):
    c = torch.empty(a.shape[0], b.shape[1])

    def run():
        with torch.no_grad():
            return {"c": torch.mm(a, b, out=c)}

    return run


computations = {
    "rnn": (rnn, ["loop", "nn.RNN", "jit.script"]),
    "deep": (deep, ["loop"]),
    "lyapunov": (lyapunov, ["loop"]),
    "chain": (chain, ["eager"]),
    "chainGradient": (chain_gradient, ["eager"]),
    "gemm": (gemm, ["eager"]),
}


def prepare(kind, mode, inputs, sizes):
    tensors = {name: torch.from_numpy(values.copy()) for name, values in inputs.items()}
    compute, _ = computations[kind]
    return compute(mode, **tensors, **sizes)


def to_numpy(result):
    tensor = torch.stack(list(result)) if isinstance(result, tuple) else result
    return tensor.detach().numpy()


serve(torch.__version__, {kind: modes for kind, (_, modes) in computations.items()}, prepare, to_numpy)
