/** Who moved this weight? A report on a parameter, or on one neuron of it, over some steps of a ledger. */

import type { Provenance } from '../record/record.ts'
import type { ChangeRecord, LedgerData, NeuronChanges, PartRecord } from './data.ts'
import { netOfElements } from './elements.ts'
import { type NeuronReport, neuronsOf } from './neurons.ts'
import { checkReportOptions, type ReportOptions } from './report-options.ts'
import { checkNeuron, type Entry, entriesOf, pathsIn, stepsOf } from './select-steps.ts'

/** What one source did over the steps of a report. */
export interface ReportRow {
  readonly name: string
  /** ‖Σ part‖; undefined where it is not kept. */
  readonly net: number | undefined
  /** ⟨part, change⟩ as a share of ⟨change, change⟩; these sum to 1. NaN where nothing has moved. */
  readonly share: number
  /** The cosine between what the source did and what came of all; undefined where it is not kept. */
  readonly cosine: number | undefined
  /** ‖part‖ in the last step. */
  readonly last: number
  /** The share in each of up to 16 stretches of the steps. */
  readonly trend: readonly number[]
}

/** What a stage changed that was tried without. */
export interface Trial {
  /** The beginning of its name. */
  readonly stage: string
  /** ⟨change without it - change, change⟩ as a share of ⟨change, change⟩: how much farther it would have gone. */
  readonly farther: number
}

/** The report on a parameter. */
export interface LedgerReport {
  readonly title: string
  readonly movers: readonly string[]
  readonly parameter: string
  readonly shape: readonly number[]
  readonly neuron: number | undefined
  readonly by: 'source' | 'age'
  /** The first and the last step, and how many there are. */
  readonly steps: { readonly first: number; readonly last: number; readonly count: number }
  readonly weight: readonly [before: number, after: number] | undefined
  /** How far it came, and how long the way was; undefined where that is not kept. */
  readonly net: number | undefined
  readonly path: number
  readonly rows: readonly ReportRow[]
  /** Stages that were tried without, on the same gradients and with a memory of their own: these do not sum. */
  readonly without: readonly Trial[]
  /** The most that the shares of a step differ from 1 in sum: 0 up to rounding in double precision. */
  readonly imbalance: number
  /** The cosine between the parts of the task and of SAL, over the steps where it is kept, and in the last one. */
  readonly taskAndSAL: { readonly net: number | undefined; readonly last: number } | undefined
  readonly neurons: NeuronReport | undefined
  /** Where the numbers come from, and in how many steps. */
  readonly from: readonly (readonly [Provenance, number])[]
  readonly notes: readonly string[]
}

/**
 * Reports who moved a parameter.
 *
 * Where the steps begin with the first of the ledger, or all elements are kept, shares are of the net change; elsewhere
 * that is not kept, and shares are of the way: each step counts with the square of its length.
 *
 * @param data  of a ledger, or read from a file
 * @throws ValueError for a parameter, a neuron or steps that are not there, naming those that are
 * @example ledgerReport(ledger.data, { parameter: 'rnn.recurrentWeight', steps: [1, 200] })
 */
export function ledgerReport(data: LedgerData, options: ReportOptions = {}): LedgerReport {
  checkReportOptions(options)
  const { neuron, by = 'source' } = options
  const steps = stepsOf(data, options.steps)
  const entries = entriesOf(steps, options.parameter ?? pathsIn(steps)[0]!)
  if (neuron !== undefined) checkNeuron(neuron, entries)
  const { step: last, moved } = entries.at(-1)!
  const isWhole = steps[0]!.step === data.header.first
  const each = entries.map(entry => changeOf(entry, neuron, 'step')!)
  const sum = summed(each)
  const net = (isWhole ? changeOf(entries.at(-1)!, neuron, 'net') : undefined) ?? netOf(entries, neuron, sum)
  const total = net ?? sum
  const fold = by === 'age' ? byAge : (change: Change) => change.parts
  const rows = fold(total).map(part => rowOf(part, total, net !== undefined, each, fold))
  const first = entries[0]!.moved
  return {
    title: data.header.title,
    movers: data.header.movers,
    parameter: moved.path,
    shape: moved.shape,
    neuron,
    by,
    steps: { first: steps[0]!.step, last: last.step, count: steps.length },
    weight: neuron === undefined ? [first.weight[0], moved.weight[1]] : undefined,
    net: net?.norm,
    path: each.reduce((sum, { norm }) => sum + norm, 0),
    rows,
    without: (total.without ?? []).map(({ name, along }) => ({
      stage: name,
      farther: -along / total.norm ** 2,
    })),
    imbalance: Math.max(...each.map(imbalanceOf)),
    taskAndSAL: neuron === undefined ? together(net, each.at(-1)!) : undefined,
    neurons: neuronsOf(entries, neuron),
    from: countsOf(entries.map(({ step }) => step.from)),
    notes: data.notes,
  }
}

/** A change as reports use it: of a parameter, or of one neuron. */
interface Change extends Pick<ChangeRecord, 'norm' | 'parts'> {
  readonly momentum?: PartRecord
  readonly without?: readonly PartRecord[]
}

