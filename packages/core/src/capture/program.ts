/**
 * A captured step as a program: calls of kernels on buffers, in an order in which they can run. Each buffer is written by
 * one call at most, so a program reads like a tape, and rewrites are functions from programs to programs.
 */

import type { Extremum, Kernels, Reduction, Region, Storage, View } from '../backend/contract.ts'
import type { Expression } from '../expression/expression.ts'
import type { DType, TypedArray } from '../tensor/dtype.ts'
import { contiguousStrides, isContiguous, type Shape, sizeOf } from '../tensor/shape.ts'

/** Elements of one type that a program computes or is given. Where they lie is decided when the program is planned. */
export class Buffer {
  readonly dtype: DType
  /** Elements. */
  readonly length: number
  /** What it holds whenever the program runs; `undefined` where that is computed or given. */
  readonly fixed: Fixed | undefined

  constructor(dtype: DType, length: number, fixed?: Fixed) {
    this.dtype = dtype
    this.length = length
    this.fixed = fixed
  }

  /** The number that it holds, where that is one and known beforehand. */
  get constant(): number | undefined {
    return this.fixed?.number
  }
}

/** What a step closes over: memory that exists, or values that are yet to be uploaded. */
export interface Fixed {
  readonly storage?: Storage
  readonly values?: TypedArray
  readonly number?: number | undefined
  /** Whether the memory was taken for the program, and goes with it. */
  readonly isOwn?: boolean
}

/** A view of a buffer. Inside of a loop it lies `advance` elements further for each step of time. */
export interface Operand extends View {
  readonly storage: Buffer
}

/** A stretch of a program that runs for each step of time, from the first to the last, or backwards. */
export interface Loop {
  readonly steps: number
  readonly isReversed: boolean
}

/** What a kernel is told besides its inputs. */
export interface Attributes {
  map: { readonly expression: Expression; readonly shape: Shape; readonly dtype: DType }
  reduce: { readonly reduction: Reduction; readonly axes: readonly number[] }
  contract: Record<never, never>
  copy: Record<never, never>
  place: { readonly shape: Shape; readonly region: Region }
  concat: { readonly axis: number }
  gather: { readonly axis: number }
  scatterAdd: { readonly axis: number; readonly size: number }
  argReduce: { readonly extremum: Extremum; readonly axis: number }
  argSort: { readonly axis: number; readonly descending: boolean }
  scan: { readonly axis: number }
  cast: { readonly dtype: DType }
}

interface Call<Kernel extends keyof Kernels> {
  readonly kernel: Kernel
  readonly inputs: readonly Operand[]
  readonly attributes: Attributes[Kernel]
  /**
   * What it writes. An instruction of a loop writes a stack: the elements of each step of time, one step after the other,
   * which shrinks to one step when the program is planned, if no other step and nobody outside reads it.
   */
  readonly output: Buffer
  /** Where in a buffer with several writers; such an instruction is a copy. */
  readonly into?: Into
  /** The loop that it belongs to. The instructions of a loop stand together. */
  readonly loop?: Loop
  /** The path of the module that asked for it, or `''`. */
  readonly scope: string
}

/** A call of one of the kernels. */
export type Instruction = { [Kernel in keyof Kernels]: Call<Kernel> }[keyof Kernels]

/** What a step computes: `results` from the buffers that no instruction writes. */
export interface Program {
  readonly instructions: readonly Instruction[]
  /** What must be there at the end, the values of variables included. */
  readonly results: readonly Operand[]
}

/** The arguments of a kernel of a backend, from an instruction and its inputs as that backend has them. */
export function argumentsOf(instruction: Instruction, inputs: readonly View[]): readonly unknown[] {
  const [a, b] = inputs
  const { kernel, attributes: of } = instruction
  switch (kernel) {
    case 'map':
      return [of.expression, inputs, of.shape, of.dtype]
    case 'reduce':
      return [of.reduction, a, of.axes]
    case 'contract':
      return [a, b]
    case 'copy':
      return [a]
    case 'place':
      return [a, of.shape, of.region]
    case 'concat':
      return [inputs, of.axis]
    case 'gather':
      return [a, b, of.axis]
    case 'scatterAdd':
      return [a, b, of.axis, of.size]
    case 'argReduce':
      return [of.extremum, a, of.axis]
    case 'argSort':
      return [a, of.axis, of.descending]
    case 'scan':
      return [a, b, of.axis]
    case 'cast':
      return [a, of.dtype]
  }
}

