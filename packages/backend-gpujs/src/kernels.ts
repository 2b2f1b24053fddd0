/**
 * Compiled kernels, and the textures that they give. A kernel is compiled for a text, the length of what it gives and,
 * in some modes, the lengths of what it reads; to compile takes milliseconds, so kernels are kept, up to a bound.
 */

import { checkKernel, type Device, settingsFor } from './device.ts'
import type { GpuKernel, Handle } from './gpu-library.ts'
import { modes } from './modes.ts'
import type { Held } from './pieces.ts'
import { type Steps, settled } from './queue.ts'

/** The text that brings values from the host. No other kernel has it: one that had met a texture would fail with values. */
const uploadSource = 'function(a0) { return a0[this.thread.x]; }'

/** What a kernel is called with: a texture and where in it a view begins. */
export interface Argument {
  readonly texture: Texture
  readonly offset: number
}

/** A compiled kernel. */
interface Compiled {
  readonly run: GpuKernel
  readonly source: string
  readonly length: number
  readonly lengths: string
  /** How many textures that it gave are held. They go with it, so it stays as long as there is one. */
  live: number
  hasRun: boolean
}

/** What a kernel gave: elements that never change. It counts its holders, and is given back with the last. */
export class Texture implements Held {
  readonly length: number
  /** Why there is nothing here: the error of the command that should have made it. */
  readonly fault: unknown
  /** Whether all elements are finite, where that was looked at. */
  isFinite = true
  #holders = 0
  readonly #handle: Handle | undefined
  readonly #gone: ((texture: Texture) => void) | undefined

  constructor(length: number, handle?: Handle, gone?: (texture: Texture) => void, fault?: unknown) {
    this.length = length
    this.fault = fault
    this.#handle = handle
    this.#gone = gone
  }

  /** What gpu.js knows it as. */
  get handle(): Handle {
    if (this.fault !== undefined) throw this.fault
    return this.#handle!
  }

  hold(): void {
    this.#holders++
  }

  letGo(): void {
    this.#holders--
    if (this.#holders === 0) this.#gone?.(this)
  }
}

/** Kernels of one backend. */
export class Kernels {
  compiled = 0
  launched = 0
  readBacks = 0
  readonly textures = new Set<Texture>()
  bytes = 0
  readonly #device: Device
  readonly #most: number
  readonly #bySource = new Map<string, Map<string, Compiled>>()
  /** All of them, the one that ran last at the end. */
  readonly #byUse = new Set<Compiled>()
  readonly #mostPinned: number
  /** How many elements kernels hold: each has what it gave last, even if that was given back. */
  #pinned = 0

  /**
   * @param most        how many compiled kernels are kept, unless more have textures that are held
   * @param mostPinned  how many elements they may hold, with the same exception: a gigabyte of them unless said
   */
  constructor(device: Device, most: number, mostPinned = 2 ** 28) {
    this.#device = device
    this.#most = most
    this.#mostPinned = mostPinned
  }

  /** How many compiled kernels there are. */
  get size(): number {
    return this.#byUse.size
  }

  /** Brings values from the host. */
  *upload(values: Float32Array): Steps<Texture> {
    const { length } = values
    return yield* this.#launch(uploadSource, length, '', [new this.#device.library.Input(values, [length])])
  }

  /** Runs a kernel: its textures and offsets in turn, then the further numbers. */
  *run(source: string, length: number, of: readonly Argument[], numbers: readonly number[]): Steps<Texture> {
    const lengths = modes[this.#device.mode].areLengthsFixed
      ? of.map(({ texture }) => texture.length).join()
      : ''
    const values = [...of.flatMap(({ texture, offset }) => [texture.handle, offset]), ...numbers]
    return yield* this.#launch(source, length, lengths, values)
  }

  /** The elements of a texture, in an array that may be the texture itself. */
  *read({ handle }: Texture): Steps<Float32Array> {
    this.readBacks++
    return handle.toArray === undefined ? (handle as Float32Array) : yield* settled(handle.toArray())
  }

  /** Gives everything back. */
  clear(): void {
    for (const texture of this.textures) texture.handle.delete?.()
    this.textures.clear()
    this.bytes = 0
    for (const { run } of this.#byUse) run.destroy()
    this.#byUse.clear()
    this.#pinned = 0
    this.#bySource.clear()
  }

  *#launch(source: string, length: number, lengths: string, values: readonly unknown[]): Steps<Texture> {
    const compiled = this.#kernelFor(source, length, `${length}:${lengths}`)
    const handle = yield* settled(compiled.run(...values))
    if (!compiled.hasRun) {
      checkKernel(compiled.run, this.#device.library, this.#device.mode)
      compiled.hasRun = true
    }
    this.launched++
    compiled.live++
    this.bytes += length * 4
    const texture = new Texture(length, handle, texture => {
      if (!this.textures.delete(texture)) return
      compiled.live--
      this.bytes -= length * 4
      handle.delete?.()
    })
    this.textures.add(texture)
    return texture
  }

  #kernelFor(source: string, length: number, lengths: string): Compiled {
    let ofSource = this.#bySource.get(source)
    if (ofSource === undefined) {
      ofSource = new Map()
      this.#bySource.set(source, ofSource)
    }
    let found = ofSource.get(lengths)
    if (found === undefined) {
      this.#makeRoom(length)
      const run = this.#device.gpu.createKernel(source, settingsFor(length))
      found = { run, source, length, lengths, live: 0, hasRun: false }
      this.#bySource.set(source, ofSource.set(lengths, found))
      this.compiled++
      this.#pinned += length
    }
    this.#byUse.delete(found)
    this.#byUse.add(found)
    return found
  }

  /** Destroys kernels whose textures are all gone, those first that have not run for the longest time. */
  #makeRoom(length: number): void {
    for (const kernel of this.#byUse) {
      if (this.#byUse.size < this.#most && this.#pinned + length <= this.#mostPinned) return
      if (kernel.live > 0) continue
      const ofSource = this.#bySource.get(kernel.source)!
      ofSource.delete(kernel.lengths)
      if (ofSource.size === 0) this.#bySource.delete(kernel.source)
      this.#byUse.delete(kernel)
      this.#pinned -= kernel.length
      kernel.run.destroy()
    }
  }
}
