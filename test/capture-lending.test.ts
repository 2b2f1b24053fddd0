import { cpu } from '@sensigrad/backend-cpu'
import { wasm } from '@sensigrad/backend-wasm'
import { capture, outsideCapture, scope, setting, type Tensor, tensor, Variable } from '@sensigrad/core'
import { useBackend } from 'sensigrad'
import { beforeEach, describe, expect, test } from 'vitest'
import { f64, numbers } from './support/backend.ts'

beforeEach(() => useBackend(cpu()))

describe('results that are reused', () => {
  test.each(['cpu', 'wasm'])('are the same tensors with other numbers at each call, on %s', async name => {
    useBackend(name === 'cpu' ? cpu() : await wasm())
    const f = capture((x: Tensor) => ({ double: x.mul(2), x, turned: [x.add(1).transpose()] }), {
      reuseResults: true,
    })
    const [a, b] = [f64([[1, 2]]), f64([[3, 4]])]
    const first = f(a)
    expect(numbers(first.double, first.x, ...first.turned)).toEqual([2, 4, 1, 2, 2, 3])
    const second = f(b)
    expect(second).toBe(first)
    expect(numbers(first.double, first.x, ...first.turned)).toEqual([6, 8, 3, 4, 4, 5])
  })

  test('may be given to the step again, though their numbers change', () => {
    const f = capture((x: Tensor) => x.mul(2), { reuseResults: true })
    let x = f(f64([1]))
    for (let i = 0; i < 3; i++) x = f(x)
    expect(numbers(x)).toEqual([16])
  })

  test('outlast the scope in which the step was captured', async () => {
    useBackend(await wasm())
    const f = capture((x: Tensor) => x.mul(2), { reuseResults: true })
    scope(() => f(f64([1])))
    const busy = f64([7])
    expect(numbers(f(f64([5])), busy)).toEqual([10, 7])
  })

  test('are copies unless asked for', () => {
    const f = capture((x: Tensor) => x.mul(2))
    const first = f(f64([1]))
    f(f64([2]))
    expect(numbers(first)).toEqual([2])
  })
})

describe('what would go wrong without a word is refused', () => {
  const one = () => f64([1])

  test('tensors of two backends, among arguments, what is closed over, and variables', async () => {
    const other = await wasm()
    const there = tensor([5], { dtype: 'float64', backend: other })
    const add = capture((x: Tensor, y: Tensor) => x.add(y))
    const twoBackends = /^capture: the step is for (cpu|wasm), and .* lives on (cpu|wasm)\. Move it/
    expect(() => add(one(), there)).toThrow(twoBackends)
    expect(() => add(there, one())).toThrow(twoBackends)
    expect(() => capture((x: Tensor) => x.add(there))(one())).toThrow(twoBackends)
    const state = new Variable(one())
    const step = capture((x: Tensor) => {
      state.value = state.value.add(x)
      return state.value
    })
    step(one())
    state.value = there
    expect(() => step(one())).toThrow(twoBackends)
  })

  test('a tensor that left the step otherwise than returned: it has no value to wait for', async () => {
    let left: Tensor | undefined
    capture((x: Tensor) => {
      left = x.mul(2)
      return x
    })(one())
    const message = /^capture: a tensor has left the step that was captured/
    await expect(left!.data()).rejects.toThrow(message)
    expect(() => left!.add(1)).toThrow(message)
    expect(() => capture((x: Tensor) => x.add(1))(left!)).toThrow(message)
    expect(() => capture((x: Tensor) => x.add(left!))(one())).toThrow(
      /another captured step|has left the step/,
    )
  })

  test('a tensor that was released, and a lent one after its step gave the memory back', () => {
    let lost: Tensor | undefined
    scope(() => {
      lost = one().mul(2)
    })
    expect(() => capture((x: Tensor) => x.mul(2))(lost!)).toThrow(/^capture: float64\[1\].* was released/)
    const lending = capture((x: Tensor) => x.mul(2), { reuseResults: true })
    const lent = lending(one())
    lending.release()
    expect(() => lent.add(1)).toThrow(/was released .* with the captured step that lent it/)
  })

  test.each([
    ['a setting without a function', () => setting('x' as never, 'float64'), /^setting: the function is 'x'/],
    [
      'a setting without a type',
      () => setting(() => 1, undefined as never),
      /^setting: there is no type undefined/,
    ],
    [
      'a setting that gives no number',
      () => capture((x: Tensor) => x.mul(setting(() => 'a' as never, 'float64')))(one()),
      /^setting: the function gave 'a'/,
    ],
    [
      'a function among the arguments',
      () =>
        capture(((x: Tensor) => x) as never as (...of: never[]) => Tensor)(...([one(), () => 1] as never[])),
      /^capture: argument 1 is a function/,
    ],
    [
      'a flag that is none',
      () => capture((x: Tensor) => x, { reuseResults: 'yes' as never }),
      /^capture: reuseResults is 'yes'\. Give true or false/,
    ],
    ['nothing to run', () => outsideCapture(3 as never), /^outsideCapture: the function is 3/],
    [
      'a backend that is still to come',
      () => useBackend(wasm() as never),
      /^useBackend: the backend is a Promise\. Wait for it/,
    ],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(message)
  })
})
