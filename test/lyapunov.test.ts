/** Lyapunov exponents: against theory, published values, each other, and what must leave them alone. */
import { fc, test } from '@fast-check/vitest'
import { full, key, type Tensor } from '@sensigrad/core'
import { lyapunovSpectrum, maxLyapunov, spectralRadius, twoTrajectories } from '@sensigrad/dynamics'
import { eigenvaluesOf } from '@sensigrad/linalg'
import { describe, expect, vi } from 'vitest'
import { f64, read } from './support/backend.ts'
import { henon, linear, logistic, lorenz, network, rungeKutta } from './support/systems.ts'

vi.setConfig({ testTimeout: 60_000 })

type Rows = readonly (readonly number[])[]

const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)
const largestGap = (a: readonly number[], b: readonly number[]) =>
  Math.max(...a.map((value, i) => Math.abs(value - b[i]!)))

describe('maps of one dimension', () => {
  test('the logistic map at r = 4 has the exponent ln 2', async () => {
    const { exponent } = await maxLyapunov(logistic(4), f64([0.3]), { steps: 10_000 })
    expect(Math.abs(exponent - Math.LN2)).toBeLessThan(1e-3)
  })

  test('the logistic map at r = 3.2 has that of its orbit of period two', async () => {
    const { exponent } = await maxLyapunov(logistic(3.2), f64([0.3]), { steps: 100 })
    const multiplier = 1 - (3.2 + 1) * (3.2 - 3) // f'(x₁) f'(x₂) = 4 + 2r - r²
    expect(exponent).toBeCloseTo(Math.log(multiplier) / 2, 10)
  })

  test('the exponent is the mean of ln |f′| along the orbit', async () => {
    const r = 3.9
    let logs = 0
    const { exponent } = await maxLyapunov(logistic(r), f64([0.3]), {
      steps: 500,
      onStep: async x => {
        logs += Math.log(Math.abs(r * (1 - 2 * (await x.item()))))
      },
    })
    expect(exponent).toBeCloseTo(logs / 500, 12)
  })
})

describe('an exponent is -Infinity', () => {
  const brief = { transient: 20, steps: 20 }

  test('on a superstable orbit, whose derivative is zero', async () => {
    expect((await maxLyapunov(logistic(2), f64([0.5]), brief)).exponent).toBe(Number.NEGATIVE_INFINITY)
    expect((await lyapunovSpectrum(logistic(2), f64([0.5]), brief)).exponents).toEqual([
      Number.NEGATIVE_INFINITY,
    ])
  })

  test('of a step that forgets its state', async () => {
    const forget = (x: Tensor) => full(x.shape, 0.5, { dtype: 'float64' })
    expect((await maxLyapunov(forget, f64([1, 2]), brief)).exponent).toBe(Number.NEGATIVE_INFINITY)
    expect((await twoTrajectories(forget, f64([1, 2]), brief)).exponent).toBe(Number.NEGATIVE_INFINITY)
  })

  test('for each direction that a singular map flattens, and only for those', async () => {
    const { step, origin } = linear([
      [2, 0],
      [0, 0],
    ])
    const { exponents } = await lyapunovSpectrum(step, origin, brief)
    expect(exponents[0]).toBeCloseTo(Math.LN2, 12)
    expect(exponents[1]).toBe(Number.NEGATIVE_INFINITY)
  })

  test('but not for a derivative of zero that only the transient meets', async () => {
    // 1/2 → 1 → 0 → 0 → …, and f′(0) = 4
    expect((await maxLyapunov(logistic(4), f64([0.5]), brief)).exponent).toBeCloseTo(Math.log(4), 12)
    expect((await lyapunovSpectrum(logistic(4), f64([0.5]), brief)).exponents[0]).toBeCloseTo(Math.log(4), 12)
  })
})

