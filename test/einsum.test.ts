/** Einstein summation against nested loops, for subscripts drawn at random; and what it costs. */
import { fc, test } from '@fast-check/vitest'
import {
  einsum,
  matmul,
  ones,
  outer,
  record,
  type Shape,
  sizeOf,
  type Tensor,
  tensor,
  trace,
  zeros,
} from '@sensigrad/core'
import { gradcheck, indicesOf } from '@sensigrad/testing'
import { describe, expect } from 'vitest'
import { draw, f64, gap, numbers, read } from './support/backend.ts'

/** A summation as fast-check draws it: `*` stands for an axis of an ellipsis. */
interface Summation {
  readonly terms: readonly string[]
  readonly result: string | undefined
  readonly sizes: Readonly<Record<string, number>>
  /** The sizes of the axes of each operand's ellipsis. */
  readonly hidden: readonly (readonly number[] | undefined)[]
}

const letters = ['a', 'b', 'c', 'D']

const summations: fc.Arbitrary<Summation> = fc
  .record({
    words: fc.array(fc.array(fc.constantFrom(...letters), { maxLength: 3 }), { minLength: 1, maxLength: 3 }),
    sizes: fc.tuple(...letters.map(() => fc.integer({ min: 0, max: 3 }))),
    ellipsis: fc.array(fc.integer({ min: 1, max: 2 }), { maxLength: 2 }),
    places: fc.array(fc.option(fc.record({ at: fc.nat(3), kept: fc.nat(2), narrow: fc.nat(3) })), {
      minLength: 3,
      maxLength: 3,
    }),
    explicit: fc.option(fc.record({ order: fc.shuffledSubarray(letters), at: fc.nat(4) })),
  })
  .map(({ words, sizes, ellipsis, places, explicit }) => {
    const hidden = words.map((_, i) => {
      const place = places[i]
      if (!place) return undefined
      const axes = ellipsis.slice(Math.max(0, ellipsis.length - place.kept))
      return axes.map((size, axis) => (place.narrow === axis ? 1 : size))
    })
    const insert = (word: readonly string[], at: number) =>
      [...word.slice(0, at), '...', ...word.slice(at)].join('')
    const terms = words.map((word, i) => (hidden[i] ? insert(word, places[i]!.at) : word.join('')))
    const named = explicit?.order.filter(letter => words.flat().includes(letter))
    const withEllipsis = hidden.some(axes => axes !== undefined)
    const result = named && (withEllipsis ? insert(named, explicit!.at) : named.join(''))
    return { terms, result, sizes: Object.fromEntries(letters.map((name, i) => [name, sizes[i]!])), hidden }
  })

/** The names of the axes: a letter, or -1, -2, … for the axes of an ellipsis. */
function axesOf(term: string, hidden = 0): string[] {
  const counted = Array.from({ length: hidden }, (_, i) => String(i - hidden))
  return (term.match(/\.\.\.|./g) ?? []).flatMap(name => (name === '...' ? counted : [name]))
}

/** The definition: for each index of the result, the sum over all others of the products of elements. */
function nestedLoops(
  summation: Summation,
  operands: readonly Tensor[],
): { shape: number[]; values: number[] } {
  const { hidden } = summation
  const named = summation.terms.map((term, i) => axesOf(term, hidden[i]?.length))
  const sizes: Record<string, number> = {}
  for (const [i, axes] of named.entries()) {
    for (const [axis, name] of axes.entries()) {
      const size = operands[i]!.shape[axis]!
      if (sizes[name] === undefined || sizes[name] === 1) sizes[name] = size
    }
  }
  const most = Math.max(...hidden.map(axes => axes?.length ?? 0))
  const single = letters.filter(name => named.flat().filter(other => other === name).length === 1).sort()
  const result = axesOf(summation.result ?? `...${single.join('')}`, most)
  const summed = Object.keys(sizes).filter(name => !result.includes(name))
  const values = operands.map(read)
  const element = (i: number, at: Record<string, number>) =>
    values[i]![
      named[i]!.reduce((place, name, axis) => {
        const size = operands[i]!.shape[axis]!
        return place * size + (size === 1 ? 0 : at[name]!)
      }, 0)
    ]!
  const shape = result.map(name => sizes[name]!)
  const found = indicesOf(shape).map(index => {
    const fixed = Object.fromEntries(result.map((name, k) => [name, index[k]!]))
    return indicesOf(summed.map(name => sizes[name]!)).reduce((total, rest) => {
      const at = { ...fixed, ...Object.fromEntries(summed.map((name, k) => [name, rest[k]!])) }
      return total + operands.reduce((product, _, i) => product * element(i, at), 1)
    }, 0)
  })
  return { shape, values: found }
}

