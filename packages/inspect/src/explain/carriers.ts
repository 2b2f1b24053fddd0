/** Where a number that is not finite went: through which entries, and how far. */

import { type Entry, isFloat, type Tape, type Tensor } from '@sensigrad/core'
import type { Sweep } from './parts.ts'

/** The entries that carry it. */
export interface Carriers {
  /** A shortest way to the end, the entry in which it began first. */
  readonly path: readonly Entry[]
  /** How many entries carry it, that one included. */
  readonly count: number
  /** The inputs of the tape that it reached, in reverse. */
  readonly reached: readonly Tensor[]
}

/** Forward: the entries whose values are not finite, from one on, up to an output. */
export async function carriersForward(tape: Tape, origin: Entry): Promise<Carriers> {
  const readers = new Map<Entry, Entry[]>()
  for (const entry of tape.entries) {
    for (const { entry: maker } of entry.inputs) {
      const list = maker && readers.get(maker)
      if (list !== undefined) list.push(entry)
      else if (maker !== undefined) readers.set(maker, [entry])
    }
  }
  const isBad = async (entry: Entry) => anyBad(entry.outputs)
  const isEnd = (entry: Entry) => entry.outputs.some(output => tape.outputs.includes(output))
  return { ...(await spread(origin, entry => readers.get(entry) ?? [], isBad, isEnd)), reached: [] }
}

/** In reverse: the entries whose cotangents are not finite, from one on, down to an input. */
export async function carriersBack(tape: Tape, sweep: Sweep, origin: Entry): Promise<Carriers> {
  const makers = (entry: Entry) =>
    isStart(tape, entry) ? [] : entry.inputs.flatMap(input => (tape.contains(input) ? input.entry! : []))
  const isBad = (entry: Entry) => anyBad(entry.outputs.flatMap(output => sweep.arrived(output) ?? []))
  const carriers = await spread(origin, makers, isBad, entry => isStart(tape, entry))
  const reached: Tensor[] = []
  for (const input of tape.inputs) {
    const arrived = sweep.arrived(input)
    if (arrived !== undefined && (await anyBad([arrived]))) reached.push(input)
  }
  return { ...carriers, reached }
}

const isStart = (tape: Tape, entry: Entry) => entry.outputs.some(output => tape.inputs.includes(output))

/** Breadth first, so that the way to the first end is a shortest one. */
async function spread(
  origin: Entry,
  next: (entry: Entry) => readonly Entry[],
  isBad: (entry: Entry) => Promise<boolean>,
  isEnd: (entry: Entry) => boolean,
): Promise<Omit<Carriers, 'reached'>> {
  const cameFrom = new Map<Entry, Entry | undefined>([[origin, undefined]])
  const queue = [origin]
  let end: Entry | undefined
  for (let i = 0; i < queue.length; i++) {
    const entry = queue[i]!
    if (end === undefined && isEnd(entry)) end = entry
    for (const each of next(entry)) {
      if (cameFrom.has(each) || !(await isBad(each))) continue
      cameFrom.set(each, entry)
      queue.push(each)
    }
  }
  const path: Entry[] = []
  for (let at: Entry | undefined = end ?? queue.at(-1); at !== undefined; at = cameFrom.get(at))
    path.unshift(at)
  return { path, count: queue.length }
}

async function anyBad(tensors: readonly Tensor[]): Promise<boolean> {
  for (const x of tensors) {
    if (isFloat(x.dtype) && (await x.data()).some(value => !Number.isFinite(value))) return true
  }
  return false
}
