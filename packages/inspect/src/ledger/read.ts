/** Reading a ledger's file, of which nothing is believed that was not checked. */

import { describeValue, SensigradError, sizeOf } from '@sensigrad/core'
import { type Check, list, number, object, oneOf, text, whole, wrong } from '../record/check.ts'
import { quoted, TapeFileError } from '../record/errors.ts'
import type { Provenance } from '../record/record.ts'
import { plural } from '../text.ts'
import {
  type ChangeRecord,
  type LayerStep,
  type LedgerData,
  type LedgerHeader,
  type LedgerStep,
  ledgerLevels,
  type NeuronChanges,
  type ParameterStep,
  type PartRecord,
} from './data.ts'
import { longestLine } from './lines.ts'

/** What is said to be the file of a ledger is none. The message names the line, the rule and the remedy. */
export class LedgerFileError extends SensigradError {
  /** Where in the file: `line 3: parameters[0]`, or `''` where it is the whole that is wrong. */
  readonly place: string

  constructor(place: string, problem: string, remedy = 'Give a file that a ledger wrote') {
    super('readLedger', place === '' ? problem : `${place} ${problem}`, remedy)
    this.place = place
  }
}

const most = {
  steps: 1e6,
  parameters: 10_000,
  parts: 100,
  units: 1e6,
  depth: 10,
  characters: 2 ** 29,
} as const

/**
 * Reads a ledger. A last line that was torn off while it was written is left out, and a note says so.
 *
 * @param text  the text of the file, or its lines
 * @throws LedgerFileError for what is no ledger, or is too large to be one, with the line and the rule
 * @example const data = readLedger(await readFile('run.ledger.jsonl', 'utf8'))
 */
export function readLedger(text: string | Iterable<string>): LedgerData {
  const isThere =
    typeof text === 'string' || (typeof text === 'object' && text !== null && Symbol.iterator in text)
  if (!isThere) {
    throw new LedgerFileError(
      '',
      `the text is ${describeValue(text)}`,
      'Give the text of the file, or its lines',
    )
  }
  if (typeof text === 'string' && text.length > most.characters) {
    throw new LedgerFileError('', `the text has ${text.length} characters, of at most ${most.characters}`)
  }
  const notes: string[] = []
  const steps: LedgerStep[] = []
  let header: LedgerHeader | undefined
  let torn: string | undefined
  let line = 0
  for (const each of typeof text === 'string' ? linesIn(text) : text) {
    line++
    if (torn !== undefined) throw new LedgerFileError(torn, 'is no whole line of JSON')
    if (typeof each !== 'string') throw new LedgerFileError(`line ${line}`, `is ${quoted(each)}, not a text`)
    if (each === '') continue
    const place = `line ${line}`
    const value = parsed(each, place)
    if (value === undefined) torn = place
    else if (header === undefined) header = checked(readHeader, value, `${place}: `)
    else steps.push(checked(inOrder(steps, header), value, `${place}: `))
  }
  if (header === undefined) {
    throw new LedgerFileError('', torn === undefined ? 'the file is empty' : 'the first line is no JSON')
  }
  if (torn !== undefined) notes.push(`${torn} was torn off while it was written, and is left out`)
  const cut = steps.filter(step => step.cut !== undefined).length
  if (cut > 0) notes.push(`neurons or elements are left out of ${plural(cut, 'step')}, too long for a line`)
  return { header, steps, notes }
}

/** The lines of a text, one at a time. */
function* linesIn(text: string): Generator<string, void> {
  for (let start = 0; start < text.length; ) {
    const next = text.indexOf('\n', start)
    const end = next < 0 ? text.length : next
    yield text.slice(start, end).replace(/\r$/, '')
    start = end + 1
  }
}

/** What a line of JSON holds; `undefined` where it is none. How deep it nests is counted before it is parsed. */
function parsed(line: string, place: string): unknown {
  if (line.length > longestLine) {
    throw new LedgerFileError(place, `has ${line.length} characters, of at most ${longestLine}`)
  }
  const deepest = depthOf(line)
  if (deepest > most.depth) throw new LedgerFileError(place, `nests deeper than ${most.depth} levels`)
  try {
    return JSON.parse(line) ?? null
  } catch {
    return undefined
  }
}

/** How deep the brackets of JSON nest, those in texts aside. */
function depthOf(line: string): number {
  let [depth, deepest, isText] = [0, 0, false]
  for (let i = 0; i < line.length; i++) {
    const sign = line[i]
    if (isText && sign === '\\') i++
    else if (sign === '"') isText = !isText
    else if (isText) continue
    else if (sign === '[' || sign === '{') deepest = Math.max(deepest, ++depth)
    else if (sign === ']' || sign === '}') depth--
  }
  return deepest
}

/** Reads a value; what is wrong with it is wrong with this file. */
function checked<Value>(check: Check<Value>, value: unknown, place: string): Value {
  try {
    return check(value, place)
  } catch (error) {
    if (error instanceof TapeFileError)
      throw new LedgerFileError(error.place.replace(/: $/, ''), error.problem)
    throw error
  }
}

