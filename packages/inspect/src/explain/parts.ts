/**
 * The cotangent of a tensor, itemised: what each of its readers sent. The sweep adds these up, so that they come to the whole
 * is a check of the sweep.
 */

import { cotangentsOf, type Entry, onesLike, type Tape, type Tensor, withScope } from '@sensigrad/core'

/** What one reader of a tensor sent to it. */
export interface Part {
  /** Who: `undefined` for the cotangent with which the sweep began. */
  readonly reader: Entry | undefined
  readonly share: Tensor
}

/** The sweep of a tape, for those who look things up in it. */
export interface Sweep {
  /** What arrived at a tensor. */
  readonly arrived: (tensor: Tensor) => Tensor | undefined
  /** What an entry sends to each of its inputs. */
  readonly sharesOf: (entry: Entry) => readonly (Tensor | undefined)[]
  /** What was sent to a tensor, in the order in which it was added up. */
  readonly partsOf: (tensor: Tensor) => readonly Part[]
}

/** Sweeps a tape back, and remembers what arrived. What entries sent is computed again when it is asked for. */
export function sweepOf(tape: Tape, given?: Tensor | readonly Tensor[]): Sweep {
  const found = cotangentsOf(tape, given)
  const starts = (given ? [given].flat() : tape.outputs.map(onesLike)) as readonly Tensor[]
  const readers = readersOf(tape)
  const known = new Map<Entry, readonly (Tensor | undefined)[]>()
  const sharesOf = (entry: Entry) => {
    const shares = known.get(entry) ?? send(tape, entry, found)
    known.set(entry, shares)
    return shares
  }
  return {
    arrived: tensor => found.get(tensor),
    sharesOf,
    partsOf(tensor) {
      const begun = tape.outputs.flatMap((output, j): Part[] =>
        output === tensor ? [{ reader: undefined, share: starts[j]! }] : [],
      )
      const sent = (readers.get(tensor) ?? []).flatMap(([reader, i]): Part[] => {
        const share = sharesOf(reader)[i]
        return share === undefined ? [] : [{ reader, share }]
      })
      return [...begun, ...sent]
    },
  }
}

/** The entries that read each tensor, and as which input, the latest first. */
function readersOf(tape: Tape): ReadonlyMap<Tensor, [reader: Entry, input: number][]> {
  const readers = new Map<Tensor, [Entry, number][]>()
  for (const entry of [...tape.entries].reverse()) {
    if (entry.outputs.some(output => tape.inputs.includes(output))) continue
    for (const [i, input] of entry.inputs.entries()) {
      if (!tape.contains(input)) continue
      const list = readers.get(input)
      if (list === undefined) readers.set(input, [[entry, i]])
      else list.push([entry, i])
    }
  }
  return readers
}

function send(
  tape: Tape,
  entry: Entry,
  arrived: ReadonlyMap<Tensor, Tensor>,
): readonly (Tensor | undefined)[] {
  const { op, inputs, outputs, attributes, scope } = entry
  const isStart = outputs.some(output => tape.inputs.includes(output))
  const gs = outputs.map(output => arrived.get(output))
  if (isStart || gs.every(g => g === undefined)) return inputs.map(() => undefined)
  const needs = inputs.map(input => tape.contains(input))
  const sent = withScope(scope, () =>
    op.vjp({ g: gs[0], gs, inputs, output: outputs[0]!, outputs, attributes, needs }),
  )
  return inputs.map((_, i) => (needs[i] ? sent[i] : undefined))
}
