/**
 * The tape is a value: the recording of y = f(x₁, …, xₙ) as an ordered, readable list of entries. Gradients,
 * tangents, explanations and replays are functions of it.
 */

import type { Tensor } from '../tensor/tensor.ts'
import type { Entry } from './entry.ts'

/** A recording: the entries between some inputs and an output, in the order of evaluation. */
export class Tape {
  readonly inputs: readonly Tensor[]
  readonly output: Tensor
  /** Every entry that leads from the inputs to the output, oldest first; the inputs' own entries begin it. */
  readonly entries: readonly Entry[]
  readonly #numbers: ReadonlyMap<Tensor, number>

  constructor(inputs: readonly Tensor[], output: Tensor, entries: readonly Entry[]) {
    this.inputs = inputs
    this.output = output
    this.entries = entries
    this.#numbers = new Map(entries.map((entry, number) => [entry.output, number]))
  }

  /** Whether an entry of this tape made the tensor; all other tensors are constants to it. */
  contains(tensor: Tensor): boolean {
    return this.#numbers.has(tensor)
  }

  /** The entries from the output back to the inputs. */
  *backwards(): Generator<Entry> {
    for (let i = this.entries.length - 1; i >= 0; i--) yield this.entries[i]!
  }

  /**
   * The tape as text, a line for each entry: number, operation and operands, type and shape, module.
   *
   * Operands without a number are constants: tensors that do not depend on the inputs.
   */
  toString(): string {
    const nameOf = (tensor: Tensor) =>
      this.contains(tensor) ? `%${this.#numbers.get(tensor)}` : String(tensor)
    const lines = this.entries.map(({ op, inputs, attributes, output, scope }) => {
      const input = this.inputs.indexOf(output)
      const made = input >= 0 ? `input ${input}` : op.format(inputs.map(nameOf), attributes)
      return [nameOf(output), made, String(output), scope]
    })
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
 * Cuts from the history of `output` the entries that lie between it and `inputs`. Never looks at entries older
 * than the oldest input, so the tape of an inner gradient costs its own length, however long the computation
 * around it; and never recurses, so a tape may be of any length.
 */
export function slice(output: Tensor, inputs: readonly Tensor[]): Tape {
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
  visit(output)
  for (let entry = pending.pop(); entry !== undefined; entry = pending.pop()) entry.inputs.forEach(visit)

  const leading = new Set<Entry>(starts)
  for (const entry of [...found].sort((a, b) => a.id - b.id)) {
    if (entry.inputs.some(input => input.entry !== undefined && leading.has(input.entry))) leading.add(entry)
  }
  return new Tape(
    inputs,
    output,
    [...leading].sort((a, b) => a.id - b.id),
  )
}
