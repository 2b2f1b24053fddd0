/** Two backends along a tape, as a table: a row for each entry that is off or worth a look, and the first in full. */

import { formatShape } from '@sensigrad/core'
import { checkGiven, checkLook } from '../checks.ts'
import { cutMiddle, type Look, padded, plural, printable, scientific, settled } from '../text.ts'
import type { BackendComparison, Comparison } from './compare.ts'
import { plainSigns } from './signs.ts'

/** How a comparison is written. */
export interface ComparisonLook extends Look {
  /** How many rows there are at most: the first that is off and the furthest. 30 unless said. */
  readonly rows?: number
}

/**
 * A comparison as text.
 *
 * @param comparison  of `compareBackends`
 * @param look        how wide, and how many rows
 * @returns lines, joined
 * @throws  ValueError for what is no comparison, and for a look that there is not
 * @example console.log(formatComparison(comparison, { rows: 100 }))
 */
export function formatComparison(comparison: BackendComparison, look: ComparisonLook = {}): string {
  checkGiven(
    'formatComparison',
    'comparison',
    comparison,
    ['first', 'second', 'rows'],
    'compareBackends(tape, cpu(), other)',
  )
  checkLook('formatComparison', look, ['rows'])
  const { first, second, rows, parting } = comparison
  const { columns, ascii, paint } = settled(look)
  const chosen = chosenOf(rows, parting, look.rows ?? 30)
  const names = chosen.map(({ id, text }) => `%${id} = ${printable(text)}`)
  const width = Math.min(Math.max(...names.map(name => name.length), 10), Math.max(columns - 46, 20))
  const heading = `  ${padded('entry', width)}  ${padded('local', 9, 'right')}  ${padded('so far', 9, 'right')}  scope`
  const lines = chosen.map((row, i) => {
    const isBad = row.isOver || row.missing !== undefined
    const numbers = row.missing === undefined ? [row.local!.relative, row.accumulated!.relative] : []
    const cells = numbers.length === 0 ? ['missing', ''] : numbers.map(scientific)
    const sign = isBad ? '✗' : ' '
    const line = `${sign} ${padded(cutMiddle(names[i]!, width), width)}  ${cells.map(cell => padded(cell, 9, 'right')).join('  ')}  ${cutMiddle(printable(row.scope), 20)}`
    return isBad ? paint(line.trimEnd(), 'bad') : line.trimEnd()
  })
  const left = rows.length - chosen.length
  const body = [
    paint(`${second} beside ${first}: ${plural(rows.length, 'entry', 'entries')}`, 'heading'),
    paint(heading, 'faint'),
    ...lines,
    ...(left > 0 ? [`  … ${plural(left, 'entry', 'entries')} with smaller differences`] : []),
    ...verdict(parting, second, first, rows),
  ]
  return (ascii ? plainSigns : (text: string) => text)(body.join('\n'))
}

/** The first that is off, and of the others those that are furthest by themselves, in the order of the tape. */
function chosenOf(
  rows: readonly Comparison[],
  parting: Comparison | undefined,
  count: number,
): readonly Comparison[] {
  const weight = (row: Comparison) => {
    if (row === parting) return Number.POSITIVE_INFINITY
    return row.missing === undefined ? row.local!.relative : Number.MAX_VALUE
  }
  const heaviest = new Set([...rows].sort((a, b) => weight(b) - weight(a)).slice(0, count))
  return rows.filter(row => heaviest.has(row))
}

function verdict(
  parting: Comparison | undefined,
  second: string,
  first: string,
  rows: readonly Comparison[],
): string[] {
  if (parting === undefined) {
    const worst = rows.reduce((most, { local }) => Math.max(most, local?.relative ?? 0), 0)
    return [`no entry is off: by itself each is within ${scientific(worst)}`]
  }
  const { id, text, scope, outputs, local, missing } = parting
  const where = scope === '' ? '' : ` in ${printable(scope)}`
  const entry = `%${id} = ${printable(text)}${where}, ${outputs.join(', ')}`
  if (missing !== undefined) return [`${second} cannot compute ${entry}: ${printable(missing)}`]
  const { relative, ulps, at } = local!
  const size = `${scientific(relative)} of its largest element, ${ulps < 1e6 ? Math.round(ulps) : scientific(ulps)} ulps`
  return [
    `they part at ${entry}`,
    `  given the same inputs ${second} differs from ${first} by ${size}, at ${formatShape(at)}`,
  ]
}
