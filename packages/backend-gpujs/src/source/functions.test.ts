/** Every scalar function, run by gpu.js in WebAssembly, against double precision; and the numbers that formulas trip over. */
import { expressions, type ScalarFunction } from '@sensigrad/core'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Gpu, type GpuLibrary, loadLibrary } from '../gpu-library.ts'
import { mapJob } from './elements.ts'
import { write } from './expression.ts'
import { literal, Text } from './text.ts'

const { e, erf, erfc, input, scalarRules } = expressions

let library: GpuLibrary
let gpu: Gpu
beforeAll(async () => {
  library = await loadLibrary()
  gpu = new library.GPU({ mode: 'webasm' })
})

async function run(source: string, of: readonly (readonly number[])[]): Promise<number[]> {
  const settings = { precision: 'single', tactic: 'precision', pipeline: true, immutable: true } as const
  const length = of[0]!.length
  const kernel = gpu.createKernel(source, { ...settings, output: [length], loopMaxIterations: 2 ** 24 })
  const values = of.flatMap(each => [new library.Input(Float32Array.from(each), [each.length]), 0])
  const found = await kernel(...values)
  kernel.destroy()
  return [...(found as Float32Array)]
}

/** The values of a scalar function of lists of numbers. */
function valuesOf(name: ScalarFunction, ...of: (readonly number[])[]): Promise<number[]> {
  const shape = [of[0]!.length]
  const views = of.map(() => ({ storage: {}, dtype: 'float32' as const, shape, strides: [1], offset: 0 }))
  const expression = e[name](...of.map((_, i) => input(i)))
  return run(mapJob(expression, views, shape).source, of)
}

/** Numbers from a to b, evenly, or by factors where both are positive and far apart; as float32. */
function between(a: number, b: number, count = 500): number[] {
  return Array.from({ length: count }, (_, i) => {
    const part = i / (count - 1)
    return Math.fround(a > 0 && b > 100 * a ? a * (b / a) ** part : a + (b - a) * part)
  })
}
const bothSigns = (values: number[]) => [...values, ...values.map(value => -value)]
const usual = bothSigns([...between(0, 8), ...between(1e-6, 100)])
const angles = bothSigns([...between(0, 100, 2000), ...between(1e-6, 1e4)])
const within = bothSigns([...between(0, 1), ...between(1e-6, 1)])

interface Claim {
  readonly of: readonly number[]
  readonly is: (x: number) => number
  /** Below this size errors are absolute: near the zeros of a function that is large elsewhere. */
  readonly floor?: number
}

const claims: Partial<Record<ScalarFunction, Claim>> = {
  sqrt: { of: between(1e-37, 1e38), is: Math.sqrt },
  reciprocal: { of: bothSigns(between(1e-36, 1e36)), is: x => 1 / x },
  exp: { of: between(-87, 88.7, 2000), is: Math.exp },
  expm1: { of: [...between(-87, 88.7), ...usual.filter(x => x < 88)], is: Math.expm1 },
  log: { of: [...between(1e-37, 1e38), ...between(0.5, 2)].filter(x => x !== 1), is: Math.log },
  log1p: { of: [...between(1e-7, 1e38), ...between(1e-6, 0.99).map(x => -x)], is: Math.log1p },
  sin: { of: angles, is: Math.sin, floor: 0.1 },
  cos: { of: angles, is: Math.cos, floor: 0.1 },
  tan: { of: angles, is: Math.tan, floor: 0.1 },
  asin: { of: within, is: Math.asin },
  acos: { of: [...within, ...between(1e-6, 1).map(x => Math.fround(1 - x))], is: Math.acos },
  atan: { of: bothSigns(between(1e-6, 1e6)), is: Math.atan },
  sinh: { of: bothSigns([...between(0, 89), ...between(1e-6, 89)]), is: Math.sinh },
  cosh: { of: bothSigns(between(0, 89)), is: Math.cosh },
  tanh: { of: [...usual, 1e6, -1e30], is: Math.tanh },
  asinh: { of: bothSigns(between(1e-6, 1e38)), is: Math.asinh },
  acosh: { of: between(1e-6, 1e38).map(x => Math.fround(1 + x)), is: Math.acosh },
  atanh: { of: bothSigns([...between(0, 0.9999), ...between(1e-6, 0.9999)]), is: Math.atanh },
  erf: { of: usual, is: erf },
  erfc: { of: between(-10, 9.1, 1000), is: erfc },
  sigmoid: { of: between(-87, 90), is: x => 1 / (1 + Math.exp(-x)) },
  softplus: { of: [...between(-87, 90), 1e30], is: x => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))) },
}

