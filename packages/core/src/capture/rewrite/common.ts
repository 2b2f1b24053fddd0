/** Common subexpressions: what is computed twice in the same way is computed once. */

import { memo } from '../../memo.ts'
import { type Buffer, type Instruction, type Placed, type Program, replaceBuffers } from '../program.ts'

/** The program in which equal calls on equal inputs are one. */
export function shareCommon(program: Program): Program {
  const numbers = new Map<object, number>()
  const numberOf = (of: object): number => memo(numbers, of, () => numbers.size)
  const first = new Map<string, Buffer>()
  const same = new Map<Buffer, Placed>()
  const instructions = program.instructions.filter(instruction => {
    if (instruction.into !== undefined) return true
    const known = memo(first, keyOf(instruction, same, numberOf), () => instruction.output)
    if (known === instruction.output) return true
    same.set(instruction.output, { buffer: known, offset: 0 })
    return false
  })
  return replaceBuffers({ instructions, results: program.results }, same)
}

/** What a call depends on, as text: equal texts, equal results. */
function keyOf(
  { kernel, inputs, attributes, loop }: Instruction,
  same: ReadonlyMap<Buffer, Placed>,
  numberOf: (of: object) => number,
): string {
  const operands = inputs.map(({ storage, offset, shape, strides, dtype, advance = 0 }) => {
    const buffer = same.get(storage)?.buffer ?? storage
    return `${numberOf(buffer)}+${offset}+${advance}:${shape}/${strides}${dtype}`
  })
  const settings = JSON.stringify(attributes, (_, value) => (isNode(value) ? value.id : value))
  return `${loop ? numberOf(loop) : ''} ${kernel} ${settings} ${operands.join(' ')}`
}

/** Expressions are interned: their number says all. */
function isNode(value: unknown): value is { readonly id: number } {
  return typeof value === 'object' && value !== null && 'kind' in value && 'id' in value
}
