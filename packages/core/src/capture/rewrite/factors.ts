/**
 * Right factors of matrix products, which the steps of a recurrent network share: one that several products read across
 * its rows is laid out once for all of them, and products by it that do not depend on each other are one product, of all
 * their rows.
 */

import { memo } from '../../memo.ts'
import { sizeOf } from '../../tensor/shape.ts'
import {
  Buffer,
  type Instruction,
  lengthOf,
  type Operand,
  type Placed,
  type Program,
  replaceBuffers,
  stretchesOf,
  wholeOf,
} from '../program.ts'
import { inOrder } from './in-order.ts'
import { stacked } from './matrices.ts'

type Product = Extract<Instruction, { kernel: 'contract' }>

/** Products of more rows fill the machine by themselves. */
const fewRows = 32

/** Text that is equal for equal views. */
function viewKeys(): (operand: Operand) => string {
  const numbers = new Map<Buffer, number>()
  return ({ storage, offset, shape, strides, advance = 0 }) =>
    `${memo(numbers, storage, () => numbers.size)}+${offset}+${advance}:${shape}/${strides}`
}

/** Copies right factors whose rows do not lie without gaps, where several products read them. */
export function layOutFactors(program: Program): Program {
  const keyOf = viewKeys()
  const readers = new Map<string, number>()
  for (const instruction of program.instructions) {
    if (!readsAcross(instruction)) continue
    const key = keyOf(instruction.inputs[1]!)
    readers.set(key, (readers.get(key) ?? 0) + (instruction.loop?.steps ?? 1))
  }
  const copies = new Map<string, Operand>()
  const instructions = stretchesOf(program.instructions).flatMap(stretch => {
    const before: Instruction[] = []
    const after = stretch.map((instruction): Instruction => {
      if (!readsAcross(instruction)) return instruction
      const [left, right] = instruction.inputs as readonly [Operand, Operand]
      const key = keyOf(right)
      if (readers.get(key)! < 2) return instruction
      const copy = memo(copies, key, () => {
        const output = new Buffer(right.dtype, sizeOf(right.shape))
        before.push({ kernel: 'copy', inputs: [right], attributes: {}, output, scope: instruction.scope })
        return wholeOf(output, right.shape)
      })
      return { ...instruction, inputs: [left, copy] }
    })
    return [...before, ...after]
  })
  return { instructions, results: program.results }
}

/** Whether an instruction is a product whose right factor, the same at all steps, lies with gaps in its rows. */
function readsAcross({ kernel, inputs }: Instruction): boolean {
  if (kernel !== 'contract') return false
  const { shape, strides, advance = 0 } = inputs[1]!
  return shape.length === 2 && strides[1] !== 1 && shape[1] !== 1 && advance === 0
}

/** Multiplies by a factor once where several products of few rows share it and stand at the same depth. */
export function shareFactors(program: Program): Program {
  const keyOf = viewKeys()
  const depths = new Map<Buffer, number>()
  const groups = new Map<string, Product[]>()
  const loops = new Map<object | undefined, number>()
  const isStepwise = stepwise(program)
  for (const stretch of stretchesOf(program.instructions)) {
    for (const instruction of stretch) {
      const { kernel, inputs, output, loop } = instruction
      const depth = deepest(inputs, depths)
      depths.set(output, kernel === 'contract' ? depth + 1 : depth)
      const [left, right] = inputs
      if (kernel !== 'contract' || left!.shape.length !== 2 || left!.shape[0]! > fewRows) continue
      if (loop !== undefined && !isStepwise(instruction)) continue
      const key = `${memo(loops, loop, () => loops.size)} ${depth} ${keyOf(right!)}`
      memo(groups, key, () => []).push(instruction)
    }
    if (stretch[0]!.loop === undefined) continue
    // A loop runs as a whole: all that it gives comes after all that it reads.
    const most = Math.max(
      ...stretch.map(({ inputs, output }) => Math.max(depths.get(output)!, deepest(inputs, depths))),
    )
    for (const { output } of stretch) depths.set(output, most)
  }
  const rows = new Map<Buffer, Placed>()
  const shared = new Map<Instruction, readonly Product[]>()
  for (const products of groups.values()) if (products.length > 1) shared.set(products.at(-1)!, products)
  const replaced = new Set([...shared.values()].flat())
  const instructions = program.instructions.flatMap((instruction): Instruction[] => {
    const products = shared.get(instruction)
    if (products === undefined) return replaced.has(instruction as Product) ? [] : [instruction]
    const [first] = products as [Product]
    const right = first.inputs[1]!
    const { operand: left, made } = stacked(
      products.map(({ inputs }) => inputs[0]!),
      first,
    )
    const length = left.shape[0]! * right.shape[1]!
    const output = new Buffer(first.output.dtype, length * (first.loop?.steps ?? 1))
    let offset = 0
    for (const product of products) {
      rows.set(product.output, { buffer: output, offset, ...(first.loop && { advance: length }) })
      offset += lengthOf(product)
    }
    return [...made, { ...first, inputs: [left, right], output }]
  })
  return inOrder(replaceBuffers({ instructions, results: program.results }, rows))
}

function deepest(inputs: readonly Operand[], depths: ReadonlyMap<Buffer, number>): number {
  return inputs.reduce((most, { storage }) => Math.max(most, depths.get(storage) ?? 0), 0)
}

/** Tells whether what an instruction of a loop writes is read at the same step only, by instructions of that loop. */
function stepwise({ instructions, results }: Program): (instruction: Instruction) => boolean {
  const readElsewhere = new Set<Buffer>(results.map(({ storage }) => storage))
  const writers = new Map(instructions.map(instruction => [instruction.output, instruction]))
  for (const { inputs, loop } of instructions) {
    for (const { storage, advance = 0 } of inputs) {
      const writer = writers.get(storage)
      if (writer === undefined) continue
      if (writer.loop !== loop || advance !== lengthOf(writer)) readElsewhere.add(storage)
    }
  }
  return ({ output, into }) => into === undefined && !readElsewhere.has(output)
}