describe('the map of Hénon', () => {
  const start = () => f64([0.1, 0.1])

  test('has the exponents 0.4192 and -1.6229', async () => {
    const { exponents } = await lyapunovSpectrum(henon, start(), { steps: 10_000, interval: 5 })
    expect(largestGap(exponents, [0.4192, -1.6229])).toBeLessThan(5e-3)
  })

  test('shrinks areas by b = 0.3 at each step, wherever it is', async () => {
    const { exponents } = await lyapunovSpectrum(henon, start(), { steps: 200 })
    expect(total(exponents)).toBeCloseTo(Math.log(0.3), 12)
  })

  test('has a largest exponent that is the first of its spectrum', async () => {
    const { exponent } = await maxLyapunov(henon, start())
    const { exponents } = await lyapunovSpectrum(henon, start(), { exponents: 1 })
    expect(exponents).toHaveLength(1)
    expect(exponent).toBeCloseTo(exponents[0]!, 12)
  })

  test('has the same exponents however often they are renormalised', async () => {
    const { exponent } = await maxLyapunov(henon, start(), { interval: 1 })
    const { exponents } = await lyapunovSpectrum(henon, start(), { interval: 1 })
    for (const interval of [3, 7]) {
      expect((await maxLyapunov(henon, start(), { interval })).exponent).toBeCloseTo(exponent, 12)
      const spectrum = await lyapunovSpectrum(henon, start(), { interval })
      expect(largestGap(spectrum.exponents, exponents)).toBeLessThan(1e-9)
    }
  })

  test('has the same exponents whatever the first tangent', async () => {
    const along = async (options: object) => (await maxLyapunov(henon, start(), options)).exponent
    const expected = await along({})
    expect(await along({ key: key(1) })).toBeCloseTo(expected, 12)
    expect(await along({ tangent: f64([0, -1e-5]) })).toBeCloseTo(expected, 12)
  })

  test('has them in float32 as well', async () => {
    const { exponents, state } = await lyapunovSpectrum(henon, start().cast('float32'), { steps: 2000 })
    expect(state.dtype).toBe('float32')
    expect(largestGap(exponents, [0.4192, -1.6229])).toBeLessThan(2e-2)
  })
})

describe('the flow of Lorenz', () => {
  test('has the exponents 0.9056, 0 and -14.57, and shrinks volumes at the rate σ + 1 + β', async () => {
    const dt = 0.025
    const { exponents } = await lyapunovSpectrum(rungeKutta(lorenz, dt), f64([1, 1, 1]), {
      steps: 8000,
      interval: 10,
      dt,
    })
    expect(largestGap(exponents, [0.9056, 0, -14.57])).toBeLessThan(0.05)
    expect(Math.abs(total(exponents) + 10 + 1 + 8 / 3)).toBeLessThan(1e-2) // the step's error is of order dt⁴
  })

  test('has exponents per unit of time: halving dt changes none', async () => {
    const run = (dt: number, steps: number) =>
      maxLyapunov(
        rungeKutta(x => x.mul(-0.7), dt),
        f64([0, 0]),
        { dt, steps, transient: 0 },
      )
    expect((await run(0.02, 50)).exponent).toBeCloseTo(-0.7, 8)
    expect((await run(0.01, 100)).exponent).toBeCloseTo(-0.7, 9)
  })
})

describe('linear maps', () => {
  const element = fc.integer({ min: -200, max: 200 }).map(n => n / 100)
  const matrices = fc
    .integer({ min: 1, max: 4 })
    .chain(n => fc.array(fc.array(element, { minLength: n, maxLength: n }), { minLength: n, maxLength: n }))
    .filter(rows => Math.abs(determinant(rows)) > 0.05)

  test('that rotate neither stretch nor shrink', async () => {
    const { step, origin } = linear([
      [Math.cos(1), -Math.sin(1)],
      [Math.sin(1), Math.cos(1)],
    ])
    expect((await maxLyapunov(step, origin)).exponent).toBeCloseTo(0, 14)
    expect(largestGap((await lyapunovSpectrum(step, origin)).exponents, [0, 0])).toBeLessThan(1e-14)
  })

  test.prop([matrices], { numRuns: 25 })('change volumes by |det A|', async rows => {
    const { step, origin } = linear(rows)
    const { exponents } = await lyapunovSpectrum(step, origin, { transient: 10, steps: 50 })
    expect(total(exponents)).toBeCloseTo(Math.log(Math.abs(determinant(rows))), 10)
  })

  test.prop([matrices], { numRuns: 25 })('have the logarithms of their eigenvalues’ moduli', async rows => {
    const { step, origin } = linear(rows)
    const { real, imaginary } = eigenvaluesOf(rows.flat(), rows.length)
    const expected = Array.from(real, (a, i) => Math.log(Math.hypot(a, imaginary[i]!)))
    const { exponents } = await lyapunovSpectrum(step, origin, { transient: 200, steps: 400 })
    expect(largestGap(exponents, expected)).toBeLessThan(0.05) // of order 1/steps where moduli are equal
  })

  const shears = fc.array(
    fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 1, max: 2 }), fc.integer({ min: -2, max: 2 })),
    { maxLength: 4 },
  )
  test.prop([shears], { numRuns: 25 })('keep their exponents under a change of basis', async changes => {
    const rows = changes.reduce((a, [i, by, factor]) => sheared(a, i, (i + by) % 3, factor), [
      [1.5, 0, 0],
      [0, -0.9, 0],
      [0, 0, 0.4],
    ] as Rows)
    const { step, origin } = linear(rows)
    const { exponents } = await lyapunovSpectrum(step, origin, { transient: 100, steps: 100 })
    expect(largestGap(exponents, [Math.log(1.5), Math.log(0.9), Math.log(0.4)])).toBeLessThan(1e-9)
  })

  test('that shrink fast do not underflow', async () => {
    const { step, origin } = linear([
      [1e-20, 0],
      [0, 1e-25],
    ])
    expect((await maxLyapunov(step, origin)).exponent).toBeCloseTo(Math.log(1e-20), 10)
    expect(
      largestGap((await lyapunovSpectrum(step, origin)).exponents, [1e-20, 1e-25].map(Math.log)),
    ).toBeLessThan(1e-9)
  })
})

