"""JAX on one thread of the CPU: everything compiled, loops as scans; chains of operations also one by one."""

import jax
import jax.numpy as jnp

from worker import serve

jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_cpu_enable_async_dispatch", False)  # there is no second thread to hand work to


def mean_square(h, y):
    return jnp.mean(jnp.square(h - y))


def rnn(mode, x, h, y, **weights):
    def loss(weights, x, h, y):
        def step(h, potential):
            return jnp.tanh(h @ weights["w"] + potential), None

        last, _ = jax.lax.scan(step, h, x @ weights["v"] + weights["b"])
        return mean_square(last, y)

    return value_and_gradients(loss, weights, x, h, y)


def deep(mode, w, b, x, y):
    def loss(layers, x, y):
        def step(h, layer):
            return jnp.tanh(h @ layer["w"] + layer["b"]), None

        last, _ = jax.lax.scan(step, x, layers)
        return mean_square(last, y)

    return value_and_gradients(loss, {"w": w, "b": b}, x, y)


def value_and_gradients(loss, weights, *others):
    compiled = jax.jit(jax.value_and_grad(loss))

    def run():
        value, gradients = compiled(weights, *others)
        return {"loss": value, **gradients}

    return run


def lyapunov(mode, w, h, d, steps):
    """The state and its tangent are two rows, which one product moves."""

    @jax.jit
    def exponent(w, h, d):
        def step(rows, _):
            state, moved = rows @ w
            state = jnp.tanh(state)
            moved = moved * (1 - state * state)
            length = jnp.linalg.norm(moved)
            return jnp.stack([state, moved / length]), jnp.log(length)

        _, growth = jax.lax.scan(step, jnp.concatenate([h, d]), length=steps)
        return jnp.mean(growth)

    return lambda: {"exponent": exponent(w, h, d)}


def chained(mode, x, a, b, operations):
    if mode == "eager":
        for _ in range(operations // 2):
            x = x * a + b
        return x
    return jax.lax.fori_loop(0, operations // 2, lambda _, y: y * a + b, x)


def chain(mode, x, a, b, operations):
    def y(x, a, b):
        return chained(mode, x, a, b, operations)

    compute = y if mode == "eager" else jax.jit(y)
    return lambda: {"y": compute(x, a, b)}


def chain_gradient(mode, x, a, b, operations):
    def total(x, a, b):
        return chained(mode, x, a, b, operations).sum()

    compute = jax.jit(jax.value_and_grad(total))

    def run():
        value, gradient = compute(x, a, b)
        return {"sum": value, "x": gradient}

    return run


def gemm(mode, a, b):
    compute = jax.jit(jnp.matmul)
    return lambda: {"c": compute(a, b)}


computations = {
    "rnn": (rnn, ["jit + scan"]),
    "deep": (deep, ["jit + scan"]),
    "lyapunov": (lyapunov, ["jit + scan"]),
    "chain": (chain, ["eager", "jit + scan"]),
    "chainGradient": (chain_gradient, ["jit + scan"]),  # one by one it takes seconds
    "gemm": (gemm, ["jit"]),
}


def prepare(kind, mode, inputs, sizes):
    arrays = {name: jnp.asarray(values) for name, values in inputs.items()}
    compute, _ = computations[kind]
    run = compute(mode, **arrays, **sizes)
    return lambda: jax.block_until_ready(run())


serve(jax.__version__, {kind: modes for kind, (_, modes) in computations.items()}, prepare, jax.device_get)
