/** What the numbers say in words: computed, the failures along with the successes. */

import { count, digits, plural, ranged } from '../format.ts'
import { type Settings, unit } from './settings.ts'
import { arrival, type Claim, claims, criteria, type RunSummary, type SizeSummary } from './summary.ts'

const edge = digits(criteria.edge, 2)
const gap = '|λ\u00a0−\u00a0S|' // never broken over two lines

/** Each claim in a few words. */
export const claimNames: Record<Claim, string> = {
  follows: 'λ follows S until the edge',
  stays: 'λ is 0 at the end',
  arrives: 'S arrives at its target',
}

/** Each claim as the test that a run passes or not. */
export function claimTests(settings: Pick<Settings, 'target' | 'layers'>): Record<Claim, string> {
  const { target, layers } = settings
  const distance = target === 1 ? '|S|' : `|S − ${layers === 1 ? '' : `${layers} `}ln ${target}|`
  const within = Number(arrival(settings).within.toPrecision(3)) // 3 · 0.1 is not quite 0.3
  return {
    follows: `${gap} ≤ ${criteria.gap} at every probe before λ passes ${edge}`,
    stays: `|λ| < ${criteria.stay} at the last probe, once λ has passed ${edge}`,
    arrives: `${distance} ≤ ${within} at the last probe`,
  }
}

/** One sentence over everything that finished. */
export function headline(sizes: readonly SizeSummary[]): string {
  const runs = sizes.reduce((sum, { seeds }) => sum + seeds.length, 0)
  if (runs === 0) return 'No run finished, so nothing can be said about the claims.'
  const total = (claim: Claim, verdict: 'yes' | 'open') =>
    sizes.reduce((sum, { counts }) => sum + counts[claim][verdict], 0)
  if (claims.every(claim => total(claim, 'yes') === runs)) {
    return `All three claims held in ${runs === 1 ? 'the one finished run' : `all ${runs} finished runs`}.`
  }
  const held = (claim: Claim) => {
    const open = total(claim, 'open')
    return `${total(claim, 'yes')} of ${runs}${open > 0 ? ` (${open} open)` : ''}`
  }
  const [follows, stays, arrives] = claims.map(held)
  return `λ followed S until the edge in ${follows} finished runs, was 0 at the end in ${stays}, and S arrived at its target in ${arrives}.`
}

/** A line for each finished run that broke a claim, with the numbers that did. */
export function exceptions(runs: readonly RunSummary[]): string[] {
  return runs.flatMap(run => {
    const broken: Record<Claim, string> = {
      follows: `${gap} reached ${digits(run.gap?.max)} before the edge`,
      stays: `λ was ${digits(run.end?.lyapunov)} at the end`,
      arrives: `S was ${digits(run.end?.logSensitivity)} at the end`,
    }
    const failed = run.status === 'finished' ? claims.filter(claim => run.verdicts[claim] === 'no') : []
    const what = failed.map(claim => broken[claim]).join(', ')
    return what ? [`N = ${run.size}, seed ${run.seed}: ${what}.`] : []
  })
}

/** A size in a few sentences: medians over the finished seeds, ranges in parentheses. */
export function paragraph({ size, seeds, spreads }: SizeSummary, settings: Pick<Settings, 'layers'>): string {
  if (seeds.length === 0) return `N = ${size}: no run finished.`
  const { meanGap, maxGap, radiusGap, edgeStep, edgeSensitivity, strayed, lyapunovEnd, sensitivityEnd } =
    spreads
  const [matrix, matrices] =
    settings.layers === 1
      ? ['W', 'a finite random matrix']
      : [`W_${settings.layers} ⋯ W_1`, 'finite random matrices']
  const sentences = [
    meanGap && maxGap
      ? `Before the edge ${gap} was ${ranged(meanGap)} ${unit(settings)} on average and ${ranged(maxGap)} at most.`
      : 'No probe lay before the edge, so nothing shows whether λ follows S there.',
    meanGap && radiusGap && radiusGap.median < meanGap.median / 2
      ? `λ differed from ln ρ(${matrix}) by only ${ranged(radiusGap, value => digits(value, 4))}, so that gap is the one between the spectral radius and the norms of ${matrices}.`
      : '',
    edgeStep
      ? `λ reached the edge after ${ranged(edgeStep, count)} SAL steps, when S was ${ranged(edgeSensitivity)}; from then on |λ| was ${ranged(strayed)} at most.`
      : 'λ did not reach the edge.',
    `At the end λ was ${ranged(lyapunovEnd)} and S was ${ranged(sensitivityEnd)}.`,
  ]
  return `N = ${size}, ${plural(seeds.length, 'seed')}. ${sentences.filter(sentence => sentence !== '').join(' ')}`
}
