/** Runs jobs: finds the textures in which the views of a job stand, joins those that stand in several, and calls kernels. */

import { type NonFiniteError, sizeOf, type View } from '@sensigrad/core'
import { grouped, joinSource } from './join.ts'
import type { Argument, Kernels, Texture } from './kernels.ts'
import { type Memory, reachOf } from './memory.ts'
import type { Steps } from './queue.ts'
import { isJob, type Job } from './source/job.ts'

/** Looks at what a kernel gave, and says what is wrong with it. */
export type Inspector = (values: Float32Array) => NonFiniteError | undefined

/** Elements of a memory that stand in one texture, or in none. */
interface Part {
  readonly length: number
  readonly isWritten: boolean
  readonly texture: Texture | undefined
  readonly from: number
}

/** Runs jobs on the kernels of a backend. */
export class Runner {
  readonly #kernels: Kernels
  /** Stands where a view without elements is read. */
  #nothing: Texture | undefined

  constructor(kernels: Kernels) {
    this.#kernels = kernels
  }

  /**
   * What a job gives. The caller holds it.
   *
   * @param step     how often views that advance have advanced
   * @param inspect  if given, reads each result whose inputs were finite, and throws what it says of it
   */
  *run(job: Job, step: number, inspect: Inspector | undefined): Steps<Texture> {
    const done = new Map<Job, Texture>()
    try {
      return yield* this.#make(job, step, inspect, done)
    } finally {
      for (const texture of done.values()) texture.letGo()
    }
  }

  /** Where a view stands: in one texture, which is made if there was none. */
  *locate({ storage, shape, strides, offset, advance = 0 }: View, step: number): Steps<Argument> {
    const { first, end } = reachOf(shape, strides)
    if (end === first) return { texture: yield* this.#emptiness(), offset: 0 }
    const { pieces } = storage as Memory
    const at = offset + step * advance
    const piece = pieces.holding(at + first, at + end)
    if (piece !== undefined) return { texture: piece.texture, offset: at - piece.start + piece.from }
    const parts = pieces.within(at + first, at + end).map(({ start, end, texture, from }) => ({
      length: end - start,
      isWritten: texture !== undefined,
      texture,
      from,
    }))
    const texture = yield* this.#joined(parts)
    pieces.put(at + first, at + end, texture)
    return { texture, offset: -first }
  }

  /** The elements of a view, if its texture is not much larger; otherwise undefined, and it is better copied before. */
  *readWhole(view: View): Steps<{ values: Float32Array; offset: number } | undefined> {
    const { texture, offset } = yield* this.locate(view, 0)
    if (texture.length > Math.max(smallRead, 2 * sizeOf(view.shape))) return undefined
    return { values: yield* this.#kernels.read(texture), offset }
  }

  *#make(job: Job, step: number, inspect: Inspector | undefined, done: Map<Job, Texture>): Steps<Texture> {
    const of: Argument[] = []
    try {
      for (const read of job.reads) {
        const argument = isJob(read)
          ? { texture: yield* this.#once(read, step, inspect, done), offset: 0 }
          : yield* this.locate(read, step)
        argument.texture.hold() // or the join of another view might let go of it
        of.push(argument)
      }
      const texture = yield* this.#kernels.run(job.source, job.length, of, job.numbers)
      if (inspect !== undefined) yield* this.#look(texture, of, inspect)
      return texture
    } finally {
      for (const { texture } of of) texture.letGo()
    }
  }

  *#once(job: Job, step: number, inspect: Inspector | undefined, done: Map<Job, Texture>): Steps<Texture> {
    const before = done.get(job)
    if (before !== undefined) return before
    const texture = yield* this.#make(job, step, inspect, done)
    texture.hold()
    done.set(job, texture)
    return texture
  }

  *#look(texture: Texture, of: readonly Argument[], inspect: Inspector): Steps<void> {
    const problem = inspect(yield* this.#kernels.read(texture))
    texture.isFinite = problem === undefined
    if (problem === undefined || !of.every(({ texture }) => texture.isFinite)) return
    texture.hold()
    texture.letGo() // nobody gets it
    throw problem
  }

  /** Parts side by side in one texture, by a tree of kernels where there are many. */
  *#joined(parts: readonly Part[]): Steps<Texture> {
    const groups = grouped(parts)
    if (groups.length === 1) {
      const of = parts.flatMap(({ texture, from }) => (texture ? [{ texture, offset: from }] : []))
      const length = parts.reduce((sum, part) => sum + part.length, 0)
      const texture = yield* this.#kernels.run(joinSource(parts), length, of, [])
      texture.isFinite = of.every(({ texture }) => texture.isFinite)
      return texture
    }
    const joined: Part[] = []
    try {
      for (const group of groups) {
        const texture = yield* this.#joined(group)
        texture.hold()
        joined.push({ length: texture.length, isWritten: true, texture, from: 0 })
      }
      return yield* this.#joined(joined)
    } finally {
      for (const { texture } of joined) texture!.letGo()
    }
  }

  *#emptiness(): Steps<Texture> {
    if (this.#nothing === undefined) {
      this.#nothing = yield* this.#kernels.run('function() { return 0; }', 1, [], [])
      this.#nothing.hold()
    }
    return this.#nothing
  }
}

/** Textures of so many elements are read whole: less costs as much. */
const smallRead = 4096
