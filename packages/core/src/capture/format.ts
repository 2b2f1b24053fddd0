/** How a captured program reads: a line for each instruction, loops over time as loops. */

import { formatExpression } from '../expression/format.ts'
import { formatShape, isContiguous, type Shape, sizeOf } from '../tensor/shape.ts'
import { type Buffer, isWhole, type Loop, type Operand, type Program } from './program.ts'

/** Columns are no wider, so that a join of hundreds of parts does not push all other lines aside. */
const widest = 100

/**
 * The program as text, a line for each instruction: what it writes, kernel and operands, type and size, module. In a loop
 * over time t, `%4[t]` is the element of a stack that belongs to the step, `%4[t+1]` the next one.
 */
export function formatProgram(program: Program, names: ReadonlyMap<Buffer, string>): string {
  const known = new Map(names)
  const nameOf = (buffer: Buffer): string => known.get(buffer) ?? String(buffer.constant ?? 'constant')
  let open: Loop | undefined
  let number = 0
  const rows: (string | readonly string[])[] = []
  for (const { kernel, inputs, attributes, output, into, loop, scope } of program.instructions) {
    if (loop !== open && loop !== undefined) rows.push(formatLoop(loop))
    open = loop
    const operands = inputs.map(operand => formatOperand(operand, nameOf(operand.storage)))
    const call =
      'expression' in attributes
        ? formatExpression(attributes.expression, operands)
        : `${kernel}(${[...operands, ...settingsOf(attributes)].join(', ')})`
    if (!known.has(output)) known.set(output, `%${number++}`)
    const [offset, advance] = into ? [into.offset, into.advance] : [0, loop ? output.length / loop.steps : 0]
    const steps = into && loop === undefined ? output.length / sizeOf(inputs[0]!.shape) : 0
    const written =
      steps > 0
        ? `${nameOf(output)}[${offset / (output.length / steps)}]`
        : `${nameOf(output)}${atStep(offset, advance)}`
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
    `gives ${program.results.map(result => formatOperand(result, nameOf(result.storage))).join(', ')}`,
  ].join('\n')
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