const name = text(512)
const names = list(name, most.parts)
const numbers = list(number, most.units)

const readHeader: Check<LedgerHeader> = (value, place) => {
  const given = (typeof value === 'object' && value !== null ? value : {}) as {
    format?: unknown
    version?: unknown
  }
  if (given.format !== 'sensigrad.ledger') wrong(place, `is no ledger: its format is ${quoted(given.format)}`)
  if (given.version !== 1)
    wrong(place, `is a ledger of version ${quoted(given.version)}, and 1 is known here`)
  return object<LedgerHeader>({
    format: oneOf(['sensigrad.ledger']),
    version: () => 1 as const,
    title: name,
    level: oneOf(ledgerLevels),
    backend: name,
    movers: names,
    without: names,
    first: whole(0, 1e9),
  })(value, place)
}

/** How long a way is: no limit, where a training has none. */
const length: Check<number> = (value, place) => {
  const given = number(value, place)
  return given < 0 ? wrong(place, `is ${given}, which is no length`) : given
}

const part = object<PartRecord>({ name, norm: number, along: number, withTask: number })
const change = {
  norm: number,
  parts: list(part, most.parts),
  momentum: part,
  without: list(part, most.parts),
}
const net = object<ChangeRecord & { path: number; start: number }>({ ...change, path: length, start: number })
const rows = object<NeuronChanges>({
  norm: numbers,
  parts: list(object({ name, norm: numbers, along: numbers }), most.parts),
})

const parameter = object<ParameterStep>(
  {
    ...change,
    path: name,
    shape: list(whole(0, 2 ** 40), 32),
    weight: (value, place) => {
      const pair = list(number, 2)(value, place)
      return pair.length === 2 ? [pair[0]!, pair[1]!] : wrong(place, 'is not two numbers')
    },
    net,
    neurons: object<NonNullable<ParameterStep['neurons']>>({ weight: numbers, step: rows, net: rows }, [
      'net',
    ]),
    elements: object<NonNullable<ParameterStep['elements']>>({
      before: numbers,
      after: numbers,
      parts: list(object({ name, change: numbers }), most.parts),
    }),
  },
  ['net', 'neurons', 'elements'],
)

/** A parameter of which every list is as long as its shape says. */
const fitting: Check<ParameterStep> = (value, place) => {
  const found = parameter(value, place)
  const { shape, neurons, elements } = found
  const has = (lists: readonly (readonly number[])[], length: number, what: string) => {
    if (lists.some(each => each.length !== length))
      wrong(place, `has ${what} that are not ${length}, as its shape says`)
  }
  const all = ({ norm, parts }: NeuronChanges) => [norm, ...parts.flatMap(({ norm, along }) => [norm, along])]
  if (neurons !== undefined) {
    const { weight, step, net } = neurons
    has([weight, ...all(step), ...(net ? all(net) : [])], shape[0] ?? -1, 'neurons')
  }
  if (elements !== undefined) {
    const { before, after, parts } = elements
    has([before, after, ...parts.map(({ change }) => change)], sizeOf(shape), 'elements')
  }
  return found
}

type Adjusted = NonNullable<LayerStep['adjustment']>

const layer = object<LayerStep>(
  {
    path: name,
    source: oneOf(['SAL', 'isometry']),
    parameters: list(name, most.parameters),
    adjustment: object<Adjusted>(
      {
        units: whole(0, most.units),
        target: number,
        rate: number,
        open: whole(0, most.units),
        sensitivity: number,
        average: number,
        neurons: object<NonNullable<Adjusted['neurons']>>({
          sensitivity: numbers,
          average: numbers,
          gate: numbers,
        }),
      },
      ['neurons'],
    ),
  },
  ['adjustment'],
)

const provenances: readonly Provenance[] = ['recorded', 'replayed-equal', 'replayed-differs', 'not-kept']

const step = object<LedgerStep>(
  {
    step: whole(0, 1e9),
    from: oneOf(provenances),
    loss: number,
    parameters: list(fitting, most.parameters),
    layers: list(layer, most.parameters),
    hash: (value, place) => {
      const hash = text(16)(value, place)
      return /^[0-9a-f]{16}$/.test(hash) ? hash : wrong(place, 'is no hash of 16 hexadecimal digits')
    },
    cut: list(oneOf(['elements', 'neurons']), 2),
  },
  ['loss', 'cut'],
)

/** A step that follows those that were read. */
const inOrder =
  (steps: readonly LedgerStep[], { first }: LedgerHeader): Check<LedgerStep> =>
  (value, place) => {
    const found = step(value, place)
    const last = steps.at(-1)?.step ?? first - 1
    if (found.step <= last) wrong(place, `is step ${found.step}, and comes after ${last}`)
    if (steps.length === most.steps) wrong(place, `is one more than ${most.steps} steps`)
    return found
  }
