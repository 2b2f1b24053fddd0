/** Reading the tensors that one is told of: at once where that needs no waiting, else in the order in which they came. */

import { isSynchronous, type Tensor, type TypedArray } from '@sensigrad/core'

/** What becomes of elements that were read. */
type Take = (elements: readonly TypedArray[]) => void

/** Reads what passes by and is soon gone. Only where a backend cannot be read without waiting is anything left to await. */
export class Reading {
  #reads: Promise<void> | undefined

  /** Whether something is still to be read. */
  get isWaiting(): boolean {
    return this.#reads !== undefined
  }

  /** Begins to read tensors, which may be released when this returns, and hands their elements on, row-major. */
  read(tensors: readonly Tensor[], take: Take): void {
    const now = this.#reads === undefined ? readAtOnce(tensors) : undefined
    if (now !== undefined) {
      take(now)
      return
    }
    const elements = Promise.all(tensors.map(tensor => tensor.data()))
    const reads = Promise.all([elements, this.#reads]).then(([elements]) => take(elements))
    reads.catch(() => {}) // `flush` tells of it
    this.#reads = reads
  }

  /** Waits for all that was begun. */
  async flush(): Promise<void> {
    while (this.#reads !== undefined) {
      const reads = this.#reads
      try {
        await reads
      } finally {
        if (this.#reads === reads) this.#reads = undefined
      }
    }
  }
}

/** The elements of tensors; `undefined` where one of them cannot be read without waiting. */
function readAtOnce(tensors: readonly Tensor[]): TypedArray[] | undefined {
  const elements: TypedArray[] = []
  for (const tensor of tensors) {
    const { backend } = tensor
    if (!isSynchronous(backend)) return undefined
    elements.push(backend.readSync(tensor))
  }
  return elements
}
