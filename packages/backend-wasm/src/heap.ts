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
export const bytesOf = { float32: 4, float64: 8, int32: 4, bool: 1 } as const satisfies Record<DType, number>

/** Bytes of a page of WebAssembly. */
export const pageSize = 65536

/** The first bytes belong to no tensor: kernels put a vector there that they need in parts. */
const reserved = 1024

/** Kernels read whole vectors, and so up to 15 bytes beyond the last element. */
const margin = 16

/** No memory of WebAssembly is larger. */
const most = 2 ** 32

/** Blocks of at least so many bytes are watched on their own; smaller ones in groups of that many bytes. */
const large = 65536

/** The most blocks that are watched together. */
const groupLength = 32

/** So many of the latest large blocks are not watched yet: most are given back at once by those who give back. */
const youngLength = 4

/** Blocks begin at multiples of so many bytes. */
const unit = 16

/** Pieces of the memory, in two lists: small numbers, where objects would cost more than a small operation does. */
class Blocks {
  /** What size each has, as a place in the list of sizes. */
  readonly sizes: number[] = []
  /** Where each begins, in units; 0 once it was given back. */
  readonly starts: number[] = []
}

/**
 * Storages made one after the other. Each holds its group, so once the garbage collector has found the group, nobody
 * holds any of them. To watch each storage instead would cost more than a small operation does. The price: a storage
 * that stays keeps the memory of its group, unless that is given back with `free`.
 */
class Group {
  readonly heap: Heap
  readonly blocks = new Blocks()
  /** No place before this one is to be filled. */
  next = 0
  /** Storages that were not given back. */
  live = 0
  bytes = 0
  isWatched = false
  /**
   * The garbage collector does not know how much memory hangs on a group, and would let gigabytes of it pile up. What
   * it knows is an array: one of an eighth of the size, whose pages nobody touches, is enough for it to come in time.
   */
  ballast: ArrayBuffer | undefined = undefined

  constructor(heap: Heap) {
    this.heap = heap
  }
}

/** A piece of the heap with elements of one type. */
export class HeapStorage {
  readonly group: Group
  /** Which of the group's blocks it has. */
  readonly place: number
  readonly dtype: DType
  /** Elements. */
  readonly length: number

