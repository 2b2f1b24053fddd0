/**
 * The tape is a value: the recording of (y₁, …, yₘ) = f(x₁, …, xₙ) as an ordered, readable list of entries.
 * Gradients, tangents, explanations and replays are functions of it.
 */

import { checkList } from '../tensor/check.ts'
import { isFloat } from '../tensor/dtype.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { Entry } from './entry.ts'

/** A recording: the entries between some inputs and some outputs, in the order of evaluation. */
export class Tape {
  readonly inputs: readonly Tensor[]
  readonly outputs: readonly Tensor[]
  /** Every entry that leads from the inputs to the outputs, oldest first; the inputs' own entries begin it. */
  readonly entries: readonly Entry[]
  readonly #makers = new Map<Tensor, number>()

  constructor(inputs: readonly Tensor[], outputs: readonly Tensor[], entries: readonly Entry[]) {
    this.inputs = inputs
    this.outputs = outputs
    this.entries = entries
    for (const [number, { outputs }] of entries.entries()) {
      for (const output of outputs) if (isFloat(output.dtype)) this.#makers.set(output, number)
    }
  }

  /** The first output: the only one of most recordings. */
  get output(): Tensor {
    return this.outputs[0]!
  }

  /** Whether an entry of this tape made the tensor; all other tensors are constants to it. */
  contains(tensor: Tensor): boolean {
    return this.#makers.has(tensor)
  }

  /** The number of the entry that made the tensor, as the tape prints it; of a constant its type and shape. */
  nameOf(tensor: Tensor): string {
    const number = this.#makers.get(tensor)
    if (number === undefined) return String(tensor)
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

  /** The entries from the output back to the inputs. */
  *backwards(): Generator<Entry> {
    for (let i = this.entries.length - 1; i >= 0; i--) yield this.entries[i]!
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
  const starts = new Set<Entry>()
  for (const input of inputs) if (input.entry) starts.add(input.entry)
  let oldest = Number.POSITIVE_INFINITY
  for (const start of starts) oldest = Math.min(oldest, start.id)

  const found = new Set<Entry>()
  const pending: Entry[] = []
  const visit = ({ entry }: Tensor): void => {
    if (entry === undefined || entry.id < oldest || found.has(entry)) return
    found.add(entry)
    if (!starts.has(entry)) pending.push(entry)
  }
  outputs.forEach(visit)
  for (let entry = pending.pop(); entry !== undefined; entry = pending.pop()) entry.inputs.forEach(visit)

  const leading = new Set<Entry>(starts)
  for (const entry of [...found].sort((a, b) => a.id - b.id)) {
    if (entry.inputs.some(input => input.entry !== undefined && leading.has(input.entry))) leading.add(entry)
  }
  return new Tape(
    inputs,
    outputs,
    [...leading].sort((a, b) => a.id - b.id),
  )
}
