/**
 * Records of tapes as text: JSON Lines, one line for the whole and one for each entry, so that a file can be read, and
 * refused, line by line. Files come from anywhere: nothing of them is believed that was not checked.
 */

import { describeValue, ValueError } from '@sensigrad/core'
import { checkAttributes } from './attributes.ts'
import {
  amount,
  anything,
  type Check,
  list,
  numberToJSON,
  object,
  oneOf,
  text,
  whole,
  wrong,
} from './check.ts'
import { quoted, TapeFileError } from './errors.ts'
import type { EntryRecord, Role, TapeRecord } from './record.ts'
import { tensor } from './tensor-json.ts'

/** What a file may hold at most. */
const most = { characters: 2 ** 28, line: 2 ** 24, entries: 1e6, levels: 8, notes: 100 } as const

/** The first line of a file. */
interface Head extends Omit<TapeRecord, 'entries'> {
  /** How many lines follow. */
  readonly entries: number
}

/**
 * A record as text: a line of JSON for the whole, then one for each entry. NaN, infinities and -0, which JSON lacks, are
 * these words.
 *
 * @throws ValueError for what is no record, and for an entry that keeps more elements than a line may hold
 * @example await writeFile('step.tape', toJSON(await recordOf(tape)))
 */
export function toJSON(record: TapeRecord): string {
  if (!Array.isArray(record?.entries)) {
    throw new ValueError('toJSON', `the record is ${describeValue(record)}`, 'Give await recordOf(tape)')
  }
  const { entries, ...whole } = record
  const head: Head = { ...whole, entries: entries.length }
  return [head, ...entries].map((line, i) => `${checkLength(JSON.stringify(line, words), i)}\n`).join('')
}

/** @throws ValueError for a line that nobody would read */
function checkLength(line: string, i: number): string {
  if (line.length <= most.line) return line
  throw new ValueError(
    'toJSON',
    `entry ${i - 1} takes ${line.length} characters, of at most ${most.line}`,
    "Keep fewer elements: recordOf(tape, { values: 'small' })",
  )
}

const words = (_: string, value: unknown): unknown =>
  typeof value === 'number' ? numberToJSON(value) : value

/**
 * The record that a text of `toJSON` holds.
 *
 * @throws TapeFileError for what is none, naming the line and the field; of a text that is too large, before it is read
 * @example const record = fromJSON(await readFile('step.tape', 'utf8'))
 */
export function fromJSON(text: string): TapeRecord {
  if (typeof text !== 'string') {
    throw new TapeFileError('fromJSON', '', `the text is ${describeValue(text)}`, 'Give what toJSON wrote')
  }
  if (text.length > most.characters) {
    wrong('', `the text has ${text.length} characters, of at most ${most.characters}`, 'Record fewer values')
  }
  const lines = linesOf(text)
  const { value: first, done } = lines.next()
  if (done) wrong('', 'the text is empty')
  const head = readHead(parse(first, 'line 1'), 'line 1: ')
  const entries: EntryRecord[] = []
  for (const line of lines) {
    const number = entries.length + 2
    if (entries.length === head.entries)
      wrong(`line ${number}`, `follows ${head.entries} entries, which is all there are`)
    entries.push(readEntry(parse(line, `line ${number}`), `line ${number}: `, entries))
  }
  if (entries.length < head.entries) {
    wrong(
      '',
      `the text ends after ${entries.length} of ${head.entries} entries`,
      'Write or copy it again: it is cut off',
    )
  }
  checkEnds(head, entries)
  return { ...head, entries }
}

/** The lines of a text that are not empty, one at a time. */
function* linesOf(text: string): Generator<string, undefined> {
  for (let start = 0; start < text.length; ) {
    const next = text.indexOf('\n', start)
    const end = next < 0 ? text.length : next
    if (end > start) yield text.slice(start, end)
    start = end + 1
  }
  return undefined
}

/** What a line of JSON holds. How deep it nests is counted before: parsed, a short text can take much room. */
function parse(line: string, place: string): unknown {
  if (line.length > most.line)
    wrong(place, `has ${line.length} characters, of at most ${most.line}`, 'Record fewer values')
  let [level, isText] = [0, false]
  for (let i = 0; i < line.length; i++) {
    const sign = line.charCodeAt(i)
    if (isText) {
      if (sign === 0x5c) i++
      else if (sign === 0x22) isText = false
    } else if (sign === 0x22) isText = true
    else if (sign === 0x5b || sign === 0x7b) {
      if (++level > most.levels) wrong(place, `nests deeper than ${most.levels} levels`)
    } else if (sign === 0x5d || sign === 0x7d) level--
  }
  try {
    return JSON.parse(line)
  } catch {
    return wrong(place, 'is no JSON', 'Give a file that toJSON wrote')
  }
}

