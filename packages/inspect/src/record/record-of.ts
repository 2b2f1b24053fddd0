/** The record of a live tape: its entries, the statistics of their values, and of the gradients that a sweep sends back. */

import {
  cotangentsOf,
  describeValue,
  isFloat,
  sourceOf,
  Tape,
  type Tensor,
  ValueError,
} from '@sensigrad/core'
import { type AnyModule, Module } from '@sensigrad/nn'
import { checkFlag } from '../checks.ts'
import { cutMiddle } from '../text.ts'
import { attributesToJSON } from './attributes.ts'
import { flatnessOf } from './flat.ts'
import { idsOf, type Line, layOut } from './lay-out.ts'
import type { EntryRecord, Provenance, TapeRecord, TensorRecord } from './record.ts'
import { statisticsOf } from './statistics.ts'
import { timeOf } from './time.ts'

/** What is recorded of a tape. */
export interface RecordOptions {
  /** For people: what was computed. */
  readonly title?: string
  /** Whose parameters are called by their paths: those that still hold the values of the recording. */
  readonly module?: AnyModule
  /** What the reverse sweep begins with: ones unless said, or `'none'` for no sweep. */
  readonly cotangents?: Tensor | readonly Tensor[] | 'none'
  /** Which tensors keep their elements: the `small` ones of at most 12 unless said, `all`, or `none`. */
  readonly values?: 'none' | 'small' | 'all'
  /** Whether each operation is run a few times more, to measure how long it takes. Off unless said. */
  readonly time?: boolean
}

/** How many elements a small tensor has at most. */
export const smallest = 12

const example = "{ values: 'all' }"
const known = ['title', 'module', 'cotangents', 'values', 'time'] as const
/** What a file may hold of a text; longer ones give way in the middle. */
export const longest = { name: 512, text: 4096, op: 100 } as const

/**
 * The record of a tape: each entry with the statistics of its values and of their gradients, as plain data.
 *
 * Nothing that the tape computed changes: tensors are read, and the gradients are those of a sweep of their own.
 *
 * @param tape     the recording of (y₁, …, yₘ) = f(x₁, …, xₙ)
 * @returns the record; `tableOf`, `toMermaid`, `toJSON` and others read it
 * @throws  ValueError for what is no tape, or for an option that there is not; as `pullback` for cotangents that do not fit
 * @example console.log(formatTable(tableOf(await recordOf(record(loss, weights)))))
 */
export async function recordOf(tape: Tape, options: RecordOptions = {}): Promise<TapeRecord> {
  checkRecordOptions(tape, options)
  const { title = '', module, cotangents, values = 'small', time = false } = options
  const lines = layOut(tape, module)
  const gradients = cotangents === 'none' ? undefined : cotangentsOf(tape, cotangents)
  const entries: EntryRecord[] = []
  for (const line of lines) entries.push(await entryRecord(line, gradients, values, time))
  const places = idsOf(lines)
  return {
    format: 'sensigrad.tape',
    version: 1,
    title: cutMiddle(title, longest.name),
    backend: (tape.inputs[0] ?? tape.outputs[0])?.backend.name ?? '',
    inputs: tape.inputs.map(input => places.get(input)![0]),
    outputs: tape.outputs.map(output => places.get(output)!),
    entries,
    notes: notesOn(tape, options, entries),
  }
}

/** @throws ValueError for what is no tape, and for options that there are not */
function checkRecordOptions(tape: unknown, options: RecordOptions): void {
  if (!(tape instanceof Tape)) {
    throw new ValueError('recordOf', `the tape is ${describeValue(tape)}`, 'Make one with record(f, x)')
  }
  if (typeof options !== 'object' || options === null) {
    throw new ValueError(
      'recordOf',
      `the options are ${describeValue(options)}`,
      `Give an object: ${example}`,
    )
  }
  const strange = Object.keys(options).find(name => !known.some(each => each === name))
  if (strange !== undefined) {
    throw new ValueError('recordOf', `there is no option ${strange}`, `There is ${known.join(', ')}`)
  }
  checkFlag('recordOf', 'time', options.time)
  const { title, module, values } = options
  if (title !== undefined && typeof title !== 'string') {
    throw new ValueError('recordOf', `the title is ${describeValue(title)}`, 'Give a text')
  }
  if (module !== undefined && !(module instanceof Module)) {
    throw new ValueError(
      'recordOf',
      `the module is ${describeValue(module)}`,
      'Give the model that was recorded',
    )
  }
  if (values !== undefined && !['none', 'small', 'all'].includes(values)) {
    throw new ValueError('recordOf', `values is ${describeValue(values)}`, "Give 'none', 'small' or 'all'")
  }
}

