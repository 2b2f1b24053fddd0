/**
 * Which part of a tape is which layer, and which step of time: the entries are told apart by the module scope in which
 * they were made, and within one scope by how often the same operations follow each other there.
 */

import type { Entry, Tape, Tensor } from '@sensigrad/core'

/** What one layer did at one step of time. */
export interface Passage {
  /** The path of the module. */
  readonly layer: string
  /** The step of time, from 0; `undefined` where the layer acts once. */
  readonly step: number | undefined
  readonly entries: readonly Entry[]
  /** What it takes from elsewhere on the tape, parameters aside. */
  readonly inputs: readonly Tensor[]
  /** What others take from it, or is an output of the tape. */
  readonly outputs: readonly Tensor[]
}

/** How a tape is taken apart. */
export interface PassageOptions {
  /** Tensors that are parameters: what is computed from them alone is weight, no signal. */
  readonly parameters?: readonly Tensor[]
  /** How many names of a path count: at 1 `encoder.layers.3.attention` is part of `encoder`. All, unless said. */
  readonly depth?: number
}

const time = /(?:^|\.)steps\.(\d+)(?=\.|$)/

/** The passages of a tape, in the order in which they begin. Entries outside of all modules belong to none. */
export function passagesOf(tape: Tape, { parameters = [], depth }: PassageOptions = {}): Passage[] {
  const isSignal = signals(tape, parameters)
  const starts = new Set(tape.inputs.map(({ entry }) => entry))
  const layers = new Map<string, Map<number, Entry[]>>()
  for (const entry of tape.entries) {
    if (starts.has(entry)) continue
    const { layer, step } = placeOf(entry.scope, depth)
    if (layer === '') continue
    const steps = layers.get(layer) ?? new Map<number, Entry[]>()
    layers.set(layer, steps)
    const entries = steps.get(step) ?? []
    steps.set(step, entries)
    entries.push(entry)
  }
  const readers = readersOf(tape)
  const results = new Set(tape.outputs)
  const passages: Passage[] = []
  for (const [layer, steps] of layers) {
    for (const { step, entries } of inTime(steps)) {
      const own = new Set(entries)
      const inputs = new Set<Tensor>()
      for (const { inputs: read } of entries) {
        for (const x of read) if (isSignal(x) && tape.contains(x) && !own.has(x.entry!)) inputs.add(x)
      }
      const isSeen = (y: Tensor) => results.has(y) || readers.get(y)?.some(reader => !own.has(reader))
      const outputs = entries.flatMap(({ outputs }) => outputs.filter(y => isSignal(y) && isSeen(y)))
      passages.push({ layer, step, entries, inputs: [...inputs], outputs })
    }
  }
  return passages
    .filter(({ outputs }) => outputs.length > 0)
    .sort((a, b) => a.entries[0]!.id - b.entries[0]!.id)
}

/**
 * The layer and the step of time that a scope names: `rnn.steps.3.cell` is step 3 of `rnn.cell`, and `steps.3`, outside of
 * all modules, of `scan`; -1 names none.
 */
function placeOf(scope: string, depth: number | undefined): { layer: string; step: number } {
  const found = time.exec(scope)
  if (found === null) return { layer: cut(scope, depth), step: -1 }
  const path = scope.replace(time, '').replace(/^\./, '') || 'scan'
  return { layer: cut(path, depth), step: Number(found[1]) }
}

/** The first names of a path; an index belongs to the name before it. */
function cut(path: string, depth: number | undefined): string {
  if (depth === undefined) return path
  const names = path.match(/[^.]+(?:\.\d+(?=\.|$))*/g) ?? []
  return names.slice(0, depth).join('.')
}

/** The entries of a layer by steps of time, where its scopes name them, or where the layer repeats itself. */
function inTime(
  steps: ReadonlyMap<number, readonly Entry[]>,
): { step: number | undefined; entries: readonly Entry[] }[] {
  const once = steps.get(-1)
  const named = [...steps].filter(([step]) => step >= 0).map(([step, entries]) => ({ step, entries }))
  if (once === undefined) return named
  if (named.length > 0) {
    const computes = once.some(({ op }) => !arranging.has(op.name))
    return computes ? [{ step: undefined, entries: once }, ...named] : named
  }
  const rounds = roundsOf(once)
  if (rounds.length === 1) return [{ step: undefined, entries: once }]
  return rounds.map((entries, step) => ({ step, entries }))
}

/** How a sequence is taken apart and put together around the steps: no layer of its own. */
const arranging = new Set([
  'stack',
  'unstack',
  'concat',
  'split',
  'slice',
  'reshape',
  'transpose',
  'expandDims',
])

/**
 * A layer that was called step by step, in a loop of the user's own: the same operations again and again, each round
 * reading what the round before made. The shortest round of two operations or more counts; the first may be shorter,
 * since what it reads of the state may be a constant.
 */
function roundsOf(entries: readonly Entry[]): (readonly Entry[])[] {
  const kinds = entries.map(kindOf)
  for (let length = 2; length <= entries.length / 2; length++) {
    const lead = entries.length % length
    if (kinds.some((kind, i) => i >= lead + length && kind !== kinds[i - length])) continue
    const rounds = lead === 0 ? [] : [entries.slice(0, lead)]
    for (let at = lead; at < entries.length; at += length) rounds.push(entries.slice(at, at + length))
    if (rounds.every((round, i) => i === 0 || reads(round, rounds[i - 1]!))) return rounds
  }
  return [entries]
}

/** What an entry does, and to what, but for where in a sequence: `tanh(float64[4])` makes `float64[4]`. */
function kindOf({ op, inputs, attributes, outputs }: Entry): string {
  const what = op.name === 'map' ? op.format(inputs.map(String), attributes) : op.name
  return `${what} ${outputs.join(' ')}`
}

function reads(round: readonly Entry[], before: readonly Entry[]): boolean {
  const made = new Set(before)
  return round.some(({ inputs }) => inputs.some(({ entry }) => entry !== undefined && made.has(entry)))
}

function readersOf(tape: Tape): Map<Tensor, Entry[]> {
  const readers = new Map<Tensor, Entry[]>()
  for (const entry of tape.entries) {
    for (const input of entry.inputs) {
      const known = readers.get(input)
      if (known) known.push(entry)
      else readers.set(input, [entry])
    }
  }
  return readers
}

/** Tells what depends on data from what is computed of parameters and single numbers alone. */
function signals(tape: Tape, parameters: readonly Tensor[]): (x: Tensor) => boolean {
  const weights = new Set<Tensor>(parameters)
  if (weights.size === 0) return () => true
  const starts = new Set(tape.inputs.map(({ entry }) => entry))
  for (const entry of tape.entries) {
    if (starts.has(entry)) continue
    const { inputs, outputs } = entry
    const isWeight = inputs.every(x => weights.has(x) || (!tape.contains(x) && x.size === 1))
    if (isWeight) for (const output of outputs) weights.add(output)
  }
  return x => !weights.has(x)
}
