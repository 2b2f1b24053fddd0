/** Interpreted loops are compiled loops to the last bit, so a page's security policy changes speed and nothing else. */
import { fc, test } from '@fast-check/vitest'
import {
  allocate,
  type Expression,
  type ExpressionLike,
  expressions,
  type ScalarFunction,
} from '@sensigrad/core'
import { afterEach, describe, expect, vi } from 'vitest'
import { compile, type InputKind, source } from './compile.ts'
import { helpers, interpret } from './interpret.ts'

const { e, input, scalarRules } = expressions

type Built = { number: ExpressionLike; boolean: Expression }

const functionsThat = (gives: 'number' | 'boolean') =>
  (Object.keys(scalarRules) as ScalarFunction[]).filter(name => scalarRules[name].gives === gives)

/** Expressions over the numbers x0, x1 and the boolean x2. */
const { number: drawn } = fc.letrec<Built>(tie => {
  const call = (name: ScalarFunction): fc.Arbitrary<Expression> => {
    const { takes, arity } = scalarRules[name]
    const operands = Array.from({ length: arity }, (_, i) =>
      takes === 'booleans' || (takes === 'choice' && i === 0) ? tie('boolean') : tie('number'),
    )
    return fc.tuple(...operands).map(args => e[name](...args))
  }
  const leaves = [
    fc.constantFrom(input(0), input(1)),
    fc.constantFrom<ExpressionLike>(0, -0, 1, -1, 2, 0.5, 1e-9),
  ]
  return {
    number: fc.oneof({ maxDepth: 5 }, ...leaves, ...functionsThat('number').map(call)),
    boolean: fc.oneof({ maxDepth: 5 }, fc.constant(input(2)), ...functionsThat('boolean').map(call)),
  }
})

const specials = [0, -0, 1, -1, 0.5, -2.5, 3e5, 2 ** 31 - 1, -(2 ** 31), NaN, Infinity, -Infinity]

describe.each(['float64', 'float32', 'int32'] as const)('in %s', dtype => {
  test.prop(
    [
      drawn.filter(expression => typeof expression !== 'number'),
      fc.array(fc.constantFrom(...specials), { minLength: 24, maxLength: 24 }),
      fc.tuple(...[0, 1, 2].map(() => fc.constantFrom<InputKind>('scalar', 'dense', 'strided'))),
    ],
    { numRuns: 400, seed: 11 },
  )('both give the same bits for any expression', (expression, values, kinds) => {
    const numbers = allocate(dtype, 24)
    numbers.set(values)
    const inputs = [numbers, numbers, allocate('bool', 24).map((_, i) => (i % 3 === 0 ? 1 : 0))]
    const steps = kinds.map(kind => ({ scalar: 0, dense: 1, strided: -2 })[kind])
    const offsets = kinds.map(kind => (kind === 'strided' ? 23 : 3))
    const [compiled, interpreted] = [allocate(dtype, 12), allocate(dtype, 12)]
    const integers = dtype === 'int32'
    compile(expression as Expression, kinds, integers)(compiled, 2, 10, inputs, offsets, steps)
    interpret(expression as Expression, integers)(interpreted, 2, 10, inputs, offsets, steps)
    expect([...interpreted]).toEqual([...compiled])
  })
})

test('interpreted loops are right beyond the first block of elements', () => {
  const many = Float64Array.from({ length: 5000 }, (_, i) => i)
  const out = new Float64Array(5000)
  interpret(e.mul(input(0), input(1)), false)(out, 0, 2500, [many, many], [0, 4999], [2, -1])
  expect(out[2499]).toBe(2 * 2499 * (4999 - 2499))
})

describe('what JavaScript lacks', () => {
  const { roundToEven, mod } = helpers

  test('rounds halves to even, and keeps what is not finite', () => {
    const halves = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.49999999999999994, 2 ** 52 + 1, NaN, Infinity]
    expect(halves.map(roundToEven)).toEqual([-2, -2, -0, 0, 2, 2, 0, 2 ** 52 + 1, NaN, Infinity])
  })
  test('gives remainders, zeros too, the sign of the divisor', () => {
    const pairs = [
      [7, 3],
      [-7, 3],
      [7, -3],
      [-7, -3],
      [-6, 3],
      [6, -3],
      [1, 0],
      [-1, Infinity],
    ] as const
    expect(pairs.map(([a, b]) => mod(a, b))).toEqual([1, 2, -2, -1, 0, -0, NaN, Infinity])
  })
})

describe('where code may not be made from text', () => {
  afterEach(() => vi.unstubAllGlobals())

  test('compiling falls back to interpreting', () => {
    const forbidden = vi.fn().mockImplementation(function forbidden() {
      throw new EvalError("'unsafe-eval' is not allowed")
    })
    vi.stubGlobal('Function', forbidden)
    const out = new Float64Array(2)
    compile(e.sub(e.square(input(0)), 41), ['dense'], false)(out, 0, 2, [Float64Array.of(3, 4)], [0], [1])
    expect([...out]).toEqual([-32, -25])
    expect(forbidden).toHaveBeenCalled()
  })
})

test('compiled loops read still inputs once and compute shared sub-drawn once', () => {
  const shared = e.tanh(e.mul(input(0), input(1)))
  expect(source(e.mul(shared, e.sub(1, shared)), ['dense', 'scalar'], false)).toMatchInlineSnapshot(`
    "const a0 = inputs[0], o0 = offsets[0]
    const a1 = inputs[1], o1 = offsets[1]
    const x1 = a1[o1]
    for (let i = 0; i < count; i++) {
      const x0 = a0[o0 + i]
      const t0 = (x0 * x1)
      const t1 = Math.tanh(t0)
      const t2 = ((1) - t1)
      const t3 = (t1 * t2)
      out[start + i] = t3
    }"
  `)
})
