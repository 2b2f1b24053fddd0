/** A report on numbers that are not finite, as text. */

import { formatShape } from '@sensigrad/core'
import { checkGiven, checkLook } from '../checks.ts'
import { cutMiddle, type Look, plural, printable, scientific, settled } from '../text.ts'
import type { Cause } from './causes.ts'
import type { NanOrigin, NanReport } from './nan.ts'
import { fourDigits } from './numbers.ts'
import { plainSigns } from './signs.ts'
import type { Vanished } from './vanished.ts'

const words: Readonly<Record<Cause, string>> = {
  given: 'it was given',
  overflow: 'overflow',
  pole: 'a pole',
  'zero-by-zero': '0/0',
  'zero-times-infinity': '0·∞',
  'infinity-minus-infinity': '∞ - ∞',
  'outside-domain': 'outside of the domain',
}

/** How many entries of a way are shown at each end, and how many that vanished. */
const shown = 6

/**
 * A report as text.
 *
 * @param report  of `nanReport`
 * @returns lines, joined
 * @throws  ValueError for what is no report, and for a look that there is not
 * @example console.log(formatNanReport(await nanReport(tape)))
 */
export function formatNanReport(report: NanReport, look: Look = {}): string {
  checkGiven('formatNanReport', 'report', report, ['vanished'], 'nanReport(tape)')
  checkLook('formatNanReport', look)
  const { origin, vanished } = report
  const { columns, ascii, paint } = settled(look)
  const lines =
    origin === undefined ? ['all numbers are finite, and so are their gradients'] : originLines(origin)
  const [heading, ...rest] = [...lines, ...vanishedLines(vanished)].map(line => cutMiddle(line, columns))
  const body = [paint(heading!, origin === undefined ? 'good' : 'bad'), ...rest].join('\n')
  return (ascii ? plainSigns : (text: string) => text)(body)
}

function originLines({
  direction,
  id,
  text,
  scope,
  source,
  at,
  value,
  cause,
  steps,
  path,
  carriers,
  reached,
}: NanOrigin): string[] {
  const what = direction === 'forward' ? 'value' : 'gradient sent back by'
  const where = [scope, source ?? ''].filter(each => each !== '').map(printable)
  const ids = (list: readonly number[]) => list.map(each => `%${each}`)
  const way =
    path.length <= 2 * shown ? ids(path) : [...ids(path.slice(0, shown)), '…', ...ids(path.slice(-shown))]
  return [
    `first number that is not finite: ${what} %${id} = ${printable(text)}${where.length > 0 ? `  ${where.join('  ')}` : ''}`,
    `  ${fourDigits(value)} at ${formatShape(at)}: ${words[cause]}`,
    ...steps.map((step, i) => `  ${i === 0 ? 'because' : 'then   '}  ${step}`),
    `  path     ${way.join(' → ')}, ${plural(carriers, 'entry carries', 'entries carry')} it`,
    ...(reached.length > 0 ? [`  reached  the gradient of ${ids(reached).join(', ')}`] : []),
  ]
}

function vanishedLines(vanished: readonly Vanished[]): string[] {
  if (vanished.length === 0) return []
  return [
    `${plural(vanished.length, 'gradient')} became exactly 0:`,
    ...vanished.slice(0, shown).map(({ id, text, scope, cause, step, arrived }) => {
      const where = scope === '' ? '' : ` in ${printable(scope)}`
      return `  %${id} = ${printable(text)}${where}: ${cause}, ${step} (up to ${scientific(arrived)} arrived)`
    }),
    ...(vanished.length > shown ? [`  … and ${plural(vanished.length - shown, 'more', 'more')}`] : []),
  ]
}
