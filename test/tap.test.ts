/** Taps: who listens is told what passes, and nothing that is computed changes. */
import { fc, test as property } from '@fast-check/vitest'
import { cpu } from '@sensigrad/backend-cpu'
import { wasm } from '@sensigrad/backend-wasm'
import {
  capture,
  checkpoint,
  cotangentsOf,
  grad,
  hvp,
  jvp,
  onesLike,
  onGradient,
  onTap,
  pullback,
  record,
  scan,
  type Tapped,
  type Tensor,
  tap,
  useBackend,
  withScope,
  zeros,
} from '@sensigrad/core'
import { arbitraries } from '@sensigrad/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { f64, numbers } from './support/backend.ts'

const patience = 60_000
const stops: (() => void)[] = []

beforeEach(() => useBackend(cpu()))
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

/** Listens, until the test ends. */
function listening() {
  const told: (Omit<Tapped, 'tensor'> & { values: number[] })[] = []
  stops.push(onTap(({ tensor, ...rest }) => told.push({ ...rest, values: numbers(tensor) })))
  return told
}

const square = (x: Tensor) => tap(x.square(), 'squares').sin().sum()

describe('a tap', () => {
  test('is nothing while nobody listens', () => {
    const x = f64([1, 2])
    expect(tap(x, 'x')).toBe(x)
    const stop = onTap(() => {})
    expect(tap(x, 'x')).not.toBe(x)
    stop()
    stop()
    expect(tap(x, 'x')).toBe(x)
  })

  test('stands on the tape', () => {
    listening()
    expect(String(record(square, f64([1, 2])))).toMatch(/^%2 +tap\(%1, squares\) +float64\[2\]$/m)
  })

  test('tells the value, and the cotangent in each sweep', () => {
    const told = listening()
    const x = f64([1, 2])
    withScope('layers.3', () => grad(square)(x))
    const common = { name: 'squares', scope: 'layers.3', from: 'recorded', isNested: false }
    expect(told).toEqual([
      { ...common, direction: 'forward', values: [1, 4] },
      { ...common, direction: 'reverse', values: [Math.cos(1), Math.cos(4)] },
    ])
  })

  test('tells in both sweeps of a second derivative, and which is which', () => {
    const told = listening()
    const penalty = (x: Tensor) => grad(square)(x).square().sum()
    const [slope] = [numbers(grad(penalty)(f64([1.5])))]
    const sweeps = told.filter(({ direction }) => direction === 'reverse')
    expect(sweeps.map(({ isNested }) => isNested)).toEqual([true, false])
    // g = 2x cos x², and the cotangent of x² is that of its own cotangent, cos x², times -sin x²
    const [x, h] = [1.5, 1.5 ** 2]
    expect(sweeps[0]!.values[0]).toBeCloseTo(Math.cos(h), 12)
    expect(sweeps[1]!.values[0]).toBeCloseTo(2 * (2 * x * Math.cos(h)) * 2 * x * -Math.sin(h), 12)
    for (const stop of stops.splice(0)) stop()
    expect(numbers(grad(penalty)(f64([1.5])))).toEqual(slope)
  })

  test('passes tangents on', () => {
    const [x, d] = [f64([1, 2]), f64([3, 4])]
    const before = jvp(square, [x], [d])
    const told = listening()
    expect(jvp(square, [x], [d]).map(each => numbers(each as Tensor))).toEqual(
      before.map(each => numbers(each as Tensor)),
    )
    expect(told.map(({ direction }) => direction)).toEqual(['forward'])
  })

  test('tells a value once where a checkpoint computes it again, and a cotangent once a sweep', () => {
    const told = listening()
    const part = checkpoint((x: Tensor) => tap(x.square(), 'squares').sin())
    for (const run of [(f: (x: Tensor) => Tensor) => f, (f: (x: Tensor) => Tensor) => capture(f)]) {
      run(grad((x: Tensor) => part(x).sum()))(f64([1]))
      expect(told.splice(0).map(({ direction, values }) => [direction, ...values])).toEqual([
        ['forward', 1],
        ['reverse', Math.cos(1)],
      ])
    }
  })

  test('in a loop that is captured as one tells all steps at once', () => {
    const told = listening()
    const xs = f64([[1, 2], [3, 4], [5, 6]]) // biome-ignore format: a matrix
    const loss = (xs: Tensor) => {
      const step = (h: Tensor, x: Tensor) => [tap(h.mul(0.5).add(x).tanh(), 'state'), []] as const
      return scan(step, zeros([2], { dtype: 'float64' }), xs)[0].sum()
    }
    grad(loss)(xs)
    const eager = told.splice(0)
    capture((xs: Tensor) => grad(loss)(xs))(xs)
    const values = (direction: string) =>
      eager.filter(each => each.direction === direction).map(({ values }) => values)
    expect(told).toEqual([
      {
        name: 'state',
        scope: 'steps',
        direction: 'forward',
        isNested: false,
        from: 'replayed-equal',
        steps: 3,
        values: values('forward').flat(),
      },
      {
        name: 'state',
        scope: 'steps',
        direction: 'reverse',
        isNested: false,
        from: 'replayed-equal',
        steps: 3,
        values: values('reverse').reverse().flat(),
      },
    ])
  })

  test('is heard by all, whoever throws', () => {
    stops.push(
      onTap(() => {
        throw new Error('deaf')
      }),
    )
    const told = listening()
    expect(() => tap(f64([1]), 'x')).toThrow('deaf')
    expect(told).toHaveLength(1)
    const step = capture((x: Tensor) => tap(x, 'x').mul(2))
    expect(() => step(f64([1]))).toThrow('deaf')
    expect(told).toHaveLength(2)
  })

  test('is not heard any more by one who was ended by another who heard it', () => {
    let later = 0
    stops.push(onTap(() => end()))
    const end = onTap(() => later++)
    tap(f64([1]), 'x')
    expect(later).toBe(0)
  })

  test('has a captured step captured once more when the first comes to listen, and never again', () => {
    const step = capture((x: Tensor) => grad(square)(x))
    const x = f64([1, 2])
    const text = () => {
      step(x)
      return String(step)
    }
    const [silent, before] = [numbers(step(x)), text()]
    for (const _ of [1, 2]) {
      const told = listening()
      expect(numbers(step(x))).toEqual(silent)
      expect(told.map(({ direction }) => direction)).toEqual(['forward', 'reverse'])
      const another = listening()
      expect(text()).toBe(before)
      expect(another).toHaveLength(2)
      for (const stop of stops.splice(0)) stop()
      expect(text()).toBe(before)
    }
    expect(step.captures).toBe(2)
  })

  test('has a name, and a tensor', () => {
    expect(() => tap(f64([1]), '')).toThrow("tap: the name is ''. Give a text: tap(x, 'hidden')")
    expect(() => tap(f64([1]), 3 as never)).toThrow(/^tap: the name is 3/)
    expect(() => tap(3 as never, 'x')).toThrow(/^tap: the first argument is 3/)
    expect(() => onTap(3 as never)).toThrow(/^onTap: the function is 3/)
  })
})

