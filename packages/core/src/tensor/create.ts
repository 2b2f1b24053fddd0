/** Tensors from host values: the only way in. What is constant takes one element of memory and a view of it. */

import type { Backend } from '../backend/contract.ts'
import { currentBackend } from '../backend/current.ts'
import { BackendError, DTypeError, describeValue, ShapeError, ValueError } from '../errors.ts'
import { checkOptions, checkTensor } from './check.ts'
import { allocate, type DType, dtypeOf, dtypes, type TypedArray } from './dtype.ts'
import { checkShape, formatShape, type Shape, sameShape, sizeOf } from './shape.ts'
import { type NestedArray, Tensor } from './tensor.ts'

/** Element type and place of a new tensor. */
export interface CreateOptions {
  /** `float32` unless said. */
  dtype?: DType
  /** The backend in use unless said. */
  backend?: Backend
}

/**
 * A tensor of the given values, which are copied.
 *
 * @param values   a number, a boolean, nested arrays of one length per level, or a typed array
 * @param options  `shape` (with flat values), `dtype` (default: a typed array's own, else float32; bool for
 *                 booleans), `backend`
 * @throws ShapeError for ragged arrays, or values that do not fill `shape`; ValueError for what is no number;
 *         DTypeError for numbers that `int32` or `bool` cannot hold
 * @example tensor([[1, 2], [3, 4]], { dtype: 'float64' })
 */
export function tensor(
  values: NestedArray<number | boolean> | TypedArray,
  options: CreateOptions & { shape?: Shape } = {},
): Tensor {
  checkOptions('tensor', options)
  const given: HostValues = ArrayBuffer.isView(values)
    ? { flat: values, shape: [values.length], dtype: dtypeOf(values) }
    : flatten(values)
  const { flat } = given
  const dtype = options.dtype ?? given.dtype
  if (dtype === undefined) {
    throw new DTypeError(
      'tensor',
      `${values.constructor.name} is no array of a type that sensigrad has`,
      'Use Float32Array, Float64Array, Int32Array or Uint8Array (bool)',
    )
  }
  const shape = options.shape ?? given.shape
  checkShape('tensor', shape)
  if (sizeOf(shape) !== flat.length) {
    throw new ShapeError(
      'tensor',
      `${flat.length} values do not fill the shape ${formatShape(shape)} (${sizeOf(shape)} elements)`,
      'Give as many values as the shape has elements',
    )
  }
  return fromHost(flat, shape, dtype, options.backend ?? currentBackend(), 'tensor')
}

/** Which numbers the types without fractions hold. */
const holds = {
  int32: [
    (value: number) => value === (value | 0),
    'Give whole numbers from -2^31 to 2^31 - 1, or use a float type',
  ],
  bool: [
    (value: number) => value === 0 || value === 1,
    'Give true and false (or 1 and 0), or compare numbers',
  ],
} as const

/** Copies host values to a backend, checking that the element type can hold them there. */
function fromHost(
  values: ArrayLike<number>,
  shape: Shape,
  dtype: DType,
  backend: Backend,
  operation: string,
): Tensor {
  checkBackend(operation, backend)
  if (!dtypes.includes(dtype) || !backend.capabilities.dtypes.includes(dtype)) {
    throw new DTypeError(
      operation,
      `the backend ${backend.name} has no ${dtype}`,
      `It has ${backend.capabilities.dtypes.join(', ')}`,
    )
  }
  if (dtype in holds && !(ArrayBuffer.isView(values) && dtypeOf(values) === dtype)) {
    const [isHeld, remedy] = holds[dtype as keyof typeof holds]
    for (let i = 0; i < values.length; i++) {
      if (!isHeld(values[i]!)) throw new DTypeError(operation, `${values[i]} is no ${dtype}`, remedy)
    }
  }
  const host = allocate(dtype, values.length)
  host.set(values)
  if (dtype === 'bool') for (let i = 0; i < host.length; i++) host[i] = values[i] === 0 ? 0 : 1
  return new Tensor(backend, backend.upload(host, dtype), dtype, [...shape])
}

/** @throws BackendError for what is none */
function checkBackend(operation: string, backend: Backend): void {
  if (typeof backend === 'object' && backend !== null && 'capabilities' in backend) return
  throw new BackendError(operation, `${describeValue(backend)} is no backend`, 'Give one such as cpu()')
}

