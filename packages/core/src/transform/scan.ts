/** Loops: a step that carries a state along a sequence, with a choice of how much of it is kept for the gradient. */

import { type OpenTrace, openTrace } from '../capture/open-trace.ts'
import { describeValue, ShapeError, ValueError } from '../errors.ts'
import { concat, stack } from '../ops/join.ts'
import { split, unstack } from '../ops/split.ts'
import { checkFunction, checkSynchronous } from '../tape/record.ts'
import { recordingDepth } from '../tape/recorder.ts'
import { withScope } from '../tape/scope.ts'
import { checkFlag, checkOptions } from '../tensor/check.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { type Leaf, leavesLike, leavesOf, mapTree, rebuildTree, type TensorTree } from '../tensor/tree.ts'
import { checkpoint } from './checkpoint.ts'
import { type LoopBody, rolledScan } from './rolled-scan.ts'

/** How `scan` keeps what the gradient needs. */
export interface ScanOptions {
  /**
   * Keeps the carry only every so many steps, and computes the steps between again in the reverse sweep: of T steps,
   * T/n carries and the intermediate values of n steps are in memory at a time. `'sqrt'` chooses n = √T. Unless said,
   * everything is kept.
   */
  readonly checkpointEvery?: number | 'sqrt'
  /**
   * In a captured step: writes all steps of the loop out, instead of one step that stands for all. For a step that does
   * more than compute from its arguments, such as one that calls listeners. A step that takes the index, and a loop whose
   * derivative is differentiated again, is written out in any case.
   */
  readonly unroll?: boolean
}

/** A step: from the carry and the element of the sequence to the next carry and an output. */
export type ScanStep<Carry extends TensorTree, X extends TensorTree, Y extends TensorTree> = (
  carry: Carry,
  x: X,
  index: number,
) => readonly [carry: Carry, y: Y]

/**
 * Carries a state along a sequence: `[h, y[t]] = step(h, x[t])`, from `h = initial`.
 *
 * Each step runs in a scope of its own, `steps.0`, `steps.1`, …, which tapes and errors show. In reverse it costs time and memory linear in the number of steps, where slicing x in a loop of your own would cost
 * the square.
 *
 * @param step     a synchronous function; the carry keeps its shapes and types from step to step. An empty list serves
 *                 where there is no output: `[h, []]`
 * @param initial  the carry before the first step: a tensor or a tree
 * @param xs       the sequence: a tensor or a tree of tensors whose first axis, of T ≥ 1 elements, is time
 * @param options  memory
 * @returns `[carry, ys]`: the last carry, and the outputs stacked along a new first axis
 * @throws  ShapeError when the sequences differ in length or the carry changes its shape; ValueError for a step that
 *          does not return a pair, or an empty sequence
 * @example const [h, hs] = scan((h, x) => { const next = cell(h, x); return [next, next] }, h0, xs)
 */
export function scan<Carry extends TensorTree, X extends TensorTree, Y extends TensorTree>(
  step: ScanStep<Carry, X, Y>,
  initial: Carry,
  xs: X,
  options: ScanOptions = {},
): [carry: Carry, ys: Y] {
  checkFunction('scan', step)
  checkOptions('scan', options, "{ checkpointEvery: 'sqrt' }", ['checkpointEvery', 'unroll'])
  checkFlag('scan', 'unroll', options.unroll)
  const start = leavesOf('scan', initial, 'the initial carry')
  const sequences = leavesOf('scan', xs, 'the sequence')
  const length = lengthOf(sequences)
  const every = interval(options.checkpointEvery, length)

  /** The steps from `first` on, over a part of the sequence. */
  const run = (first: number, carry: Carry, part: X): [Carry, Y] => {
    const columns = leavesOf('scan', part).map(({ tensor }) => unstack(tensor))
    const ys: Y[] = []
    let state = carry
    for (let i = 0; i < columns[0]!.length; i++) {
      const x = rebuildTree(
        xs,
        columns.map(column => column[i]!),
      )
      const result = withScope(`steps.${first + i}`, () => step(state, x, first + i))
      checkPair(result, first + i)
      state = likeStart(result[0], initial, start, first + i)
      ys.push(result[1])
    }
    return [state, together(ys, stack)]
  }
  if (every >= length) {
    const trace = options.unroll ? undefined : loopsOf(step)
    return trace === undefined ? run(0, initial, xs) : rolled(trace, step, initial, xs, length)
  }

  const parts = partsOf(xs, length, every)
  const ys: Y[] = []
  let carry = initial
  for (const [i, part] of parts.entries()) {
    const segment = checkpoint((carry: Carry, part: X) => run(i * every, carry, part))
    const [next, y] = segment(carry, part) as [Carry, Y]
    carry = next
    ys.push(y)
  }
  return [carry, together(ys, concat)]
}

/** Where a captured step can write the loop down as one, instead of all of its steps. */
function loopsOf(step: (...of: never[]) => unknown): OpenTrace | undefined {
  const trace = openTrace()
  const isPlain = step.length < 3 && recordingDepth() < 2 // no use of the index, no derivative of a derivative
  return trace !== undefined && !trace.isInLoop && isPlain ? trace : undefined
}

/** What stands for the index where one step stands for all: it refuses to be used. */
const noIndex = {
  [Symbol.toPrimitive](): never {
    throw new ValueError(
      'scan',
      'the step uses its index, and in a captured step one step stands for all',
      'Write the index as a third parameter without a default, or say { unroll: true }',
    )
  },
} as unknown as number

