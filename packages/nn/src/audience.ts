/** Those who listen to what moves parameters: optimisers, SAL, Isometry. */

import { assume } from '@sensigrad/core'
import { checkFunction } from './check.ts'

/** Those who are told of each change, in captured steps too: there, while the step is captured. */
export class Audience<Event> {
  readonly #listeners = new Map<number, (event: Event) => void>()
  #joined = 0
  /** Tells who is there: a captured step is captured anew for others. */
  #signature = ''

  /**
   * Tells `listener` each event from now on.
   *
   * @returns the function that ends this
   * @throws ValueError for no function
   */
  add(operation: string, listener: (event: Event) => void): () => void {
    checkFunction(operation, 'the listener', listener, 'Give a function of a record')
    const seat = this.#joined++ // one that listens twice is told twice
    this.#listeners.set(seat, listener)
    this.#sign()
    return () => {
      this.#listeners.delete(seat)
      this.#sign()
    }
  }

  /** Tells all of them. */
  tell(events: () => readonly Event[]): void {
    if (assume(() => this.#signature) === '') return
    for (const event of events()) for (const listener of this.#listeners.values()) listener(event)
  }

  #sign(): void {
    this.#signature = [...this.#listeners.keys()].join()
  }
}
