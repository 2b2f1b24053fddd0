/** Statistics over axes, composed: the spread of numbers, and what holds for bools. */

import { DTypeError, describeValue, ValueError } from '../errors.ts'
import { checkFloat, checkOptions, checkTensor } from '../tensor/check.ts'
import { full } from '../tensor/create.ts'
import { type Axes, resolveAxes } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { stopGradient } from './alias.ts'
import { div, elementwise, less, square, sub, where } from './elementwise.ts'
import { greater } from './elementwise-composed.ts'
import { type Range, slice } from './parts.ts'
import { max, min, norm, type ReduceOptions, sum } from './reduce.ts'
import { specify, total } from './specify.ts'

/** Which axes stay, and what a variance is divided by. */
export interface VarianceOptions extends ReduceOptions {
  /** Squares are divided by the number of elements less this: 0 (unless said) for a population, 1 for a sample. */
  readonly correction?: number
}

/**
 * The variance over `axis` (all axes unless said): Σ (x - x̄)²/(n - correction), in two passes. That of equal
 * elements is exactly 0.
 *
 * @throws DTypeError for what is not of a float type; ValueError when an axis is empty, or n - correction is not
 *         positive
 * @example variance(tensor([1, 2, 3]), 0, { correction: 1 }) // 1
 */
export function variance(x: Tensor, axis?: Axes, options: VarianceOptions = {}): Tensor {
  const { axes, divisor, kept } = check('variance', x, axis, options)
  return div(sum(square(halfDeviations(x, axes)), axes, kept), divisor / 4)
}

/**
 * The standard deviation over `axis` (all axes unless said), √variance. It neither overflows nor vanishes where its
 * square would. Where it is 0 so is its gradient, by convention.
 *
 * @throws DTypeError for what is not of a float type; ValueError when an axis is empty, or n - correction is not
 *         positive
 * @example std(tensor([[1, 3], [2, 2]]), 1) // 1, 0
 */
export function std(x: Tensor, axis?: Axes, options: VarianceOptions = {}): Tensor {
  const { axes, divisor, kept } = check('std', x, axis, options)
  return div(norm(halfDeviations(x, axes), axes, kept), Math.sqrt(divisor) / 2)
}

const halfDifference = elementwise('halfDifference', (e, a, b) => e.sub(e.mul(a, 0.5), e.mul(b, 0.5)))

/**
 * (x - x̄)/2. Halves of finite numbers have finite differences; and where the elements are equal, their differences
 * from the first of them are exactly 0, which those from a rounded mean are not. The first shifts them all alike, so
 * it is held fixed.
 */
function halfDeviations(x: Tensor, axes: readonly number[]): Tensor {
  const first = slice(stopGradient(x), ...x.shape.map((_, at): Range => (axes.includes(at) ? [0, 1] : null)))
  const shifted = halfDifference(x, first)
  const count = countOf(x, axes)
  return sub(shifted, sum(div(shifted, count), axes, { keepDims: true }))
}

function countOf(x: Tensor, axes: readonly number[]): number {
  return axes.reduce((product, at) => product * x.shape[at]!, 1)
}

function check(
  operation: string,
  x: Tensor,
  axis: Axes,
  options: VarianceOptions,
): { axes: number[]; divisor: number; kept: ReduceOptions } {
  checkFloat(operation, x)
  checkOptions(operation, options, '{ correction: 1 }', ['keepDims', 'correction'])
  const axes = resolveAxes(operation, axis, x.rank)
  const count = countOf(x, axes)
  const { correction = 0 } = options
  if (!Number.isFinite(correction)) {
    throw new ValueError(
      operation,
      `the correction is ${describeValue(correction)}`,
      'Give a number, such as 1',
    )
  }
  if (count === 0 || count - correction <= 0) {
    throw new ValueError(
      operation,
      `${count} elements less a correction of ${correction} leave nothing to divide by`,
      'Give more elements, or a smaller correction',
    )
  }
  return { axes, divisor: count - correction, kept: { keepDims: options.keepDims ?? false } }
}

const varianceOf = (count: number, term: (k: number) => number, correction = 0) => {
  const mean = total(count, term) / count
  return total(count, k => (term(k) - mean) ** 2) / (count - correction)
}

/** What `variance` and `std` refuse alike. */
const spreadErrors = (name: string, spread: typeof variance) => [
  { call: () => spread([1] as never), message: new RegExp(`${name}: the argument is an array`) },
  {
    call: (make: Make) => spread(make([2], 'int32')),
    message: new RegExp(`${name}: int32\\[2\\] is not of a float type`),
  },
  { call: (make: Make) => spread(make([2]), 1), message: new RegExp(`${name}: there is no axis 1`) },
  {
    call: (make: Make) => spread(make([1]), 0, { correction: 1 }),
    message: new RegExp(`${name}: 1 elements less a correction of 1 leave nothing`),
  },
  {
    call: (make: Make) => spread(make([0])),
    message: new RegExp(`${name}: 0 elements less a correction of 0`),
  },
  {
    call: (make: Make) => spread(make([2]), 0, { correction: Number.NaN }),
    message: new RegExp(`${name}: the correction is NaN`),
  },
  {
    call: (make: Make) => spread(make([2]), 0, null as never),
    message: new RegExp(`${name}: the options are null`),
  },
]
type Make = (shape: readonly number[], dtype?: Tensor['dtype']) => Tensor

