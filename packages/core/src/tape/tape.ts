/**
 * The tape is a value: the recording of (y₁, …, yₘ) = f(x₁, …, xₙ) as an ordered, readable list of entries.
 * Gradients, tangents, explanations and replays are functions of it.
 */

import { checkList } from '../tensor/check.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { Entry } from './entry.ts'

/** A recording: the entries between some inputs and some outputs, in the order of evaluation. */
export class Tape {
  readonly inputs: readonly Tensor[]
  readonly outputs: readonly Tensor[]
  /** Every entry that leads from the inputs to the outputs, oldest first; the inputs' own entries begin it. */
  readonly entries: readonly Entry[]

  constructor(inputs: readonly Tensor[], outputs: readonly Tensor[], entries: readonly Entry[]) {
    this.inputs = inputs
    this.outputs = outputs
    this.entries = entries
  }

  /** The first output: the only one of most recordings. */
  get output(): Tensor {
    return this.outputs[0]!
  }

  /** Whether an entry of this tape made the tensor; all other tensors are constants to it. */
  contains(tensor: Tensor): boolean {
    return this.numberOf(tensor) >= 0
  }

  /** The number of the entry that made the tensor, or -1. */
  numberOf({ entry }: Tensor): number {
    if (entry === undefined) return -1
    return this.entries[entry.place] === entry ? entry.place : this.#find(entry)
  }

  /** Looks for an entry whose place another tape has taken over. */
  #find(entry: Entry): number {
    let [low, high] = [0, this.entries.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.entries[middle]!.id < entry.id) low = middle + 1
      else high = middle
    }
    return this.entries[low] === entry ? low : -1
  }

  /** The number of the entry that made the tensor, as the tape prints it; of a constant its type and shape. */
  nameOf(tensor: Tensor): string {
    const number = this.numberOf(tensor)
    if (number < 0) return String(tensor)
    const { outputs } = this.entries[number]!
    return outputs.length === 1 ? `%${number}` : `%${number}.${outputs.indexOf(tensor)}`
  }

  /** An entry of this tape in one line: `%3 = tanh(%2)`. */
  describe(entry: Entry): string {
    return `%${this.entries.indexOf(entry)} = ${this.#made(entry)}`
  }

  /** What Node prints for it. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }

  #made({ op, inputs, attributes, outputs }: Entry): string {
    const input = this.inputs.indexOf(outputs[0]!)
    if (input >= 0) return `input ${input}`
    return op.format(
      inputs.map(each => this.nameOf(each)),
      attributes,
    )
  }

  /**
   * The tape as text, a line for each entry: number, operation and operands, type and shape, module.
   *
   * Operands without a number are constants: tensors that do not depend on the inputs. `%4.1` is the second
   * output of entry 4.
   */
  toString(): string {
    const lines = this.entries.map((entry, number) => [
      `%${number}`,
      this.#made(entry),
      entry.outputs.join(', '),
      entry.scope,
    ])
    const widths = [0, 1, 2].map(column =>
      lines.reduce((width, line) => Math.max(width, line[column]!.length), 0),
    )
    return lines
      .map(line =>
        line
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join('  ')
          .trimEnd(),
      )
      .join('\n')
  }
}

/**
 * Cuts from the history of `outputs` the entries that lie between them and `inputs`. Never looks at entries older
 * than the oldest input, so the tape of an inner gradient costs its own length, however long the computation
 * around it; and never recurses, so a tape may be of any length.
 */
export function slice(outputs: readonly Tensor[], inputs: readonly Tensor[]): Tape {
  checkList('sliceTape', 'the outputs', outputs, 'sliceTape([y], [x])')
  checkList('sliceTape', 'the inputs', inputs, 'sliceTape([y], [x])')
  const found: Entry[] = []
  const find = (entry: Entry): void => {
    if (found[entry.place] === entry) return
    entry.place = found.length
    found.push(entry)
  }
  for (const { entry } of inputs) if (entry) find(entry)
  const starts = found.length
  const oldest = found.reduce((id, entry) => Math.min(id, entry.id), Number.POSITIVE_INFINITY)
  for (const { entry } of outputs) if (entry && entry.id >= oldest) find(entry)
  for (let next = starts; next < found.length; next++) {
    for (const { entry } of found[next]!.inputs) if (entry && entry.id >= oldest) find(entry)
  }

  const entries: Entry[] = []
  const leads = ({ entry }: Tensor): boolean => entry !== undefined && entries[entry.place] === entry
  for (const entry of found.sort((a, b) => a.id - b.id)) {
    if (entry.place >= starts && !entry.inputs.some(leads)) continue
    entry.place = entries.length
    entries.push(entry)
  }
  return new Tape(inputs, outputs, entries)
}