describe('two trajectories agree with the tangent', () => {
  test.each([
    ['the logistic map', logistic(4), [0.3]],
    ['the map of Hénon', henon, [0.1, 0.1]],
  ] as const)('on %s', async (_, step, start) => {
    const { exponent } = await maxLyapunov(step, f64(start))
    expect(Math.abs((await twoTrajectories(step, f64(start))).exponent - exponent)).toBeLessThan(1e-6)
  })

  test.each([0.5, 2])('on a network of gain %s', async gain => {
    const { step, state } = network(key(3), gain, 30)
    const { exponent } = await maxLyapunov(step, state)
    expect(Math.abs((await twoTrajectories(step, state)).exponent - exponent)).toBeLessThan(1e-6)
  })
})

describe('networks of 100 tanh neurons without input', () => {
  // Means over the seeds 0 to 7. The spread of single networks is 0.04 at the gains 0.3 and 0.8, 0.01 at 1.2, 0.02 to
  // 0.03 beyond; the references are means over a few networks themselves.
  test.each([
    { gain: 0.3, reference: -1.18, within: 0.05 },
    { gain: 0.8, reference: -0.15, within: 0.05 },
    { gain: 1.2, reference: 0, within: 0.015 },
    { gain: 1.5, reference: 0.05, within: 0.04 },
    { gain: 2, reference: 0.13, within: 0.02 },
  ])('have λ ≈ $reference at the gain $gain', async ({ gain, reference, within }) => {
    const found: number[] = []
    for (let seed = 0; seed < 8; seed++) {
      const { step, state } = network(key(seed), gain)
      found.push((await maxLyapunov(step, state)).exponent)
    }
    expect(Math.abs(total(found) / found.length - reference)).toBeLessThan(within)
  })

  test('have λ = ln ρ(W) while they contract to rest', async () => {
    for (let seed = 0; seed < 4; seed++) {
      const { step, state, weights } = network(key(seed), 0.3)
      const { exponent } = await maxLyapunov(step, state)
      expect(Math.abs(exponent - Math.log(await spectralRadius(weights)))).toBeLessThan(2e-3)
    }
  })

  test('have a spectrum that adds up to the mean of ln |det J|', async () => {
    const size = 12
    const { step, state, weights } = network(key(5), 1.5, size)
    const rows = Array.from({ length: size }, (_, i) => Array.from(read(weights.slice(i))))
    let logs = 0
    const { exponents } = await lyapunovSpectrum(step, state, {
      steps: 100,
      onStep: (_, next) => {
        for (const o of read(next)) logs += Math.log(1 - o * o)
      },
    })
    const { real, imaginary } = eigenvaluesOf(rows.flat(), size)
    const logDeterminant = real.reduce((sum, a, i) => sum + Math.log(Math.hypot(a, imaginary[i]!)), 0)
    expect(total(exponents)).toBeCloseTo(logs / 100 + logDeterminant, 9)
  })
})

function determinant(rows: Rows): number {
  if (rows.length === 0) return 1
  const [first, ...rest] = rows
  return total(
    first!.map((a, j) => (-1) ** j * a * determinant(rest.map(row => row.filter((_, k) => k !== j)))),
  )
}

/** S A S⁻¹ with S = I + factor · eᵢ eⱼᵀ. */
function sheared(rows: Rows, i: number, j: number, factor: number): Rows {
  return rows
    .map((row, k) => (k === i ? row.map((a, column) => a + factor * rows[j]![column]!) : row))
    .map(row => row.map((a, column) => (column === j ? a - factor * row[i]! : a)))
}
