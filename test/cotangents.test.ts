/** The cotangents that a sweep meets: each is the gradient of what is computed from its tensor on. */
import { fc, test as property } from '@fast-check/vitest'
import {
  cotangentsOf,
  grad,
  pullback,
  record,
  split,
  sum,
  type Tensor,
  tensor,
  zerosLike,
} from '@sensigrad/core'
import { arbitraries } from '@sensigrad/testing'
import { describe, expect, test } from 'vitest'
import { f64, gap, numbers } from './support/backend.ts'

describe('the cotangents of a tape', () => {
  const halves = fc.tuple(
    arbitraries.programs({ maxSteps: 8 }),
    arbitraries.programs({
      maxSteps: 8,
      shapes: [
        [2, 3],
        [2, 3],
      ],
    }),
  )

  property.prop([halves], { numRuns: 100 })(
    'are, in the middle of a program, the gradient of its second half',
    ([first, second]) => {
      const [x, ...rest] = first.inputs
      const half = (x: Tensor) => first.run(x, ...rest)
      const onward = (h: Tensor) => second.run(h, second.inputs[1]!)
      let middle: Tensor | undefined
      const tape = record((x: Tensor) => {
        middle = half(x)
        return onward(middle).sum()
      }, x!)
      const found = cotangentsOf(tape)
      const expected = grad((h: Tensor) => onward(h).sum())(half(x!))
      const arrived = found.get(middle!) ?? zerosLike(middle!) // where nothing depends on it
      const isInput = tape.inputs.includes(middle!)
      if (!isInput && tape.contains(middle!))
        expect(gap(numbers(arrived), numbers(expected))).toBeLessThan(1e-9)
      expect(numbers(found.get(tape.inputs[0]!) ?? zerosLike(x!))).toEqual(
        numbers(pullback(tape, tensor(1, { dtype: 'float64' }))[0]!),
      )
    },
  )

  test('begin with ones, or with what is given', () => {
    const tape = record((x: Tensor) => x.mul(3), f64([1, 2]))
    expect(numbers(cotangentsOf(tape).get(tape.output)!)).toEqual([1, 1])
    const given = cotangentsOf(tape, f64([5, 7]))
    expect(numbers(given.get(tape.output)!, given.get(tape.inputs[0]!)!)).toEqual([5, 7, 15, 21])
  })

  test('are sums over all who read a tensor, and of each output of an operation its own', () => {
    const tape = record(
      (x: Tensor) => {
        const [a, b] = split(x, [1, 2])
        return sum(a!.mul(2))
          .add(sum(b!.mul(3)))
          .add(sum(b!.square()))
      },
      f64([1, 2, 3]),
    )
    const { outputs } = tape.entries.find(({ outputs }) => outputs.length === 2)!
    const found = cotangentsOf(tape)
    expect(outputs.map(output => numbers(found.get(output)!))).toEqual([[2], [7, 9]])
  })

  test('do not exist of constants, and of what no output depends on', () => {
    const constant = f64([4])
    let loose: Tensor | undefined
    const tape = record(
      (x: Tensor) => {
        loose = x.exp()
        return x.mul(constant)
      },
      f64([1]),
    )
    const found = cotangentsOf(tape)
    expect([found.has(constant), found.has(loose!)]).toEqual([false, false])
    expect(found.size).toBe(2)
  })

  test('are refused where they do not fit', () => {
    const tape = record((x: Tensor) => x.mul(3), f64([1, 2]))
    expect(() => cotangentsOf(tape, f64([1]))).toThrow(
      /^cotangentsOf: the cotangent is float64\[1\], but it belongs to/,
    )
    expect(() => cotangentsOf(tape, [])).toThrow(/^cotangentsOf: 0 cotangents for 1 outputs/)
    expect(() => cotangentsOf(3 as never)).toThrow(/^cotangentsOf: the tape is 3\. Make one with record/)
  })
})
