/** Places in one stretch of memory for each type, taken and given back while a program is planned. */

import type { DType } from '../tensor/dtype.ts'

/** Elements that begin where a vector may: at multiples of 16 bytes. */
const aligned: Readonly<Record<DType, number>> = { float32: 4, float64: 2, int32: 4, bool: 16 }

interface Elements {
  readonly dtype: DType
  readonly length: number
}

interface Gap {
  offset: number
  length: number
}

/** Hands out places; what was given back serves again, the smallest gap that is large enough first. */
export class Arena {
  readonly sizes: Record<DType, number> = { float32: 0, float64: 0, int32: 0, bool: 0 }
  readonly #gaps: Record<DType, Gap[]> = { float32: [], float64: [], int32: [], bool: [] }

  /** Where so many elements may lie. */
  take({ dtype, length }: Elements): number {
    const size = roundedUp(dtype, length)
    const gaps = this.#gaps[dtype]
    let best: number | undefined
    for (const [i, gap] of gaps.entries()) {
      if (gap.length >= size && (best === undefined || gap.length < gaps[best]!.length)) best = i
    }
    if (best === undefined) {
      const offset = this.sizes[dtype]
      this.sizes[dtype] += size
      return offset
    }
    const gap = gaps[best]!
    const { offset } = gap
    gap.offset += size
    gap.length -= size
    if (gap.length === 0) gaps.splice(best, 1)
    return offset
  }

  /** Makes a place free, and one with the gaps beside it. */
  giveBack({ dtype, length }: Elements, offset: number): void {
    const gaps = this.#gaps[dtype]
    const size = roundedUp(dtype, length)
    if (size === 0) return
    let at = gaps.findIndex(gap => gap.offset > offset)
    if (at < 0) at = gaps.length
    gaps.splice(at, 0, { offset, length: size })
    for (const i of [at, at - 1]) {
      const [gap, next] = [gaps[i], gaps[i + 1]]
      if (gap === undefined || next === undefined || gap.offset + gap.length !== next.offset) continue
      gap.length += next.length
      gaps.splice(i + 1, 1)
    }
  }
}

function roundedUp(dtype: DType, length: number): number {
  return Math.ceil(length / aligned[dtype]) * aligned[dtype]
}