describe('listening to one gradient', () => {
  test('tells the cotangent that passes, all of it', () => {
    const heard: number[][] = []
    const f = (x: Tensor) => {
      const h = onGradient(x.square(), g => heard.push(numbers(g)))
      return h.mul(3).sum().add(h.sin().sum())
    }
    const x = f64([1, 2])
    expect(String(record(f, x))).toMatch(/^%2 +onGradient\(%1\)/m)
    const slope = numbers(grad(f)(x))
    const captured = capture((x: Tensor) => grad(f)(x))
    expect(numbers(captured(x))).toEqual(slope)
    expect(heard).toEqual([1, 2].map(() => [Math.cos(1) + 3, Math.cos(4) + 3]))
  })

  test('needs a tensor and a function', () => {
    expect(() => onGradient(3 as never, () => {})).toThrow(/^onGradient: the first argument is 3/)
    expect(() => onGradient(f64([1]), 3 as never)).toThrow(/^onGradient: the function is 3/)
  })
})

const backends = [cpu(), await wasm()].map(backend => [backend.name, backend] as const)

describe.each(backends)('on %s taps in the middle of programs', (_, backend) => {
  beforeEach(() => useBackend(backend))
  const halves = fc.tuple(
    arbitraries.programs({ maxSteps: 6 }),
    arbitraries.programs({
      maxSteps: 6,
      shapes: [
        [2, 3],
        [2, 3],
      ],
    }),
  )

  property.prop([halves, fc.boolean()], { numRuns: 40 })(
    'change no bit of values and derivatives of both orders, and tell the cotangents of the tape',
    ([first, second], isCaptured) => {
      const f = (x: Tensor) => {
        const h = tap(first.run(x, ...first.inputs.slice(1)), 'middle')
        return second.run(h, second.inputs[1]!).square().sum()
      }
      const all = (x: Tensor) => ({
        y: f(x),
        slope: grad(f)(x),
        curvature: hvp(f)(x, x.cos()),
        tangent: jvp(f, [x], [x.sin()])[1],
      })
      const run = () => (isCaptured ? capture(all) : all)(first.inputs[0]!)
      const silent = run()
      const told: [Tapped['direction'], string[]][] = []
      stops.push(onTap(({ direction, tensor }) => told.push([direction, numbers(tensor).map(String)])))
      const heard = run()
      const values = (found: ReturnType<typeof all>) =>
        Object.values(found).map(each => numbers(each as Tensor).map(String))
      expect(values(heard)).toEqual(values(silent))
      if (isCaptured) return
      told.length = 0
      const tape = record(f, first.inputs[0]!)
      const entry = tape.entries.find(({ op }) => op.name === 'tap')
      if (entry === undefined) return // the program does not depend on its input
      const cotangent = cotangentsOf(tape).get(entry.outputs[0]!)
      expect(told).toHaveLength(1) // that was only a look
      pullback(tape, onesLike(tape.output))
      const arrived = cotangent ? [['reverse', numbers(cotangent).map(String)]] : []
      expect(told.slice(1)).toEqual(arrived)
    },
    patience,
  )
})
