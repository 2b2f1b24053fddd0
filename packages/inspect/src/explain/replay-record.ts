/** A tape from the record of one: what a file says, computed again. */

import {
  allocate,
  type Backend,
  currentBackend,
  formatShape,
  type Op,
  operations,
  record,
  ShapeError,
  type Tape,
  Tensor,
  tensor,
  ValueError,
  withScope,
} from '@sensigrad/core'
import { attributesFromJSON } from '../record/attributes.ts'
import type { EntryRecord, TapeRecord } from '../record/record.ts'
import { Effort } from './effort.ts'
import { fileOperations, guard } from './guards.ts'

/** A tape that was made from a record. */
export interface RecordTape {
  readonly tape: Tape
  /** Where each of its tensors stands in the record: entry and output. */
  readonly ids: ReadonlyMap<Tensor, readonly [entry: number, output: number]>
}

/**
 * Replays the record of a tape.
 *
 * @throws ValueError where elements are missing, or an operation closed over a program; ShapeError where the entries do not
 *         fit together
 */
export async function tapeOfRecord(
  source: TapeRecord,
  { backend = currentBackend(), inputs }: { backend?: Backend; inputs?: readonly Tensor[] } = {},
): Promise<RecordTape> {
  if (inputs !== undefined && inputs.length !== source.inputs.length) {
    throw new ValueError(
      'replay',
      `${inputs.length} inputs for the ${source.inputs.length} of the record`,
      'Give one for each',
    )
  }
  const leaves = new Map<number, Tensor>()
  for (const entry of source.entries) {
    if (entry.role === 'op' || entry.inputs.length > 0) continue
    const given = inputs?.[source.inputs.indexOf(entry.id)]
    leaves.set(entry.id, given ?? keptBy(entry, backend))
  }
  const prepared = await prepare(source, leaves, backend)
  const outputsById = new Map<number, readonly Tensor[]>()
  const tape = record(
    (...given: Tensor[]) => {
      for (const [id, leaf] of leaves) outputsById.set(id, [leaf])
      for (const [i, id] of source.inputs.entries()) outputsById.set(id, [given[i]!])
      for (const { entry, op, attributes } of prepared) {
        const operands = inputsOf(entry, outputsById)
        const made = withScope(entry.scope, () => op.apply(operands, attributes))
        outputsById.set(entry.id, made instanceof Tensor ? [made] : made)
      }
      return source.outputs.map(([id, output]) => outputsById.get(id)![output]!)
    },
    ...source.inputs.map(id => leaves.get(id)!),
  )
  const ids = new Map<Tensor, readonly [number, number]>()
  for (const [id, outputs] of outputsById)
    for (const [j, output] of outputs.entries()) ids.set(output, [id, j])
  return { tape, ids }
}

interface Prepared {
  readonly entry: EntryRecord
  readonly op: Applicable
  readonly attributes: unknown
}

interface Applicable extends Op {
  readonly apply: (inputs: readonly Tensor[], attributes: unknown) => Tensor | readonly Tensor[]
}

/** Looks at every entry before any is recorded: computes it once, and compares what comes out with what the record says. */
async function prepare(
  source: TapeRecord,
  leaves: ReadonlyMap<number, Tensor>,
  backend: Backend,
): Promise<Prepared[]> {
  const known = new Map<number, readonly Tensor[]>([...leaves].map(([id, leaf]) => [id, [leaf]]))
  const prepared: Prepared[] = []
  const effort = new Effort()
  for (const entry of source.entries) {
    if (known.has(entry.id)) continue
    const op = operations.find(({ name }) => name === entry.op) as Applicable | undefined
    if (op === undefined || !fileOperations.includes(entry.op)) {
      throw new ValueError(
        'replay',
        `%${entry.id} = ${entry.op} cannot be replayed from a record`,
        'It closes over functions of a program: replay the tape itself',
      )
    }
    if (entry.attributes === undefined && entry.op !== 'matmul' && entry.op !== 'alias') {
      throw new ValueError(
        'replay',
        `the record does not say how %${entry.id} = ${entry.text} is computed`,
        'Make it again, or replay the tape itself',
      )
    }
    const attributes = attributesFromJSON(entry.op, entry.attributes, backend)
    const operands = inputsOf(entry, known)
    await guard(entry.op, operands, attributes)
    effort.spend(entry, operands, attributes)
    const made = op.apply(operands, attributes)
    const outputs = made instanceof Tensor ? [made] : made
    checkOutputs(entry, outputs)
    known.set(entry.id, outputs)
    prepared.push({ entry, op, attributes })
  }
  return prepared
}

function inputsOf(entry: EntryRecord, known: ReadonlyMap<number, readonly Tensor[]>): Tensor[] {
  return entry.inputs.map((id, i) => {
    const input = known.get(id)?.[entry.inputOutputs?.[i] ?? 0]
    if (input !== undefined) return input
    throw new ShapeError(
      'replay',
      `%${entry.id} reads what %${id} does not give`,
      'The record is damaged: make it again',
    )
  })
}

/** @throws ShapeError when an entry gives something else than the record says */
function checkOutputs({ id, outputs }: EntryRecord, made: readonly Tensor[]): void {
  const [found, said] = [made.map(String), outputs.map(({ dtype, shape }) => `${dtype}${formatShape(shape)}`)]
  if (found.join() === said.join()) return
  throw new ShapeError(
    'replay',
    `%${id} gives ${found.join(', ')} where the record says ${said.join(', ')}`,
    'The record is damaged: make it again',
  )
}

/** The tensor of an input or a constant, whose elements must have been kept. */
function keptBy({ id, text, outputs: [kept] }: EntryRecord, backend: Backend): Tensor {
  if (kept?.elements === undefined) {
    throw new ValueError(
      'replay',
      `the record does not hold the elements of %${id} = ${text}`,
      "Record with { values: 'all' }, or give the inputs",
    )
  }
  const { elements, shape, dtype } = kept
  const values = allocate(dtype, elements.length)
  values.set(elements)
  return tensor(values, { shape, dtype, backend })
}
