/**
 * What happened at each entry of a tape, in numbers: the rule and what it was applied to, who sent the cotangent and who got
 * it, and whether the rule is right where it ran. This is data; `formatExplanation` writes it down.
 */

import {
  type Backend,
  describeValue,
  type Entry,
  type MapAttributes,
  sourceOf,
  Tape,
  type Tensor,
  ValueError,
} from '@sensigrad/core'
import type { AnyModule } from '@sensigrad/nn'
import { idsOf, layOut } from '../record/lay-out.ts'
import type { TapeRecord } from '../record/record.ts'
import { type Check, type CheckOptions, checkOf } from './check.ts'
import { reverseFormula, valueFormula } from './formula.ts'
import { numbersOf, type RuleNumbers } from './numbers.ts'
import { checkExplainOptions, checkPlace } from './options.ts'
import { type Sweep, sweepOf } from './parts.ts'
import { tapeOfRecord } from './replay-record.ts'
import { roundingOf } from './rounding.ts'
import { relativeGap, type Shown, shownOf } from './shown.ts'

/** What is explained, and how it is checked. */
export interface ExplainOptions extends CheckOptions {
  /** The ids of the entries, as the record of the tape and its table number them; all that compute something unless said. */
  readonly entries?: readonly number[]
  /** The element of which numbers are shown, where a tensor has more than 12 and has this element. */
  readonly at?: readonly number[]
  /** What the reverse sweep begins with; ones unless said. */
  readonly cotangents?: Tensor | readonly Tensor[]
  /** The module that was given to `recordOf`, if one was: entries are numbered as there. */
  readonly module?: AnyModule
  /** Where a record is replayed: on the backend in use unless said. */
  readonly backend?: Backend
  /** Whether rules are checked, which computes entries some dozen times again; they are unless said. */
  readonly check?: boolean
}

/** What one entry did. */
export interface Explanation {
  readonly id: number
  readonly op: string
  /** As the record prints it: `tanh(%4)`. */
  readonly text: string
  readonly scope: string
  /** Where in the program it was made, if it was recorded in `withSources`. */
  readonly source?: string
  /** Its value in letters: `y = tanh(x)`. */
  readonly formula: string
  readonly outputs: readonly Shown[]
  /** What arrived at each output. */
  readonly arrivals: readonly Arrival[]
  /** What it sent to each input that has a gradient. */
  readonly sends: readonly Sent[]
  readonly check?: Check
}

/** The cotangent of an output, and who sent it. */
export interface Arrival {
  /** The output: `%5`, or `%5.1` where there are several. */
  readonly name: string
  /** The whole; missing where nothing arrived. */
  readonly total?: Shown
  /** Who sent how much: `%7`, or `start` for what the sweep began with. */
  readonly parts: readonly { readonly from: string; readonly share: Shown }[]
  /** How far the whole is from the sum of the parts at most, as a share of its largest element. */
  readonly gap: number
}

/** What an entry sent to one of its inputs. */
export interface Sent {
  /** Which input. */
  readonly input: number
  /** Who made that input: `%4`. */
  readonly to: string
  /** The rule in letters: `x̄ = ȳ * (1 - y²)`. */
  readonly formula: string
  /** Whether that was derived from the entry's own definition, as it is for maps. */
  readonly isDerived: boolean
  /** What was sent; missing where nothing was. */
  readonly share?: Shown
  /** The rule in numbers: of each element of a small tensor, else of one element. */
  readonly numbers: readonly RuleNumbers[]
  /** Of a float32 entry: how far the share is from the same rule in float64 at most, as a share of its largest element. */
  readonly rounding?: number
}

/**
 * Explains entries of a tape.
 *
 * @param source   a tape, or the record of one with the elements of its inputs and constants, which is replayed
 * @param options  which entries and elements, what the sweep begins with, and how rules are checked
 * @returns an explanation for each entry
 * @throws  ValueError for what is no tape, an option that there is not, or an id or an element that it does not have; as `pullback` and, for a record, as `replay`
 * @example for (const each of await explain(record(loss, weights))) console.log(formatExplanation(each))
 */
export async function explain(
  source: Tape | TapeRecord,
  options: ExplainOptions = {},
): Promise<Explanation[]> {
  checkExplainOptions(options)
  const { tape, ids } = await numbered('explain', source, options)
  const wanted = entriesOf(tape, ids, options.entries)
  checkPlace(wanted, options.at)
  const sweep = sweepOf(tape, options.cotangents)
  const explanations: Explanation[] = []
  for (const entry of wanted) explanations.push(await explainEntry({ tape, ids, sweep, options }, entry))
  return explanations
}

type Ids = ReadonlyMap<Tensor, readonly [entry: number, output: number]>