function changeOf({ moved }: Entry, neuron: number | undefined, which: 'step' | 'net'): Change | undefined {
  if (neuron === undefined) return which === 'step' ? moved : moved.net
  const changes = moved.neurons?.[which]
  return changes && ofNeuron(changes, neuron)
}

/** The net change from the elements of all steps. */
function netOf(entries: readonly Entry[], neuron: number | undefined, sum: Change): Change | undefined {
  const net = netOfElements(entries)
  if (net === undefined) return undefined
  if (neuron !== undefined) return net.rows && ofNeuron(net.rows, neuron)
  const { momentum, without } = sum
  return { ...net.all, momentum: momentum!, without: without! }
}

function ofNeuron({ norm, parts }: NeuronChanges, neuron: number): Change {
  const of = ({ name, norm, along }: NeuronChanges['parts'][number]): PartRecord => ({
    name,
    norm: norm[neuron]!,
    along: along[neuron]!,
    withTask: Number.NaN,
  })
  return { norm: norm[neuron]!, parts: parts.map(of) }
}

/** Several changes as one: each counts with its own direction, so that norms are no lengths of anything any more. */
function summed(changes: readonly Change[]): Change {
  const names = [...new Set(changes.flatMap(({ parts }) => parts.map(({ name }) => name)))]
  const sum = (of: (change: Change) => PartRecord | undefined, name: string): PartRecord => ({
    name,
    norm: Number.NaN,
    along: changes.reduce((sum, change) => sum + (of(change)?.along ?? 0), 0),
    withTask: Number.NaN,
  })
  const tried = [...new Set(changes.flatMap(({ without = [] }) => without.map(({ name }) => name)))]
  return {
    norm: Math.sqrt(changes.reduce((sum, { norm }) => sum + norm ** 2, 0)),
    parts: names.map(name => sum(change => part(change.parts, name), name)),
    momentum: sum(({ momentum }) => momentum, 'momentum'),
    without: tried.map(name => sum(({ without = [] }) => part(without, name), name)),
  }
}

const part = (parts: readonly PartRecord[], name: string) => parts.find(each => each.name === name)

/** What is not from an optimiser, and so has no age. */
const ageless = new Set(['SAL', 'isometry', 'elsewhere', 'replay', 'rounding'])

/** What this step's gradients did, and what momentum gave of earlier ones. */
function byAge({ parts, momentum }: Change): PartRecord[] {
  const others = parts.filter(({ name }) => ageless.has(name))
  if (momentum === undefined) return others
  const all = parts.filter(({ name }) => !ageless.has(name))
  const along = all.reduce((sum, { along }) => sum + along, 0) - momentum.along
  const now = { name: 'now', norm: Number.NaN, along, withTask: Number.NaN }
  return [now, { ...momentum, name: 'momentum' }, ...others]
}

function rowOf(
  { name, norm, along }: PartRecord,
  total: Change,
  isNet: boolean,
  each: readonly Change[],
  fold: (change: Change) => readonly PartRecord[],
): ReportRow {
  const isKnown = isNet && !Number.isNaN(norm)
  const trend = stretches(each, 16).map(changes => {
    const sum = summed(changes)
    const of = changes.reduce((sum, change) => sum + (part(fold(change), name)?.along ?? 0), 0)
    return of / sum.norm ** 2
  })
  return {
    name,
    net: isKnown ? norm : undefined,
    share: along / total.norm ** 2,
    cosine: isKnown && norm > 0 && total.norm > 0 ? along / (norm * total.norm) : undefined,
    last: part(fold(each.at(-1)!), name)?.norm ?? 0,
    trend,
  }
}

/** A list in at most so many pieces, one after the other. */
function stretches<Item>(items: readonly Item[], most: number): Item[][] {
  const count = Math.min(items.length, most)
  const at = (i: number) => Math.round((i * items.length) / count)
  return Array.from({ length: count }, (_, i) => items.slice(at(i), at(i + 1)))
}

function imbalanceOf({ norm, parts }: Change): number {
  if (norm === 0) return 0
  return Math.abs(parts.reduce((sum, { along }) => sum + along, 0) / norm ** 2 - 1)
}

/** The cosine between the parts of the task and of SAL. */
function together(net: Change | undefined, last: Change): LedgerReport['taskAndSAL'] {
  const cosine = ({ parts }: Change) => {
    const [task, sal] = [part(parts, 'gradient'), part(parts, 'SAL')]
    if (task === undefined || sal === undefined) return undefined
    const lengths = task.norm * sal.norm
    return lengths === 0 ? undefined : sal.withTask / lengths
  }
  const ofLast = cosine(last)
  return ofLast === undefined ? undefined : { net: net && cosine(net), last: ofLast }
}

function countsOf(all: readonly Provenance[]): (readonly [Provenance, number])[] {
  const counts = new Map<Provenance, number>()
  for (const each of all) counts.set(each, (counts.get(each) ?? 0) + 1)
  return [...counts]
}
