/**
 * Memory made of textures that never change: which stretch of it stands in which texture. A kernel that writes into the
 * midst of a memory gives a new texture, which becomes a piece; what it covers of older pieces is forgotten, and
 * nothing is copied. A texture is given back with its last piece.
 */

/** What a piece is cut from: something that counts who holds it. */
export interface Held {
  hold(): void
  letGo(): void
}

/** Elements `start` to `end` (not included) of a memory, which are those of a texture from `from` on. */
export interface Piece<Texture extends Held> {
  readonly start: number
  readonly end: number
  readonly texture: Texture
  readonly from: number
}

/** The pieces of a memory, in order, without overlaps. Where there is none, nothing was written yet. */
export class Pieces<Texture extends Held> {
  readonly #list: Piece<Texture>[] = []

  /** The texture's elements stand at `start` to `end` from now on. */
  put(start: number, end: number, texture: Texture, from = 0): void {
    if (end <= start) return
    const pieces = this.#list
    const first = this.#firstAfter(start)
    let last = first
    const around: Piece<Texture>[] = [{ start, end, texture, from }]
    texture.hold()
    for (; last < pieces.length && pieces[last]!.start < end; last++) {
      const old = pieces[last]!
      if (old.start < start) {
        old.texture.hold()
        around.unshift({ ...old, end: start })
      }
      if (old.end > end) {
        old.texture.hold()
        around.push({ ...old, start: end, from: old.from + end - old.start })
      }
    }
    for (const covered of pieces.splice(first, last - first, ...around)) covered.texture.letGo()
  }

  /** The piece that holds the whole of a stretch, if one does. */
  holding(start: number, end: number): Piece<Texture> | undefined {
    const piece = this.#list[this.#firstAfter(start)]
    return piece !== undefined && piece.start <= start && piece.end >= end ? piece : undefined
  }

  /** What stands in a stretch, in order: parts of pieces, and `undefined` textures where nothing was written. */
  within(start: number, end: number): (Omit<Piece<Texture>, 'texture'> & { readonly texture?: Texture })[] {
    const parts: ReturnType<Pieces<Texture>['within']> = []
    let at = start
    for (let i = this.#firstAfter(start); i < this.#list.length && this.#list[i]!.start < end; i++) {
      const piece = this.#list[i]!
      if (piece.start > at) parts.push({ start: at, end: piece.start, from: 0 })
      const from = Math.max(piece.start, start)
      at = Math.min(piece.end, end)
      parts.push({ start: from, end: at, texture: piece.texture, from: piece.from + from - piece.start })
    }
    if (at < end) parts.push({ start: at, end, from: 0 })
    return parts
  }

  /** Forgets all pieces. */
  clear(): void {
    for (const { texture } of this.#list.splice(0)) texture.letGo()
  }

  /** The place in the list of the first piece that ends after `start`. */
  #firstAfter(start: number): number {
    let [low, high] = [0, this.#list.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#list[middle]!.end <= start) low = middle + 1
      else high = middle
    }
    return low
  }
}
