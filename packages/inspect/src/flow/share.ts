/** Where numbers stand on the scale of a map. */

import type { Scale } from './grid.ts'

/** Where a number stands on its scale: from 0 to 1 on a range, from -1 to 1 around a middle. */
export function shareOf(value: number, scale: Scale): number {
  if (scale.kind === 'range') {
    return Math.min(Math.max((value - scale.from) / (scale.to - scale.from), 0), 1)
  }
  return Math.min(Math.max((value - scale.middle) / scale.reach, -1), 1)
}

/** The numbers at the ends of a scale. */
export function endsOf(scale: Scale): [low: number, high: number] {
  if (scale.kind === 'range') return [scale.from, scale.to]
  return [scale.middle - scale.reach, scale.middle + scale.reach]
}