specify({
  name: 'variance',
  samples: [
    {
      name: 'all',
      shapes: [[2, 3]],
      call: x => variance(x),
      gives: 'float64[]',
      value: x => () => varianceOf(6, k => x(Math.floor(k / 3), k % 3)),
    },
    {
      name: 'one axis, kept, of a sample',
      shapes: [[2, 3]],
      call: x => variance(x, 1, { keepDims: true, correction: 1 }),
      gives: 'float64[2, 1]',
      value: x => i => varianceOf(3, k => x(i, k), 1),
    },
    {
      name: 'two axes',
      shapes: [[2, 2, 2]],
      call: x => variance(x, [0, 2]),
      gives: 'float64[2]',
      value: x => j => varianceOf(4, k => x(k >> 1, j, k & 1)),
    },
    {
      name: 'one element',
      shapes: [[3, 1]],
      call: x => variance(x, 1),
      gives: 'float64[3]',
      value: () => () => 0,
    },
    { name: 'no axis', shapes: [[3]], call: x => variance(x, []), gives: 'float64[3]', value: () => () => 0 },
  ],
  errors: spreadErrors('variance', variance),
})

specify({
  name: 'std',
  samples: [
    {
      name: 'all',
      shapes: [[2, 3]],
      call: x => std(x),
      gives: 'float64[]',
      value: x => () => Math.sqrt(varianceOf(6, k => x(Math.floor(k / 3), k % 3))),
    },
    {
      name: 'one axis, kept',
      shapes: [[3, 2]],
      call: x => std(x, 0, { keepDims: true }),
      gives: 'float64[1, 2]',
      value: x => (_, j) => Math.sqrt(varianceOf(3, k => x(k, j))),
    },
    {
      name: 'of a sample',
      shapes: [[4]],
      call: x => std(x, 0, { correction: 1 }),
      gives: 'float64[]',
      value: x => () => Math.sqrt(varianceOf(4, k => x(k), 1)),
    },
  ],
  errors: spreadErrors('std', std),
})

/**
 * Whether any bool over `axis` (all axes unless said) is true; of none, false.
 *
 * @throws DTypeError for what is not bool
 * @example any(x.less(0), 1) // for each row, whether it holds a negative number
 */
export function any(x: Tensor, axis?: Axes, options: ReduceOptions = {}): Tensor {
  return reduceBools('any', max, false, x, axis, options)
}

/**
 * Whether all bools over `axis` (all axes unless said) are true; of none, true.
 *
 * @throws DTypeError for what is not bool
 * @example all(x.less(Infinity)) // as a bool without axes
 */
export function all(x: Tensor, axis?: Axes, options: ReduceOptions = {}): Tensor {
  return reduceBools('all', min, true, x, axis, options)
}

function reduceBools(
  operation: string,
  extremum: typeof max,
  ofNone: boolean,
  x: Tensor,
  axis: Axes,
  options: ReduceOptions,
): Tensor {
  checkTensor(operation, 'the argument', x)
  checkOptions(operation, options, '{ keepDims: true }', ['keepDims'])
  if (x.dtype !== 'bool') {
    throw new DTypeError(operation, `${x} holds no bools`, "Compare it first: x.less(0), or .cast('bool')")
  }
  const axes = resolveAxes(operation, axis, x.rank)
  if (countOf(x, axes) > 0) return extremum(x, axes, options)
  const shape = x.shape.flatMap((size, at) => (axes.includes(at) ? (options.keepDims ? [1] : []) : [size]))
  return full(shape, Number(ofNone), { dtype: 'bool', backend: x.backend })
}

const boolErrors = (name: string, reduce: typeof any) => [
  { call: (make: Make) => reduce(make([2])), message: new RegExp(`${name}: float32\\[2\\] holds no bools`) },
  { call: (make: Make) => reduce(make([2], 'bool'), 1), message: new RegExp(`${name}: there is no axis 1`) },
  {
    call: (make: Make) => reduce(make([2], 'bool'), 0, null as never),
    message: new RegExp(`${name}: the options are null`),
  },
  { call: () => reduce([true] as never), message: new RegExp(`${name}: the argument is an array`) },
]

specify({
  name: 'any',
  samples: [
    {
      name: 'each row, which decides',
      shapes: [[4, 2]],
      call: x => where(any(greater(x, 0.5), 1, { keepDims: true }), x, square(x)),
      gives: 'float64[4, 2]',
      value: x => (i, j) => (x(i, 0) > 0.5 || x(i, 1) > 0.5 ? x(i, j) : x(i, j) ** 2),
    },
    {
      name: 'none',
      shapes: [[2]],
      call: x => where(any(greater(slice(x, [0, 0]), 0)), square(x), x),
      gives: 'float64[2]',
      value: x => x,
    },
  ],
  errors: boolErrors('any', any),
})

specify({
  name: 'all',
  samples: [
    {
      name: 'each column, which decides',
      shapes: [[2, 4]],
      call: x => where(all(less(x, 0.5), 0), x, square(x)),
      gives: 'float64[2, 4]',
      value: x => (i, j) => (x(0, j) < 0.5 && x(1, j) < 0.5 ? x(i, j) : x(i, j) ** 2),
    },
    {
      name: 'none',
      shapes: [[2]],
      call: x => where(all(greater(slice(x, [0, 0]), 0)), x, square(x)),
      gives: 'float64[2]',
      value: x => x,
    },
  ],
  errors: boolErrors('all', all),
})
