/**
 * Proves derivatives: reverse and forward mode against finite differences, and tightly against each other, at the
 * function itself and, for higher orders, at its gradient and at its tangent.
 */

import {
  DTypeError,
  describeValue,
  epsilon,
  foldIn,
  isFloat,
  type Key,
  key,
  mul,
  pullback,
  pushforward,
  record,
  sum,
  type Tape,
  Tensor,
  tensor,
  uniformValues,
  ValueError,
} from '@sensigrad/core'
import { read } from './values.ts'

/** A direction in which derivatives are taken. */
export type Mode = 'reverse' | 'forward'

const allModes: readonly Mode[] = ['reverse', 'forward']

/** What `gradcheck` looks at. */
export interface GradcheckOptions {
  /** How often to differentiate: 2 (unless said) also proves the gradient's gradients, in all mixtures of modes. */
  readonly order?: number
  /** Which modes to prove: both unless said. */
  readonly modes?: readonly Mode[]
  /** Where the random directions come from. */
  readonly from?: Key
}

type Differentiable = (...inputs: Tensor[]) => Tensor

/**
 * Throws unless the derivatives of f at `inputs` are right: along a random direction ẋ and for a random cotangent ȳ,
 * ȳ·ẏ (forward), x̄·ẋ (reverse) and the central difference of ȳ·f(x + tẋ) must agree. One direction sees every element
 * of a Jacobian, since an error in any of them is missed with probability 0.
 *
 * How far they may be off is not a setting. Finite differences carry an estimate of their own error, ε^(4/5) times
 * the size of what is summed (3e-13 in float64); the two modes make only rounding errors and must agree to 4096ε. ε
 * is that of the coarsest float type on the tape, so float32 inputs are proved to the precision that they have: use
 * float64 to prove a rule, float32 to prove that it copes with float32.
 *
 * @param f       smooth around `inputs`; returns one float tensor of any shape
 * @param inputs  float tensors on a synchronous backend, views as well as copies
 * @throws Error saying which derivative, its value, the reference and how far off it may be
 * @throws SensigradError when there is nothing to prove: no inputs, no modes, inputs that are not float tensors
 * @example gradcheck((x, w) => x.matmul(w).tanh(), [x, w], { order: 2 })
 */
export function gradcheck(
  f: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  { order = 2, modes = allModes, from = key(1) }: GradcheckOptions = {},
): void {
  checkArguments(f, inputs, order, modes)
  check({ f, inputs, order, modes, from, over: '' })
}

function checkArguments(f: unknown, inputs: unknown, order: unknown, modes: unknown): void {
  const refuse = (problem: string, remedy: string) => {
    throw new ValueError('gradcheck', problem, remedy)
  }
  if (typeof f !== 'function') refuse(`f is ${describeValue(f)}`, 'Give a function of tensors')
  if (!Array.isArray(inputs) || inputs.length === 0) {
    refuse(
      `the inputs are ${Array.isArray(inputs) ? 'an empty list' : describeValue(inputs)}`,
      'Give a list of tensors: gradcheck(f, [x])',
    )
  }
  for (const [i, x] of (inputs as unknown[]).entries()) {
    if (!(x instanceof Tensor))
      refuse(`input ${i} is ${describeValue(x)}`, 'Give a tensor; tensor(…) makes one')
    else if (!isFloat(x.dtype)) {
      throw new DTypeError(
        'gradcheck',
        `input ${i} is ${x}, and only floats have derivatives`,
        'Hold it still inside f: gradcheck(x => f(x, index), [x])',
      )
    }
  }
  if (!Number.isInteger(order) || (order as number) < 1) {
    refuse(`the order is ${describeValue(order)}`, 'Give a whole number from 1')
  }
  if (!Array.isArray(modes) || modes.length === 0 || modes.some(mode => !allModes.includes(mode))) {
    refuse(
      `the modes are ${Array.isArray(modes) ? `[${modes.join(', ')}]` : describeValue(modes)}`,
      "Give 'reverse', 'forward' or both, in a list",
    )
  }
}

interface Check extends Required<GradcheckOptions> {
  readonly f: Differentiable
  readonly inputs: readonly Tensor[]
  /** The derivatives that led here, for messages: ` over reverse`. */
  readonly over: string
}

