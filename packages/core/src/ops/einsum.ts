/**
 * Einstein summation: products of tensors whose axes are named by letters, summed over the letters that the result
 * leaves out. It is composed: diagonals and sums within each operand, then one matrix product for each further operand.
 */

import { DTypeError, ShapeError } from '../errors.ts'
import { checkTensor } from '../tensor/check.ts'
import { isFloat } from '../tensor/dtype.ts'
import { sizeOf } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { moveAxis } from './arrange.ts'
import { commonBackend } from './define.ts'
import { diagonal } from './diagonal.ts'
import { mul } from './elementwise.ts'
import { matmul } from './matmul.ts'
import { reshape, transpose } from './movement.ts'
import { sum } from './reduce.ts'
import { specify, total } from './specify.ts'
import { parseSubscripts } from './subscripts.ts'

/** A tensor and the name of each of its axes. */
interface Named {
  readonly x: Tensor
  readonly axes: readonly string[]
}

/**
 * Einstein summation, `einsum('bij,bjk->bik', a, b)`: each operand's axes are named by letters; axes of one name go
 * together, and those that the result does not name are summed over. Operands are contracted from left to right, each
 * by a matrix product where one is due, so their order decides about the cost.
 *
 * - A letter twice in one operand takes its diagonal: `'ii->i'`, and `'ii->'` is the trace.
 * - Without `->` the result has the letters that occur once, in alphabetical order.
 * - `...` stands for any number of axes, aligned at the last; only these broadcast. They come first in the result
 *   where it is not said.
 *
 * @param subscripts  the letters of each operand, with commas between, and those of the result after `->`
 * @throws ValueError for subscripts that say nothing clear, or not for this number of operands; ShapeError when they
 *         do not fit the shapes; DTypeError when types are mixed, or several operands are no floats
 * @example einsum('i,j->ij', a, b)       // the outer product
 * @example einsum('...ij->...ji', a)     // a transposed batch
 * @example einsum('bij,bjk,bk->bi', a, b, c)
 */
export function einsum(subscripts: string, ...operands: Tensor[]): Tensor {
  for (const [i, operand] of operands.entries()) checkTensor('einsum', `operand ${i}`, operand)
  const { terms, result } = parseSubscripts(
    'einsum',
    subscripts,
    operands.map(operand => operand.rank),
  )
  checkOperands(operands)
  checkSizes(terms, operands)
  const named = operands.map((x, i) => {
    const others = terms.flatMap((axes, k) => (k === i ? [] : axes))
    return sumOver(takeDiagonals({ x, axes: terms[i]! }), [...others, ...result])
  })
  const product = named.reduce((left, right, i) => {
    const later = named.slice(i + 1).flatMap(({ axes }) => axes)
    return contractPair(left, right, [...later, ...result])
  })
  return transpose(
    product.x,
    result.map(axis => product.axes.indexOf(axis)),
  )
}

function checkOperands(operands: readonly Tensor[]): void {
  const first = operands[0]!
  for (const operand of operands) {
    if (operand.dtype === first.dtype && (operands.length === 1 || isFloat(operand.dtype))) continue
    throw new DTypeError(
      'einsum',
      `${first} and ${operand} are not of one float type`,
      "Cast first: .cast('float32')",
    )
  }
  commonBackend('einsum', operands)
}

/** @throws ShapeError when axes of one name differ in size; those of an ellipsis may be 1 */
function checkSizes(terms: readonly (readonly string[])[], operands: readonly Tensor[]): void {
  const sizes = new Map<string, number>()
  for (const [i, axes] of terms.entries()) {
    for (const [axis, name] of axes.entries()) {
      const size = operands[i]!.shape[axis]!
      const known = sizes.get(name)
      const stretches = isEllipsis(name) && (known === 1 || size === 1)
      if (known !== undefined && known !== size && !stretches) {
        const what = isEllipsis(name) ? `the axis ${name.replace('.', '-')} of '...'` : `the index '${name}'`
        throw new ShapeError(
          'einsum',
          `${what} has the sizes ${known} and ${size}`,
          `Axes of one name are of one size; operand ${i} is ${operands[i]}`,
        )
      }
      if (known === undefined || known === 1) sizes.set(name, size)
    }
  }
}

const isEllipsis = (name: string) => name.startsWith('.')

/** Each name once: the diagonals over axes of one name. */
function takeDiagonals({ x, axes }: Named): Named {
  const name = axes.find((axis, i) => axes.indexOf(axis) !== i)
  if (name === undefined) return { x, axes }
  const [first, second] = [axes.indexOf(name), axes.indexOf(name, axes.indexOf(name) + 1)]
  const others = axes.filter((_, i) => i !== first && i !== second)
  return takeDiagonals({ x: diagonal(moveAxis(x, [first, second], [-2, -1])), axes: [...others, name] })
}

/** The sum over all axes but those that are needed. */
function sumOver({ x, axes }: Named, needed: readonly string[]): Named {
  const alone = [...axes.keys()].filter(i => !needed.includes(axes[i]!))
  if (alone.length === 0) return { x, axes }
  return { x: sum(x, alone), axes: axes.filter(axis => needed.includes(axis)) }
}

/**
 * The product of two tensors, summed over the axes that both have and nobody needs any more: with these, as matrices
 * `[…, left, summed] × […, summed, right]` in batches of the axes that both have and somebody needs; without them,
 * element by element.
 */