const roles: readonly Role[] = ['input', 'parameter', 'constant', 'op']
const name = text(512)
const id = whole(0, most.entries)

const entry = object<EntryRecord>(
  {
    id,
    op: text(100),
    text: text(4096),
    inputs: list(id, 100_000),
    inputOutputs: list(whole(0, 100_000), 100_000),
    scope: name,
    role: oneOf(roles),
    name,
    outputs: list(tensor, 100_000),
    attributes: anything,
    milliseconds: amount,
    source: name,
  },
  ['inputOutputs', 'name', 'attributes', 'milliseconds', 'source'],
)

/** An entry after the ones before it, from which alone it can read: so there are no circles. */
function readEntry(value: unknown, place: string, before: readonly EntryRecord[]): EntryRecord {
  const read = entry(value, place)
  const { inputs, inputOutputs } = read
  if (read.id !== before.length) wrong(`${place}id`, `is ${read.id}, but it is entry ${before.length}`)
  if (read.outputs.length === 0) wrong(`${place}outputs`, 'is empty')
  if (read.role !== 'op' && inputs.length > 0)
    wrong(`${place}inputs`, `has entries, although it is of role ${read.role}`)
  for (const [i, from] of inputs.entries()) {
    if (from >= read.id) wrong(`${place}inputs[${i}]`, `is ${from}, which does not come before ${read.id}`)
  }
  if (inputOutputs !== undefined && inputOutputs.length !== inputs.length) {
    wrong(`${place}inputOutputs`, `has ${inputOutputs.length} items for ${inputs.length} inputs`)
  }
  for (const [i, output] of inputOutputs?.entries() ?? []) {
    const there = before[inputs[i]!]!.outputs.length
    if (output >= there)
      wrong(`${place}inputOutputs[${i}]`, `is ${output}, but entry ${inputs[i]} has ${there} outputs`)
  }
  if (read.attributes === undefined) return read
  return { ...read, attributes: checkAttributes(read.op, read.attributes, `${place}attributes`) }
}

const pair: Check<readonly [entry: number, output: number]> = (value, place) => {
  const [from, output, ...more] = list(id, 2)(value, place)
  if (from === undefined || output === undefined || more.length > 0)
    wrong(place, 'is no pair of an entry and its output')
  return [from, output]
}

function readHead(value: unknown, place: string): Head {
  checkFormat(value, place)
  return object<Head>({
    format: oneOf(['sensigrad.tape']),
    version: value => value as 1,
    title: name,
    backend: name,
    inputs: list(id, most.entries),
    outputs: list(pair, most.entries),
    notes: list(text(1024), most.notes),
    entries: whole(0, most.entries),
  })(value, place)
}

/** @throws TapeFileError for another kind of file, and for a version of it that is not known here */
function checkFormat(value: unknown, place: string): void {
  const { format, version } = (typeof value === 'object' ? (value ?? {}) : {}) as Partial<
    Record<string, unknown>
  >
  if (format !== 'sensigrad.tape') {
    wrong(`${place}format`, `is ${quoted(format)}, not 'sensigrad.tape'`, 'Give a file that toJSON wrote')
  }
  if (version !== 1) {
    wrong(
      `${place}version`,
      `is ${quoted(version)}, and only version 1 is known here`,
      'Read it with a newer sensigrad',
    )
  }
}

/** @throws TapeFileError when what is said to be an input or output of the tape is none of its tensors */
function checkEnds({ inputs, outputs }: Head, entries: readonly EntryRecord[]): void {
  for (const [i, from] of inputs.entries()) {
    const role = entries[from]?.role
    if (role === 'input' || role === 'parameter') continue
    wrong(
      `line 1: inputs[${i}]`,
      role === undefined ? `is ${from}, which is no entry` : `is ${from}, of role ${role}`,
    )
  }
  for (const [i, [from, output]] of outputs.entries()) {
    if (entries[from]?.outputs[output] === undefined)
      wrong(`line 1: outputs[${i}]`, `is %${from}.${output}, which there is not`)
  }
}
