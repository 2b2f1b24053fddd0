/** The record of a captured step: every value of it, of those that the replayed program never holds, too. */

import {
  type CaptureArgument,
  type Captured,
  type ExaminedInstruction,
  examine,
  isSynchronous,
  keep,
  letGo,
  type StepOutput,
  type Tensor,
  type TypedArray,
} from '@sensigrad/core'
import { cutMiddle } from '../text.ts'
import type { EntryRecord, Provenance, TapeRecord } from './record.ts'
import { longest, smallest } from './record-of.ts'
import { statisticsOf } from './statistics.ts'

/** What is recorded of a captured step. */
export interface CapturedRecordOptions {
  /** For people: what was computed. */
  readonly title?: string
  /** Which tensors keep their elements: the `small` ones of at most 12 unless said, `all`, or `none`. */
  readonly values?: 'none' | 'small' | 'all'
}

/**
 * The record of a captured step that has been called: an entry for each call of a kernel that the step asked for, gradient
 * sweep and updates included, in which those that the replayed program fuses, shares or hoists say so. All values are
 * computed once more, with what variables hold now; nothing changes.
 *
 * A value is `replayed-equal` where the rewritten program computes the same bits by construction, and `replayed-differs`
 * where it adds up in another order than the step asked for, or reads what does.
 *
 * @param captured  what `capture` gave, after its first call
 * @param inputs    what the step is called with; what it was called with last, unless said
 * @throws  ValueError for what is no captured step, or was not called; ShapeError for inputs that are not like the last
 * @example console.log(formatTable(tableOf(await recordOfCaptured(train, { title: 'step 173' }))))
 */
export async function recordOfCaptured<Inputs extends readonly CaptureArgument[], Output extends StepOutput>(
  captured: Captured<Inputs, Output>,
  options: CapturedRecordOptions = {},
  ...inputs: Inputs | []
): Promise<TapeRecord> {
  const { title = '', values = 'small' } = options
  const { instructions, replay } = examine(captured)
  const from = provenances(instructions)
  const reads: (() => Promise<EntryRecord>)[] = []
  let backend = ''
  replay(
    (value, instruction) => {
      const id = reads.length
      backend = value.backend.name
      const finish = (elements: TypedArray) => entryOf(id, instruction, value, elements, from[id]!, values)
      if (isSynchronous(value.backend)) {
        const entry = finish(value.backend.readSync(value))
        reads.push(async () => entry)
      } else {
        keep(value)
        reads.push(async () => {
          const elements = await value.data()
          letGo(value)
          return finish(elements)
        })
      }
    },
    ...inputs,
  )
  const entries: EntryRecord[] = []
  for (const read of reads) entries.push(await read())
  return {
    format: 'sensigrad.tape',
    version: 1,
    title: cutMiddle(title, longest.name),
    backend,
    inputs: [],
    outputs: [],
    entries,
    notes: notesOn(instructions, from),
  }
}

function entryOf(
  id: number,
  { kernel, text, inputs, scope, fate, source }: ExaminedInstruction,
  { shape, dtype }: Tensor,
  elements: TypedArray,
  valueFrom: Provenance,
  values: 'none' | 'small' | 'all',
): EntryRecord {
  const keeps = values === 'all' || (values === 'small' && elements.length <= smallest)
  return {
    id,
    op: kernel,
    text: cutMiddle(fate === 'kept' ? text : `${text} · ${fate}`, longest.text),
    inputs: inputs.filter(input => typeof input === 'number'),
    scope: cutMiddle(scope, longest.name),
    role: 'op',
    outputs: [
      {
        shape: [...shape],
        dtype,
        bytes: elements.byteLength,
        valueFrom,
        value: statisticsOf(elements),
        ...(keeps && { elements: [...elements] }),
        gradientFrom: 'not-kept',
      },
    ],
    ...(source !== undefined && { source: cutMiddle(source, longest.name) }),
  }
}

/** Of each instruction, whether the rewritten program has the same bits: sums in another order may have others. */
function provenances(instructions: readonly ExaminedInstruction[]): Provenance[] {
  const found: Provenance[] = []
  for (const { fate, inputs } of instructions) {
    const isReordered = fate === 'summed' || fate === 'joined'
    const reads = inputs.some(input => typeof input === 'number' && found[input] === 'replayed-differs')
    found.push(isReordered || reads ? 'replayed-differs' : 'replayed-equal')
  }
  return found
}

function notesOn(instructions: readonly ExaminedInstruction[], from: readonly Provenance[]): string[] {
  const counts = new Map<string, number>()
  for (const { fate } of instructions) if (fate !== 'kept') counts.set(fate, (counts.get(fate) ?? 0) + 1)
  const fates = [...counts].map(([fate, count]) => `${count} ${fate}`).join(', ')
  return [
    'The values are those of one more call, with what variables hold now.',
    ...(fates === '' ? [] : [`Not computed by themselves in the replayed program: ${fates}.`]),
    ...(from.includes('replayed-differs')
      ? ['Where the replayed program adds up in another order, its last bits may differ from these.']
      : []),
  ]
}
