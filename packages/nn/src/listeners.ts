/** Who listens to what a module does: SAL, probes, whoever wants to know. */

import { assume, isCapturing, isRepeating } from '@sensigrad/core'

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

const names = new WeakMap<object, number>()
let named = 0

/** What tells a listener from all others. */
function nameOf(listener: object): number {
  const name = names.get(listener) ?? named++
  names.set(listener, name)
  return name
}

/** Those who listen to one kind of event of one module. */
export class Listeners<Event> {
  readonly #listeners = new Set<(event: Event) => void>()
  /** Who came from outside of captured steps: such a step is captured again where others listen. */
  readonly #outside = new Set<number>()
  #signature = ''

  /** Whether anybody would be told. */
  get areThere(): boolean {
    if (isUnheard || isRepeating()) return false
    return assume(() => this.#signature) !== '' || this.#listeners.size > 0
  }

  /** Tells `listener` each event from now on. Returns the function that ends this. */
  add(listener: (event: Event) => void): () => void {
    const isOutside = !isCapturing()
    this.#listeners.add(listener)
    if (isOutside) this.#sign(this.#outside.add(nameOf(listener)))
    return () => {
      this.#listeners.delete(listener)
      if (this.#outside.delete(nameOf(listener))) this.#sign(this.#outside)
    }
  }

  tell(event: Event): void {
    if (!this.areThere) return
    for (const listener of this.#listeners) listener(event)
  }

  #sign(outside: ReadonlySet<number>): void {
    this.#signature = [...outside].join()
  }
}
