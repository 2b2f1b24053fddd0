/**
 * Products of matrices. Three rewrites, which together turn the many small products of a recurrent network and of its
 * gradient into few large ones:
 *
 * - a right factor that several products read across its rows is laid out once for all of them;
 * - products by one right factor that do not depend on each other are one product, of all their rows;
 * - a sum of products is one product along all their inner axes: Σᵢ AᵢBᵢ = [A₁ A₂ …][B₁; B₂; …].
 */

import { call, input } from '../../expression/expression.ts'
import { memo } from '../../memo.ts'
import { type Shape, sizeOf } from '../../tensor/shape.ts'
import {
  Buffer,
  countReaders,
  type Instruction,
  isWhole,
  type Operand,
  type Placed,
  type Program,
  replaceBuffers,
  wholeOf,
  writersOf,
} from '../program.ts'
import { inOrder } from './in-order.ts'

type Product = Extract<Instruction, { kernel: 'contract' }>

/** Products of more rows fill the machine by themselves. */
const fewRows = 32

/** Copies right factors whose rows do not lie without gaps, where several products read them. */
export function layOutFactors(program: Program): Program {
  const readers = new Map<string, number>()
  const numbers = new Map<Buffer, number>()
  const keyOf = ({ storage, offset, shape, strides }: Operand) =>
    `${memo(numbers, storage, () => numbers.size)}+${offset}:${shape}/${strides}`
  const isAcross = ({ shape, strides }: Operand) => shape.length === 2 && strides[1] !== 1 && shape[1] !== 1
  for (const { kernel, inputs } of program.instructions) {
    if (kernel !== 'contract' || !isAcross(inputs[1]!)) continue
    const key = keyOf(inputs[1]!)
    readers.set(key, (readers.get(key) ?? 0) + 1)
  }
  const copies = new Map<string, Operand>()
  const instructions = program.instructions.flatMap((instruction): Instruction[] => {
    if (instruction.kernel !== 'contract' || !isAcross(instruction.inputs[1]!)) return [instruction]
    const [left, right] = instruction.inputs as readonly [Operand, Operand]
    const key = keyOf(right)
    if (readers.get(key)! < 2) return [instruction]
    const before: Instruction[] = []
    const copy = memo(copies, key, () => {
      const output = new Buffer(right.dtype, sizeOf(right.shape))
      before.push({ kernel: 'copy', inputs: [right], attributes: {}, output, scope: instruction.scope })
      return wholeOf(output, right.shape)
    })
    return [...before, { ...instruction, inputs: [left, copy] }]
  })
  return { instructions, results: program.results }
}

/** Multiplies by a factor once where several products of few rows share it and stand at the same depth. */
export function shareFactors(program: Program): Program {
  const depths = new Map<Buffer, number>()
  const groups = new Map<string, Product[]>()
  const numbers = new Map<Buffer, number>()
  for (const instruction of program.instructions) {
    const { kernel, inputs, output } = instruction
    const depth = inputs.reduce((most, { storage }) => Math.max(most, depths.get(storage) ?? 0), 0)
    depths.set(output, kernel === 'contract' ? depth + 1 : depth)
    const [left, right] = inputs
    if (kernel !== 'contract' || left!.shape.length !== 2 || left!.shape[0]! > fewRows) continue
    const { storage, offset, shape, strides } = right!
    const key = `${depth} ${memo(numbers, storage, () => numbers.size)}+${offset}:${shape}/${strides}`
    memo(groups, key, () => []).push(instruction)
  }
  const rows = new Map<Buffer, Placed>()
  const last = new Map<Instruction, readonly Product[]>()
  for (const products of groups.values()) if (products.length > 1) last.set(products.at(-1)!, products)
  const grouped = new Set([...last.values()].flat())
  const instructions = program.instructions.flatMap((instruction): Instruction[] => {
    const products = last.get(instruction)
    if (products === undefined) return grouped.has(instruction as Product) ? [] : [instruction]
    const { scope, inputs } = products[0]!
    const right = inputs[1]!
    const { operand: left, made } = stacked(
      products.map(({ inputs }) => inputs[0]!),
      scope,
    )
    const output = new Buffer(products[0]!.output.dtype, left.shape[0]! * right.shape[1]!)
    let offset = 0
    for (const product of products) {
      rows.set(product.output, { buffer: output, offset })
      offset += product.output.length
    }
    return [...made, { kernel: 'contract', inputs: [left, right], attributes: {}, output, scope }]
  })
  return inOrder(replaceBuffers({ instructions, results: program.results }, rows))
}

