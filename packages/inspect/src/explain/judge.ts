/** From a derivative and a finite difference to a verdict. */

import type { Slope } from './differences.ts'

/**
 * What a check of a rule came to.
 *
 * - `right`: within the error that finite differences have
 * - `wrong`: further off than they can be
 * - `noise`: they are too noisy here to tell
 * - `not-differentiable`: at a kink, a tie, or the edge of where the function is defined
 * - `not-checked`: there was nothing to check, or no way to
 */
export type Verdict = 'right' | 'wrong' | 'noise' | 'not-differentiable' | 'not-checked'

/** One derivative beside one finite difference. */
export interface Finding {
  readonly verdict: Verdict
  /** What the rule says. */
  readonly analytic: number
  /** What finite differences say, and how far they may be off. */
  readonly difference: number
  readonly tolerance: number
  /** The step, and how much the difference changed when the step was halved. */
  readonly step: number
  readonly change: number
  /** The input and the element (its place, row-major) that moved; missing where all moved along a random direction. */
  readonly moved?: Moved
}

/** An element of an input. */
export interface Moved {
  readonly input: number
  readonly place: number
}

/** What was found in one mode. */
export interface ModeCheck {
  readonly verdict: Verdict
  /** How many derivatives were looked at, by verdict. */
  readonly counts: Readonly<Record<Verdict, number>>
  /** The one with the gravest verdict, and of these the one that is furthest off. */
  readonly worst: Finding | undefined
  /** Of those that are right: how far they are off at most, as a share of the largest difference. */
  readonly error: number
}

/** Whether a derivative is the slope that was found, which is known no better than ε^(2/5) of its size allows. */
export function judged(
  analytic: number,
  slope: Slope,
  magnitude: number,
  precision: number,
  moved?: Moved,
): Finding {
  const { value: difference, tolerance, step, change } = slope
  const verdict = verdictOn(analytic, slope, 100 * precision ** (2 / 5) * (magnitude + Math.abs(difference)))
  const finding = { verdict, analytic, difference, tolerance, step, change }
  return moved === undefined ? finding : { ...finding, moved }
}

function verdictOn(analytic: number, { kind, value, tolerance }: Slope, usable: number): Verdict {
  if (kind !== 'smooth') return 'not-differentiable'
  const error = Math.abs(analytic - value)
  if (error <= tolerance) return tolerance <= usable ? 'right' : 'noise'
  return tolerance <= usable && !(error <= 4 * tolerance) ? 'wrong' : 'noise'
}

/** A finding about a function that was moved by `scale` at t = 1, as one about its argument. */
export function unscaled(finding: Finding, scale: number): Finding {
  const { analytic, difference, tolerance, step, change } = finding
  return {
    ...finding,
    analytic: analytic / scale,
    difference: difference / scale,
    tolerance: tolerance / scale,
    step: step * scale,
    change: change / scale,
  }
}

const gravity: Readonly<Record<Verdict, number>> = {
  wrong: 4,
  right: 3,
  'not-differentiable': 2,
  noise: 1,
  'not-checked': 0,
}

/** Many findings as one: wrong where any is, right where others could not be told. */
export function folded(findings: Iterable<Finding>): ModeCheck {
  const counts = { right: 0, wrong: 0, noise: 0, 'not-differentiable': 0, 'not-checked': 0 }
  let worst: Finding | undefined
  let [error, largest] = [0, 0]
  for (const finding of findings) {
    counts[finding.verdict]++
    if (worst === undefined || isWorse(finding, worst)) worst = finding
    if (finding.verdict !== 'right') continue
    error = Math.max(error, Math.abs(finding.analytic - finding.difference))
    largest = Math.max(largest, Math.abs(finding.difference))
  }
  const share = error === 0 ? 0 : error / Math.max(largest, error)
  return { verdict: worst?.verdict ?? 'not-checked', counts, worst, error: share }
}

function isWorse(a: Finding, b: Finding): boolean {
  if (a.verdict !== b.verdict) return gravity[a.verdict] > gravity[b.verdict]
  if ((a.moved === undefined) !== (b.moved === undefined)) return a.moved !== undefined // it says where
  const excess = ({ analytic, difference, tolerance }: Finding) => Math.abs(analytic - difference) / tolerance
  return Number.isNaN(excess(a)) || excess(a) > excess(b)
}

/** Of two modes the graver verdict. */
export function graver(a: Verdict, b: Verdict): Verdict {
  return gravity[a] >= gravity[b] ? a : b
}
