/** The storage of this backend: a stretch of elements whose values stand in pieces of textures. */

import { BackendError, type Shape, type Storage } from '@sensigrad/core'
import type { Texture } from './kernels.ts'
import { Pieces } from './pieces.ts'

/** Memories from so many bytes on carry ballast. */
const large = 65536

/** A stretch of elements. */
export class Memory {
  readonly heap: Heap
  readonly length: number
  readonly pieces = new Pieces<Texture>()
  isFreed = false
  /**
   * The garbage collector does not know how much memory of the GPU hangs on this object, and would let gigabytes of it
   * pile up. What it knows is an array: one of an eighth of the size, whose pages nobody touches, is enough.
   */
  readonly ballast: ArrayBuffer | undefined

  constructor(heap: Heap, length: number) {
    this.heap = heap
    this.length = length
    this.ballast = length * 4 >= large ? new ArrayBuffer(length / 2) : undefined
  }
}

/** All memories of a backend. Those that nobody holds any more give their textures back when they are collected. */
export class Heap {
  readonly #forgotten = new FinalizationRegistry<Pieces<Texture>>(pieces => pieces.clear())

  /** A new memory, in which nothing stands yet. */
  allocate(length: number): Memory {
    const memory = new Memory(this, length)
    this.#forgotten.register(memory, memory.pieces, memory)
    return memory
  }

  /** Gives the pieces of a memory back. Twice is harmless. */
  free(memory: Memory): void {
    this.#forgotten.unregister(memory)
    memory.pieces.clear()
  }

  /**
   * A storage as this backend knows it.
   *
   * @throws BackendError when it was freed, or is another backend's
   */
  own(storage: Storage, operation: string): Memory {
    if (!(storage instanceof Memory) || storage.heap !== this) {
      throw new BackendError(
        operation,
        'a tensor lives in another memory than this gpujs backend, or has no values because the step that makes it is being captured',
        'Make one backend, and read the tensor to move it: tensor(await x.data(), { shape: x.shape, backend })',
      )
    }
    if (storage.isFreed) {
      throw new BackendError(
        operation,
        'the memory of a tensor was given back with free',
        'Free a tensor, and the views of it, after their last use',
      )
    }
    return storage
  }
}

/** The elements that a view touches, as distances from its offset: from the first to behind the last. */
export function reachOf(shape: Shape, strides: readonly number[]): { first: number; end: number } {
  if (shape.includes(0)) return { first: 0, end: 0 }
  let [first, end] = [0, 1]
  for (const [axis, length] of shape.entries()) {
    const reach = (length - 1) * strides[axis]!
    if (reach < 0) first += reach
    else end += reach
  }
  return { first, end }
}
