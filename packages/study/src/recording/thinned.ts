/** Moments of a run of unknown length, in bounded memory: all at first, and the longer it lasts the farther apart. */

/** Keeps at most so many items, evenly spaced over the steps. */
export class Thinned<Item> {
  readonly #most: number
  #every = 1
  #items: { readonly step: number; readonly item: Item }[] = []

  /** @param most  how many it keeps, and one more for the last */
  constructor(most: number) {
    this.#most = most
  }

  /** How many steps lie between two of them. */
  get every(): number {
    return this.#every
  }

  /** What is kept, in the order of the steps. */
  get items(): readonly { readonly step: number; readonly item: Item }[] {
    return this.#items
  }

  /** Whether the item of a step would be kept. Steps may be below 0. */
  isDue(step: number): boolean {
    return step % this.#every === 0
  }

  /** Adds an item that is due; where there are too many by now, every other one goes. */
  add(step: number, item: Item): void {
    this.#items.push({ step, item })
    while (this.#items.length > this.#most) {
      this.#every *= 2
      this.#items = this.#items.filter(({ step }) => this.isDue(step))
    }
  }

  /** Adds the item of the last step, which stays wherever it falls. */
  end(step: number, item: Item): void {
    if (this.#items.at(-1)?.step !== step) this.#items.push({ step, item })
  }
}