/** What the backend says of itself: no scalar function is further off. */
const bound = 2e-5

function farthest(found: readonly number[], wanted: readonly number[], floor = 0): number {
  return Math.max(
    ...found.map((value, i) => {
      const want = wanted[i]!
      return value === want ? 0 : Math.abs(value - want) / Math.max(Math.abs(want), floor)
    }),
  )
}

describe('the relative error', () => {
  test.each(Object.entries(claims) as [ScalarFunction, Claim][])(
    `of %s is below ${bound}`,
    async (name, claim) => {
      const found = await valuesOf(name, claim.of)
      expect(farthest(found, claim.of.map(claim.is), claim.floor)).toBeLessThan(bound)
    },
  )

  test(`of pow is below ${bound}, whole exponents of negative numbers included`, async () => {
    const bases = between(1e-5, 1e5, 1000)
    const exponents = bases.map((_, i) => ((i * 37) % 140) / 10 - 7)
    const negative = bases.map((_, i) => -((i % 13) + 1.5))
    const whole = bases.map((_, i) => (i % 21) - 10)
    const [a, b] = [[...bases, ...negative], [...exponents, ...whole].map(Math.fround)]
    const found = await valuesOf('pow', a, b)
    const wanted = a.map((base, i) => base ** b[i]!)
    expect(farthest(found, wanted)).toBeLessThan(bound)
  })

  test(`of atan2 is below ${bound} in every direction`, async () => {
    const turns = between(-3.1, 3.1, 1000)
    const [a, b] = [turns.map(Math.sin), turns.map(Math.cos)].map(list => list.map(x => Math.fround(x * 1e5)))
    const wanted = a!.map((y, i) => Math.atan2(y, b![i]!))
    expect(farthest(await valuesOf('atan2', a!, b!), wanted)).toBeLessThan(bound)
  })
})