interface HostValues {
  readonly flat: ArrayLike<number>
  readonly shape: Shape
  readonly dtype: DType | undefined
}

function flatten(values: NestedArray<number | boolean>): HostValues {
  const shape: number[] = []
  const flat: number[] = []
  let booleans = 0
  const visit = (value: NestedArray<number | boolean>, depth: number): void => {
    if (Array.isArray(value)) {
      if (shape.length === depth && flat.length === 0) shape.push(value.length)
      if (shape[depth] !== value.length) {
        throw new ShapeError(
          'tensor',
          `the nested arrays are ragged: ${value.length} values where ${shape[depth] ?? 'a number'} was expected`,
          'All arrays of one level must have one length',
        )
      }
      for (const inner of value) visit(inner, depth + 1)
    } else if (typeof value === 'number' || typeof value === 'boolean') {
      if (depth !== shape.length) {
        throw new ShapeError(
          'tensor',
          'the nested arrays are ragged',
          'All arrays of one level must have one length',
        )
      }
      flat.push(Number(value))
      if (typeof value === 'boolean') booleans++
    } else {
      throw new ValueError(
        'tensor',
        `${describeValue(value)} is no number`,
        'Give numbers, booleans or nested arrays of them',
      )
    }
  }
  visit(values, 0)
  return { flat, shape, dtype: booleans > 0 && booleans === flat.length ? 'bool' : 'float32' }
}

/**
 * A tensor whose elements are all `value`. It takes the memory of one element.
 *
 * @example full([2, 3], 0.5)
 */
export function full(shape: Shape, value: number, options: CreateOptions = {}): Tensor {
  return filled('full', shape, value, options)
}

function filled(operation: string, shape: Shape, value: number, options: CreateOptions): Tensor {
  checkShape(operation, shape)
  checkOptions(operation, options)
  if (typeof value !== 'number') {
    throw new ValueError(operation, `the value is ${describeValue(value)}`, 'Give a number')
  }
  return stretched(
    scalar(value, options.dtype ?? 'float32', options.backend ?? currentBackend(), operation),
    shape,
  )
}

/** A number in every place of a shape. */
function stretched(element: Tensor, shape: Shape): Tensor {
  return element.view([...shape], new Array<number>(shape.length).fill(0), 0)
}

/** A tensor of zeros. */
export function zeros(shape: Shape, options: CreateOptions = {}): Tensor {
  return filled('zeros', shape, 0, options)
}

/** A tensor of ones. */
export function ones(shape: Shape, options: CreateOptions = {}): Tensor {
  return filled('ones', shape, 1, options)
}

/** Zeros with the shape, type and backend of another tensor. */
export function zerosLike(like: Tensor): Tensor {
  checkTensor('zerosLike', 'the argument', like)
  return full(like.shape, 0, like)
}

/** Ones with the shape, type and backend of another tensor. */
export function onesLike(like: Tensor): Tensor {
  checkTensor('onesLike', 'the argument', like)
  return full(like.shape, 1, like)
}

/** The identity matrix. */
export function eye(size: number, options?: CreateOptions): Tensor
/**
 * Ones on the main diagonal of a matrix of zeros.
 *
 * @example eye(2, 3) // [[1, 0, 0], [0, 1, 0]]
 */
export function eye(rows: number, columns?: number, options?: CreateOptions): Tensor
export function eye(rows: number, second: number | CreateOptions = rows, third: CreateOptions = {}): Tensor {
  const [columns, options] = typeof second === 'object' ? [rows, second] : [second, third]
  checkOptions('eye', options)
  checkShape('eye', [rows, columns])
  const values = allocate('float64', rows * columns)
  for (let i = 0; i < Math.min(rows, columns); i++) values[i * (columns + 1)] = 1
  return fromValues('eye', values, [rows, columns], options)
}

/**
 * Numbers from `start` (0 unless said) towards `stop`, which is excluded, in equal steps; none if the steps lead
 * away from it. They are `int32` where start, stop and step are whole numbers, else `float32`, unless `dtype` says
 * otherwise. Where the step is no whole number, rounding decides whether the last number falls on `stop`: prefer
 * `linspace`.
 *
 * @throws ValueError when the step is 0, or anything is not finite; DTypeError when the type cannot hold the numbers
 * @example arange(4)        // 0, 1, 2, 3
 * @example arange(5, 0, -2) // 5, 3, 1
 */