  constructor(group: Group, place: number, dtype: DType, length: number) {
    this.group = group
    this.place = place
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
  #open = new Group(this)
  readonly #young: Group[] = []
  /** Where free blocks begin, in units, by size. */
  readonly #shelves: number[][] = []
  readonly #forgotten = new FinalizationRegistry<Blocks>(blocks => {
    for (let place = 0; place < blocks.sizes.length; place++) this.#giveBack(blocks, place)
  })

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
    const bytes = length * bytesOf[dtype]
    if (bytes > most) this.#refuse(bytes, operation)
    const size = sizeFor(bytes)
    const start = this.#take(size, operation)
    const group = bytes < large ? this.#open : new Group(this)
    const { sizes, starts } = group.blocks
    const place = group.next++
    sizes[place] = size
    starts[place] = start
    this.#blocks++
    this.#bytes += blockBytes(size)
    group.live++
    group.bytes += blockBytes(size)
    while (starts[group.next]! > 0) group.next++ // taken, where a group is filled again
    if (group.next >= groupLength || group.bytes >= large) this.#complete(group)
    return new HeapStorage(group, place, dtype, length)
  }

  /** Gives a storage back. Twice is harmless. */
  free(storage: Storage): void {
    const { group, place } = this.#own(storage, 'free')
    if (!this.#giveBack(group.blocks, place)) return
    group.live--
    group.bytes -= blockBytes(group.blocks.sizes[place]!)
    if (group.live === 0 && group.isWatched) this.#forgotten.unregister(group)
  }

  /** Runs `use` with the address of some bytes that nobody else has meanwhile. */
  withScratch<T>(bytes: number, operation: string, use: (address: number) => T): T {
    if (bytes > most) this.#refuse(bytes, operation)
    const size = sizeFor(bytes)
    const start = this.#take(size, operation)
    try {
      return use(start * unit)
    } finally {
      this.#shelve(size, start)
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
    const { group, place } = this.#own(storage, operation)
    const start = group.blocks.starts[place]!
    if (start === 0) {
      throw new BackendError(
        operation,
        'the memory of a tensor was given back with free',
        'Free a tensor, and the views of it, after their last use',
      )
    }
    return start * unit
  }

  /** The elements of a storage, as they lie in memory: valid until the memory grows. */
  elements(storage: HeapStorage): TypedArray {
    const { group, place, dtype, length } = storage
    const start = (group.blocks.starts[place]! * unit) / bytesOf[dtype]
    return this.arrays[dtype].subarray(start, start + length)
  }

  #own(storage: Storage, operation: string): HeapStorage {
    if (storage instanceof HeapStorage && storage.group.heap === this) return storage
    throw new BackendError(
      operation,
      'a tensor lives in another memory than this wasm backend',
      'Make one backend, and read the tensor to move it: tensor(await x.data(), { shape: x.shape, backend })',
    )
  }

  /** A group that is full is watched; one of which half was given back takes more instead. */
  #complete(group: Group): void {
    if (group !== this.#open) {
      this.#young.push(group)
      if (this.#young.length > youngLength) this.#watch(this.#young.shift()!)
    } else if (group.live <= groupLength / 2 && group.bytes < large) {
      group.next = group.blocks.starts.indexOf(0)
    } else {
      this.#open = new Group(this)
      this.#watch(group)
    }
  }

  #watch(group: Group): void {
    if (group.live === 0) return
    group.isWatched = true
    if (group.bytes >= large) group.ballast = new ArrayBuffer(group.bytes / 8)
    this.#forgotten.register(group, group.blocks, group)
  }

  #giveBack({ sizes, starts }: Blocks, place: number): boolean {
    const [size, start] = [sizes[place]!, starts[place]!]
    if (start === 0) return false
    this.#shelve(size, start)
    starts[place] = 0
    this.#blocks--
    this.#bytes -= blockBytes(size)
    return true
  }

  /** Where a block begins that is free from now on for whoever asked. */
  #take(size: number, operation: string): number {
    return this.#shelves[size]?.pop() ?? this.#cut(size, operation) / unit
  }

  #shelve(size: number, start: number): void {
    while (this.#shelves.length <= size) this.#shelves.push([])
    this.#shelves[size]!.push(start)
  }

  #cut(size: number, operation: string): number {
    const address = this.#end
    const end = address + blockBytes(size)
    if (end + margin > this.memory.buffer.byteLength && !this.#grow(end + margin)) {
      return this.#larger(size) ?? this.#refuse(blockBytes(size), operation)
    }
    this.#end = end
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
    for (let larger = size + 1; larger < this.#shelves.length; larger++) {
      const start = this.#shelves[larger]!.pop()
      if (start === undefined) continue
      const address = start * unit
      let [rest, left] = [address + blockBytes(size), blockBytes(larger) - blockBytes(size)]
      while (left > 0) {
        const part = sizeWithin(left)
        this.#shelve(part, rest / unit)
        rest += blockBytes(part)
        left -= blockBytes(part)
      }
      return address
    }
    return undefined
  }

  #refuse(asked: number, operation: string): never {
    const all = this.memory.buffer.byteLength
    throw new BackendError(
      operation,
      `the WebAssembly memory is full: ${asked} bytes were asked for, and ${this.#blocks} tensors hold ${this.#bytes} of ${all}`,
      'Give back what is done with: wrap the turns of a loop in scope(…), let it yield (await), or raise maximumPages',
    )
  }
}

/** The least size of block that holds so many bytes: 16, 32, 48, 64, and from there four sizes to each doubling. */
export function sizeFor(bytes: number): number {
  if (bytes <= 64) return Math.max(0, Math.ceil(bytes / 16) - 1)
  const doubling = 31 - Math.clz32(bytes - 1)
  return 4 * (doubling - 5) + Math.ceil(bytes / (1 << (doubling - 2))) - 5
}

/** The bytes of a block of a size: a multiple of 16. */
export function blockBytes(size: number): number {
  return size < 4 ? 16 * (size + 1) : ((size & 3) + 5) * (1 << ((size >> 2) + 3))
}

/** The largest size within so many bytes, at least 16. */
function sizeWithin(bytes: number): number {
  const size = sizeFor(bytes)
  return blockBytes(size) > bytes ? size - 1 : size
}

function arraysOver({ buffer }: WebAssembly.Memory): ArrayOf {
  return {
    float32: new Float32Array(buffer),
    float64: new Float64Array(buffer),
    int32: new Int32Array(buffer),
    bool: new Uint8Array(buffer),
  }
}