async function entryRecord(
  line: Line,
  gradients: ReadonlyMap<Tensor, Tensor> | undefined,
  values: 'none' | 'small' | 'all',
  time: boolean,
): Promise<EntryRecord> {
  const { id, role, entry, reads, outputs, input, parameter, scope } = line
  const isComputed = role === 'op' && entry !== undefined
  const isFlat = isComputed ? flatnessOf(entry) : undefined
  const tensors: TensorRecord[] = []
  for (const output of outputs) {
    tensors.push(await tensorRecord(output, gradients, values, entry !== undefined, isFlat))
  }
  const attributes = isComputed ? await attributesToJSON(entry.op, entry.attributes) : undefined
  const milliseconds = isComputed && time ? timeOf(entry) : undefined
  const source = entry && sourceOf(entry)
  return {
    id,
    op: isComputed ? cutMiddle(entry.op.name, longest.op) : input === undefined ? 'constant' : 'input',
    text: cutMiddle(textOf(line), longest.text),
    inputs: reads.map(([from]) => from),
    ...(reads.some(([, output]) => output > 0) && { inputOutputs: reads.map(([, output]) => output) }),
    scope: cutMiddle(scope, longest.name),
    role,
    ...(parameter !== undefined && { name: cutMiddle(parameter, longest.name) }),
    outputs: tensors,
    ...(attributes !== undefined && { attributes }),
    ...(milliseconds !== undefined && { milliseconds }),
    ...(source !== undefined && { source: cutMiddle(source, longest.name) }),
  }
}

function textOf({ role, entry, reads, outputs, input, parameter }: Line): string {
  if (parameter !== undefined) return parameter
  if (input !== undefined) return `input ${input}`
  if (role !== 'op' || entry === undefined) return String(outputs[0])
  return entry.op.format(
    reads.map(([line, output], i) => {
      const { entry: maker } = entry.inputs[i]!
      return maker !== undefined && maker.outputs.length > 1 ? `%${line}.${output}` : `%${line}`
    }),
    entry.attributes,
  )
}

const bytesOf = { float32: 4, float64: 8, int32: 4, bool: 1 } as const

async function tensorRecord(
  tensor: Tensor,
  gradients: ReadonlyMap<Tensor, Tensor> | undefined,
  values: 'none' | 'small' | 'all',
  isOfTape: boolean,
  isFlat: ((y: number) => boolean) | undefined,
): Promise<TensorRecord> {
  const { shape, dtype, size } = tensor
  const keeps = values === 'all' || (values === 'small' && size <= smallest)
  const value = await read(tensor)
  const gradient = gradients?.get(tensor)
  const arrived = gradient && (await read(gradient))
  const gradientFrom: Provenance =
    gradients !== undefined && isOfTape && isFloat(dtype) ? 'recorded' : 'not-kept'
  return {
    shape: [...shape],
    dtype,
    bytes: size * bytesOf[dtype],
    valueFrom: value === undefined ? 'not-kept' : 'recorded',
    ...(value && { value: statisticsOf(value, isFlat) }),
    ...(value && keeps && { elements: [...value] }),
    gradientFrom,
    ...(arrived && { gradient: statisticsOf(arrived) }),
    ...(arrived && keeps && { gradientElements: [...arrived] }),
  }
}

/** The elements of a tensor, unless its memory was given back. */
const read = async (tensor: Tensor) => (tensor.released ? undefined : tensor.data())

/** What one must know to read the numbers rightly. */
function notesOn(tape: Tape, { cotangents, time }: RecordOptions, entries: readonly EntryRecord[]): string[] {
  const notes: string[] = []
  const isSum = tape.outputs.length > 1 || tape.outputs.some(({ size }) => size !== 1)
  if (cotangents === undefined && isSum) notes.push('The gradients are those of the sum of all outputs.')
  if (time) notes.push('Times are medians of an operation computed 5 times again, by itself.')
  const forgotten = entries.filter(({ op }) => op === 'checkpoint').length
  if (forgotten > 0) {
    notes.push(
      `${forgotten} of the entries are checkpoints: what lies inside of them is computed again in the sweep.`,
    )
  }
  return notes
}
