/** How a captured program reads: a line for each instruction, loops over time as loops. */

import { formatExpression } from '../expression/format.ts'
import { formatShape, isContiguous, type Shape, sizeOf } from '../tensor/shape.ts'
import { type Buffer, type Instruction, isWhole, type Loop, type Operand, type Program } from './program.ts'

/** Columns are no wider, so that a join of hundreds of parts does not push all other lines aside. */
const widest = 100

/** An instruction as it reads. */
export interface Line {
  /** What it writes: `%3`, in a loop `%3[t]`. */
  readonly written: string
  /** What it computes. */
  readonly call: string
  /** The names of the buffers that it reads. */
  readonly reads: readonly string[]
}

/**
 * The program as text, a line for each instruction: what it writes, kernel and operands, type and size, module. In a loop
 * over time t, `%4[t]` is the element of a stack that belongs to the step, `%4[t+1]` the next one.
 */
export function formatProgram(
  { instructions, results }: Program,
  names: ReadonlyMap<Buffer, string>,
): string {
  const nameOf = naming(instructions, names)
  let open: Loop | undefined
  const rows: (string | readonly string[])[] = []
  for (const [i, { written, call }] of linesOf(instructions, names).entries()) {
    const { output, loop, scope } = instructions[i]!
    if (loop !== open && loop !== undefined) rows.push(formatLoop(loop))
    open = loop
    rows.push([`${loop ? '  ' : ''}${written} = ${call}`, `${output.dtype}[${output.length}]`, scope])
  }
  const widths = [0, 1].map(column =>
    Math.min(widest, Math.max(0, ...rows.map(row => (typeof row === 'string' ? 0 : row[column]!.length)))),
  )
  const lines = rows.map(row =>
    typeof row === 'string'
      ? row
      : row
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join('  ')
          .trimEnd(),
  )
  return [
    ...lines,
    `gives ${results.map(result => formatOperand(result, nameOf(result.storage))).join(', ')}`,
  ].join('\n')
}

/** Each instruction as it reads. */
export function linesOf(instructions: readonly Instruction[], names: ReadonlyMap<Buffer, string>): Line[] {
  const nameOf = naming(instructions, names)
  return instructions.map(({ kernel, inputs, attributes, output, into, loop }) => {
    const operands = inputs.map(operand => formatOperand(operand, nameOf(operand.storage)))
    const call =
      'expression' in attributes
        ? formatExpression(attributes.expression, operands)
        : `${kernel}(${[...operands, ...settingsOf(attributes)].join(', ')})`
    const [offset, advance] = into ? [into.offset, into.advance] : [0, loop ? output.length / loop.steps : 0]
    const steps = into && loop === undefined ? output.length / sizeOf(inputs[0]!.shape) : 0
    const written =
      steps > 0
        ? `${nameOf(output)}[${offset / (output.length / steps)}]`
        : `${nameOf(output)}${atStep(offset, advance)}`
    return { written, call, reads: inputs.map(({ storage }) => nameOf(storage)) }
  })
}

/** The names of buffers: those that are given, and numbers in the order in which they are written. */
function naming(
  instructions: readonly Instruction[],
  names: ReadonlyMap<Buffer, string>,
): (buffer: Buffer) => string {
  const known = new Map(names)
  let number = 0
  for (const { output } of instructions) if (!known.has(output)) known.set(output, `%${number++}`)
  return buffer => known.get(buffer) ?? String(buffer.constant ?? 'constant')
}

function formatLoop({ steps, isReversed }: Loop): string {
  return `for t = ${isReversed ? `${steps - 1} … 0` : `0 … ${steps - 1}`}:`
}

function formatOperand(operand: Operand, name: string): string {
  const { storage, shape, strides, offset, advance = 0 } = operand
  if (storage.constant !== undefined) return name
  if (advance !== 0) {
    const isStep = offset % advance === 0 && sizeOf(shape) === advance && isContiguous(shape, strides)
    if (isStep) return `${name}${atStep(offset, advance)}`
    return `${name}[t]${offset === 0 ? '' : `+${offset}`}${formatLayout(shape, strides)}`
  }
  return isWhole(operand) ? name : `${name}${offset === 0 ? '' : `+${offset}`}${formatLayout(shape, strides)}`
}

function atStep(offset: number, advance: number): string {
  if (advance === 0) return ''
  return offset === 0 ? '[t]' : `[t+${offset / advance}]`
}

function formatLayout(shape: Shape, strides: readonly number[]): string {
  return `${formatShape(shape)}${isContiguous(shape, strides) ? '' : `/${formatShape(strides)}`}`
}

function settingsOf(attributes: object): string[] {
  return Object.entries(attributes).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
}
