/** Following orbits: what the caller sees of them on the way, what remains of them, and what is refused. */

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import {
  DTypeError,
  GradientError,
  grad,
  NonFiniteError,
  type SensigradError,
  ShapeError,
  type Tensor,
  tensor,
  ValueError,
} from '@sensigrad/core'
import {
  lyapunovSpectrum,
  maxLyapunov,
  type OrbitOptions,
  type Step,
  trajectory,
  twoTrajectories,
} from '@sensigrad/dynamics'
import { describe, expect, test } from 'vitest'
import { draw, f64, read } from './support/backend.ts'
import { henon, logistic } from './support/systems.ts'

const measurements = { maxLyapunov, lyapunovSpectrum, twoTrajectories }
const each = Object.entries(measurements)
const start = () => f64([0.1, 0.1])
const nextTurn = () => new Promise(resolve => setTimeout(resolve))

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

describe.each(each)('%s', (_, measure) => {
  test('shows each measured step once, with the states before and after it', async () => {
    const seen: { state: Tensor; next: Tensor; number: number }[] = []
    await measure(henon, start(), {
      transient: 5,
      steps: 7,
      interval: 3,
      onStep: (state, next, number) => {
        seen.push({ state, next, number })
      },
    })
    const orbit = trajectory(henon, start(), 12)
    expect(seen.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7])
    for (const { state, next, number } of seen) {
      expect(read(state)).toEqual(read(orbit.slice(number + 4)))
      expect(read(next)).toEqual(read(orbit.slice(number + 5)))
    }
  })

  test('waits for its watcher', async () => {
    let finished = 0
    await measure(henon, start(), {
      steps: 5,
      onStep: async (_state, _next, number) => {
        await nextTurn()
        finished = number
      },
    })
    expect(finished).toBe(5)
  })

  test('ends when its watcher throws', async () => {
    let last = 0
    const stop = measure(henon, start(), {
      onStep: (_state, _next, number) => {
        last = number
        if (number === 3) throw new Error('enough')
      },
    })
    await expect(stop).rejects.toThrow('enough')
    expect(last).toBe(3)
  })

  test('ends in the state that the orbit reaches', async () => {
    const { state } = await measure(henon, start(), { transient: 5, steps: 7 })
    expect(read(state)).toEqual(read(trajectory(henon, start(), 12).slice(-1)))
  })

  test('holds on to no more states than those of one interval, and to no tape', async () => {
    const passed: WeakRef<Tensor>[] = []
    let alive = Number.POSITIVE_INFINITY
    const step: Step = x => {
      passed.push(new WeakRef(x))
      return henon(x)
    }
    const { state } = await measure(step, start(), {
      transient: 10,
      steps: 30,
      interval: 1,
      onStep: async (_state, _next, number) => {
        if (number < 30) return
        await nextTurn() // until then a WeakRef itself holds on
        collectGarbage()
        alive = passed.filter(tensor => tensor.deref() !== undefined).length
      },
    })
    expect(alive).toBeLessThanOrEqual(2)
    expect(state.entry).toBeUndefined()
  })

  test('takes a state of any shape', async () => {
    const step: Step = x => logistic(3.9)(x)
    const { state } = await measure(
      step,
      f64([
        [0.1, 0.2],
        [0.3, 0.4],
      ]),
      { steps: 5 },
    )
    expect(state.shape).toEqual([2, 2])
  })
})

test('a measurement goes on where another ended', async () => {
  const first = await maxLyapunov(henon, start(), { steps: 300 })
  const second = await maxLyapunov(henon, first.state, { transient: 0, steps: 700, tangent: first.tangent })
  const whole = await maxLyapunov(henon, start(), { steps: 1000 })
  expect((300 * first.exponent + 700 * second.exponent) / 1000).toBeCloseTo(whole.exponent, 12)
})

describe('a trajectory', () => {
  test('begins at the start and has a state for each step', () => {
    const orbit = trajectory(logistic(2), f64([0.25]), 2)
    expect(orbit.shape).toEqual([3, 1])
    expect([...read(orbit)]).toEqual([0.25, 0.375, 0.46875])
  })

  test('of no steps is the start', () => {
    expect([...read(trajectory(logistic(2), f64([0.25]), 0))]).toEqual([0.25])
  })

  test('carries gradients back to its start', () => {
    const slope = grad((x: Tensor) =>
      trajectory(y => y.mul(3), x, 4)
        .slice(-1)
        .sum(),
    )(f64([1, 2]))
    expect([...read(slope)]).toEqual([81, 81])
  })
})

