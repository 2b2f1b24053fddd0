/**
 * Random programs: a few tensors, then a list of instructions that each compute one more from those before. They are
 * smooth wherever they are evaluated, stay moderate and small, and contain transforms of their own.
 */
import {
  concat,
  grad,
  jvp,
  matmul,
  outer,
  type Shape,
  stack,
  type Tensor,
  tensor,
  vjp,
  where,
} from '@sensigrad/core'
import fc from 'fast-check'
import { tensors } from './arbitraries.ts'

/** What an instruction makes of two tensors and a small whole number. */
type Instruction = (a: Tensor, b: Tensor, n: number) => Tensor

const broadcasts = (a: Shape, b: Shape) =>
  b.every((length, i) => {
    const other = a[a.length - b.length + i] ?? 1
    return length === 1 || other === 1 || length === other
  })
/** `b`, or what is left of it that broadcasts beside `a`. */
const beside = (a: Tensor, b: Tensor) => (broadcasts(a.shape, b.shape) ? b : b.mean())
const axisOf = (a: Tensor, n: number) => (a.rank === 0 ? [] : n % a.rank)
const matrix = (a: Tensor) => (a.rank >= 2 ? a : a.reshape([-1, 1]))
/** Keeps what grows within (-3, 3). */
const tamed = (a: Tensor) => a.mul(0.3).tanh().mul(3)

const instructions: Readonly<Record<string, Instruction>> = {
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
  where: (a, b, n) => where(tensor(n % 2 === 0), a, a.mul(beside(a, b).cos())),
  // reductions
  sum: (a, _, n) => tamed(a.sum(axisOf(a, n))),
  mean: (a, _, n) => a.mean(axisOf(a, n), { keepDims: true }),
  norm: (a, _, n) => tamed(a.add(4).norm(axisOf(a, n))),
  logSumExp: (a, _, n) => a.logSumExp(axisOf(a, n)),
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
  // movement
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
  'inner grad': (a, b) => grad((x: Tensor) => x.mul(beside(x, b)).sin().sum())(a),
  'inner jvp': (a, b) => tamed(jvp((x: Tensor) => x.sin().mul(beside(x, b)), [a], [a.cos()])[1]),
  'inner vjp': (a, b) =>
    tamed(
      vjp((x: Tensor) => x.tanh().mul(beside(x, b)), a)[1](a.mul(beside(a, b)).broadcastTo(wide(a, b)))[0],
    ),
}

const wide = (a: Tensor, b: Tensor) => a.mul(beside(a, b)).shape

interface Step {
  readonly name: string
  readonly a: number
  readonly b: number
  readonly n: number
}

/** A program: a function of its inputs, and inputs for it. */
export interface Program {
  readonly inputs: readonly Tensor[]
  readonly run: (...inputs: Tensor[]) => Tensor
}

const small = (x: Tensor) => (x.size > 32 ? x.flatten().slice([0, 32]) : x.rank > 4 ? x.flatten() : x)

function programOf(inputs: readonly Tensor[], steps: readonly Step[]): Program {
  const run = (...given: Tensor[]): Tensor => {
    const pool = [...given]
    const pick = (n: number) => pool[pool.length - 1 - (n % pool.length)]!
    for (const { name, a, b, n } of steps) pool.push(small(instructions[name]!(pick(a), pick(b), n)))
    return pool.at(-1)!
  }
  const text = [
    `inputs ${inputs.map(x => `${x}: ${JSON.stringify([...(x.backend as { readSync?(x: Tensor): ArrayLike<number> & Iterable<number> }).readSync!(x)])}`).join('; ')}`,
    ...steps.map(({ name, a, b, n }) => `${name}(${a} back, ${b} back, ${n})`),
  ].join('\n')
  return Object.assign({ inputs, run }, { [fc.toStringMethod]: () => text })
}

/** Random programs of some number of steps over inputs of some shapes. */
export function programs({
  minSteps = 5,
  maxSteps = 15,
  shapes = [[2, 3], [3], []] as Shape[],
} = {}): fc.Arbitrary<Program> {
  const step = fc.record<Step>({
    name: fc.constantFrom(...Object.keys(instructions)),
    a: fc.nat(3),
    b: fc.nat(9),
    n: fc.nat(5),
  })
  return fc
    .tuple(
      fc.tuple(...shapes.map(shape => tensors(shape))),
      fc.array(step, { minLength: minSteps, maxLength: maxSteps }),
    )
    .map(([inputs, steps]) => programOf(inputs, steps))
}
