/** What a step may not do while it is captured is refused where it is done, and says what to do instead. */
import { cpu } from '@sensigrad/backend-cpu'
import { wasm } from '@sensigrad/backend-wasm'
import {
  BackendError,
  bernoulli,
  type Captured,
  type CaptureOptions,
  capture,
  categorical,
  concat,
  equal,
  key,
  maskedSelect,
  nonZero,
  normal,
  outsideCapture,
  permutation,
  type SynchronousBackend,
  type Tensor,
  truncatedNormal,
  uniform,
  ValueError,
  Variable,
} from '@sensigrad/core'
import { useBackend } from 'sensigrad'
import { beforeEach, describe, expect, test } from 'vitest'
import { f64, numbers } from './support/backend.ts'

const backends = [cpu(), await wasm()].map(backend => [backend.name, backend] as const)

beforeEach(() => {
  useBackend(backends[0]![1])
})

describe('refusals, each in one line', () => {
  const x = f64([1, 2])
  const step = (body: (x: Tensor) => unknown) => () =>
    (capture(body as never) as Captured<[Tensor], Tensor>)(x)
  let leaked: Tensor | undefined
  capture((x: Tensor) => {
    leaked = x.mul(2)
  })(x)
  const with_ = (options: unknown) => () => capture((x: Tensor) => x, options as CaptureOptions)
  const draws =
    'a captured step draws while it is captured and never again, so each call would see the same numbers'
  // biome-ignore format: a table
  const cases: readonly [what: string, call: () => unknown, kind: new (...of: never[]) => Error, message: string | RegExp][] = [
    ['no function', () => capture(7 as never), ValueError, /^capture: .*7/],
    ['an option that there is not', with_({ chek: 1 }), ValueError, 'capture: there is no option chek. There is check'],
    ['options that are none', with_(3), ValueError, 'capture: the options are 3'],
    ['a check every 0 calls', with_({ check: 0 }), ValueError, 'capture: check is 0. Give a whole number of calls, such as 100'],
    ['a check every 1.5 calls', with_({ check: 1.5 }), ValueError, 'capture: check is 1.5'],
    ['a look at values', step(x => { x.backend.read(x); return x }), BackendError, 'capture: the step reads the values'],
    ['a mask that selects', step(x => maskedSelect(x, x.greater(0))), BackendError, /^maskedSelect: /],
    ['places that are not zero', step(x => nonZero(x.greater(0))), BackendError, 'capture: the step reads the values of a tensor'],
    ['a promise', step(async x => x), BackendError, 'capture: the step is asynchronous. Read values (await) before or after it'],
    ['a number', step(() => 3), ValueError, /^capture: what the step returned is 3/],
    ['an argument that is no tensor', () => capture((x: Tensor) => x)(new Map() as never), ValueError, /^capture: argument 0 is a Map/],
    ['a tensor of another captured step', step(x => x.add(leaked!)), BackendError, /^capture: .*another captured step/],
    ['a variable of what the step computes', step(x => new Variable(x.mul(2), 'state').value), ValueError, 'state: its first value is computed by the step that is being captured. Make it before, or inside of outsideCapture(() => …)'],
    ['a draw: uniform', step(() => uniform(key(1), [2])), BackendError, `uniform: ${draws}. Draw anew for each call in fresh(() => …)`],
    ['a draw: normal', step(() => normal(key(1), [2])), BackendError, `normal: ${draws}`],
    ['a draw: truncatedNormal', step(() => truncatedNormal(key(1), [2])), BackendError, `truncatedNormal: ${draws}`],
    ['a draw: bernoulli', step(() => bernoulli(key(1), 0.5, [2])), BackendError, `bernoulli: ${draws}`],
    ['a draw: permutation', step(() => permutation(key(1), 2)), BackendError, `permutation: ${draws}`],
    ['a draw: categorical', step(x => categorical(key(1), x)), BackendError, `categorical: ${draws}`],
  ]
  test.each(cases)('%s', (_, call, kind, message) => {
    expect(call).toThrow(kind)
    expect(call).toThrow(message)
  })

  test.each([
    ['data', (x: Tensor) => x.data()],
    ['item', (x: Tensor) => x.sum().item()],
    ['toArray', (x: Tensor) => x.toArray()],
  ])('a look by %s, though nobody waits for it', (_, look) => {
    const f = capture((x: Tensor) => {
      look(x)
      return x.mul(2)
    })
    expect(() => f(x)).toThrow(/^capture: the step reads the values of a tensor/)
  })

  test('a look without waiting, by the backend of the tensor or by that of the step', () => {
    const reads = [
      (x: Tensor) => (x.backend as SynchronousBackend).readSync(x),
      (x: Tensor) => cpu().readSync(x),
    ]
    for (const read of reads) {
      const f = capture((x: Tensor) => {
        read(x.mul(2))
        return x
      })
      expect(() => f(x)).toThrow(BackendError)
    }
  })

  test('a step that was refused leaves nothing behind', () => {
    const f = capture((x: Tensor) => {
      if (x.shape[0] === 1) x.backend.read(x)
      return x.mul(2)
    })
    expect(() => f(f64([1]))).toThrow(BackendError)
    expect(numbers(f64([1]).add(1))).toEqual([2]) // nothing is being captured any more
    expect(numbers(f(f64([1, 2])))).toEqual([2, 4])
    expect(f.captures).toBe(1)
  })

  test('what is made once may be drawn outside of the capture', () => {
    let noise: Tensor | undefined
    const f = capture((x: Tensor) => {
      noise ??= outsideCapture(() => normal(key(3), [2], { dtype: 'float64' }))
      return x.add(noise)
    })
    expect(numbers(f(x))).toEqual(numbers(x.add(normal(key(3), [2], { dtype: 'float64' }))))
  })
})