/** A live tape, and how its record numbers it. */
export async function numbered(
  operation: string,
  source: Tape | TapeRecord,
  { module, backend }: { readonly module?: AnyModule | undefined; readonly backend?: Backend | undefined },
): Promise<{ tape: Tape; ids: Ids }> {
  if (source instanceof Tape) return { tape: source, ids: idsOf(layOut(source, module)) }
  if (source?.format === 'sensigrad.tape') return tapeOfRecord(source, backend && { backend })
  throw new ValueError(
    operation,
    `the tape is ${describeValue(source)}`,
    'Give one of record(f, x) or recordOf(tape)',
  )
}

/** The entries that are asked for. */
function entriesOf(tape: Tape, ids: Ids, wanted?: readonly number[]): readonly Entry[] {
  const computed = tape.entries.filter(entry => !entry.outputs.some(output => tape.inputs.includes(output)))
  if (wanted === undefined) return computed
  const known = new Map(tape.entries.map(entry => [ids.get(entry.outputs[0]!)![0], entry]))
  return wanted.map(id => {
    const entry = known.get(id)
    if (entry !== undefined) return entry
    throw new ValueError(
      'explain',
      `there is no entry %${id} that has a gradient`,
      `Give ids as the table prints them: ${[...known.keys()].slice(0, 12).join(', ')}${known.size > 12 ? ', …' : ''}`,
    )
  })
}

interface Surroundings {
  readonly tape: Tape
  readonly ids: Ids
  readonly sweep: Sweep
  readonly options: ExplainOptions
}

async function explainEntry(around: Surroundings, entry: Entry): Promise<Explanation> {
  const { tape, ids, options } = around
  const { op, inputs, outputs, attributes, scope } = entry
  const isStart = outputs.some(output => tape.inputs.includes(output))
  const check = options.check === false ? undefined : await checkOf(tape, entry, options)
  const source = sourceOf(entry)
  return {
    id: ids.get(outputs[0]!)![0],
    op: isStart ? 'input' : op.name,
    text: isStart
      ? `input ${tape.inputs.indexOf(outputs[0]!)}`
      : op.format(
          inputs.map(input => nameOf(ids, input)),
          attributes,
        ),
    scope,
    ...(source !== undefined && { source }),
    formula: isStart ? 'given' : valueFormula(entry),
    outputs: await Promise.all(outputs.map(shownOf)),
    arrivals: await Promise.all(outputs.map(output => arrivalAt(around, output))),
    sends: isStart ? [] : await sendsOf(around, entry, check),
    ...(check && { check }),
  }
}

/** What a record calls a tensor: `%4`, or `%4.1` where its entry has several. */
export function nameOf(ids: Ids, tensor: Tensor): string {
  const place = ids.get(tensor)
  if (place === undefined) return String(tensor)
  const isOneOfMany = tensor.entry !== undefined && tensor.entry.outputs.length > 1
  return isOneOfMany ? `%${place[0]}.${place[1]}` : `%${place[0]}`
}

async function arrivalAt({ ids, sweep }: Surroundings, output: Tensor): Promise<Arrival> {
  const total = sweep.arrived(output)
  const parts = sweep.partsOf(output)
  const name = nameOf(ids, output)
  if (total === undefined) return { name, parts: [], gap: 0 }
  const sum = new Float64Array(output.size)
  for (const { share } of parts) {
    const elements = await share.data()
    for (let k = 0; k < sum.length; k++) sum[k]! += elements[k]!
  }
  return {
    name,
    total: await shownOf(total),
    parts: await Promise.all(
      parts.map(async ({ reader, share }) => ({
        from: reader === undefined ? 'start' : nameOf(ids, reader.outputs[0]!),
        share: await shownOf(share),
      })),
    ),
    gap: relativeGap(sum, await total.data()),
  }
}

async function sendsOf(around: Surroundings, entry: Entry, check: Check | undefined): Promise<Sent[]> {
  const { tape, ids, sweep, options } = around
  const shares = sweep.sharesOf(entry)
  const gs = entry.outputs.map(output => sweep.arrived(output))
  const rounding = check && (await roundingOf(tape, entry, gs, shares, check, options.checkOn))
  const sends: Sent[] = []
  for (const [i, input] of entry.inputs.entries()) {
    if (!tape.contains(input)) continue
    const share = shares[i]
    const off = rounding?.[i]
    sends.push({
      input: i,
      to: nameOf(ids, input),
      formula: reverseFormula(entry, i),
      isDerived: entry.op.name === 'map' && (entry.attributes as MapAttributes).expression !== undefined,
      ...(share && { share: await shownOf(share) }),
      numbers: share === undefined ? [] : await numbersOf(entry, i, gs[0], share, { at: options.at, check }),
      ...(off !== undefined && { rounding: off }),
    })
  }
  return sends
}
