/** An explanation as text: a heading, then a line for each thing that is known. */

import { formatShape } from '@sensigrad/core'
import { checkGiven, checkLook } from '../checks.ts'
import { cutMiddle, type Look, plural, printable, scientific, settled } from '../text.ts'
import type { Arrival, Explanation, Sent } from './explain.ts'
import { formatCheck } from './format-check.ts'
import { fourDigits, type RuleNumbers } from './numbers.ts'
import type { Term } from './products.ts'
import type { Shown } from './shown.ts'
import { plainSigns } from './signs.ts'

/**
 * An explanation as text.
 *
 * @param explanation  of `explain`
 * @param look         how wide, whether in ASCII only, and how verdicts are coloured; each has a sign of its own, too
 * @returns lines, joined
 * @throws  ValueError for what is no explanation, and for a look that there is not
 * @example console.log(formatExplanation(explanation))
 */
export function formatExplanation(explanation: Explanation, look: Look = {}): string {
  checkGiven('formatExplanation', 'explanation', explanation, ['arrivals', 'sends'], 'those of explain(tape)')
  checkLook('formatExplanation', look)
  const { columns, ascii, paint } = settled(look)
  const { id, text, outputs, scope, source, formula, arrivals, sends, check } = explanation
  const heading = [
    `%${id} = ${cutMiddle(printable(text), 48)}`,
    outputs.map(({ dtype, shape }) => `${dtype}${formatShape(shape)}`).join(', '),
    ...(scope === '' ? [] : [cutMiddle(printable(scope), 32)]),
    ...(source === undefined ? [] : [cutMiddle(printable(source), 40)]),
  ].join('  ')
  const lines: [label: string, text: string][] = [
    ...outputs.map((output, j): [string, string] => [
      'value',
      j === 0 ? `${printable(formula)}  ${shown(output)}` : shown(output),
    ]),
    ...arrivals.map((arrival): [string, string] => ['arrives', arrived(arrival, arrivals.length > 1)]),
    ...sends.flatMap(sent),
    ...(check ? formatCheck(check, explanation, paint) : []),
  ]
  const signs = ascii ? plainSigns : (line: string) => line
  const body = lines.map(
    ([label, line]) => `    ${label.padEnd(8)} ${cutMiddle(line, Math.max(columns - 13, 40))}`,
  )
  return signs([paint(heading, 'heading'), ...body].join('\n'))
}

/** A tensor: all of a small one. */
function shown({ shape, elements, largest, at, rms }: Shown): string {
  if (elements === undefined)
    return `rms ${scientific(rms)}, largest ${scientific(largest)} at ${formatShape(at)}`
  return shape.length === 0 ? fourDigits(elements[0]!) : `[${elements.map(fourDigits).join(', ')}]`
}

function arrived({ name, total, parts, gap }: Arrival, isOneOfMany: boolean): string {
  const which = isOneOfMany ? `at ${name}: ` : ''
  if (total === undefined) return `${which}nothing: no output depends on it`
  const from =
    parts.length === 1
      ? parts[0]!.from
      : parts.map(({ from, share }) => `${from}: ${shown(share)}`).join(', ')
  const sum = gap === 0 ? '' : `, which ${gap < 1e-5 ? 'is' : 'is NOT'} their sum (to ${scientific(gap)})`
  return `${which}ȳ = ${shown(total)} from ${from}${sum}`
}

function sent({ to, formula, isDerived, share, numbers, rounding }: Sent): [string, string][] {
  const rule: [string, string] = ['rule', `${printable(formula)}${isDerived ? '  (derived from y)' : ''}`]
  if (share === undefined) return [rule, ['sends', `${printable(to)} nothing`]]
  const loss = rounding === undefined ? '' : `, float32 rounding ${scientific(rounding)}`
  const whole: [string, string] = ['sends', `${printable(to)} ${shown(share)}${loss}`]
  return [rule, ...numbers.flatMap(each => inNumbers(each, share.shape.length === 0)), whole]
}

function inNumbers({ at, text, terms, value }: RuleNumbers, isNumber: boolean): [string, string][] {
  const where = isNumber ? '' : `${formatShape(at)} `
  if (text !== undefined) return [['numbers', `${where}${text} = ${fourDigits(value)}`]]
  if (terms === undefined) return []
  const { largest, others, rest } = terms
  const sum = [
    ...largest.map(
      ({ factors: [a, b] }: Term, i) => `${i === 0 ? fourDigits(a) : inBrackets(a)}·${inBrackets(b)}`,
    ),
    ...(others > 0 ? [`${plural(others, 'more', 'more')} (${fourDigits(rest)})`] : []),
  ]
  return [['numbers', `${where}${sum.join(' + ')} = ${fourDigits(value)}`]]
}

const inBrackets = (x: number) => (x < 0 ? `(${fourDigits(x)})` : fourDigits(x))
