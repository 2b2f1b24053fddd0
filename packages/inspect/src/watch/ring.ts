/** The last so many of what came, and how many there were before. */

/** Keeps the last items that were pushed. */
export class Ring<Item> {
  readonly #room: number
  readonly #items: Item[] = []
  #pushed = 0

  /** @param room  how many it keeps */
  constructor(room: number) {
    this.#room = room
  }

  /** How many came so far, kept or not. */
  get pushed(): number {
    return this.#pushed
  }

  /** How many are no longer kept: the oldest. */
  get dropped(): number {
    return this.#pushed - this.#items.length
  }

  /** The newest. */
  get last(): Item | undefined {
    return this.#items[(this.#pushed - 1) % this.#room]
  }

  push(item: Item): void {
    this.#items[this.#pushed % this.#room] = item
    this.#pushed++
  }

  /** Those that are kept, oldest first. */
  items(): Item[] {
    const start = this.dropped % this.#room
    return [...this.#items.slice(start), ...this.#items.slice(0, start)]
  }
}