describe('a check', () => {
  const remedy =
    'The step depends on something that is neither an argument nor a variable: pass it as an argument, keep it in a Variable, or use setting(() => …) for a number'

  test('finds a number that was frozen', () => {
    let factor = 2
    const f = capture((x: Tensor) => x.mul(factor), { check: 3 })
    f(f64([1, 2]))
    factor = 5
    f(f64([1, 2])) // not checked
    expect(() => f(f64([1, 2]))).toThrow(
      `capture: the replay parts from the step itself: element 0 of the result is 2, and the step gives 5. ${remedy}`,
    )
  })

  test('finds a tensor that was frozen', () => {
    let held = f64([1, 2])
    const f = capture((x: Tensor) => ({ sum: x.add(held) }), { check: 2 })
    f(f64([1, 2]))
    held = f64([1, 3])
    expect(() => f(f64([1, 2]))).toThrow('element 1 of the result at sum is 4, and the step gives 5')
  })

  test('finds a branch that was frozen', () => {
    let calls = 0
    const f = capture((x: Tensor) => (calls++ === 0 ? x.mul(2) : x.mul(3)), { check: 2 })
    f(f64([1]))
    expect(() => f(f64([1]))).toThrow(remedy)
  })

  test('finds a variable that is written otherwise', () => {
    let factor = 2
    const state = new Variable(f64([1, 1]), 'state')
    const f = capture(
      () => {
        state.value = state.value.mul(factor)
      },
      { check: 2 },
    )
    f()
    factor = 3
    expect(() => f()).toThrow(/element 0 of the variable .* is 4, and the step gives 6/)
  })

  test('finds whole numbers that differ, and what is not finite', () => {
    let add = 1
    const f = capture((x: Tensor) => x.cast('int32').add(add), { check: 2 })
    f(f64([1e9]))
    add = 2
    expect(() => f(f64([1e9]))).toThrow(
      'element 0 of the result is 1000000001, and the step gives 1000000002',
    )
    let bottom = 0
    const g = capture((x: Tensor) => concat([x.div(bottom), f64([1e300])]), { check: 2 })
    g(f64([1]))
    bottom = 1
    expect(() => g(f64([1]))).toThrow('element 0 of the result is Infinity, and the step gives 1')
  })

  test('is silent where nothing is frozen, and moves variables once', () => {
    const state = new Variable(f64([1]))
    const f = capture(
      (x: Tensor) => {
        state.value = state.value.mul(2).add(x)
        return [state.value, equal(x, x), x.div(0)]
      },
      { check: 1 },
    )
    f(f64([0]))
    f(f64([1]))
    expect(numbers(state.value)).toEqual([5])
  })

  test('runs every so many calls', () => {
    let runs = 0
    const f = capture(
      (x: Tensor) => {
        runs++
        return x
      },
      { check: 10 },
    )
    for (let call = 0; call < 30; call++) f(f64([1]))
    expect(runs).toBe(4) // captured once, checked three times
  })
})
