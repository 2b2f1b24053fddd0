/**
 * Checkpoints: the parts of a training (model, optimiser, SAL, keys) and plain values (step, name) in one safetensors
 * file. Tensors lie in its data, where every program reads them; numbers stand in its metadata to their last digit.
 */

import { describeValue, type State, type Stateful, type Tensor, ValueError } from '@sensigrad/core'
import { isRecord } from './check.ts'
import { FileError, quoted, type Source } from './file-error.ts'
import { readFile, replaceFile } from './files.ts'
import { decode, encode } from './safetensors/safetensors.ts'

/** What a checkpoint keeps beside the parts. */
export type Plain = number | string | boolean

/** Parts and plain values, by name. */
export type Parts = Readonly<Record<string, Stateful | Plain>>

/** The plain values of a checkpoint: those that were asked for, of the type of their example, and all others. */
export type PlainValues<Asked extends Parts> = {
  readonly [Name in keyof Asked as Asked[Name] extends Plain ? Name : never]: Asked[Name] extends number
    ? number
    : Asked[Name] extends string
      ? string
      : boolean
} & { readonly [name: string]: Plain }

const marker = '__checkpoint__'
const version = 1

/**
 * Writes a checkpoint; needs Node. One that is there is replaced whole, or stays as it is.
 *
 * @param parts  whatever has `state()` and `restore()`, and numbers, texts and truth values, by names without dots
 * @throws FileError when it cannot be written; ValueError for what is neither a part nor a plain value
 * @example await saveCheckpoint('run.safetensors', { model, optimizer, keys, step })
 */
export async function saveCheckpoint(path: string, parts: Parts): Promise<void> {
  const operation = 'saveCheckpoint'
  await replaceFile({ operation, file: path }, await write(operation, parts))
}

/**
 * Puts the parts of a checkpoint back, all of them or none; needs Node.
 *
 * @param parts  the parts to restore, by the names under which they were saved; plain values among them must be there,
 *               of the same type. What the file has beside them is left alone
 * @returns the plain values of the file, exactly as they were saved
 * @throws FileError when the file cannot be read, breaks a rule or lacks something, or a part refuses its state. Then
 *         every part is as it was before
 * @example const { step } = await loadCheckpoint('run.safetensors', { model, optimizer, keys, step: 0 })
 */
export async function loadCheckpoint<const Asked extends Parts>(
  path: string,
  parts: Asked,
): Promise<PlainValues<Asked>> {
  const source = { operation: 'loadCheckpoint', file: path }
  checkParts(source.operation, parts)
  return read(source, await readFile(source), parts)
}

/**
 * As `saveCheckpoint`, as bytes.
 *
 * @throws ValueError for what is neither a part nor a plain value
 * @example await encodeCheckpoint({ model, optimizer, step })
 */
export async function encodeCheckpoint(parts: Parts): Promise<Uint8Array> {
  return write('encodeCheckpoint', parts)
}

/**
 * As `loadCheckpoint`, from bytes.
 *
 * @throws FileError as `loadCheckpoint` does; then every part is as it was before
 * @example const { step } = decodeCheckpoint(bytes, { model, optimizer, step: 0 })
 */
export function decodeCheckpoint<const Asked extends Parts>(
  bytes: Uint8Array,
  parts: Asked,
): PlainValues<Asked> {
  const source = { operation: 'decodeCheckpoint' }
  checkParts(source.operation, parts)
  return read(source, bytes, parts)
}

function write(operation: string, parts: Parts): Promise<Uint8Array> {
  checkParts(operation, parts)
  const tensors: [string, Tensor][] = []
  const metadata: [string, string][] = []
  const stateful = Object.entries(parts).filter(([, part]) => isStateful(part))
  const values = Object.entries(parts).filter(([, part]) => !isStateful(part))
  for (const [name, value] of values) metadata.push([name, textOf(value as Plain)])
  for (const [name, part] of stateful) {
    for (const [path, value] of Object.entries((part as Stateful).state())) {
      if (typeof value === 'object') tensors.push([`${name}.${path}`, value])
      else metadata.push([`${name}.${path}`, textOf(value)])
    }
  }
  const known = { version, parts: stateful.map(([name]) => name).sort() } // a part may have nothing to keep
  metadata.push([marker, JSON.stringify(known)])
  return encode(operation, Object.fromEntries(tensors), Object.fromEntries(metadata))
}