export function arange(count: number, options?: CreateOptions): Tensor
export function arange(start: number, stop: number, step?: number, options?: CreateOptions): Tensor
export function arange(
  first: number,
  second: number | CreateOptions = {},
  step = 1,
  options: CreateOptions = {},
): Tensor {
  if (typeof second !== 'object') return progression(first, second, step, options)
  checkShape('arange', [first])
  return progression(0, first, 1, second)
}

function progression(start: number, stop: number, step: number, options: CreateOptions): Tensor {
  checkOptions('arange', options)
  checkFinite('arange', { start, stop, step })
  if (step === 0) throw new ValueError('arange', 'the step 0 leads nowhere', 'Give another number')
  const length = Math.max(0, Math.ceil((stop - start) / step))
  const values = allocate('float64', length).map((_, i) => start + i * step)
  const dtype = options.dtype ?? ([start, stop, step].every(Number.isInteger) ? 'int32' : 'float32')
  return fromValues('arange', values, [length], { ...options, dtype })
}

/**
 * `count` evenly spaced numbers from `start` to `stop`, both included.
 *
 * @throws ValueError when start or stop is not finite
 */
export function linspace(start: number, stop: number, count: number, options: CreateOptions = {}): Tensor {
  checkShape('linspace', [count])
  checkOptions('linspace', options)
  checkFinite('linspace', { start, stop })
  const isWide = !Number.isFinite(stop - start)
  const at = between(start, stop)
  const last = Math.max(count - 1, 1)
  const values = allocate('float64', count).map((_, i) => {
    if (i === count - 1 && count > 1) return stop
    return isWide ? at(i / last) : start + ((stop - start) * i) / last
  })
  return fromValues('linspace', values, [count], options)
}

/** The numbers from `low` (at 0) to `high` (at 1), also where their distance overflows. */
export function between(low: number, high: number): (share: number) => number {
  const distance = high - low
  if (Number.isFinite(distance)) return share => low + distance * share
  return share => low * (1 - share) + high * share
}

/** @throws ValueError unless all are finite numbers, which messages call by their names */
export function checkFinite(operation: string, given: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(given)) {
    if (Number.isFinite(value)) continue
    throw new ValueError(operation, `the ${name} is ${describeValue(value)}`, 'Give a finite number')
  }
}

/** As `fromHost`, with the options of whoever creates. */
function fromValues(
  operation: string,
  values: Float64Array,
  shape: Shape,
  { dtype = 'float32', backend = currentBackend() }: CreateOptions,
): Tensor {
  return fromHost(values, shape, dtype, backend, operation)
}

/** A number as a tensor without axes, and stretched to the shape that it met last: most meet one over and over. */
interface Kept {
  readonly scalar: Tensor
  stretched: Tensor | undefined
}

const keptOn = new WeakMap<Backend, Record<DType, Map<number | '-0', Kept>>>()

/** Recent numbers, since programs use the same few over and over. */
function kept(value: number, dtype: DType, backend: Backend, operation: string): Kept {
  let ofType = keptOn.get(backend)
  if (ofType === undefined) {
    ofType = { float32: new Map(), float64: new Map(), int32: new Map(), bool: new Map() }
    keptOn.set(backend, ofType)
  }
  const key = value === 0 && Object.is(value, -0) ? '-0' : value
  const known = ofType[dtype]?.get(key) // what is no type is refused below
  if (known !== undefined && !known.scalar.released) return known
  const made = { scalar: fromHost([value], [], dtype, backend, operation), stretched: undefined }
  if (ofType[dtype].size >= 256) ofType[dtype].clear()
  ofType[dtype].set(key, made)
  return made
}

/**
 * A number as a tensor without axes.
 *
 * @param operation  who needs it, for messages
 */
export function scalar(value: number, dtype: DType, backend: Backend, operation = 'scalar'): Tensor {
  return kept(value, dtype, backend, operation).scalar
}

/** As `full`, of arguments that were checked, for the numbers in arithmetic. */
export function constant(
  value: number,
  shape: Shape,
  dtype: DType,
  backend: Backend,
  operation: string,
): Tensor {
  const number = kept(value, dtype, backend, operation)
  const last = number.stretched
  if (last !== undefined && sameShape(last.shape, shape) && !last.released) return last
  const made = stretched(number.scalar, shape)
  number.stretched = made
  return made
}