function contractPair(left: Named, right: Named, needed: readonly string[]): Named {
  const shared = left.axes.filter(axis => right.axes.includes(axis))
  const batch = shared.filter(axis => needed.includes(axis))
  const summed = shared.filter(axis => !needed.includes(axis))
  const [ofLeft, ofRight] = [left, right].map(({ axes }) => axes.filter(axis => !shared.includes(axis)))
  const axes = [...batch, ...ofLeft!, ...ofRight!]
  if (summed.length === 0) {
    const rows = grouped(left, [
      ...batch.map(axis => [axis]),
      ...ofLeft!.map(axis => [axis]),
      ...ofRight!.map(() => []),
    ])
    const columns = grouped(right, [
      ...batch.map(axis => [axis]),
      ...ofLeft!.map(() => []),
      ...ofRight!.map(axis => [axis]),
    ])
    return { x: mul(rows, columns), axes }
  }
  const product = matmul(
    grouped(left, [...batch.map(axis => [axis]), ofLeft!, summed]),
    grouped(right, [...batch.map(axis => [axis]), summed, ofRight!]),
  )
  const sizes = [...sizesOf(left, ofLeft!), ...sizesOf(right, ofRight!)]
  return { x: reshape(product, [...product.shape.slice(0, batch.length), ...sizes]), axes }
}

/** The tensor with one axis for each group of its axes; an empty group gives an axis of size 1. */
function grouped(named: Named, groups: readonly (readonly string[])[]): Tensor {
  const order = groups.flat().map(axis => named.axes.indexOf(axis))
  return reshape(
    transpose(named.x, order),
    groups.map(group => sizeOf(sizesOf(named, group))),
  )
}

function sizesOf({ x, axes }: Named, names: readonly string[]): number[] {
  return names.map(name => x.shape[axes.indexOf(name)]!)
}

specify({
  name: 'einsum',
  samples: [
    {
      name: 'a batch of matrix products',
      shapes: [
        [2, 2, 3],
        [2, 3, 2],
      ],
      call: (a, b) => einsum('bij,bjk->bik', a, b),
      gives: 'float64[2, 2, 2]',
      value: (a, b) => (n, i, k) => total(3, j => a(n, i, j) * b(n, j, k)),
    },
    {
      name: 'a bilinear form of three operands',
      shapes: [[2], [2, 3], [3]],
      call: (a, m, b) => einsum('i,ij,j', a, m, b),
      gives: 'float64[]',
      value: (a, m, b) => () => total(2, i => total(3, j => a(i) * m(i, j) * b(j))),
    },
    {
      name: 'a diagonal, element by element',
      shapes: [[3, 3], [3]],
      call: (a, b) => einsum('ii,i->i', a, b),
      gives: 'float64[3]',
      value: (a, b) => i => a(i, i) * b(i),
    },
    {
      name: 'an ellipsis that broadcasts, and a lone index',
      shapes: [
        [2, 1, 2, 3],
        [3, 2],
      ],
      call: (a, b) => einsum('...ij, ...k -> k...', a, b),
      gives: 'float64[2, 2, 3]',
      value: (a, b) => (k, m, n) => total(2, i => total(3, j => a(m, 0, i, j))) * b(n, k),
    },
    {
      name: 'an implicit result, in alphabetical order',
      shapes: [[2, 3]],
      call: x => einsum('ba', x),
      gives: 'float64[3, 2]',
      value: x => (i, j) => x(j, i),
    },
  ],
  errors: [
    {
      call: make => einsum('ij,jk', make([2, 3]), make([4, 2])),
      message: /einsum: the index 'j' has the sizes 3 and 4/,
    },
    {
      call: make => einsum('...i,...i', make([2, 3]), make([4, 3])),
      message: /einsum: the axis -1 of '\.\.\.' has the sizes 2 and 4/,
    },
    {
      call: make => einsum('ij,jk', make([2, 3])),
      message: /einsum: 'ij,jk' names 2 operands, but 1 were given/,
    },
    { call: make => einsum('ij', make([2])), message: /einsum: 'ij' names 2 axes, but operand 0 has 1/ },
    {
      call: make => einsum('...ij', make([2])),
      message: /einsum: '\.\.\.ij' names 2 axes, but operand 0 has 1/,
    },
    { call: make => einsum('i1', make([2, 2])), message: /einsum: '1' is no index/ },
    { call: make => einsum('i..', make([2, 2])), message: /einsum: '\.' is no index/ },
    { call: make => einsum('...i...', make([2, 2])), message: /einsum: '\.\.\.i\.\.\.' has two ellipses/ },
    { call: make => einsum('i->i->i', make([2])), message: /einsum: 'i->i->i' has two arrows/ },
    {
      call: make => einsum('i->j', make([2])),
      message: /einsum: the result's index 'j' occurs in no operand/,
    },
    { call: make => einsum('i->ii', make([2])), message: /einsum: the result names the index 'i' twice/ },
    { call: make => einsum('...i->i', make([2, 2])), message: /einsum: the result lacks '\.\.\.'/ },
    {
      call: make => einsum('i,i', make([2]), make([2], 'float64')),
      message: /einsum: float32\[2\] and float64\[2\]/,
    },
    {
      call: make => einsum('i,i', make([2], 'int32'), make([2], 'int32')),
      message: /einsum: int32\[2\] and int32\[2\] are not of one float/,
    },
    { call: make => einsum(make([2]) as never, make([2])), message: /einsum: the subscripts are a Tensor/ },
    { call: () => einsum('i', [1] as never), message: /einsum: operand 0 is an array/ },
    { call: () => einsum(''), message: /einsum: '' names 1 operands, but 0 were given/ },
  ],
})
