/**
 * Why a number stopped being finite, or became 0: an expression evaluated node by node at one element, with the kernels of
 * the backend that it ran on.
 */

import { type Backend, type DType, type Expression, expressions, map, tensor } from '@sensigrad/core'
import { fourDigits } from './numbers.ts'

const { input, inputsOf, substitute } = expressions

/**
 * What makes a number that is not finite.
 *
 * - `given`: it was there from the beginning
 * - `overflow`: a result beyond the largest number
 * - `pole`: a logarithm of zero, a number over zero
 * - `zero-by-zero`, `zero-times-infinity`, `infinity-minus-infinity`: no number at all
 * - `outside-domain`: a function where it is not defined, as the root of a negative number
 */
export type Cause =
  | 'given'
  | 'overflow'
  | 'pole'
  | 'zero-by-zero'
  | 'zero-times-infinity'
  | 'infinity-minus-infinity'
  | 'outside-domain'

/** A node of an expression at one element. */
export interface NodeValue {
  readonly name: string
  readonly operands: readonly number[]
  readonly value: number
}

/** A number that was made where there was none: the cause, and the arithmetic. */
export interface Birth {
  readonly cause: Cause
  /** `exp(104.2) = ∞` */
  readonly text: string
}

/** What an input of an expression is worth at the element. */
export interface Scalar {
  readonly value: number
  readonly dtype: DType
}

/** Every function of an expression with its operands and its value, those inside before those around them. */
export async function nodesOf(
  expression: Expression,
  inputs: readonly Scalar[],
  backend: Backend,
): Promise<NodeValue[]> {
  const operands = inputs.map(({ value, dtype }) => tensor([value], { dtype, shape: [], backend }))
  const known = new Map<Expression, number>()
  const nodes: NodeValue[] = []
  const evaluate = async (node: Expression): Promise<number> => {
    const found = known.get(node)
    if (found !== undefined) return found
    if (node.kind === 'constant') return node.value
    if (node.kind === 'input') return inputs[node.index]!.value
    if (node.kind === 'output') return Number.NaN // stands in derivatives only, where it was replaced
    const values: number[] = []
    for (const operand of node.operands) values.push(await evaluate(operand))
    const value = (await computed(node)) ?? Number.NaN
    known.set(node, value)
    nodes.push({ name: node.name, operands: values, value })
    return value
  }
  const computed = async (node: Expression): Promise<number | undefined> => {
    const read = inputsOf(node)
    if (read.length === 0) return undefined
    const own = substitute(node, index => input(read.indexOf(index)))
    const made = map.apply(
      read.map(index => operands[index]!),
      { expression: own },
    )
    return (await made.data())[0]
  }
  await evaluate(expression)
  return nodes
}

/** Where numbers that are not finite were made, in the order in which they were. */
export function birthsIn(nodes: readonly NodeValue[]): Birth[] {
  return nodes.flatMap(node => {
    const { operands, value } = node
    const isFirst = operands.every(Number.isFinite)
    const isBorn = isFirst ? !Number.isFinite(value) : Number.isNaN(value) && !operands.some(Number.isNaN)
    return isBorn ? [{ cause: causeOf(node), text: textOf(node) }] : []
  })
}

/** A 0 that rounding made. */
export interface RoundedToZero {
  readonly cause: 'underflow' | 'saturation'
  /** `1e-30 * 1e-30 = 0` */
  readonly text: string
}

/** Where a number that was not 0 was rounded to 0, or numbers that were equal were subtracted. */
export function zerosIn(nodes: readonly NodeValue[]): RoundedToZero[] {
  return nodes.flatMap((node): RoundedToZero[] => {
    const { name, operands, value } = node
    if (value !== 0) return []
    const isProduct = shrinking.has(name) && operands.every(operand => operand !== 0)
    if (isProduct) return [{ cause: 'underflow', text: textOf(node) }]
    const cancels = name === 'sub' && operands[0] === operands[1] && operands[0] !== 0
    return cancels ? [{ cause: 'saturation', text: textOf(node) }] : []
  })
}

const shrinking: ReadonlySet<string> = new Set([
  'mul',
  'div',
  'square',
  'exp',
  'reciprocal',
  'pow',
  'sigmoid',
  'erfc',
])

function causeOf({ name, operands, value }: NodeValue): Cause {
  const [a, b] = operands as [number, number | undefined]
  if (Number.isFinite(a) && (b === undefined || Number.isFinite(b))) {
    if (!Number.isNaN(value)) return isPole(name, a, b) ? 'pole' : 'overflow'
    return (name === 'div' || name === 'mod') && b === 0 ? 'zero-by-zero' : 'outside-domain'
  }
  if (name === 'mul') return 'zero-times-infinity'
  return name === 'add' || name === 'sub' ? 'infinity-minus-infinity' : 'outside-domain'
}

const poles: Readonly<Record<string, (a: number, b: number | undefined) => boolean>> = {
  log: a => a === 0,
  log1p: a => a === -1,
  reciprocal: a => a === 0,
  div: (_, b) => b === 0,
  pow: (a, b) => a === 0 && b! < 0,
  atanh: a => Math.abs(a) === 1,
}

const isPole = (name: string, a: number, b: number | undefined) =>
  Object.hasOwn(poles, name) && poles[name]!(a, b)

/** What is written with a sign between its operands or behind them, where a negative number needs brackets. */
const signs: ReadonlySet<string> = new Set([
  'add',
  'sub',
  'mul',
  'div',
  'square',
  'neg',
  'less',
  'lessEqual',
  'equal',
])

function textOf({ name, operands, value }: NodeValue): string {
  const stands = operands.map((_, i) => input(i))
  const write = (x: number) => (x < 0 && signs.has(name) ? `(${fourDigits(x)})` : fourDigits(x))
  const names = operands.map(write)
  const node = expressions.call(name as Parameters<typeof expressions.call>[0], ...stands)
  return `${expressions.formatExpression(node, names)} = ${fourDigits(value)}`
}
