/** The difference of two tapes as a table. */

import { checkGiven, checkLook } from '../checks.ts'
import { counted, cutMiddle, type Look, padded, plural, printable, scientific, settled } from '../text.ts'
import type { DiffRow, Fate, Move, TapeDiff } from './diff.ts'
import { plainSigns } from './signs.ts'

/** How a difference is written. */
export interface DiffLook extends Look {
  /** How many rows there are at most, those of equal entries not among them. 30 unless said. */
  readonly rows?: number
}

const signs: Readonly<Record<Fate, string>> = {
  added: '+',
  removed: '-',
  reshaped: '≠',
  moved: '~',
  unknown: '?',
  equal: '=',
}

/**
 * A difference as text.
 *
 * @param difference  of `diff`
 * @param look        how wide, and how many rows
 * @returns lines, joined
 * @throws  ValueError for what is no difference, and for a look that there is not
 * @example console.log(formatDiff(diff(before, after), { rows: 100 }))
 */
export function formatDiff(difference: TapeDiff, look: DiffLook = {}): string {
  checkGiven('formatDiff', 'difference', difference, ['titles', 'counts', 'rows'], 'diff(before, after)')
  checkLook('formatDiff', look, ['rows'])
  const { titles, counts, rows } = difference
  const { columns, ascii, paint } = settled(look)
  const changed = rows.filter(({ fate }) => fate !== 'equal')
  const chosen = changed.slice(0, look.rows ?? 30)
  const names = chosen.map(nameOf)
  const width = Math.min(Math.max(...names.map(name => name.length), 10), Math.max(columns - 56, 20))
  const summary = Object.entries(counts).flatMap(([fate, count]) =>
    count > 0 ? [`${counted(count)} ${fate}`] : [],
  )
  const heading = `  ${padded('entry', width)}  ${padded('value', 10, 'right')}  ${padded('gradient', 10, 'right')}  kind, scope`
  const lines = chosen.map((row, i) => {
    const { fate, kinds, scope, value, gradient } = row
    const cells = [value, gradient].map(move => padded(moved(move), 10, 'right')).join('  ')
    const rest = cutMiddle(`${kinds.join(' → ')} ${printable(scope)}`, 28)
    const line = `${signs[fate]} ${padded(cutMiddle(names[i]!, width), width)}  ${cells}  ${rest}`.trimEnd()
    return paint(line, fate === 'moved' ? 'warning' : 'bad')
  })
  const left = changed.length - chosen.length
  const body = [
    paint(
      `${titleOf(titles[0], 'first')} → ${titleOf(titles[1], 'second')}: ${summary.join(', ')}`,
      'heading',
    ),
    ...(chosen.length > 0 ? [paint(heading, 'faint'), ...lines] : []),
    ...(left > 0 ? [`  … ${plural(left, 'entry', 'entries')} more`] : []),
  ]
  return (ascii ? plain : (text: string) => text)(body.join('\n'))
}

const titleOf = (title: string, otherwise: string) => printable(title === '' ? otherwise : title)

function nameOf({ first, second, text }: DiffRow): string {
  const ids = [first, second].filter(id => id !== undefined)
  const id = ids.length === 2 && ids[0] === ids[1] ? [ids[0]] : ids
  return `${id.map(each => `%${each}`).join('→')} ${printable(text)}`
}

/** A move: a lower bound where elements were not kept. */
function moved(move: Move | undefined): string {
  if (move === undefined) return ''
  return `${move.isExact ? '' : '≥ '}${scientific(move.share)}`
}

const plain = (text: string) => plainSigns(text).replaceAll('≥', '>=').replaceAll('≠', '!')
