/** Values as they come: at once where a backend can be read at once, else later, but always in order. */

import { isSynchronous, peek, type Tensor, type TypedArray } from '@sensigrad/core'
import type { Provenance } from '../record/record.ts'

/** Reads what is looked at, and hands it on in the order of the looks. */
export class Delivery {
  #waiting = 0
  #last: Promise<void> = Promise.resolve()
  #failure: { readonly error: unknown } | undefined

  /**
   * Looks at tensors.
   *
   * @param read     computes them
   * @param use      is given them at once
   * @param receive  is given their elements, when it is their turn, and behind them those of `left`, if they differ
   * @param left     gives what a captured step has left behind, where the replay beside it came to other numbers. It is
   *                 not asked for needlessly, since each value that is taken of a variable is memory
   */
  look(
    read: () => readonly Tensor[],
    use: (tensors: readonly Tensor[]) => void,
    receive: (elements: readonly TypedArray[], from: Provenance) => void,
    left: () => readonly Tensor[],
  ): void {
    peek(
      () => [...read()],
      (tensors: readonly Tensor[], { from }) => {
        const all = from === 'replayed-differs' ? [...tensors, ...left()] : tensors
        if (all.every(({ backend }) => isSynchronous(backend))) {
          const elements = all.map(x => (isSynchronous(x.backend) ? x.backend.readSync(x) : noElements))
          use(tensors)
          this.inTurn(() => receive(elements, from))
          return
        }
        const reading = Promise.all(all.map(x => x.data()))
        use(tensors)
        this.#enqueue(async () => receive(await reading, from))
      },
    )
  }

  /** Does something when everything that was looked at before has been handed on. */
  inTurn(body: () => void): void {
    if (this.#waiting === 0) body()
    else this.#enqueue(async () => body())
  }

  /**
   * Waits until everything has been handed on.
   *
   * @throws what went wrong first on the way
   */
  async settled(): Promise<void> {
    await this.#last
    const failure = this.#failure
    this.#failure = undefined
    if (failure !== undefined) throw failure.error
  }

  #enqueue(body: () => Promise<void>): void {
    this.#waiting++
    this.#last = this.#last
      .then(body)
      .catch(error => {
        this.#failure ??= { error }
      })
      .finally(() => this.#waiting--)
  }
}

const noElements = new Float64Array(0)
