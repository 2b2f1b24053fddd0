/**
 * The memory of the backend: one WebAssembly.Memory, cut into blocks. Blocks come in a few sizes, and one that was
 * given back serves the next request of its size, so a loop that frees what it makes needs no more memory than one turn.
 */

import {
  type ArrayOf,
  BackendError,
  type DType,
  type Storage,
  type TypedArray,
  type View,
} from '@sensigrad/core'

/** Bytes of an element. */
export const bytesOf: Readonly<Record<DType, number>> = { float32: 4, float64: 8, int32: 4, bool: 1 }

/** Bytes of a page of WebAssembly. */
export const pageSize = 65536

/** The first bytes belong to no tensor: kernels put a vector there that they need in parts. */
const reserved = 1024

/** Kernels read whole vectors, and so up to 15 bytes beyond the last element. */
const margin = 16

/** What a storage holds of the memory. */
interface Block {
  readonly size: number
  /** Where it begins; 0 once it was given back. */
  address: number
}

/** A piece of the heap with elements of one type. */
export class HeapStorage {
  readonly heap: Heap
  readonly block: Block
  readonly dtype: DType
  /** Elements. */
  readonly length: number

  constructor(heap: Heap, block: Block, dtype: DType, length: number) {
    this.heap = heap
    this.block = block
    this.dtype = dtype
    this.length = length
  }
}

/** Blocks of a memory that grows. */
export class Heap {
  readonly memory: WebAssembly.Memory
  /** Typed arrays over the whole memory; others after it has grown, so ask each time. */
  arrays: ArrayOf

  #end = reserved
  #blocks = 0
  #bytes = 0
  readonly #free = new Map<number, number[]>()
  readonly #forgotten = new FinalizationRegistry<Block>(block => this.#giveBack(block))

  constructor(memory: WebAssembly.Memory) {
    this.memory = memory
    this.arrays = arraysOver(memory)
  }

  /** Blocks and bytes that are in use. Bytes are those of the blocks, which are up to a quarter larger than asked. */
  get live() {
    return { buffers: this.#blocks, bytes: this.#bytes }
  }

  /**
   * A new storage, whose elements are anything.
   *
   * @param operation  the name that an error gives
   * @throws BackendError when the memory is full and cannot grow
   */
  allocate(dtype: DType, length: number, operation: string): HeapStorage {
    const size = blockSize(length * bytesOf[dtype])
    const block = { size, address: this.#free.get(size)?.pop() ?? this.#cut(size, operation) }
    this.#blocks++
    this.#bytes += size
    const storage = new HeapStorage(this, block, dtype, length)
    this.#forgotten.register(storage, block, block)
    return storage
  }

  /** Gives a storage back. Twice is harmless. */
  free(storage: Storage): void {
    const { block } = this.#own(storage, 'free')
    if (this.#giveBack(block)) this.#forgotten.unregister(block)
  }

  /** Runs `use` with the address of some bytes that nobody else has meanwhile. */
  withScratch<T>(bytes: number, operation: string, use: (address: number) => T): T {
    const size = blockSize(bytes)
    const block = { size, address: this.#free.get(size)?.pop() ?? this.#cut(size, operation) }
    try {
      return use(block.address)
    } finally {
      this.#shelve(size, block.address)
    }
  }

  /**
   * Where in memory the first element of a view lies, in bytes.
   *
   * @throws BackendError when its storage was freed, or is another backend's
   */
  address({ storage, offset, dtype }: View, operation: string): number {
    return this.addressOf(storage, operation) + offset * bytesOf[dtype]
  }

  /** Where a storage begins, in bytes. */
  addressOf(storage: Storage, operation: string): number {
    const { address } = this.#own(storage, operation).block
    if (address === 0) {
      throw new BackendError(
        operation,
        'the memory of a tensor was given back with free',
        'Free a tensor, and the views of it, after their last use',
      )
    }
    return address
  }

  /** The elements of a storage, as they lie in memory: valid until the memory grows. */
  elements(storage: HeapStorage): TypedArray {
    const start = storage.block.address / bytesOf[storage.dtype]
    return this.arrays[storage.dtype].subarray(start, start + storage.length)
  }

  #own(storage: Storage, operation: string): HeapStorage {
    if (storage instanceof HeapStorage && storage.heap === this) return storage
    throw new BackendError(
      operation,
      'a tensor lives in another memory than this wasm backend',
      'Make one backend, and read the tensor to move it: tensor(await x.data(), { shape: x.shape, backend })',
    )
  }

  #giveBack(block: Block): boolean {
    if (block.address === 0) return false
    this.#shelve(block.size, block.address)
    block.address = 0
    this.#blocks--
    this.#bytes -= block.size
    return true
  }

  #shelve(size: number, address: number): void {
    const shelf = this.#free.get(size)
    if (shelf) shelf.push(address)
    else this.#free.set(size, [address])
  }

  #cut(size: number, operation: string): number {
    const address = this.#end
    if (address + size + margin > this.memory.buffer.byteLength && !this.#grow(address + size + margin)) {
      return this.#larger(size) ?? this.#refuse(size, operation)
    }
    this.#end += size
    return address
  }

  /** By half of what there is, so that growing stays rare; or by what is missing, where half is too much. */
  #grow(bytes: number): boolean {
    const now = this.memory.buffer.byteLength
    const missing = Math.ceil((bytes - now) / pageSize)
    for (const pages of [Math.max(missing, Math.ceil(now / pageSize / 2)), missing]) {
      try {
        this.memory.grow(pages)
      } catch {
        continue // beyond the maximum, or more than the engine has
      }
      this.arrays = arraysOver(this.memory)
      return true
    }
    return false
  }

  /** Cuts a free block of a larger size: the last resort of a full memory. */
  #larger(size: number): number | undefined {
    const sizes = [...this.#free.keys()].filter(each => each >= size && this.#free.get(each)!.length > 0)
    if (sizes.length === 0) return undefined
    const smallest = Math.min(...sizes)
    const address = this.#free.get(smallest)!.pop()!
    let [rest, left] = [address + size, smallest - size]
    for (let part = floorSize(left); left > 0; part = floorSize(left)) {
      this.#shelve(part, rest)
      rest += part
      left -= part
    }
    return address
  }

  #refuse(size: number, operation: string): never {
    throw new BackendError(
      operation,
      `the WebAssembly memory is full: ${size} bytes were asked for while ${this.#blocks} tensors hold ${this.#bytes} of ${this.memory.buffer.byteLength}`,
      'Free tensors with backend.free(x.storage), or let the loop yield (await) so that forgotten ones are collected, or raise maximumPages',
    )
  }
}

/** The size of the block for so many bytes: four sizes to each doubling, multiples of 16. */
export function blockSize(bytes: number): number {
  if (bytes <= 64) return Math.max(16, Math.ceil(bytes / 16) * 16)
  const step = 2 ** (Math.ceil(Math.log2(bytes)) - 3)
  return Math.ceil(bytes / step) * step
}

/** The largest block size within so many bytes, themselves a multiple of 16. */
function floorSize(bytes: number): number {
  if (bytes <= 64) return bytes
  const step = 2 ** (Math.floor(Math.log2(bytes)) - 2)
  return Math.floor(bytes / step) * step
}

function arraysOver({ buffer }: WebAssembly.Memory): ArrayOf {
  return {
    float32: new Float32Array(buffer),
    float64: new Float64Array(buffer),
    int32: new Int32Array(buffer),
    bool: new Uint8Array(buffer),
  }
}