function spelled({ terms, result }: Summation): string {
  return terms.join(',') + (result === undefined ? '' : `->${result}`)
}

function operandsOf({ terms, sizes, hidden }: Summation): Tensor[] {
  return terms.map((term, i) => {
    const names = axesOf(term, hidden[i]?.length)
    const shape = names.map(name => sizes[name] ?? hidden[i]![hidden[i]!.length + Number(name)]!)
    return draw(i, shape)
  })
}

describe('any summation', () => {
  test.prop([summations], { numRuns: 400 })('is what nested loops give', summation => {
    const operands = operandsOf(summation)
    const expected = nestedLoops(summation, operands)
    const found = einsum(spelled(summation), ...operands)
    expect(found.shape).toEqual(expected.shape)
    expect(gap(numbers(found), expected.values)).toBeLessThan(1e-12)
  })

  test.prop([summations], { numRuns: 25 })(
    'has right derivatives of order 1 and 2 in both modes',
    summation => {
      gradcheck((...operands) => einsum(spelled(summation), ...operands), operandsOf(summation))
    },
  )
})

describe('the usual summations', () => {
  const [a, b, square] = [draw(1, [2, 3]), draw(2, [3, 4]), draw(3, [3, 3])]
  const vectors = [draw(4, [3]), draw(5, [2])] as const
  test.each<[string, Tensor, Tensor]>([
    ['a product of matrices', einsum('ij,jk', a, b), matmul(a, b)],
    ['a product with spaces', einsum(' i j , j k -> k i ', a, b), matmul(a, b).transpose()],
    ['the outer product', einsum('i,j', ...vectors), outer(...vectors)],
    ['the trace', einsum('ii', square), trace(square)],
    ['the sum', einsum('ij->', a), a.sum()],
    ['a transposed batch', einsum('...ij->...ji', a), a.transpose()],
    ['two numbers', einsum(',', f64(3), f64(4)), f64(12)],
    ['a number and a vector', einsum(',i', f64(2), vectors[0]), vectors[0].mul(2)],
    ['capital letters before small ones', einsum('aB', a), a.transpose()],
  ])('%s', (_, found, expected) => {
    expect(found.shape).toEqual(expected.shape)
    expect(gap(numbers(found), numbers(expected))).toBeLessThan(1e-15)
  })

  test('one operand may be of any type', () => {
    const counts = tensor([1, 2, 3, 4], { dtype: 'int32', shape: [2, 2] })
    expect(numbers(einsum('ii', counts), einsum('ij->j', counts))).toEqual([5, 4, 6])
    expect(numbers(einsum('ij->ji', tensor([[true, false]])))).toEqual([1, 0])
  })
})

describe('the cost', () => {
  /** The largest tensor on the way to the result. */
  function largest(subscripts: string, ...shapes: Shape[]): number {
    const inputs = shapes.map(shape => zeros(shape))
    const tape = record((...operands: Tensor[]) => einsum(subscripts, ...operands), ...inputs)
    return Math.max(...tape.entries.flatMap(({ outputs }) => outputs.map(({ shape }) => sizeOf(shape))))
  }

  test.each<[string, Shape[], number]>([
    [
      'ij,jk->ik',
      [
        [20, 30],
        [30, 20],
      ],
      600,
    ],
    [
      'bhqd,bhkd->bhqk',
      [
        [2, 3, 10, 20],
        [2, 3, 10, 20],
      ],
      1200,
    ],
    [
      'bij,bij->b',
      [
        [4, 10, 10],
        [4, 10, 10],
      ],
      400,
    ],
    ['i,ij,j', [[30], [30, 30], [30]], 900],
    [
      'ik,jk,lm->ij',
      [
        [10, 10],
        [10, 10],
        [20, 20],
      ],
      400,
    ],
    ['ii,i->', [[30, 30], [30]], 900],
  ])('of %s is no tensor larger than the operands and the result', (subscripts, shapes, bound) => {
    expect(largest(subscripts, ...shapes)).toBeLessThanOrEqual(bound)
  })
})

test('an axis of one element goes with others only in an ellipsis', () => {
  expect(() => einsum('i,i', ones([1]), ones([3]))).toThrow("einsum: the index 'i' has the sizes 1 and 3")
  expect(numbers(einsum('...,...', ones([1]), ones([3])))).toEqual([1, 1, 1])
})
