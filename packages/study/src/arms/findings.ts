/** What the numbers say in words: computed, every arm, the failures along with the successes. */

import { digits, percent, plural, power, pValue, ranged } from '../format.ts'
import type { ArmRun } from './experiment.ts'
import type { AnyStudy } from './plan.ts'
import { type ArmSummary, level, verdict } from './summary.ts'

/** `5 of 5`. */
export const score = ({ successes, seeds }: ArmSummary): string => `${successes.length} of ${seeds.length}`

/** The median as people read it; `not reached` where fewer than half succeeded. */
export const medianText = ({ survival, seeds }: ArmSummary): string =>
  seeds.length === 0 ? '–' : survival.median === null ? 'not reached' : digits(survival.median, 0)

/** One sentence: how the reference did, and whether another arm did better. */
export function headline(study: AnyStudy, summaries: readonly ArmSummary[]): string {
  const told = summaries.filter(({ seeds }) => seeds.length > 0)
  if (told.length === 0) return 'No run finished, so nothing can be said.'
  const reference = told.find(({ arm }) => arm.id === study.reference)
  const others = told.filter(({ arm }) => arm.id !== study.reference)
  if (!reference) return `${list(told.map(named))} of the runs succeeded.`
  const first = `${named(reference)} runs succeeded${inIterations(reference)}`
  if (others.length === 0) return `${first}.`
  if (others.every(({ successes }) => successes.length === 0)) return `${first}, of the other arms none.`
  const top = [...others].sort(byResult)[0]!
  return `${first}. Of the other arms ${top.arm.label} did best, ${score(top)}${inIterations(top)}.`
}

const named = (summary: ArmSummary) => `${summary.arm.label}: ${score(summary)}`

const inIterations = ({ survival, seeds }: ArmSummary) => {
  if (survival.median === null) return ''
  return `, ${seeds.length > 1 ? 'median ' : 'after '}${digits(survival.median, 0)} iterations`
}

/** More successes first, then the faster. */
function byResult(a: ArmSummary, b: ArmSummary): number {
  const share = ({ successes, seeds }: ArmSummary) => successes.length / seeds.length
  return share(b) - share(a) || (a.survival.median ?? Infinity) - (b.survival.median ?? Infinity)
}

/** What the comparison with the reference comes to: a few sentences. */
export function comparison(study: AnyStudy, summaries: readonly ArmSummary[]): string[] {
  const reference = summaries.find(({ arm }) => arm.id === study.reference)
  const others = summaries.filter(({ arm, seeds }) => arm.id !== study.reference && seeds.length > 0)
  if (!reference || reference.seeds.length === 0 || others.length === 0) return []
  const label = reference.arm.label
  const of = (answer: ReturnType<typeof verdict>) => others.filter(other => verdict(other) === answer)
  const sentence = (arms: ArmSummary[], what: string) =>
    arms.length === 0
      ? []
      : [`${list(arms.map(({ arm, logRank }) => `${arm.label} (${pValue(logRank?.adjusted)})`))} ${what}`]
  const faster = of('open').filter(other => byResult(other, reference) < 0)
  const alike = of('open').filter(({ logRank }) => !logRank)
  const rest = of('open').filter(other => !faster.includes(other) && !alike.includes(other))
  return [
    ...sentence(of('better'), `reached success sooner than ${label}.`),
    ...sentence(faster, `did better than ${label} here, but not by more than chance explains.`),
    ...sentence(rest, `did not do better than ${label}, but not clearly worse either.`),
    ...sentence(of('worse'), `did worse than ${label}.`),
    ...(alike.length === 0
      ? []
      : [`Between ${label} and ${list(alike.map(({ arm }) => arm.label))} there is no difference to test.`]),
    `In parentheses: log-rank tests of the iterations until success against ${label}, adjusted for ${plural(others.length, 'comparison')} ` +
      `(Holm); a difference is one below ${level}. With few seeds a real difference can go unseen.`,
  ]
}

/** An arm in a few sentences, each failure with its seed. */
export function paragraph(study: AnyStudy, summary: ArmSummary, runs: readonly ArmRun[]): string {
  const { arm, seeds, successes, interval, survival, ratioStart, ratioPrepared, ratioEnd } = summary
  if (seeds.length === 0) return 'No run finished.'
  const lost = runs.filter(run => run.arm === arm.id && run.status === 'finished' && !run.success)
  const [low, high] = survival.medianInterval
  const median = digits(survival.median, 0)
  const between = `${digits(low, 0)} to ${high === null ? 'beyond the end' : digits(high, 0)}`
  const sentences = [
    `${score(summary)} succeeded (${percent(interval![0])} to ${percent(interval![1])}, Wilson).`,
    survival.median === null
      ? successes.length > 0 && 'Fewer than half did, so there is no median.'
      : `The median was ${median} iterations${seeds.length > 1 ? ` (95 %: ${between})` : ''}.`,
    `The gradient ratio from the first ${study.along} to the last was ${ranged(ratioStart, power)} at the start` +
      `${same(ratioStart, ratioPrepared) ? '' : `, ${ranged(ratioPrepared, power)} before learning began`}` +
      ` and ${ranged(ratioEnd, power)} at the end.`,
    `ln RMS s went from ${ranged(summary.sensitivityStart)} to ${ranged(summary.sensitivityEnd)}.`,
    lost.length > 0 && `Without success: ${list(lost.map(fate))}.`,
  ]
  return sentences.filter(sentence => sentence !== false).join(' ')
}

function fate({ seed, iterations, curve, note }: ArmRun): string {
  const end = curve.at(-1)
  const state = end ? `, loss ${digits(end.loss)} and accuracy ${digits(end.accuracy, 2)}` : ''
  return `seed ${seed} (${digits(iterations, 0)} iterations${state}${note ? `; ${note}` : ''})`
}

const same = (a: ArmSummary['ratioStart'], b: ArmSummary['ratioStart']) => a?.median === b?.median

/** `a, b and c`. */
export function list(items: readonly string[]): string {
  if (items.length < 2) return items.join('')
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`
}
