/**
 * The contract between the framework and a backend: a few families of kernels over strided views, and the
 * memory they work in. A backend imports this file and nothing else of core's workings; core imports no
 * backend. What makes something a backend is passing the conformance tests.
 */

import type { Expression } from '../expression/expression.ts'
import type { DType, TypedArray } from '../tensor/dtype.ts'
import type { Shape } from '../tensor/shape.ts'

/** Memory of a backend. Only the backend that made it knows what it is. */
export type Storage = object

/** Elements in a storage: element (i, j, …) lies at `offset + i·strides[0] + j·strides[1] + …`. */
export interface View {
  readonly storage: Storage
  readonly dtype: DType
  readonly shape: Shape
  readonly strides: readonly number[]
  readonly offset: number
  /** In a bound call: how many elements further the view lies at each next step; 0 unless said. */
  readonly advance?: number
}

/** Where a kernel writes instead of into new storage: elements row-major without gaps, the first at `offset`. */
export interface Destination {
  readonly storage: Storage
  readonly offset: number
  /** In a bound call: how many elements further it lies at each next step; 0 unless said. */
  readonly advance?: number
}

/** What a reduction does with the elements it meets. `max` and `min` of a NaN are NaN. */
export type Reduction = 'sum' | 'max' | 'min'

/** Which element of several is asked for. */
export type Extremum = 'max' | 'min'

/** Where the elements of a tensor lie inside a larger one: `start + step·i` along each axis. */
export interface Region {
  readonly start: readonly number[]
  readonly step: readonly number[]
}

/** What a backend can do. */
export interface Capabilities {
  readonly dtypes: readonly DType[]
  /** Whether the backend is a `SynchronousBackend`, which can read without waiting. */
  readonly synchronousRead: boolean
  /** How far numbers may be trusted; left out by backends whose arithmetic is that of IEEE 754. */
  readonly numbers?: {
    /** Integers are exact up to this size. */
    readonly largestInteger: number
    /** Whether NaN, infinities, denormals and the sign of zero are kept. */
    readonly isSpecialKept: boolean
    /** The relative error of a scalar function may reach this. */
    readonly error: number
  }
}

/** Live memory, where the backend counts it; `undefined` counts mean that the garbage collector does it all. */
export interface MemoryUse {
  readonly buffers: number | undefined
  readonly bytes: number | undefined
}

/**
 * Kernels. Each takes views with any strides (zero where a view is broadcast, negative where it is flipped)
 * and returns new storage, row-major without gaps. Shapes and types have been checked by the caller.
 *
 * Given a destination, a kernel writes there, and what it returns is of no use. No input may overlap the destination, but an
 * input of `map` whose elements lie exactly as those that are written.
 */
export interface Kernels {
  /** Evaluates an expression at each element; all inputs have the shape of the output. */
  map(
    expression: Expression,
    inputs: readonly View[],
    shape: Shape,
    dtype: DType,
    into?: Destination,
  ): Storage
  /** Reduces the given axes (sorted, distinct) and drops them. Sums are taken in a fixed order. */
  reduce(reduction: Reduction, input: View, axes: readonly number[], into?: Destination): Storage
  /** Matrix products: `[...batch, m, k] × [...batch, k, n] → [...batch, m, n]`, equal batches. */
  contract(a: View, b: View, into?: Destination): Storage
  /** The elements of a view, side by side. */
  copy(input: View, into?: Destination): Storage
  /** Zeros of the given shape with the input's elements at a region of it. */
  place(input: View, shape: Shape, region: Region, into?: Destination): Storage
  /** Views of equal shapes but for `axis`, one after the other along it. */
  concat(inputs: readonly View[], axis: number, into?: Destination): Storage
  /**
   * Elements along an axis, picked by `indices`: int32, shaped like the output, and like the input but for the axis.
   * Callers keep indices inside of the axis; what becomes of others is the backend's affair.
   */
  gather(input: View, indices: View, axis: number, into?: Destination): Storage
  /** Zeros, `size` of them along the axis, to which each value is added at its index; values as `gather` gives them. */
  scatterAdd(values: View, indices: View, axis: number, size: number, into?: Destination): Storage
  /** Where along an axis the extremum stands, int32, without that axis: the first of those that tie, or of NaN. */
  argReduce(extremum: Extremum, input: View, axis: number, into?: Destination): Storage
  /** The order that sorts the elements along an axis, int32: of those that tie the first comes first; NaN come last. */
  argSort(input: View, axis: number, descending: boolean, into?: Destination): Storage
  /** The recurrence hᵢ = factorsᵢ hᵢ₋₁ + termsᵢ along an axis of two views of one shape, from h₀ = terms₀. */
  scan(factors: View, terms: View, axis: number, into?: Destination): Storage
  /** The nearest values in another type: towards zero for `int32`, non-zero → true for `bool`. */
  cast(input: View, dtype: DType, into?: Destination): Storage
}

/** A place where tensors live and are computed. */
export interface Backend extends Kernels {
  /** For messages: `cpu`, `wasm`, `gpujs`. */
  readonly name: string
  readonly capabilities: Capabilities
  /** New storage for so many elements, whose values are anything. */
  allocate(dtype: DType, length: number): Storage
  /** New storage with these values, which the caller does not touch again. */
  upload(values: TypedArray, dtype: DType): Storage
  /** The elements of a view, row-major, in an array of their own. */
  read(input: View): Promise<TypedArray>
  /** Gives storage back. Where the garbage collector does that, nothing happens. */
  free(storage: Storage): void
  memory(): MemoryUse
  /**
   * A call of a kernel with these arguments, the destination among them, that is made once and run many times: what can
   * be worked out beforehand is. It takes the number of a step, from 0: at step t every view that has an `advance`, and
   * the destination, lies t·advance elements further. Where a backend has none, the kernel itself is called each time.
   */
  bind?<Kernel extends keyof Kernels>(
    kernel: Kernel,
    ...of: Parameters<Kernels[Kernel]>
  ): (step: number) => void
  /** What really runs (instructions, threads, accelerators, device), a line each, for people to read. */
  info?(): readonly string[]
}

/** A backend whose memory is the host's, so that values can be read at once. */
export interface SynchronousBackend extends Backend {
  /** The elements of a view, row-major, in an array of their own. */
  readSync(input: View): TypedArray
}

/** Whether the values of tensors on this backend can be read without waiting. */
export function isSynchronous(backend: Backend): backend is SynchronousBackend {
  return backend.capabilities.synchronousRead
}

const families: Record<keyof Kernels, true> = {
  map: true,
  reduce: true,
  contract: true,
  copy: true,
  place: true,
  concat: true,
  gather: true,
  scatterAdd: true,
  argReduce: true,
  argSort: true,
  scan: true,
  cast: true,
}

/** The names of the kernel families. */
export const kernelFamilies = Object.keys(families) as readonly (keyof Kernels)[]

/** The names of the kernel families that a backend must have and the given one lacks. */
export function missingKernels(backend: Partial<Kernels>): string[] {
  return kernelFamilies.filter(name => typeof backend[name] !== 'function')
}
