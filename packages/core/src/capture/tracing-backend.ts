/**
 * The backend that stands for another one while a step is captured: it computes nothing, and notes down what it is asked
 * for. No value exists meanwhile, so a step cannot look at one: control flow that depends on data is refused, not frozen.
 */

import type { Backend, Extremum, Kernels, Reduction, Region, Storage, View } from '../backend/contract.ts'
import { BackendError } from '../errors.ts'
import type { Expression } from '../expression/expression.ts'
import { memo } from '../memo.ts'
import { type DType, isFloat, type TypedArray } from '../tensor/dtype.ts'
import { type Shape, sizeOf } from '../tensor/shape.ts'
import { type Attributes, Buffer } from './program.ts'

/** Takes down a call of a kernel, and gives a storage for so many elements that it writes. */
export type Note = <Kernel extends keyof Kernels>(
  kernel: Kernel,
  inputs: readonly View[],
  attributes: Attributes[Kernel],
  dtype: DType,
  length: number,
) => Storage

/** Notes down the calls of kernels that are meant for `target`. */
export class TracingBackend implements Backend {
  readonly name: string
  readonly target: Backend
  readonly capabilities: Backend['capabilities']
  /** That the step has read a value, which nobody may have noticed yet. */
  refusal: BackendError | undefined
  /** Whether the step has ended: then its tensors stand for nothing any more. */
  isOver = false
  readonly #take: Note
  readonly #numbers = new Map<string, Buffer>()

  constructor(target: Backend, note: Note) {
    this.name = `a captured step for ${target.name}`
    this.target = target
    this.capabilities = { ...target.capabilities, synchronousRead: false }
    this.#take = note
  }

  map(expression: Expression, inputs: readonly View[], shape: Shape, dtype: DType): Storage {
    return this.#note('map', inputs, { expression, shape: [...shape], dtype }, dtype, shape)
  }

  reduce(reduction: Reduction, input: View, axes: readonly number[]): Storage {
    const kept = input.shape.filter((_, axis) => !axes.includes(axis))
    return this.#note('reduce', [input], { reduction, axes: [...axes] }, input.dtype, kept)
  }

  contract(a: View, b: View): Storage {
    const dtype = isFloat(a.dtype) ? a.dtype : 'float32'
    return this.#note('contract', [a, b], {}, dtype, [...a.shape.slice(0, -1), b.shape.at(-1)!])
  }

  copy(input: View): Storage {
    return this.#note('copy', [input], {}, input.dtype, input.shape)
  }

  place(input: View, shape: Shape, region: Region): Storage {
    return this.#note('place', [input], { shape: [...shape], region }, input.dtype, shape)
  }

  concat(inputs: readonly View[], axis: number): Storage {
    const length = inputs.reduce((total, { shape }) => total + shape[axis]!, 0)
    const joined = inputs[0]!.shape.map((size, i) => (i === axis ? length : size))
    return this.#note('concat', inputs, { axis }, inputs[0]!.dtype, joined)
  }

  gather(input: View, indices: View, axis: number): Storage {
    return this.#note('gather', [input, indices], { axis }, input.dtype, indices.shape)
  }

  scatterAdd(values: View, indices: View, axis: number, size: number): Storage {
    const wide = values.shape.map((length, i) => (i === axis ? size : length))
    return this.#note('scatterAdd', [values, indices], { axis, size }, values.dtype, wide)
  }

  argReduce(extremum: Extremum, input: View, axis: number): Storage {
    const kept = input.shape.filter((_, i) => i !== axis)
    return this.#note('argReduce', [input], { extremum, axis }, 'int32', kept)
  }

  argSort(input: View, axis: number, descending: boolean): Storage {
    return this.#note('argSort', [input], { axis, descending }, 'int32', input.shape)
  }

  scan(factors: View, terms: View, axis: number): Storage {
    return this.#note('scan', [factors, terms], { axis }, terms.dtype, terms.shape)
  }

  cast(input: View, dtype: DType): Storage {
    return this.#note('cast', [input], { dtype }, dtype, input.shape)
  }

  upload(values: TypedArray, dtype: DType): Storage {
    if (values.length !== 1) return new Buffer(dtype, values.length, { values })
    const number = values[0]!
    return memo(
      this.#numbers,
      `${dtype} ${Object.is(number, -0) ? '-0' : number}`,
      () => new Buffer(dtype, 1, { values, number }),
    )
  }

  /** Refuses, at the end of the step: whoever waits for a value in a step that does not wait would never see an error. */
  read(): Promise<never> {
    if (this.isOver) return Promise.reject(noValues())
    this.refusal ??= new BackendError(
      'capture',
      'the step reads the values of a tensor, on which what it does next may depend, and which differ from call to call',
      'Choose with where(condition, a, b); or read outside of the step, and pass what was found as an argument',
    )
    return new Promise(() => {})
  }

  readSync(): never {
    if (this.isOver) throw noValues()
    this.read()
    throw this.refusal
  }

  allocate(): never {
    throw new BackendError('capture', 'the step asks for memory', 'Let operations make their tensors')
  }

  free(): void {} // memory is planned when the step is complete

  memory() {
    return { buffers: undefined, bytes: undefined }
  }

  #note<Kernel extends keyof Kernels>(
    kernel: Kernel,
    inputs: readonly View[],
    attributes: Attributes[Kernel],
    dtype: DType,
    shape: Shape,
  ): Storage {
    if (this.isOver) throw noValues()
    return this.#take(kernel, inputs, attributes, dtype, sizeOf(shape))
  }
}

/** What to say of a tensor that a captured step has let out otherwise than by returning it. */
export function noValues(): BackendError {
  return new BackendError(
    'capture',
    'a tensor has left the step that was captured, and stands for a value that exists only inside of it',
    'Return it from that step, or keep it in a Variable',
  )
}
