/** What a look must not do: each is refused in one line, at once and in a captured step, and leaves nothing behind. */
import { cpu } from '@sensigrad/backend-cpu'
import { capture, fresh, peek, type Tensor, tensor, useBackend, Variable } from '@sensigrad/core'
import { BatchNorm, Dropout } from '@sensigrad/nn'
import { key } from 'sensigrad'
import { beforeEach, describe, expect, test } from 'vitest'
import { f64, numbers } from './support/backend.ts'

beforeEach(() => useBackend(cpu()))

describe('what a look must not do', () => {
  const [held, norm] = [new Variable(f64([1]), 'state'), new BatchNorm(2)]
  const refusals: Readonly<Record<string, [read: () => unknown, message: RegExp]>> = {
    'ask for fresh tensors': [
      () => fresh(() => f64([1])),
      /^fresh: what peek reads asks for a fresh tensor, and so would change what is drawn after it\. Make it in/,
    ],
    'draw what drops units out': [
      () => new Dropout(0.5, { key: key(1) }).call(f64([1, 2])),
      /^fresh in .*: what peek reads asks for a fresh tensor|^fresh: what peek reads asks for a fresh tensor/,
    ],
    'write a variable': [
      () => {
        held.value = f64([2])
        return held.value
      },
      /^state: what peek reads writes it, and so would change what is computed\. Write it in the second function/,
    ],
    'move running averages': [
      () => norm.call(tensor([[1, 2], [3, 5]])), // biome-ignore format: a matrix
      /what peek reads writes it/,
    ],
    wait: [
      async () => f64([1]),
      /^peek: the first function is asynchronous\. Give tensors; wait for their values/,
    ],
    'give nothing': [() => {}, /^peek: the first function gave undefined\. Give tensors: peek/],
    'give what is no tensor': [() => ({ a: 'b' }), /^peek: what the first function gave/],
  }
  const names = Object.keys(refusals).flatMap(name => [
    [name, 'at once'],
    [name, 'in a captured step'],
  ])

  test.each(names)('is to %s, %s', (name, where) => {
    const [read, message] = refusals[name!]!
    const look = () => peek(read as () => Tensor, () => {})
    const run = where === 'at once' ? look : () => capture(look)()
    expect(run).toThrow(message)
    expect(run).toThrow(message) // the refusal leaves nothing behind
    expect(numbers(fresh(() => f64([3])))).toEqual([3])
  })

  test('is to read values in the first function of a captured step', () => {
    const step = capture((x: Tensor) => {
      peek(
        () => {
          x.data()
          return x
        },
        () => {},
      )
      return x
    })
    expect(() => step(f64([1]))).toThrow(
      /^peek: the first function reads the values of a tensor, which do not exist while the step is captured\. Give/,
    )
  })

  test('is to be no function', () => {
    expect(() => peek(3 as never, () => {})).toThrow(/^peek: the function is 3/)
    expect(() => peek(() => f64([1]), undefined as never)).toThrow(/^peek: the function is undefined/)
  })
})
