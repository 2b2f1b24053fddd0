/** Streams of keys: one that was not given before for each draw, in an order that can be written down and gone on with. */

import { describeValue, foldIn, type Key, type State, type Stateful, ValueError } from '@sensigrad/core'

/**
 * Keys that never repeat, derived from one: the n-th is `foldIn(key, n)`. In a captured step, draw inside of `fresh`.
 * A module that has one among its fields counts it to its state.
 *
 * @throws ValueError for what is no key
 * @example const noise = fresh(() => normal(keys.next(), [8, 100]))
 */
export class KeyStream implements Stateful {
  #key: Key
  #count = 0

  constructor(key: Key) {
    checkKey('KeyStream', key)
    this.#key = key
  }

  /** A key that this stream has not given before. */
  next(): Key {
    return foldIn(this.#key, this.#count++)
  }

  /** The two words of the key, and how many keys were derived from it. */
  state(): State {
    const [high, low] = this.#key
    return { high, low, count: this.#count }
  }

  /**
   * Goes on from a state, whatever key the stream began with.
   *
   * @throws ValueError for what is no state of a stream; then nothing has changed
   */
  restore(state: State): void {
    const { high, low, count } = state ?? {}
    const key = [high, low] as unknown as Key
    checkKey('KeyStream.restore', key)
    if (!Number.isSafeInteger(count) || Number(count) < 0) {
      throw new ValueError(
        'KeyStream.restore',
        `the count of keys is ${describeValue(count)}`,
        'Give what state() of a stream gave',
      )
    }
    this.#key = key
    this.#count = Number(count)
  }
}

/** @throws ValueError for what is no key */
function checkKey(operation: string, key: unknown): void {
  const isWord = (word: unknown) => Number.isInteger(word) && Number(word) >= 0 && Number(word) < 2 ** 32
  if (Array.isArray(key) && key.length === 2 && key.every(isWord)) return
  const given = key === undefined ? 'there is no key' : `${describeValue(key)} is no key`
  throw new ValueError(operation, given, 'Make one with key(seed)')
}
