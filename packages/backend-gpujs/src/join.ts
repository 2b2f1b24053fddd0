/** The kernel that lays parts of several textures side by side, in groups where they are more than it can read. */

import { mostReads } from './source/concat.ts'

/** A part of what is joined: so many elements, of a texture, or zeros where there is none. */
export interface JoinPart {
  readonly length: number
  readonly isWritten: boolean
}

/** The text of a kernel of `a0, o0, a1, o1, …`, a texture for each part that is written, which gives the parts in turn. */
export function joinSource(parts: readonly JoinPart[]): string {
  const names: string[] = []
  const cases: string[] = []
  let end = 0
  for (const { length, isWritten } of parts) {
    const start = end
    end += length
    if (!isWritten) continue
    const i = names.length / 2
    names.push(`a${i}`, `o${i}`)
    cases.push(`if (x >= ${start} && x < ${end}) { value = a${i}[o${i} + x - ${start}]; }`)
  }
  return `function(${names.join(', ')}) { let value = 0.0; const x = this.thread.x; ${cases.join(' ')} return value; }`
}

/** Parts in groups, none of which reads more textures than a kernel can; the groups are joined in turn. */
export function grouped<Part extends JoinPart>(parts: readonly Part[]): Part[][] {
  const groups: Part[][] = [[]]
  let reads = 0
  for (const part of parts) {
    if (part.isWritten && reads === mostReads) {
      groups.push([])
      reads = 0
    }
    if (part.isWritten) reads++
    groups.at(-1)!.push(part)
  }
  return groups
}
