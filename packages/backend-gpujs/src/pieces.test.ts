/** Memory in pieces is memory: it reads as an array does, and textures are held exactly as long as a piece needs them. */

import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { type Held, Pieces } from './pieces.ts'

/** A texture that counts its holders: element i is named after the texture and i. */
class Fake implements Held {
  readonly id: number
  holders = 0

  constructor(id: number) {
    this.id = id
  }

  hold() {
    this.holders++
  }

  letGo() {
    this.holders--
  }

  at(i: number): string {
    return `${this.id}:${i}`
  }
}

const size = 24
const stretches = fc
  .record({ start: fc.nat(size - 1), length: fc.integer({ min: 0, max: size }), from: fc.nat(3) })
  .map(({ start, length, from }) => ({ start, end: Math.min(size, start + length), from }))

/** The same writes, into pieces and into an array. */
function written(writes: readonly { start: number; end: number; from: number }[]) {
  const pieces = new Pieces<Fake>()
  const model = new Array<string | undefined>(size).fill(undefined)
  const textures = writes.map(({ start, end, from }, id) => {
    const texture = new Fake(id)
    pieces.put(start, end, texture, from)
    for (let i = start; i < end; i++) model[i] = texture.at(i - start + from)
    return texture
  })
  return { pieces, model, textures }
}

describe('pieces of a memory', () => {
  test.prop([fc.array(stretches, { maxLength: 12 }), stretches])(
    'hold in any stretch what was written there last',
    (writes, { start, end }) => {
      const { pieces, model } = written(writes)
      const found = pieces
        .within(start, end)
        .flatMap(part =>
          Array.from({ length: part.end - part.start }, (_, i) => part.texture?.at(part.from + i)),
        )
      expect(found).toEqual(model.slice(start, Math.max(start, end)))
    },
  )

  test.prop([fc.array(stretches, { maxLength: 12 }), stretches])(
    'give a stretch as one where a single piece holds it',
    (writes, { start, end }) => {
      fc.pre(end > start)
      const { pieces, model } = written(writes)
      const piece = pieces.holding(start, end)
      const parts = pieces.within(start, end)
      expect(piece === undefined).toBe(parts.length > 1 || parts[0]!.texture === undefined)
      for (let i = start; piece !== undefined && i < end; i++) {
        expect(piece.texture.at(piece.from + i - piece.start)).toBe(model[i])
      }
    },
  )

  test.prop([fc.array(stretches, { maxLength: 12 })])(
    'hold a texture once for each piece that is cut from it, and none after clear',
    writes => {
      const { pieces, textures } = written(writes)
      const parts = pieces.within(0, size)
      for (const texture of textures) {
        expect(texture.holders).toBe(parts.filter(part => part.texture === texture).length)
      }
      pieces.clear()
      expect(textures.map(({ holders }) => holders)).toEqual(textures.map(() => 0))
    },
  )
})