/** `scan` inside of a captured step: the step runs once, for all steps of time. */
function rolled<Carry extends TensorTree, X extends TensorTree, Y extends TensorTree>(
  trace: OpenTrace,
  step: ScanStep<Carry, X, Y>,
  initial: Carry,
  xs: X,
  length: number,
): [carry: Carry, ys: Y] {
  const start = leavesOf('scan', initial)
  const sequences = leavesOf('scan', xs)
  let output: Y | undefined
  const body: LoopBody = (carries, elements) => {
    const [state, x] = [rebuildTree(initial, carries), rebuildTree(xs, elements)]
    const result = withScope('steps', () => step(state, x, noIndex))
    checkPair(result, 0)
    output = result[1]
    const next = leavesOf('scan', likeStart(result[0], initial, start, 0)).map(({ tensor }) => tensor)
    return [next, leavesOf('scan', output, 'the output').map(({ tensor }) => tensor)]
  }
  const tensorsOf = (leaves: readonly Leaf[]) => leaves.map(({ tensor }) => tensor)
  const [last, stacks] = rolledScan(trace, body, tensorsOf(start), tensorsOf(sequences), length)
  return [rebuildTree(initial, last), rebuildTree(output!, stacks)]
}

/** Trees of one shape as one tree, their tensors joined leaf by leaf. */
function together<Tree extends TensorTree>(
  trees: readonly Tree[],
  join: (tensors: readonly Tensor[]) => Tensor,
): Tree {
  const first = leavesOf('scan', trees[0]!, 'the output')
  const tensors = trees.map((tree, i) => leavesLike('scan', tree, first, `the output of step ${i}`))
  if (join === stack) checkAlike(first, tensors)
  return rebuildTree(
    trees[0]!,
    first.map((_, i) => join(tensors.map(each => each[i]!))),
  )
}

/** @throws ShapeError unless the outputs of all steps are of one shape and type */
function checkAlike(first: readonly Leaf[], steps: readonly (readonly Tensor[])[]): void {
  for (const [i, tensors] of steps.entries()) {
    const k = first.findIndex(({ tensor }, k) => String(tensors[k]) !== String(tensor))
    if (k < 0) continue
    const { path, tensor } = first[k]!
    throw new ShapeError(
      'scan',
      `the output${path ? ` at ${path}` : ''} was ${tensor} and is ${tensors[k]} after step ${i}`,
      'All steps give outputs of one shape and type',
    )
  }
}

/** The sequence in parts of `every` steps, the last one as long as remains. */
function partsOf<X extends TensorTree>(xs: X, length: number, every: number): X[] {
  const whole = Math.floor(length / every)
  const sizes = [...Array<number>(whole).fill(every), ...(length % every === 0 ? [] : [length % every])]
  const columns = leavesOf('scan', xs).map(({ tensor }) => split(tensor, sizes))
  return sizes.map((_, i) => {
    let leaf = 0
    return mapTree('scan', xs, () => columns[leaf++]![i]!)
  })
}

function interval(every: ScanOptions['checkpointEvery'], length: number): number {
  if (every === undefined) return length
  if (every === 'sqrt') return Math.ceil(Math.sqrt(length))
  if (Number.isInteger(every) && every >= 1) return every
  throw new ValueError(
    'scan',
    `checkpointEvery is ${describeValue(every)}`,
    "Give a whole number of steps, one or more, or 'sqrt'",
  )
}

function lengthOf(sequences: readonly Leaf[]): number {
  const [first] = sequences
  if (first === undefined) {
    throw new ValueError(
      'scan',
      'the sequence has no tensors',
      'Give one, such as arange(steps), to count by',
    )
  }
  for (const { tensor, path } of sequences) {
    const where = path === '' ? 'the sequence' : `the sequence at ${path}`
    if (tensor.rank === 0) {
      throw new ShapeError('scan', `${where} is ${tensor}`, 'Its first axis must be time')
    }
    if (tensor.shape[0] !== first.tensor.shape[0]) {
      throw new ShapeError(
        'scan',
        `${where} has ${tensor.shape[0]} steps, and another ${first.tensor.shape[0]}`,
        'All sequences must have one length',
      )
    }
  }
  const length = first.tensor.shape[0]!
  if (length === 0) throw new ValueError('scan', 'the sequence is empty', 'Give at least one step')
  return length
}

function checkPair(result: unknown, index: number): void {
  checkSynchronous('scan', result)
  if (Array.isArray(result) && result.length === 2) return
  throw new ValueError(
    'scan',
    `step ${index} returned ${describeValue(result)}`,
    'Return [carry, output], or [carry, []] where there is no output',
  )
}

/**
 * The carry, its tensors in the order in which it began.
 *
 * @throws ValueError or ShapeError unless it has the tensors with which it began
 */
function likeStart<Carry extends TensorTree>(
  carry: Carry,
  initial: Carry,
  start: readonly Leaf[],
  index: number,
): Carry {
  const tensors = leavesLike('scan', carry, start, `the carry of step ${index}`)
  for (const [i, { path, tensor }] of start.entries()) {
    if (String(tensors[i]) === String(tensor)) continue
    throw new ShapeError(
      'scan',
      `the carry${path ? ` at ${path}` : ''} was ${tensor} and is ${tensors[i]} after step ${index}`,
      'A carry keeps its shapes and types',
    )
  }
  return rebuildTree(initial, tensors)
}
