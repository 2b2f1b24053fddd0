/** What a check found, in a line when all is well, and in as many as it takes when it is not. */

import { formatShape } from '@sensigrad/core'
import { counted, type Paint, plural, scientific } from '../text.ts'
import type { Check } from './check.ts'
import type { Explanation } from './explain.ts'
import type { Finding, ModeCheck, Verdict } from './judge.ts'
import { fourDigits } from './numbers.ts'
import { indexOf } from './shown.ts'
import { signOf, toneOf } from './signs.ts'

/** The lines about a check, labelled. */
export function formatCheck(check: Check, explanation: Explanation, paint: Paint): [string, string][] {
  const { verdict, reverse, forward, reason } = check
  const sign = paint(signOf[verdict], toneOf[verdict])
  if (verdict === 'not-checked') return [['check', `${sign} not checked: ${reason}`]]
  const [first, ...more] = said(check)
  const lines = verdict === 'wrong' ? [] : [`${sign} ${first}`, ...more]
  for (const [mode, found] of Object.entries({ reverse, forward })) {
    if (found.verdict === 'wrong') lines.push(...wrong(mode, found, explanation, paint))
  }
  if (reason !== undefined) lines.push(`checked in ${check.dtype}: ${reason}`)
  return lines.map((line, i) => [i === 0 ? 'check' : '', line])
}

/** A verdict that is no accusation. */
function said({ verdict, reverse, forward, dtype, backend, everyElement }: Check): string[] {
  const where = `${dtype} on ${backend}`
  if (verdict === 'noise') return [`finite differences are too noisy to tell, ${where}`]
  if (verdict === 'not-differentiable') return [`not differentiable here: a kink, a tie or an edge, ${where}`]
  const error = Math.max(reverse.error, forward.error)
  const looked = everyElement ? plural(total(reverse), 'element') : 'a direction + an element'
  const line = `to ${scientific(error)}: finite differences, both modes, ${where}, ${looked}`
  return [line, ...exceptions(reverse)]
}

const total = ({ counts }: ModeCheck) => Object.values(counts).reduce((sum, count) => sum + count, 0)

const words: Partial<Record<Verdict, string>> = {
  'not-differentiable': 'at a kink',
  noise: 'in noise',
}

function exceptions({ counts }: ModeCheck): string[] {
  return Object.entries(words).flatMap(([name, word]) => {
    const verdict = name as Verdict
    return counts[verdict] > 0 ? [`${signOf[verdict]} ${plural(counts[verdict], 'element')} ${word}`] : []
  })
}

/** What is wrong, by how much, where, and why it is not noise. */
function wrong(mode: string, found: ModeCheck, { op, outputs, sends }: Explanation, paint: Paint): string[] {
  const worst = found.worst!
  const share = (worst.analytic - worst.difference) / Math.abs(worst.difference)
  const off = Number.isFinite(share)
    ? `off by ${share > 0 ? '+' : ''}${(share * 100).toPrecision(3)}%`
    : 'off entirely'
  const verdict = `WRONG ${mode} rule: ${fourDigits(worst.analytic)} where finite differences say ${fourDigits(worst.difference)}, ${off}`
  return [
    `${paint(signOf.wrong, 'bad')} ${paint(verdict, 'bad')}`,
    `${placed(worst, sends, outputs.length)}${found.counts.wrong} of ${counted(total(found))} looked at are wrong`,
    `not noise: the difference is known to ${scientific(worst.tolerance)}, halving its step changed it by ${scientific(worst.change)}`,
    `suspect: the ${mode} rule of ${op}`,
  ]
}

function placed({ moved }: Finding, sends: Explanation['sends'], outputs: number): string {
  if (moved === undefined)
    return outputs > 1 ? 'along a random direction of inputs and outputs, ' : 'along a random direction, '
  const sent = sends.find(({ input }) => input === moved.input)
  const index = sent?.share === undefined ? [moved.place] : indexOf(sent.share.shape, moved.place)
  return `at ${index.length === 0 ? 'the element' : formatShape(index)} of ${sent?.to ?? `input ${moved.input}`}, `
}