function read<Asked extends Parts>(source: Source, bytes: Uint8Array, asked: Asked): PlainValues<Asked> {
  const { states, values } = contentsOf(source, bytes)
  const chosen: { name: string; part: Stateful; state: State }[] = []
  for (const [name, part] of Object.entries(asked)) {
    const found = isStateful(part) ? states.get(name) : values.get(name)
    if (found === undefined || (!isStateful(part) && typeof found !== typeof part)) {
      const there = [...states.keys(), ...[...values].map(([name, value]) => `${name} (a ${typeof value})`)]
      throw new FileError(
        source,
        `there is no ${isStateful(part) ? 'part' : typeof part} ${name}`,
        `It has ${there.join(', ') || 'nothing'}`,
      )
    }
    if (isStateful(part)) chosen.push({ name, part, state: found as State })
  }
  restoreAll(source, chosen)
  return Object.fromEntries(values) as PlainValues<Asked>
}

/** Restores every part or, when one refuses, none. */
function restoreAll(source: Source, chosen: readonly { name: string; part: Stateful; state: State }[]): void {
  const before = chosen.map(({ part }) => part.state())
  chosen.forEach(({ name, part, state }, i) => {
    try {
      part.restore(state)
    } catch (error) {
      for (let k = i - 1; k >= 0; k--) chosen[k]!.part.restore(before[k]!)
      throw new FileError(
        source,
        `${name} refuses its state (${error instanceof Error ? error.message : String(error)})`,
        'Nothing has changed. Give a part like the one that was saved',
        error,
      )
    }
  })
}

/** The states and the plain values of a checkpoint, by name. */
function contentsOf(
  source: Source,
  bytes: Uint8Array,
): { states: Map<string, Record<string, Tensor | Plain>>; values: Map<string, Plain> } {
  const { tensors, metadata } = decode(source, bytes)
  const states = new Map(partsIn(source, metadata[marker]).map(name => [name, Object.create(null)]))
  const values = new Map<string, Plain>()
  const put = (name: string, value: Tensor | Plain) => {
    const dot = name.indexOf('.')
    const state = states.get(name.slice(0, dot))
    if (dot < 0 && typeof value !== 'object') values.set(name, value)
    else if (dot >= 0 && state !== undefined) state[name.slice(dot + 1)] = value
    else
      throw new FileError(source, `${quoted(name)} belongs to no part`, 'It was changed after it was saved')
  }
  for (const [name, tensor] of Object.entries(tensors)) put(name, tensor)
  for (const [name, text] of Object.entries(metadata)) {
    if (name === marker) continue
    if (name in tensors) {
      throw new FileError(source, `${quoted(name)} is there twice`, 'It was changed after it was saved')
    }
    put(name, plainOf(source, name, text))
  }
  return { states, values }
}

/** The names of the parts, where this is a checkpoint. */
function partsIn(source: Source, text: string | undefined): string[] {
  let known: { version?: unknown; parts?: unknown } | null = null
  try {
    known = JSON.parse(text ?? 'null')
  } catch {} // as if there were none
  if (typeof known !== 'object' || known === null) {
    throw new FileError(source, 'it is no checkpoint', 'Read its tensors with loadSafetensors')
  }
  if (known.version !== version) {
    throw new FileError(
      source,
      `it is a checkpoint of version ${quoted(known.version)}, and version ${version} is known`,
      'Read it with the release that wrote it',
    )
  }
  const { parts } = known
  if (Array.isArray(parts) && parts.every(name => typeof name === 'string')) return parts
  throw new FileError(source, `its parts are ${quoted(parts)}`, 'It was changed after it was saved')
}

/** A plain value as a text that gives it back: texts in quotes, and -0, NaN and infinities by their names. */
function textOf(value: Plain): string {
  if (typeof value === 'string') return JSON.stringify(value)
  return Object.is(value, -0) ? '-0' : String(value)
}

function plainOf(source: Source, name: string, text: string): Plain {
  if (text === 'true' || text === 'false') return text === 'true'
  if (textOf(Number(text)) === text) return Number(text)
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'string') return value
  } catch {} // refused below
  throw new FileError(
    source,
    `the value of ${quoted(name)} is ${quoted(text)}`,
    'Its metadata was changed after it was saved',
  )
}

function isStateful(part: unknown): part is Stateful {
  const { state, restore } = (part ?? {}) as Partial<Stateful>
  return typeof state === 'function' && typeof restore === 'function'
}

function checkParts(operation: string, parts: unknown): void {
  if (!isRecord(parts) || isStateful(parts)) {
    throw new ValueError(
      operation,
      `the parts are ${describeValue(parts)}`,
      'Give them by name: { model, optimizer, step: 7 }',
    )
  }
  for (const [name, part] of Object.entries(parts)) {
    if (name === '' || name.includes('.') || name.startsWith('__')) {
      throw new ValueError(operation, `${quoted(name)} names no part`, 'Give a name without dots: { model }')
    }
    if (isStateful(part) || ['number', 'string', 'boolean'].includes(typeof part)) continue
    throw new ValueError(
      operation,
      `${name} is ${describeValue(part)}`,
      'Give what has state() and restore(state), a number, a text or a truth value',
    )
  }
}