/** Computes sums of products as one product, over all their inner axes together. */
export function sumProducts(program: Program): Program {
  const writers = writersOf(program)
  const readers = countReaders(program)
  const isInner = (operand: Operand): boolean =>
    isSum(writers.get(operand.storage)) && readers.get(operand.storage) === 1 && isWhole(operand)
  const inner = new Set<Instruction>()
  for (const instruction of program.instructions) {
    if (!isSum(instruction)) continue
    for (const operand of instruction.inputs) if (isInner(operand)) inner.add(writers.get(operand.storage)!)
  }
  const instructions = program.instructions.flatMap((instruction): Instruction[] => {
    if (inner.has(instruction) || !isSum(instruction) || instruction.attributes.shape.length !== 2) {
      return [instruction] // what becomes needless is dropped as dead
    }
    const terms = termsOf(instruction, operand =>
      isInner(operand) ? writers.get(operand.storage)! : undefined,
    )
    const products: Factors[] = []
    const others: Operand[] = []
    for (const term of terms) {
      const writer = writers.get(term.storage)
      const factors =
        writer?.kernel === 'contract' && readers.get(term.storage) === 1 ? factorsOf(term, writer) : undefined
      if (factors === undefined) others.push(term)
      else products.push(factors)
    }
    return products.length < 2 ? [instruction] : inOneProduct(instruction, products, others)
  })
  return { instructions, results: program.results }
}

/** The factors of a product, both with their inner axis first: [k, m] and [k, n]. */
interface Factors {
  readonly left: Operand
  readonly right: Operand
}

const sum = call('add', input(0), input(1))

type Sum = Extract<Instruction, { kernel: 'map' }>

function isSum(instruction: Instruction | undefined): instruction is Sum {
  return (
    instruction?.kernel === 'map' &&
    instruction.attributes.expression === sum &&
    instruction.inputs.length === 2
  )
}

/** What a tree of sums adds up, in order; without recursion, since it may be as deep as the program is long. */
function termsOf(root: Instruction, innerOf: (operand: Operand) => Instruction | undefined): Operand[] {
  const terms: Operand[] = []
  const pending = [...root.inputs].reverse()
  for (let operand = pending.pop(); operand !== undefined; operand = pending.pop()) {
    const inner = innerOf(operand)
    if (inner === undefined) terms.push(operand)
    else pending.push(...[...inner.inputs].reverse())
  }
  return terms
}

/** The factors of a term that is a product of two matrices, or the transpose of one. */
function factorsOf(term: Operand, { inputs: [a, b] }: Product): Factors | undefined {
  if (a!.shape.length !== 2 || !pays(a!.shape, b!.shape)) return undefined
  if (isWhole(term)) return { left: transposed(a!), right: b! }
  return isWhole(transposed(term)) ? { left: b!, right: transposed(a!) } : undefined
}

/** Whether a product writes more than it reads, as gradients of weights do: then one product for many saves the writing. */
function pays([m, k]: Shape, [, n]: Shape): boolean {
  return k! <= m! && k! <= n!
}

function transposed(operand: Operand): Operand {
  return { ...operand, shape: [...operand.shape].reverse(), strides: [...operand.strides].reverse() }
}

function inOneProduct(
  { output, attributes, scope }: Sum,
  products: readonly Factors[],
  others: readonly Operand[],
): Instruction[] {
  // A sweep back meets the last step first: in the order of time, sequences lie as they are needed.
  const ordered = [...products].reverse()
  const left = stacked(
    ordered.map(({ left }) => left),
    scope,
  )
  const right = stacked(
    ordered.map(({ right }) => right),
    scope,
  )
  const product = others.length === 0 ? output : new Buffer(output.dtype, output.length)
  const instructions: Instruction[] = [
    ...left.made,
    ...right.made,
    {
      kernel: 'contract',
      inputs: [transposed(left.operand), right.operand],
      attributes: {},
      output: product,
      scope,
    },
  ]
  let total = wholeOf(product, attributes.shape)
  for (const [i, other] of others.entries()) {
    const isLast = i === others.length - 1
    const next = isLast ? output : new Buffer(output.dtype, output.length)
    instructions.push({ kernel: 'map', inputs: [total, other], attributes, output: next, scope })
    total = wholeOf(next, attributes.shape)
  }
  return instructions
}

/** Matrices one below the other: a view, where they lie so already. */
function stacked(parts: readonly Operand[], scope: string): { operand: Operand; made: Instruction[] } {
  const rows = parts.reduce((total, { shape }) => total + shape[0]!, 0)
  const shape = [rows, parts[0]!.shape[1]!]
  const first = parts[0]!
  let end = first.offset
  const lieSo = parts.every(part => {
    const follows = part.storage === first.storage && part.offset === end && isDense(part)
    end += sizeOf(part.shape)
    return follows
  })
  if (lieSo) return { operand: { ...first, shape, strides: [shape[1]!, 1] }, made: [] }
  const output = new Buffer(first.dtype, sizeOf(shape))
  return {
    operand: wholeOf(output, shape),
    made: [{ kernel: 'concat', inputs: parts, attributes: { axis: 0 }, output, scope }],
  }
}

function isDense({ shape, strides }: Operand): boolean {
  return (strides[1] === 1 || shape[1] === 1) && (strides[0] === shape[1] || shape[0] === 1)
}
