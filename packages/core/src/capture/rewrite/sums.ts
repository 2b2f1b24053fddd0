/**
 * Sums of matrix products. The gradient of a weight that many steps share is a sum of small products; it is one product
 * along all their inner axes: Σᵢ AᵢBᵢ = [A₁ A₂ …][B₁; B₂; …]. The order of summation changes with it.
 */

import { call, input } from '../../expression/expression.ts'
import { type Shape, sameShape } from '../../tensor/shape.ts'
import {
  Buffer,
  countReaders,
  type Instruction,
  isWhole,
  lengthOf,
  type Operand,
  type Program,
  seesAll,
  wholeOf,
  writersOf,
} from '../program.ts'
import { overTime, stacked, transposed } from './matrices.ts'

type Product = Extract<Instruction, { kernel: 'contract' }>

/** Computes sums of products as one product, over all their inner axes together. */
export function sumProducts(program: Program): Program {
  const writers = writersOf(program)
  const readers = countReaders(program)
  const isInner = (operand: Operand): boolean =>
    readers.get(operand.storage) === 1 &&
    isWhole(operand) &&
    isSum(writers.get(operand.storage), operand.shape)
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
        writer?.kernel === 'contract' && writer.loop === undefined && readers.get(term.storage) === 1
          ? termFactors(term, writer)
          : undefined
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

function isSum(instruction: Instruction | undefined, shape?: Shape): instruction is Sum {
  return (
    instruction?.kernel === 'map' &&
    (shape === undefined || sameShape(instruction.attributes.shape, shape)) &&
    instruction.loop === undefined &&
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

/** The factors of a term of a sum outside of loops, where the sum is better taken as one product. */
function termFactors(term: Operand, product: Product): Factors | undefined {
  const [a, b] = product.inputs
  if (a!.shape.length !== 2 || !pays(a!.shape, b!.shape)) return undefined
  return factorsOf(term, product)
}

/** The factors of a view that is a product of two matrices, or the transpose of one. */
function factorsOf(view: Operand, product: Product): Factors | undefined {
  const [a, b] = product.inputs as readonly [Operand, Operand]
  if (a.shape.length !== 2) return undefined
  const isProduct = (matrix: Operand) =>
    sameShape(matrix.shape, [a.shape[0]!, b.shape[1]!]) && seesAll(matrix, product)
  if (isProduct(view)) return { left: transposed(a), right: b }
  return isProduct(transposed(view)) ? { left: b, right: transposed(a) } : undefined
}

/** Whether a product writes more than it reads, as gradients of weights do: then one product for many saves the writing. */
function pays([m, k]: Shape, [, n]: Shape): boolean {
  return k! <= m! && k! <= n!
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
    { scope },
  )
  const right = stacked(
    ordered.map(({ right }) => right),
    { scope },
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

/** Computes sums of the products of all steps of a loop as one product, outside of the loop. */
export function sumProductsOverTime(program: Program): Program {
  const writers = writersOf(program)
  const readers = countReaders(program)
  const instructions = program.instructions.map((instruction): Instruction => {
    if (!isSumOverSteps(instruction)) return instruction
    const [stack] = instruction.inputs
    const isOverTime = stack!.shape[0] === writers.get(stack!.storage)?.loop?.steps
    const factors = isOverTime ? factorsOfStack(stack!.storage, writers, readers) : undefined
    if (factors === undefined) return instruction
    const { output, scope } = instruction
    const inputs = [transposed(factors.left), factors.right]
    return { kernel: 'contract', inputs, attributes: {}, output, scope }
  })
  return { instructions, results: program.results }
}

/** Whether an instruction adds up matrices along a first axis, which may be that of time. */
function isSumOverSteps({ kernel, attributes, inputs, loop }: Instruction): boolean {
  if (kernel !== 'reduce' || loop !== undefined || attributes.reduction !== 'sum') return false
  return (
    attributes.axes.length === 1 &&
    attributes.axes[0] === 0 &&
    inputs[0]!.shape.length === 3 &&
    isWhole(inputs[0]!)
  )
}

/** The factors, those of all steps together, of a stack that a product in a loop writes and one instruction reads. */
function factorsOfStack(
  stack: Buffer,
  writers: ReadonlyMap<Buffer, Instruction>,
  readers: ReadonlyMap<Buffer, number>,
): Factors | undefined {
  let writer = writers.get(stack)
  if (writer?.loop === undefined || readers.get(stack) !== 1) return undefined
  let view: Operand = stepOf(writer)
  if (writer.kernel === 'copy') {
    view = writer.inputs[0]! // of the transpose, perhaps
    writer = writers.get(view.storage)
  }
  if (writer?.kernel !== 'contract' || writer.loop === undefined) return undefined
  const factors = factorsOf(view, writer)
  const left = factors && overTime(factors.left, writer.loop)
  const right = factors && overTime(factors.right, writer.loop)
  return left && right ? { left, right } : undefined
}

/** What an instruction of a loop writes, seen at the same step. */
function stepOf(writer: Instruction): Operand {
  const [a, b] = writer.inputs
  const shape =
    writer.kernel === 'contract' ? [...a!.shape.slice(0, -1), b!.shape.at(-1)!] : [lengthOf(writer)]
  return { ...wholeOf(writer.output, shape), advance: lengthOf(writer) }
}
