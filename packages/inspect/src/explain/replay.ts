/**
 * Replaying: the entries of a tape once more, on this backend or another, for these inputs or others. What comes out is a
 * tape again, entry by entry the same, so all that reads tapes reads a replay.
 */

import { type Backend, describeValue, type Entry, record, Tape, Tensor, ValueError } from '@sensigrad/core'
import { checkBackendOption, checkOptions } from '../checks.ts'
import type { TapeRecord } from '../record/record.ts'
import { applied, attributesAt, copyOf, type Place, whyFixed } from './copies.ts'
import { tapeOfRecord } from './replay-record.ts'

/** How a tape is replayed. */
export interface ReplayOptions {
  /** Where; the tape's own backend unless said, and of a record the backend in use. */
  readonly backend?: Backend
  /** What stands for the inputs; those of the recording unless said. */
  readonly inputs?: readonly Tensor[]
}

/**
 * Computes the entries of a tape again, each from what the replay gave for its inputs.
 *
 * @param source   a tape, or the record of one in which the elements of inputs and constants are kept
 * @param options  on which backend, and for which inputs
 * @returns a tape with the same entries in the same places, recorded on that backend
 * @throws  ValueError for what is no tape, for an option that there is not, and where an entry cannot be computed from what the tape holds, as a checkpoint or, from a file, an
 *          operation that closes over functions of a program; ShapeError for inputs of other shapes, or a record whose
 *          entries do not fit together; BackendError where the backend lacks a kernel
 * @example const onTheCpu = await replay(tape, { backend: cpu() })
 */
export async function replay(source: Tape | TapeRecord, options: ReplayOptions = {}): Promise<Tape> {
  checkOptions('replay', options, ['backend', 'inputs'])
  checkBackendOption('replay', 'backend', options.backend)
  if (options.inputs !== undefined && !Array.isArray(options.inputs)) {
    throw new ValueError(
      'replay',
      `the inputs are ${describeValue(options.inputs)}`,
      'Give a list of tensors: { inputs: [x] }',
    )
  }
  if (source instanceof Tape) return replayTape(source, options)
  if (source?.format === 'sensigrad.tape') return (await tapeOfRecord(source, options)).tape
  throw new ValueError(
    'replay',
    `the tape is ${describeValue(source)}`,
    'Give one of record(f, x) or recordOf(tape)',
  )
}

async function replayTape(tape: Tape, { backend, inputs }: ReplayOptions): Promise<Tape> {
  const place: Place = { backend: backend ?? tape.inputs[0]!.backend, inDouble: false }
  const begins = await Promise.all(checkInputs(tape, inputs).map(input => copyOf(input, place)))
  const attributes = new Map<Entry, unknown>()
  const constants = new Map<Tensor, Tensor>()
  for (const entry of tape.entries) {
    if (isInput(tape, entry)) continue
    checkReplayable(tape, entry)
    attributes.set(entry, await attributesAt(entry, place))
    for (const input of entry.inputs) {
      if (!tape.contains(input) && !constants.has(input)) constants.set(input, await copyOf(input, place))
    }
  }
  return record(
    (...given: Tensor[]) => {
      const known = new Map(constants)
      for (const [i, input] of tape.inputs.entries()) known.set(input, given[i]!)
      for (const entry of tape.entries) {
        if (isInput(tape, entry)) continue
        const operands = entry.inputs.map(input => known.get(input)!)
        const made = applied(entry, operands, attributes.get(entry))
        for (const [j, output] of entry.outputs.entries()) known.set(output, made[j]!)
      }
      return tape.outputs.map(output => known.get(output) ?? output)
    },
    ...begins,
  )
}

/** Whether the tape begins with an entry. */
export function isInput(tape: Tape, entry: Entry): boolean {
  return entry.outputs.some(output => tape.inputs.includes(output))
}

function checkReplayable(tape: Tape, entry: Entry): void {
  const why = whyFixed(entry)
  if (why !== undefined) throw new ValueError('replay', `${tape.describe(entry)} cannot be replayed`, why)
}

/** @throws ShapeError unless there is a tensor for each input, shaped and typed like it */
function checkInputs(tape: Tape, inputs: readonly Tensor[] = tape.inputs): readonly Tensor[] {
  if (inputs.length !== tape.inputs.length) {
    throw new ValueError(
      'replay',
      `${inputs.length} inputs for the ${tape.inputs.length} of the tape`,
      'Give one for each',
    )
  }
  for (const [i, input] of inputs.entries()) {
    const wanted = tape.inputs[i]!
    if (input instanceof Tensor && String(input) === String(wanted)) continue
    throw new ValueError(
      'replay',
      `input ${i} is ${describeOne(input)}, but on the tape ${wanted}`,
      'Give one like it',
    )
  }
  return inputs
}

const describeOne = (x: unknown) => (x instanceof Tensor ? String(x) : describeValue(x))
