/**
 * The tensor: an immutable value with a shape and an element type, which lives on a backend and remembers, if
 * it was recorded, how it was made. Operations are functions of their own (`ops/`), most of them also methods.
 */

import type { Backend, Storage, View } from '../backend/contract.ts'
import { ValueError } from '../errors.ts'
import type { Entry } from '../tape/entry.ts'
import type { DType, TypedArray } from './dtype.ts'
import { born, checkAlive, type Lifetime } from './lifetime.ts'
import { formatShape, isContiguous, type Shape, sharedStrides, sizeOf } from './shape.ts'

/** Numbers (or other elements) nested like the axes of a tensor. */
export type NestedArray<Element = number> = Element | readonly NestedArray<Element>[]

/**
 * An immutable tensor. Make one with `tensor`, `zeros`, `normal`, …; read it with `data`, `item` or `toArray`.
 */
export class Tensor implements View {
  readonly backend: Backend
  readonly storage: Storage
  readonly dtype: DType
  readonly shape: Shape
  /** Steps in memory along each axis; views share storage and differ in these. */
  readonly strides: readonly number[]
  readonly offset: number
  /** How this tensor was made, while a transform records; the tape is cut from these. */
  entry: Entry | undefined = undefined
  /**
   * The scope in which it was made, at whose end it is released, while there is one.
   *
   * @internal
   */
  lifetime: Lifetime | undefined

  /**
   * @param storage  new, or that of the tensor `of`
   */
  constructor(
    backend: Backend,
    storage: Storage,
    dtype: DType,
    shape: Shape,
    strides: readonly number[] = sharedStrides(shape),
    offset = 0,
    of?: Tensor,
  ) {
    this.backend = backend
    this.storage = storage
    this.dtype = dtype
    this.shape = shape
    this.strides = strides
    this.offset = offset
    this.lifetime = of === undefined ? born(backend, storage) : of.lifetime
  }

  /** The number of axes. */
  get rank(): number {
    return this.shape.length
  }

  /** The number of elements. */
  get size(): number {
    return sizeOf(this.shape)
  }

  /** Whether the elements lie row-major without gaps. */
  get contiguous(): boolean {
    return isContiguous(this.shape, this.strides)
  }

  /** A tensor on the same storage with another shape, strides and offset. */
  view(shape: Shape, strides: readonly number[], offset: number): Tensor {
    return new Tensor(this.backend, this.storage, this.dtype, shape, strides, offset, this)
  }

  /** Whether its memory was given back, at the end of a `scope`: then it cannot be used any more. */
  get released(): boolean {
    return this.lifetime?.isOver === true
  }

  /** The elements, row-major, in an array of your own. */
  async data(): Promise<TypedArray> {
    checkAlive('data', [this])
    return this.backend.read(this)
  }

  /**
   * The value of a tensor of one element.
   *
   * @throws ValueError when it has more or fewer
   */
  async item(): Promise<number> {
    if (this.size !== 1) {
      throw new ValueError(
        'item',
        `${this} has ${this.size} elements, not one`,
        'Reduce it first, or use data()',
      )
    }
    return (await this.data())[0]!
  }

  /** The elements as nested arrays, shaped like the tensor. */
  async toArray(): Promise<NestedArray> {
    const values = await this.data()
    const nest = (axis: number, start: number, size: number): NestedArray => {
      if (axis === this.rank) return values[start]!
      const inner = size / Math.max(this.shape[axis]!, 1)
      return Array.from({ length: this.shape[axis]! }, (_, i) => nest(axis + 1, start + i * inner, inner))
    }
    return nest(0, 0, values.length)
  }

  /** Type and shape, as messages and tapes print it: `float32[3, 4]`. */
  toString(): string {
    return `${this.dtype}${formatShape(this.shape)}`
  }

  /** Refuses to be used as a number: `x > 0` and `x * 2` would be about the object, not its elements. */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === 'string') return this.toString()
    throw new ValueError(
      'tensor',
      `${this} is used as a number`,
      'Use x.greater(0), x.mul(2), …; its value is await x.item(), outside of what is differentiated',
    )
  }

  /** What Node prints for it. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }
}