function check(given: Check): void {
  const { f, inputs, order, modes, from, over } = given
  const tape = record(f, ...inputs)
  const directions = inputs.map((x, i) => directionLike(x, foldIn(from, i)))
  const cotangent = directionLike(tape.output, foldIn(from, inputs.length))
  const precision = coarsestEpsilon(tape)

  const difference = centralDifference(precision, t =>
    product(cotangent, f(...inputs.map((x, i) => moved(x, directions[i]!, t)))),
  )
  const slopes = {
    reverse: () => {
      const gradients = pullback(tape, cotangent)
      for (const [i, gradient] of gradients.entries()) sameKind(`x̄${i}${over}`, gradient, inputs[i]!)
      return total(gradients.map((gradient, i) => product(gradient, directions[i]!)))
    },
    forward: () => {
      const [tangent] = pushforward(tape, directions) as [Tensor]
      sameKind(`ẏ${over}`, tangent, tape.output)
      return product(cotangent, tangent)
    },
  }
  const found = modes.map(mode => ({ name: `${mode}${over}`, ...slopes[mode]() }))
  for (const { name, value } of found) near(name, value, 'finite differences', difference)
  const [one, other] = found
  if (one && other) {
    const tolerance = 4096 * precision * (1 + one.magnitude + other.magnitude) // 1e-12 in float64
    near(one.name, one.value, other.name, { value: other.value, tolerance })
  }

  if (order < 2) return
  const weights = inputs.map((x, i) => directionLike(x, foldIn(from, inputs.length + 1 + i)))
  const [xs, rest] = [inputs.length, { order: order - 1, modes, from: foldIn(from, 1000) }]
  const gradient: Differentiable = (...args) => {
    const gradients = pullback(record(f, ...args.slice(0, xs)), args[xs]!)
    return gradients.map((x̄, i) => sum(mul(x̄, weights[i]!))).reduce((sum, term) => sum.add(term))
  }
  const tangent: Differentiable = (...args) =>
    pushforward(record(f, ...args.slice(0, xs)), args.slice(xs))[0]!
  if (modes.includes('reverse')) {
    check({ ...rest, f: gradient, inputs: [...inputs, cotangent], over: ` over reverse${over}` })
  }
  if (modes.includes('forward')) {
    check({ ...rest, f: tangent, inputs: [...inputs, ...directions], over: ` over forward${over}` })
  }
}

/** A sum, and that of its terms' magnitudes, by which its rounding errors are judged. */
interface Sum {
  readonly value: number
  readonly magnitude: number
}

function total(sums: readonly Sum[]): Sum {
  return sums.reduce(
    (all, { value, magnitude }) => ({ value: all.value + value, magnitude: all.magnitude + magnitude }),
    { value: 0, magnitude: 0 },
  )
}

function product(a: Tensor, b: Tensor): Sum {
  const [x, y] = [valuesOf(a), valuesOf(b)]
  return total(Array.from(x, (value, i) => ({ value: value * y[i]!, magnitude: Math.abs(value * y[i]!) })))
}

interface Estimate {
  readonly value: number
  readonly tolerance: number
}

/**
 * φ'(0) by the five-point formula, and how far it may be off. At the step h = ε^(1/5) its truncation error h⁴φ⁽⁵⁾/30
 * and its rounding error 3εφ/2h are both of the order ε^(4/5) (3e-13 in float64). The difference between the steps h
 * and h/2 measures the first, and is fifteen times as large as what remains of it; where f bends too much, smaller
 * steps follow.
 */
function centralDifference(precision: number, phi: (t: number) => Sum): Estimate {
  const slope = (h: number) =>
    (8 * (phi(h).value - phi(-h).value) - (phi(2 * h).value - phi(-2 * h).value)) / (12 * h)
  const magnitude = 1 + phi(0).magnitude
  let best: Estimate = { value: Number.NaN, tolerance: Number.POSITIVE_INFINITY }
  for (let step = precision ** (1 / 5); step > precision ** (1 / 3); step /= 4) {
    const [coarse, value] = [slope(step), slope(step / 2)]
    const truncation = Math.abs(value - coarse)
    const rounding = (100 * precision * (magnitude + Math.abs(value))) / step
    if (truncation + rounding < best.tolerance) best = { value, tolerance: truncation + rounding }
    if (truncation < rounding) break
  }
  if (!(best.tolerance <= 100 * precision ** (2 / 5) * (magnitude + Math.abs(best.value)))) {
    throw new Error(`finite differences do not converge (${best.value}): is f smooth here?`)
  }
  return best
}

function near(name: string, value: number, reference: string, expected: Estimate): void {
  const error = Math.abs(value - expected.value)
  if (error <= expected.tolerance) return
  throw new Error(
    `${name} gives ${value}, but ${reference} ${expected.value}: ` +
      `off by ${error.toExponential(1)}, allowed ${expected.tolerance.toExponential(1)}`,
  )
}

function sameKind(what: string, derivative: Tensor, like: Tensor): void {
  if (String(derivative) === String(like)) return
  throw new Error(`${what} is ${derivative}, but it belongs to ${like}`)
}

/** The precision of the coarsest type on the tape. */
function coarsestEpsilon(tape: Tape): number {
  const types = tape.entries.flatMap(({ outputs }) => outputs.map(({ dtype }) => dtype)).filter(isFloat)
  return types.includes('float32') ? epsilon('float32') : epsilon('float64')
}

function directionLike(x: Tensor, from: Key): Tensor {
  return like(
    x,
    uniformValues(from, x.size).map(u => 2 * u - 1),
  )
}

function moved(x: Tensor, direction: Tensor, t: number): Tensor {
  const along = valuesOf(direction)
  return like(
    x,
    Float64Array.from(valuesOf(x), (value, i) => value + t * along[i]!),
  )
}

function like({ dtype, shape, backend }: Tensor, values: Float64Array): Tensor {
  return tensor(values, { dtype, shape, backend })
}

const valuesOf = (x: Tensor) => read('gradcheck', x)
