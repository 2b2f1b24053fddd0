/** The numbers of a line of the table: of one entry, of a module, or the usual ones of what repeats. */

import type { DType } from '@sensigrad/core'
import type { EntryRecord, Provenance, TensorRecord } from '../record/record.ts'
import { type Histogram, mergeHistograms } from '../record/statistics.ts'

/** What a line says of what was computed there. Of a module the value is that of its last entry. */
export interface Numbers {
  readonly shape: readonly number[]
  readonly dtype: DType
  readonly valueRms?: number
  readonly spread?: Histogram
  readonly saturated?: number
  readonly gradientRms?: number
  /** log₁₀ of the gradient that leaves by the first input over the one that arrives: what the line does to it, in decades. */
  readonly flow?: number
  readonly milliseconds?: number
  readonly bytes: number
  /** How many elements of values and gradients are NaN or infinite. */
  readonly nonFinite: number
  readonly valueFrom: Provenance
  readonly gradientFrom: Provenance
}

/** The columns that one can sort by and ask for. */
export type Statistic = 'value' | 'grad' | 'flow' | 'sat' | 'time' | 'bytes' | 'bad'

/** Their names. */
export const statistics: readonly Statistic[] = ['value', 'grad', 'flow', 'sat', 'time', 'bytes', 'bad']

/** A number of a line, or `undefined` where it has none. */
export function statisticOf(numbers: Numbers, name: Statistic): number | undefined {
  const by: Record<Statistic, number | undefined> = {
    value: numbers.valueRms,
    grad: numbers.gradientRms,
    flow: numbers.flow,
    sat: numbers.saturated,
    time: numbers.milliseconds,
    bytes: numbers.bytes,
    bad: numbers.nonFinite,
  }
  return by[name]
}

/**
 * The numbers of entries that belong together, one or more.
 *
 * @param all  all entries of the record
 */
export function numbersOf(entries: readonly EntryRecord[], all: readonly EntryRecord[]): Numbers {
  const last = lastOf(entries)
  const tensor = last.outputs[0]!
  const { value, gradient, valueFrom, gradientFrom } = tensor
  const arrives = entering(entries, all)
  const flow = flowOf(arrives?.gradient?.rms, gradient?.rms)
  const times = entries.flatMap(({ milliseconds }) => milliseconds ?? [])
  return {
    shape: tensor.shape,
    dtype: tensor.dtype,
    ...(value && { valueRms: value.rms, spread: value }),
    ...(value?.saturated !== undefined && { saturated: value.saturated }),
    ...(gradientFrom !== 'not-kept' && gradientFrom !== 'fused-away' && { gradientRms: gradient?.rms ?? 0 }),
    ...(flow !== undefined && { flow }),
    ...(times.length > 0 && { milliseconds: times.reduce((sum, each) => sum + each, 0) }),
    bytes: sumOver(entries, ({ bytes }) => bytes),
    nonFinite: sumOver(entries, each => (each.value?.nonFinite ?? 0) + (each.gradient?.nonFinite ?? 0)),
    valueFrom,
    gradientFrom,
  }
}

/** The last operation, or the last entry of what has none. */
function lastOf(entries: readonly EntryRecord[]): EntryRecord {
  for (let i = entries.length - 1; i >= 0; i--) if (entries[i]!.role === 'op') return entries[i]!
  return entries.at(-1)!
}

/** The first tensor that the entries read and did not make, but for parameters and constants. */
function entering(entries: readonly EntryRecord[], all: readonly EntryRecord[]): TensorRecord | undefined {
  const own = new Set(entries.map(({ id }) => id))
  for (const { inputs, inputOutputs } of entries) {
    for (const [i, id] of inputs.entries()) {
      const { role, outputs } = all[id]!
      if (!own.has(id) && (role === 'op' || role === 'input')) return outputs[inputOutputs?.[i] ?? 0]
    }
  }
  return undefined
}

function flowOf(leaving: number | undefined, arriving: number | undefined): number | undefined {
  if (leaving === undefined || arriving === undefined || !(arriving > 0) || !(leaving >= 0)) return undefined
  const flow = Math.log10(leaving) - Math.log10(arriving) // the quotient may overflow
  return flow === Number.POSITIVE_INFINITY ? undefined : flow
}

function sumOver(entries: readonly EntryRecord[], of: (tensor: TensorRecord) => number): number {
  return entries.reduce((sum, { outputs }) => outputs.reduce((more, tensor) => more + of(tensor), sum), 0)
}

/** The usual numbers of what repeats: medians; but times, sizes and what is not finite add up. */
export function usualNumbers(members: readonly Numbers[]): Numbers {
  const middle = (of: (numbers: Numbers) => number | undefined): number | undefined =>
    median(members.flatMap(numbers => of(numbers) ?? []))
  const [valueRms, saturated, gradientRms, flow] = [
    middle(each => each.valueRms),
    middle(each => each.saturated),
    middle(each => each.gradientRms),
    middle(each => each.flow),
  ]
  const times = members.flatMap(({ milliseconds }) => milliseconds ?? [])
  const { shape, dtype, valueFrom, gradientFrom } = members[0]!
  const spreads = members.flatMap(({ spread }) => spread ?? [])
  return {
    shape,
    dtype,
    ...(valueRms !== undefined && { valueRms }),
    ...(spreads.length > 0 && { spread: mergeHistograms(spreads) }),
    ...(saturated !== undefined && { saturated }),
    ...(gradientRms !== undefined && { gradientRms }),
    ...(flow !== undefined && { flow }),
    ...(times.length > 0 && { milliseconds: times.reduce((sum, each) => sum + each, 0) }),
    bytes: members.reduce((sum, { bytes }) => sum + bytes, 0),
    nonFinite: members.reduce((sum, { nonFinite }) => sum + nonFinite, 0),
    valueFrom,
    gradientFrom,
  }
}

/** The middle one of numbers, the upper of two; `undefined` of none. NaN counts as the largest. */
export function median(numbers: readonly number[]): number | undefined {
  const order = (x: number) => (Number.isNaN(x) ? Number.POSITIVE_INFINITY : x)
  return [...numbers].sort((a, b) => (order(a) === order(b) ? 0 : order(a) - order(b)))[numbers.length >> 1]
}
