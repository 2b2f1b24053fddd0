/** From an expression to a JavaScript loop. Where a page's security policy forbids that, to interpreted loops. */

import type { Expression, ScalarFunction, TypedArray } from '@sensigrad/core'
import { helpers, interpret } from './interpret.ts'

/** How an input advances: not at all, element by element, or in larger steps. */
export type InputKind = 'scalar' | 'dense' | 'strided'

/** Evaluates `count` elements into `out` from `start` on; inputs begin at `offsets` and advance by `steps`. */
export type MapKernel = (
  out: TypedArray,
  start: number,
  count: number,
  inputs: readonly TypedArray[],
  offsets: readonly number[],
  steps: readonly number[],
) => void

/** JavaScript for each scalar function; the backend does not compile if one is missing. */
const code: Record<ScalarFunction, (a: string, b: string, c: string) => string> = {
  neg: a => `(-${a})`,
  abs: a => `Math.abs(${a})`,
  sign: a => `Math.sign(${a})`,
  square: a => `(${a} * ${a})`,
  sqrt: a => `Math.sqrt(${a})`,
  reciprocal: a => `(1 / ${a})`,
  exp: a => `Math.exp(${a})`,
  expm1: a => `Math.expm1(${a})`,
  log: a => `Math.log(${a})`,
  log1p: a => `Math.log1p(${a})`,
  sin: a => `Math.sin(${a})`,
  cos: a => `Math.cos(${a})`,
  tan: a => `Math.tan(${a})`,
  asin: a => `Math.asin(${a})`,
  acos: a => `Math.acos(${a})`,
  atan: a => `Math.atan(${a})`,
  sinh: a => `Math.sinh(${a})`,
  cosh: a => `Math.cosh(${a})`,
  tanh: a => `Math.tanh(${a})`,
  asinh: a => `Math.asinh(${a})`,
  acosh: a => `Math.acosh(${a})`,
  atanh: a => `Math.atanh(${a})`,
  erf: a => `erf(${a})`,
  erfc: a => `erfc(${a})`,
  sigmoid: a => `(1 / (1 + Math.exp(-${a})))`,
  softplus: a => `(Math.max(${a}, 0) + Math.log1p(Math.exp(-Math.abs(${a}))))`,
  relu: a => `Math.max(${a}, 0)`,
  floor: a => `Math.floor(${a})`,
  ceil: a => `Math.ceil(${a})`,
  round: a => `roundToEven(${a})`,
  add: (a, b) => `(${a} + ${b})`,
  sub: (a, b) => `(${a} - ${b})`,
  mul: (a, b) => `(${a} * ${b})`,
  div: (a, b) => `(${a} / ${b})`,
  mod: (a, b) => `mod(${a}, ${b})`,
  pow: (a, b) => `Math.pow(${a}, ${b})`,
  atan2: (a, b) => `Math.atan2(${a}, ${b})`,
  maximum: (a, b) => `Math.max(${a}, ${b})`,
  minimum: (a, b) => `Math.min(${a}, ${b})`,
  less: (a, b) => `(${a} < ${b})`,
  lessEqual: (a, b) => `(${a} <= ${b})`,
  equal: (a, b) => `(${a} === ${b})`,
  and: (a, b) => `(${a} && ${b})`,
  or: (a, b) => `(${a} || ${b})`,
  not: a => `(!${a})`,
  where: (a, b, c) => `(${a} ? ${b} : ${c})`,
}

/** JavaScript for int32, where every intermediate value wraps like a stored one. */
const integerCode: Partial<typeof code> = {
  neg: a => `(-${a} | 0)`,
  abs: a => `(Math.abs(${a}) | 0)`,
  square: a => `Math.imul(${a}, ${a})`,
  add: (a, b) => `(${a} + ${b} | 0)`,
  sub: (a, b) => `(${a} - ${b} | 0)`,
  mul: (a, b) => `Math.imul(${a}, ${b})`,
  mod: (a, b) => `(mod(${a}, ${b}) | 0)`, // 0 for b = 0
}

const digits: Readonly<Record<InputKind, number>> = { scalar: 1, dense: 2, strided: 3 }
const compiled = new WeakMap<Expression, Map<number, MapKernel>>()

/** The loop for an expression, compiled once for each combination of input kinds. */
export function compile(expression: Expression, kinds: readonly InputKind[], integers: boolean): MapKernel {
  let kernels = compiled.get(expression)
  if (kernels === undefined) {
    kernels = new Map()
    compiled.set(expression, kernels)
  }
  let number = Number(integers) // and a digit for each kind: cheaper than a text
  for (const kind of kinds) number = 4 * number + digits[kind]
  let kernel = kernels.get(number)
  if (kernel === undefined) {
    kernel = build(expression, kinds, integers)
    kernels.set(number, kernel)
  }
  return kernel
}

function build(expression: Expression, kinds: readonly InputKind[], integers: boolean): MapKernel {
  try {
    const text = `return (out, start, count, inputs, offsets, steps) => {\n${source(expression, kinds, integers)}\n}`
    const make = new Function(...Object.keys(helpers), text) as (...given: unknown[]) => MapKernel
    return make(...Object.values(helpers))
  } catch (error) {
    if (error instanceof EvalError) return interpret(expression, integers) // no 'unsafe-eval' on this page
    throw error
  }
}

/** The body of the loop function, in the scope of the helpers: inputs that stand still are read once, shared sub-expressions computed once. */
export function source(expression: Expression, kinds: readonly InputKind[], integers: boolean): string {
  const before: string[] = []
  const inside: string[] = []
  kinds.forEach((kind, i) => {
    before.push(`const a${i} = inputs[${i}], o${i} = offsets[${i}]`)
    if (kind === 'strided') before.push(`const s${i} = steps[${i}]`)
    if (kind === 'scalar') before.push(`const x${i} = a${i}[o${i}]`)
    else inside.push(`const x${i} = a${i}[o${i} + i${kind === 'strided' ? ` * s${i}` : ''}]`)
  })
  const names = new Map<Expression, string>()
  const visit = (node: Expression): string => {
    if (node.kind === 'input') return `x${node.index}`
    if (node.kind === 'constant') return `(${Object.is(node.value, -0) ? '-0' : node.value})`
    if (node.kind === 'output')
      throw new Error('an output node stands in a map; derivatives replace it by an input')
    let name = names.get(node)
    if (name === undefined) {
      const [a = '', b = '', c = ''] = node.operands.map(visit)
      name = `t${names.size}`
      names.set(node, name)
      const write = (integers && integerCode[node.name]) || code[node.name]
      inside.push(`const ${name} = ${write(a, b, c)}`)
    }
    return name
  }
  const result = visit(expression)
  return [
    ...before,
    'for (let i = 0; i < count; i++) {',
    ...inside.map(line => `  ${line}`),
    `  out[start + i] = ${result}`,
    '}',
  ].join('\n')
}
