/** Who listens to what a module does: SAL, probes, whoever wants to know. */

import { isRepeating } from '@sensigrad/core'

let isUnheard = false

/** Runs `body`, in which nobody is told anything: for passes that are only computed again. */
export function unheard<Result>(body: () => Result): Result {
  const outer = isUnheard
  isUnheard = true
  try {
    return body()
  } finally {
    isUnheard = outer
  }
}

/** Those who listen to one kind of event of one module. */
export class Listeners<Event> {
  readonly #listeners = new Set<(event: Event) => void>()

  /** Whether anybody would be told. */
  get areThere(): boolean {
    return this.#listeners.size > 0 && !isUnheard && !isRepeating()
  }

  /** Tells `listener` each event from now on. Returns the function that ends this. */
  add(listener: (event: Event) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  tell(event: Event): void {
    if (!this.areThere) return
    for (const listener of this.#listeners) listener(event)
  }
}
