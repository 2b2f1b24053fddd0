/**
 * Flushing: processors compute with denormal numbers up to a hundred times slower, and WebAssembly cannot ask them not to.
 * Numbers that are about to become denormal, as vanishing gradients do, are taken for zero before a product reads them.
 */

import { call, type Expression } from '../../expression/expression.ts'
import type { Buffer, Instruction, Program } from '../program.ts'

/** What is smaller becomes 0: small enough to be lost beside any other number, large enough that products stay normal. */
export const flushed = { float32: 1e-30, float64: 1e-290 } as const

/** The program in which maps that products read give 0 for numbers below `flushed`. */
export function flushDenormals({ instructions, results }: Program): Program {
  const factors = new Set<Buffer>()
  for (const { kernel, inputs } of instructions) {
    if (kernel === 'contract') for (const { storage } of inputs) factors.add(storage)
    // What a join or a carry brings to a product counts as well.
    if (kernel === 'concat' || kernel === 'copy') for (const { storage } of inputs) factors.add(storage)
  }
  return {
    instructions: instructions.map(instruction =>
      factors.has(instruction.output) ? flushing(instruction) : instruction,
    ),
    results,
  }
}

function flushing(instruction: Instruction): Instruction {
  if (instruction.kernel !== 'map') return instruction
  const { expression, dtype } = instruction.attributes
  if (dtype !== 'float32' && dtype !== 'float64') return instruction
  return {
    ...instruction,
    attributes: { ...instruction.attributes, expression: withoutSmall(expression, flushed[dtype]) },
  }
}

function withoutSmall(x: Expression, least: number): Expression {
  return call('where', call('less', call('abs', x), least), 0, x)
}
