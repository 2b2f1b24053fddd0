/** Where an entry was made: the line of the user's code that asked for it. */
import {
  type Entry,
  grad,
  record,
  sourceOf,
  type Tape,
  type Tensor,
  tensor,
  withSources,
} from '@sensigrad/core'
import { Dense, key } from 'sensigrad'
import { describe, expect, test } from 'vitest'

/** The line in this file that a place names. */
function lineOf(place: string | undefined): number {
  const found = /test\/sources\.test\.ts:(\d+):\d+$/.exec(place ?? '')
  return found ? Number(found[1]) : Number.NaN
}

/** The line from which this is called, as the engine tells. */
function here(): number {
  const [, , caller] = new Error().stack!.split('\n')
  return Number(/:(\d+):\d+\)?$/.exec(caller!)![1])
}

const x = tensor([1, 2, 3])

describe('the source of an entry', () => {
  test('is the line that asked for the operation', () => {
    let first = 0
    const tape = withSources(() =>
      record((x: Tensor) => {
        first = here()
        const y = x.tanh()
        return y.mul(2).sum()
      }, x),
    )
    const lines = tape.entries.slice(1).map(entry => lineOf(sourceOf(entry)))
    expect(lines).toEqual([first + 1, first + 2, first + 2])
  })

  test('is told of what a layer computes by the line that calls the layer', () => {
    const layer = new Dense(3, 2, { key: key(1) })
    let line = 0
    const tape = withSources(() =>
      record(
        (x: Tensor) => {
          line = here() + 1
          return layer.call(x)
        },
        tensor([[1, 2, 3]]),
      ),
    )
    expect(new Set(tape.entries.slice(1).map(entry => lineOf(sourceOf(entry))))).toEqual(new Set([line]))
  })

  test('is that of the gradient for what the reverse sweep computes', () => {
    let tape: Tape | undefined
    let line = 0
    withSources(() => {
      tape = record((x: Tensor) => {
        line = here() + 1
        return grad((x: Tensor) => x.tanh().sum())(x)
      }, x)
    })
    expect(tape!.entries.some(entry => lineOf(sourceOf(entry)) === line)).toBe(true)
  })

  test('is not known where nobody asked for it, before and after', () => {
    const make = () => record((x: Tensor) => x.tanh(), x)
    const before = make()
    const during = withSources(make)
    const after = make()
    const known = ({ entries }: Tape) => entries.map((entry: Entry) => sourceOf(entry) !== undefined)
    expect([known(before), known(during), known(after)]).toEqual([
      [false, false],
      [true, true],
      [false, false],
    ])
  })

  test('stops being noted when the function throws', () => {
    expect(() =>
      withSources(() => {
        throw new Error('stop')
      }),
    ).toThrow('stop')
    expect(record((x: Tensor) => x.tanh(), x).entries.map(sourceOf)).toEqual([undefined, undefined])
  })

  test('is asked for with a function', () => {
    expect(() => withSources(3 as never)).toThrow(
      'withSources: the function is 3. Give one: withSources(() => record(f, x))',
    )
  })
})