/** A whole buffer, seen row-major with a shape. */
export function wholeOf(buffer: Buffer, shape: Shape): Operand {
  return { storage: buffer, dtype: buffer.dtype, shape, strides: contiguousStrides(shape), offset: 0 }
}

/** Whether a view sees every element of its buffer once, in the order of memory. */
export function isWhole({ storage, shape, strides, offset }: Operand): boolean {
  return offset === 0 && sizeOf(shape) === storage.length && isContiguous(shape, strides)
}

/** How many elements an instruction writes, in a loop at each step. */
export function lengthOf({ output, loop }: Instruction): number {
  return loop === undefined ? output.length : output.length / loop.steps
}

/** Whether a view sees what an instruction writes, at the same step where that is in a loop, in the order of memory. */
export function seesAll(operand: Operand, writer: Instruction): boolean {
  if (operand.storage !== writer.output || writer.into !== undefined) return false
  if (writer.loop === undefined) return isWhole(operand)
  const { shape, strides, offset, advance } = operand
  const length = lengthOf(writer)
  return offset === 0 && advance === length && sizeOf(shape) === length && isContiguous(shape, strides)
}

/** Whether two views see the same elements in the same way. */
export function sameView(a: Operand, b: Operand): boolean {
  return (
    a.storage === b.storage &&
    a.offset === b.offset &&
    (a.advance ?? 0) === (b.advance ?? 0) &&
    a.shape.length === b.shape.length &&
    a.shape.every((size, i) => size === b.shape[i] && (size === 1 || a.strides[i] === b.strides[i]))
  )
}

/** Which instruction writes each buffer, of those that one alone writes. */
export function writersOf({ instructions }: Program): Map<Buffer, Instruction> {
  const alone = instructions.filter(({ into }) => into === undefined)
  return new Map(alone.map(instruction => [instruction.output, instruction]))
}

/** Program text in stretches: the instructions of a loop together, each other one alone. */
export function stretchesOf(instructions: readonly Instruction[]): Instruction[][] {
  const stretches: Instruction[][] = []
  for (const instruction of instructions) {
    const { loop } = instruction
    const open = stretches.at(-1)
    if (loop !== undefined && open?.[0]?.loop === loop) open.push(instruction)
    else stretches.push([instruction])
  }
  return stretches
}

/** How many instructions read each buffer; results count as one reader more. */
export function countReaders({ instructions, results }: Program): Map<Buffer, number> {
  const counts = new Map<Buffer, number>()
  const count = (operands: readonly Operand[]) => {
    for (const buffer of new Set(operands.map(({ storage }) => storage))) {
      counts.set(buffer, (counts.get(buffer) ?? 0) + 1)
    }
  }
  for (const { inputs } of instructions) count(inputs)
  count(results)
  return counts
}

/** A program in which other views stand for those of some buffers. */
export function replaceBuffers(program: Program, replaced: ReadonlyMap<Buffer, Placed>): Program {
  if (replaced.size === 0) return program
  const moved = (operand: Operand): Operand => {
    const to = replaced.get(operand.storage)
    return to === undefined
      ? operand
      : moved({ ...operand, storage: to.buffer, offset: operand.offset + to.offset, ...advanceOf(to) })
  }
  return {
    instructions: program.instructions.map(instruction =>
      instruction.inputs.some(({ storage }) => replaced.has(storage))
        ? { ...instruction, inputs: instruction.inputs.map(moved) }
        : instruction,
    ),
    results: program.results.map(moved),
  }
}

/** A place in a buffer: of the first step of time, and how many elements further that of each next one lies. */
export interface Into {
  readonly offset: number
  readonly advance: number
}

/** Where the elements of a buffer stand inside of another one. */
export interface Placed {
  readonly buffer: Buffer
  readonly offset: number
  /** How far it lies from step to step of a loop, where that changes. */
  readonly advance?: number
}

function advanceOf({ advance }: Placed): { advance?: number } {
  return advance === undefined ? {} : { advance }
}
