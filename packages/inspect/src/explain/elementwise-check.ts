/**
 * The check of a map. Its elements do not meet, so one step in all of them at once gives the slope of each: every element
 * is proved for the price of one.
 */

import { isFloat, onesLike } from '@sensigrad/core'
import { slopesAtZero } from './differences.ts'
import { type Finding, judged, unscaled } from './judge.ts'
import { like, outputsAt, pulled, pushed, type Subject } from './subject.ts'

/** What is found in each mode: a finding for each element of each input that has a derivative. */
export interface Findings {
  readonly reverse: readonly Finding[]
  readonly forward: readonly Finding[]
}

/** Checks every element of a map. */
export async function elementwiseCheck(subject: Subject): Promise<Findings> {
  const [reverse, forward]: [Finding[], Finding[]] = [[], []]
  for (const i of subject.inputs.keys()) {
    if (!subject.needs[i]) continue
    const found = await inputCheck(subject, i)
    reverse.push(...found.reverse)
    forward.push(...found.forward)
  }
  return { reverse, forward }
}

async function inputCheck(subject: Subject, i: number): Promise<Findings> {
  const { inputs, outputs, values, precision } = subject
  const output = outputs[0]!
  const x = values[i]!
  // steps grow with the element: beside 1e6 a step of 1e-3 would be lost in rounding
  const scales = x.map(value => Math.max(1, Math.abs(value)))
  const at = async (t: number) => {
    const [moved] = outputsAt(subject, new Map([[i, x.map((value, k) => value + t * scales[k]!)]]))
    const values = await moved!.data()
    return { values, magnitudes: Float64Array.from(values, Math.abs) }
  }
  const magnitudes = Float64Array.from(await output.data(), Math.abs)
  const slopes = await slopesAtZero({ at, precision })

  const needs = inputs.map((_, other) => other === i)
  const share = await pulled(subject, isFloat(output.dtype) ? [onesLike(output)] : [undefined], needs)[
    i
  ]!.data()
  const direction = inputs.map((input, other) => (other === i ? like(input, scales) : undefined))
  const tangent = await pushed(subject, direction)[0]!.data()
  const findings = (derivative: (k: number) => number): Finding[] =>
    slopes.map((slope, k) => {
      const moved = { input: i, place: k }
      return unscaled(judged(derivative(k), slope, magnitudes[k]!, precision, moved), scales[k]!)
    })
  return { reverse: findings(k => share[k]! * scales[k]!), forward: findings(k => tangent[k]!) }
}
