/** Tensors that a captured step gets anew at each call, and values on which it was built. */
import { cpu } from '@sensigrad/backend-cpu'
import { wasm } from '@sensigrad/backend-wasm'
import { assume, capture, foldIn, fresh, key, scan, type Tensor, uniform, useBackend } from '@sensigrad/core'
import { grad } from 'sensigrad'
import { beforeEach, describe, expect, test } from 'vitest'
import { f64, numbers } from './support/backend.ts'

beforeEach(() => useBackend(cpu()))

/** Tensors of two numbers, others each time. */
function stream() {
  let count = 0
  const make = () => uniform(foldIn(key(5), count++), [2], { dtype: 'float64' })
  return { make, count: () => count }
}

/** What a step gives in so many calls. */
const calls = (step: (x: Tensor) => Tensor, many: number) =>
  Array.from({ length: many }, () => numbers(step(f64([1, 2]))))

describe('a fresh tensor', () => {
  test.each(['cpu', 'wasm'])('is made once a call, the same whether captured or not, on %s', async name => {
    useBackend(name === 'cpu' ? cpu() : await wasm())
    const [captured, eager] = [stream(), stream()]
    const replayed = calls(
      capture((x: Tensor) => x.mul(fresh(captured.make))),
      5,
    )
    expect(replayed).toEqual(calls(x => x.mul(fresh(eager.make)), 5))
    expect(captured.count()).toBe(5)
    expect(new Set(replayed.map(String)).size).toBe(5)
  })

  test('is the same for the replay and for the step that it is compared with', () => {
    const { make, count } = stream()
    const checked = capture((x: Tensor) => x.add(fresh(make)), { check: 1 })
    const [once, eager] = [calls(checked, 4), stream()]
    expect(count()).toBe(4)
    expect(once).toEqual(calls(x => x.add(fresh(eager.make)), 4))
  })

  test('belongs to no gradient', () => {
    const { make } = stream()
    const slope = capture((x: Tensor) => grad((x: Tensor) => x.mul(fresh(make)).sum())(x))
    expect(numbers(slope(f64([1, 2])))).toEqual(numbers(stream().make()))
  })

  test('takes no memory that is not given back', async () => {
    const backend = await wasm()
    useBackend(backend)
    const { make } = stream()
    const step = capture((x: Tensor) => x.mul(fresh(make)), { reuseResults: true })
    const x = f64([1, 2])
    step(x)
    step(x)
    const { buffers } = backend.memory()
    for (let i = 0; i < 100; i++) step(x)
    expect(backend.memory().buffers).toBe(buffers)
  })

  test('keeps its shape and type', () => {
    let size = 1
    const step = capture((x: Tensor) =>
      x.add(fresh(() => f64(Array(size).fill(1), [size]).sum().expandDims(0).broadcastTo([size]))).sum(),
    )
    step(f64([1, 2]))
    size = 2
    expect(() => step(f64([1, 2]))).toThrow(/^fresh: the function gave .*, and first float64\[1\]/)
  })

  test('is refused in the step of a captured loop, and where there is none', () => {
    const { make } = stream()
    const loop = capture(
      (x: Tensor) => scan((h: Tensor) => [h.add(fresh(make)), []] as const, x, f64([1, 2, 3, 4]))[0],
    )
    expect(() => loop(f64([1, 2]))).toThrow(
      /^fresh in steps: the step of a captured loop asks for a fresh tensor/,
    )
    expect(() => fresh(3 as never)).toThrow(/^fresh: the function is 3/)
    expect(() => capture(() => fresh(() => 3 as never))()).toThrow(/^fresh: what the function gave is 3/)
  })
})

describe('what a captured step assumes', () => {
  test('picks the capture that was built on it', () => {
    let isTraining = true
    const step = capture((x: Tensor) => (assume(() => isTraining) ? x.mul(2) : x))
    const seen = [true, false, true, false].map(now => {
      isTraining = now
      return numbers(step(f64([1, 2])))
    })
    expect(seen).toEqual([
      [2, 4],
      [1, 2],
      [2, 4],
      [1, 2],
    ])
    expect(step.captures).toBe(2)
  })

  test('may be false, and needs a function', () => {
    expect(assume(() => false)).toBe(false)
    expect(() => assume(true as never)).toThrow(/^assume: the function is true/)
  })
})