describe('is refused by every measurement:', () => {
  interface Refusal {
    readonly what: string
    readonly step?: Step
    readonly state?: Tensor
    readonly options?: OrbitOptions
    readonly error: new (operation: string, problem: string, remedy: string) => SensigradError
    readonly message: string
  }
  const overflow: Step = x => x.add(1).mul(1e100)
  const refusals: Refusal[] = [
    {
      what: 'a state of whole numbers',
      state: draw(1, [2], undefined, 'int32'),
      error: DTypeError,
      message: 'the state is int32[2], and only float states have tangents',
    },
    {
      what: 'a state without elements',
      state: draw(1, [0]),
      error: ShapeError,
      message: 'the state float64[0] has no elements',
    },
    {
      what: 'a state that is none',
      state: 0.1 as unknown as Tensor,
      error: ValueError,
      message: 'the state is 0.1. Give a tensor',
    },
    {
      what: 'a state that is not finite',
      state: f64([0, Number.NaN]),
      error: NonFiniteError,
      message: 'the initial state is NaN at [1]',
    },
    {
      what: 'an orbit that leaves the finite range in the transient',
      step: overflow,
      error: NonFiniteError,
      message: 'the state after step 4 is Infinity at [0], and only bounded orbits have exponents',
    },
    {
      what: 'an orbit that leaves the finite range while it is measured',
      step: overflow,
      options: { transient: 2 },
      error: NonFiniteError,
      message: 'the state after step 4 is Infinity at [0]',
    },
    {
      what: 'an orbit that returns from infinity',
      step: x => x.reciprocal(),
      state: f64([1, 0]),
      error: NonFiniteError,
      message: 'the state after step 1 is Infinity at [1]',
    },
    {
      what: 'a step that changes the shape',
      step: x => x.slice([0, 1]),
      error: ShapeError,
      message:
        'step 1 made float64[1] of the state float64[2]. A step returns the next state, of the same shape and type',
    },
    {
      what: 'a step that changes the type',
      step: x => x.cast('float32'),
      error: DTypeError,
      message: 'step 1 made float32[2] of the state float64[2]',
    },
    {
      what: 'a step that returns no tensor',
      step: (() => 1) as unknown as Step,
      error: ValueError,
      message: 'step 1 returned 1. Return the next state, a tensor',
    },
    {
      what: 'an asynchronous step',
      step: (async (x: Tensor) => x) as unknown as Step,
      error: ValueError,
      message: 'the step is asynchronous. Read values (await) before, and close over them',
    },
    {
      what: 'no steps',
      options: { steps: 0 },
      error: ValueError,
      message: 'steps is 0. Give a whole number from 1 up',
    },
    { what: 'half a step', options: { steps: 10.5 }, error: ValueError, message: 'steps is 10.5' },
    {
      what: 'a negative transient',
      options: { transient: -1 },
      error: ValueError,
      message: 'transient is -1. Give a whole number from 0 up',
    },
    {
      what: 'an interval of nothing',
      options: { interval: 0 },
      error: ValueError,
      message: 'interval is 0. Give a whole number from 1 up',
    },
    {
      what: 'a step that takes no time',
      options: { dt: 0 },
      error: ValueError,
      message: 'dt is 0, the time that a step takes. Give a number above 0',
    },
  ]
  test.each(refusals)('$what', async ({ step = henon, state = start(), options = {}, error, message }) => {
    for (const [name, measure] of each) {
      const attempt = measure(step, state, options)
      await expect(attempt, name).rejects.toThrow(error)
      await expect(attempt, name).rejects.toThrow(`${name}: ${message}`)
    }
  })

  test('to be differentiated', async () => {
    const attempts: Promise<unknown>[] = []
    grad((x: Tensor) => {
      for (const [, measure] of each) attempts.push(measure(henon, x).catch((error: Error) => error))
      return x.sum()
    })(start())
    for (const error of await Promise.all(attempts)) {
      expect(error).toBeInstanceOf(GradientError)
      expect(String(error)).toContain('has no gradient. Call it outside of what is differentiated')
    }
  })
})

describe('is refused:', () => {
  test('more exponents than the state has dimensions', async () => {
    const attempt = lyapunovSpectrum(henon, start(), { exponents: 3 })
    await expect(attempt).rejects.toThrow('lyapunovSpectrum: exponents is 3. Give a whole number from 1 to 2')
  })

  test('a tangent that is not like the state', async () => {
    const attempt = maxLyapunov(henon, start(), { tangent: tensor([1, 0]) })
    await expect(attempt).rejects.toThrow(
      'maxLyapunov: the tangent is float32[2], but the state is float64[2]',
    )
  })

  test('a tangent without direction', async () => {
    const attempt = maxLyapunov(henon, start(), { tangent: f64([0, 0]) })
    await expect(attempt).rejects.toThrow('maxLyapunov: the tangent is zero, which is no direction')
  })

  test('an infinite derivative at a finite state', async () => {
    const root: Step = x => x.sqrt()
    for (const measure of [maxLyapunov, lyapunovSpectrum]) {
      const attempt = measure(root, f64([0]), { steps: 5 })
      await expect(attempt).rejects.toThrow(NonFiniteError)
      await expect(attempt).rejects.toThrow('a direction has left the finite range, though the state has not')
    }
  })

  test('a separation that is none', async () => {
    const attempt = twoTrajectories(henon, start(), { separation: 0 })
    await expect(attempt).rejects.toThrow('twoTrajectories: the separation is 0. Give a distance above 0')
  })

  test('a separation that is lost in rounding', async () => {
    const attempt = twoTrajectories(x => x.mul(1), f64([1e12, 1e12]))
    await expect(attempt).rejects.toThrow(
      'twoTrajectories: the separation 1.4901161193847656e-8 is lost in the rounding',
    )
  })

  test('half a step of a trajectory', () => {
    expect(() => trajectory(henon, start(), 0.5)).toThrow(
      'trajectory: steps is 0.5. Give a whole number from 0 up',
    )
  })

  test('a trajectory whose step changes the shape', () => {
    expect(() => trajectory(x => x.slice([0, 1]), start(), 3)).toThrow(
      'trajectory: step 1 made float64[1] of',
    )
  })
})