describe('to the digit', () => {
  const exact: [ScalarFunction, number[][], number[]][] = [
    ['neg', [[1, -2.5, 0]], [-1, 2.5, 0]],
    ['abs', [[1, -2.5, 0]], [1, 2.5, 0]],
    ['sign', [[3, -2, 0]], [1, -1, 0]],
    ['square', [[3, -2, 0]], [9, 4, 0]],
    ['relu', [[3, -2, 0]], [3, 0, 0]],
    ['floor', [[1.5, -1.5, 2]], [1, -2, 2]],
    ['ceil', [[1.5, -1.5, 2]], [2, -1, 2]],
    ['round', [[0.5, 1.5, 2.5, -0.5, -1.5, 0.49999997, 8388609, 1e9]], [0, 2, 2, 0, -2, 0, 8388609, 1e9]],
    [
      'add',
      [
        [1, 2],
        [3, -4],
      ],
      [4, -2],
    ],
    [
      'sub',
      [
        [1, 2],
        [3, -4],
      ],
      [-2, 6],
    ],
    [
      'mul',
      [
        [1, 2],
        [3, -4],
      ],
      [3, -8],
    ],
    [
      'div',
      [
        [1, 2],
        [4, -4],
      ],
      [0.25, -0.5],
    ],
    [
      'mod',
      [
        [7, -7, 7, -7, 6, 5.5, 5],
        [3, 3, -3, -3, 3, 2, 0],
      ],
      [1, 2, -2, -1, 0, 1.5, 0],
    ],
    [
      'pow',
      [
        [0, 0, 3, -3, 7, 2, 0, 5],
        [0, 2, 2, 1, 1, 0, 0.5, 0],
      ],
      [1, 0, 9, -3, 7, 1, 0, 1],
    ],
    [
      'atan2',
      [
        [0, 0, 0, 3],
        [0, 1, 0, 0],
      ],
      [0, 0, 0, Math.fround(Math.PI / 2)],
    ],
    [
      'maximum',
      [
        [1, 2],
        [3, -4],
      ],
      [3, 2],
    ],
    [
      'minimum',
      [
        [1, 2],
        [3, -4],
      ],
      [1, -4],
    ],
    [
      'less',
      [
        [1, 2, 2],
        [2, 1, 2],
      ],
      [1, 0, 0],
    ],
    [
      'lessEqual',
      [
        [1, 2, 2],
        [2, 1, 2],
      ],
      [1, 0, 1],
    ],
    [
      'equal',
      [
        [1, 2, 2],
        [2, 1, 2],
      ],
      [0, 0, 1],
    ],
    [
      'and',
      [
        [0, 0, 1, 1],
        [0, 1, 0, 1],
      ],
      [0, 0, 0, 1],
    ],
    [
      'or',
      [
        [0, 0, 1, 1],
        [0, 1, 0, 1],
      ],
      [0, 1, 1, 1],
    ],
    ['not', [[0, 1]], [1, 0]],
    [
      'where',
      [
        [0, 1],
        [3, 3],
        [4, 4],
      ],
      [4, 3],
    ],
    ['log', [[1]], [0]],
    ['exp', [[0, -200, -87.4]], [1, 0, 0]],
  ]
  test.each(exact)('%s', async (name, of, wanted) => {
    expect((await valuesOf(name, ...of)).map(value => value + 0)).toEqual(wanted)
  })

  test('together, all functions are spoken for', () => {
    const known = new Set([...Object.keys(claims), ...exact.map(([name]) => name)])
    expect(Object.keys(scalarRules).filter(name => !known.has(name))).toEqual([])
  })

  test.each([-3, -1, 0, 1, 2, 3, 7, 0.5, -0.5])('powers by the constant %d', async exponent => {
    const bases = [1, 2, 4, 0.25]
    const text = new Text()
    const result = write(text, e.pow(input(0), exponent), () => text.value('a0[o0 + this.thread.x]'))
    expect(
      await run(text.job(result, 4, [{ source: '', length: 4, reads: [], numbers: [] }]).source, [bases]),
    ).toEqual(bases.map(base => Math.fround(base ** exponent)))
  })
})

describe('no NaN comes of finite numbers', () => {
  test.each(Object.keys(claims) as ScalarFunction[])('by %s', async name => {
    const domains: Partial<Record<ScalarFunction, (x: number) => boolean>> = {
      sqrt: x => x >= 0,
      log: x => x >= 0,
      log1p: x => x >= -1,
      asin: x => Math.abs(x) <= 1,
      acos: x => Math.abs(x) <= 1,
      acosh: x => x >= 1,
      atanh: x => Math.abs(x) < 1,
    }
    const all = [0, -0, 1, -1, 0.5, -0.5, 1e-30, -1e-30, 1e30, -1e30, 100, -100, 89, -89]
    const of = all.filter(domains[name] ?? (() => true))
    expect((await valuesOf(name, of)).filter(Number.isNaN)).toEqual([])
  })
})

test.each(['sin', 'cos'] as const)('%s of no angle, however large, is beyond 1', async name => {
  const found = await valuesOf(name, bothSigns(between(1e5, 1e38)))
  expect(Math.max(...found.map(Math.abs))).toBeLessThan(1 + 1e-6)
})

describe('a number', () => {
  test.each([
    [0.5, '0.5'],
    [-2, '(-2)'],
    [Number.POSITIVE_INFINITY, '3.4028234663852886e+38'],
    [Number.NEGATIVE_INFINITY, '(-3.4028234663852886e+38)'],
  ])('%d is written as %s', (value, written) => {
    expect(literal(value)).toBe(written)
  })
  test('that is none cannot be written', () => {
    expect(() => literal(Number.NaN)).toThrow(
      'map: an expression holds the constant NaN, which gpujs cannot write. Use cpu() for it',
    )
  })
})
