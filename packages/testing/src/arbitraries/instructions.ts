/** What the steps of random programs compute: smooth wherever they are evaluated, moderate, and of any shape. */

import {
  checkpoint,
  concat,
  cumprod,
  cumsum,
  einsum,
  gather,
  gelu,
  grad,
  jvp,
  linearRecurrence,
  matmul,
  outer,
  roll,
  type Shape,
  scatterAdd,
  silu,
  stack,
  type Tensor,
  tensor,
  triu,
  variance,
  vjp,
  where,
} from '@sensigrad/core'

/** What an instruction makes of two tensors and a small whole number. */
export type Instruction = (a: Tensor, b: Tensor, n: number) => Tensor

const broadcasts = (a: Shape, b: Shape) =>
  b.every((length, i) => {
    const other = a[a.length - b.length + i] ?? 1
    return length === 1 || other === 1 || length === other
  })
/** `b`, or what is left of it that broadcasts beside `a`. */
const beside = (a: Tensor, b: Tensor) => (broadcasts(a.shape, b.shape) ? b : b.mean())
const axisOf = (a: Tensor, n: number) => (a.rank === 0 ? [] : n % a.rank)
const matrix = (a: Tensor) => (a.rank >= 2 ? a : a.reshape([-1, 1]))
const indices = (a: Tensor, values: number[]) => tensor(values, { dtype: 'int32', backend: a.backend })
/** Keeps what grows within (-3, 3). */
const tamed = (a: Tensor) => a.mul(0.3).tanh().mul(3)

/** What a step can be, by name. */
export const instructions: Readonly<Record<string, Instruction>> = {
  // elementwise
  tanh: a => a.tanh(),
  sigmoid: a => a.sigmoid(),
  softplus: a => a.softplus(),
  sin: a => a.sin(),
  cos: a => a.cos(),
  neg: a => a.neg(),
  square: a => tamed(a.square()),
  exp: a => tamed(a.exp()),
  expm1: a => tamed(a.expm1()),
  log: a => a.square().add(0.5).log(),
  log1p: a => a.square().log1p(),
  sqrt: a => a.square().add(0.5).sqrt(),
  reciprocal: a => a.square().add(0.7).reciprocal(),
  add: (a, b) => tamed(a.add(beside(a, b))),
  sub: (a, b) => tamed(beside(a, b).sub(a)),
  mul: (a, b) => tamed(a.mul(beside(a, b))),
  div: (a, b) => a.div(beside(a, b).square().add(0.7)),
  pow: (a, b) => a.square().add(0.5).pow(beside(a, b).tanh()),
  atan: a => a.atan(),
  asinh: a => a.asinh(),
  erf: a => a.erf(),
  gelu: a => gelu(a),
  silu: a => silu(a),
  atan2: (a, b) => a.atan2(beside(a, b).square().add(0.7)),
  where: (a, b, n) => where(tensor(n % 2 === 0), a, a.mul(beside(a, b).cos())),
  // reductions
  sum: (a, _, n) => tamed(a.sum(axisOf(a, n))),
  mean: (a, _, n) => a.mean(axisOf(a, n), { keepDims: true }),
  norm: (a, _, n) => tamed(a.add(4).norm(axisOf(a, n))),
  logSumExp: (a, _, n) => a.logSumExp(axisOf(a, n)),
  variance: (a, _, n) => tamed(variance(a, axisOf(a, n))),
  softmax: (a, _, n) => (a.rank === 0 ? a : a.softmax(n % a.rank)),
  // products
  matmul: (a, b) => tamed(matmul(matrix(a), matrix(a).transpose()).mul(b.mean())),
  matvec: a =>
    tamed(
      matrix(a).matmul(
        matrix(a).slice(
          ...matrix(a)
            .shape.slice(1)
            .map(() => 0),
        ),
      ),
    ),
  outer: (a, b) => tamed(outer(a.flatten().slice([0, 4]), b.flatten().slice([0, 4]))),
  einsum: (a, b) => tamed(einsum('...ij,...ik->...jk', matrix(a), matrix(a).mul(b.mean()))),
  // along an axis
  cumsum: (a, _, n) => (a.rank === 0 ? a : tamed(cumsum(a, n % a.rank))),
  cumprod: (a, _, n) => (a.rank === 0 ? a : cumprod(a.tanh(), n % a.rank)),
  linearRecurrence: (a, b, n) =>
    a.rank === 0 ? a : tamed(linearRecurrence(beside(a, b).tanh(), a, n % a.rank)),
  gather: (a, _, n) => (a.rank === 0 ? a : gather(a, indices(a, [n % a.shape[0]!, 0]))),
  scatterAdd: (a, b) => (a.rank === 0 ? a : tamed(scatterAdd(a, indices(a, [0, 0]), b.mean()))),
  // movement
  roll: (a, _, n) => (a.rank === 0 ? a : roll(a, n, 0)),
  triu: a => triu(matrix(a)),
  transpose: a => a.transpose(),
  flatten: a => a.flatten(),
  expandDims: (a, _, n) => (a.rank > 3 ? a.squeeze() : a.expandDims(n % (a.rank + 1))),
  half: (a, _, n) => ((a.shape[0] ?? 1) === 1 ? a : a.slice([n % 2, undefined, 2])),
  flip: a => (a.rank === 0 ? a : a.slice([-1, undefined, -1])),
  pad: a => a.pad(a.shape.map((_, axis) => [axis % 2, 1] as const)),
  broadcast: a => a.broadcastTo([2, ...a.shape]),
  concat: (a, _, n) => (a.rank === 0 ? stack([a, a.sin()]) : concat([a, a.sin(), a], n % a.rank)),
  stack: a => stack([a, a.cos()], -1),
  // transforms inside, with the second tensor as an outer variable
  checkpoint: (a, b) => tamed(checkpoint((x: Tensor, y: Tensor) => x.sin().mul(beside(x, y)))(a, b)),
  'inner grad': (a, b) => grad((x: Tensor) => x.mul(beside(x, b)).sin().sum())(a),
  'inner jvp': (a, b) => tamed(jvp((x: Tensor) => x.sin().mul(beside(x, b)), [a], [a.cos()])[1]),
  'inner vjp': (a, b) =>
    tamed(
      vjp((x: Tensor) => x.tanh().mul(beside(x, b)), a)[1](a.mul(beside(a, b)).broadcastTo(wide(a, b)))[0],
    ),
}

const wide = (a: Tensor, b: Tensor) => a.mul(beside(a, b)).shape
