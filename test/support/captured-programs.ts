/** Programs of captured steps as they are traced, before anything is rewritten, and what any such program computes. */
import { type Backend, isSynchronous, type Tensor } from '@sensigrad/core'
import { type Plan, plan } from '../../packages/core/src/capture/plan.ts'
import type { Buffer, Instruction, Operand, Program } from '../../packages/core/src/capture/program.ts'
import { Replay } from '../../packages/core/src/capture/replay.ts'
import { Trace } from '../../packages/core/src/capture/trace.ts'

/** What a function computes, and the buffers that its inputs are given in. */
export interface Traced {
  readonly program: Program
  readonly given: readonly Buffer[]
}

/** The program of a function, as it stands. */
export function traced(
  backend: Backend,
  f: (...inputs: Tensor[]) => Tensor | readonly Tensor[],
  inputs: readonly Tensor[],
): Traced {
  const trace = new Trace(backend)
  const stand = inputs.map(input => trace.argument(input))
  const results = [trace.run(() => f(...stand))].flat() as Tensor[]
  return {
    program: {
      instructions: [...trace.instructions],
      results: results.map(result => trace.operand(result)),
    },
    given: stand.map(({ storage }) => storage as Buffer),
  }
}

/** The elements that a program gives for some inputs. */
export function resultsOf(
  backend: Backend,
  { program, given }: Traced,
  inputs: readonly Tensor[],
): number[][] {
  if (!isSynchronous(backend)) throw new Error('give a backend that can be read at once')
  const replay = new Replay(backend, plan(program, given, []))
  for (const [i, input] of inputs.entries()) replay.fill(given[i]!, input)
  replay.run()
  return replay.results().map(result => [...backend.readSync(result)])
}

/** The kernels that a program calls, in order. */
export function kernelsOf({ instructions }: Program): string[] {
  return instructions.map(({ kernel }) => kernel)
}

/** How often a program calls a kernel. */
export function countOf(program: Program, kernel: Instruction['kernel']): number {
  return kernelsOf(program).filter(each => each === kernel).length
}

/** What is wrong with the order of a program: buffers that are read before anybody has written them, or written twice. */
export function disorderOf({ program: { instructions, results }, given }: Traced): string[] {
  const known = new Set(given)
  const wrong: string[] = []
  const loops = new Map<object, Set<Buffer>>()
  for (const { loop, output } of instructions) {
    if (loop !== undefined) loops.set(loop, (loops.get(loop) ?? new Set()).add(output))
  }
  const look = ({ storage }: Operand, who: string, loop?: object) => {
    const isCarried = loop !== undefined && loops.get(loop)!.has(storage) // written at the step before
    if (!known.has(storage) && storage.fixed === undefined && !isCarried) wrong.push(`${who} reads nothing`)
  }
  for (const [i, { inputs, output, kernel, loop, into }] of instructions.entries()) {
    for (const input of inputs) look(input, `${i} ${kernel}`, loop)
    if (known.has(output) && into === undefined) wrong.push(`${i} ${kernel} writes again`)
    known.add(output)
  }
  for (const result of results) look(result, 'a result')
  return wrong
}

/**
 * Runs a plan on marks instead of numbers: each element of an arena holds the name of the buffer that was written there.
 *
 * @returns reads that meet another buffer's elements, or none, as text
 */
export function clashesOf({ calls, results, offsets, sizes }: Plan, given: readonly Buffer[]): string[] {
  const memory = new Map<string, (Buffer | undefined)[]>()
  const at = (buffer: Buffer) => {
    const { dtype } = buffer
    if (!memory.has(dtype)) memory.set(dtype, new Array(sizes[dtype]))
    return memory.get(dtype)!
  }
  const clashes = new Set<string>()
  const write = (buffer: Buffer, offset: number, length: number) => {
    const begin = offsets.get(buffer)! + offset
    if (!(begin + length <= sizes[buffer.dtype])) clashes.add(`a write beyond the end: ${begin + length}`)
    at(buffer).fill(buffer, begin, begin + length)
  }
  const read = (
    { storage: buffer, shape, strides, offset, advance = 0 }: Operand,
    step: number,
    who: string,
  ) => {
    if (buffer.fixed !== undefined) return
    const begin = offsets.get(buffer)! + offset + step * advance
    for (const place of placesOf(shape, strides)) {
      if (at(buffer)[begin + place] !== buffer) clashes.add(`${who} at step ${step} reads what is not there`)
    }
  }
  for (const buffer of given) write(buffer, 0, buffer.length)
  let i = 0
  while (i < calls.length) {
    const { loop } = calls[i]!
    let end = i + 1
    while (loop !== undefined && calls[end]?.loop === loop) end++
    const { steps = 1, isReversed = false } = loop ?? {}
    for (let turn = 0; turn < steps; turn++) {
      const step = isReversed ? steps - 1 - turn : turn
      for (const [k, { instruction, inputs, into, length }] of calls.slice(i, end).entries()) {
        const who = `call ${i + k}, ${instruction.kernel},`
        for (const input of inputs) read(input, loop ? step : 0, who)
        write(into.buffer, into.offset + (loop ? step * into.advance : 0), length)
      }
    }
    i = end
  }
  for (const result of results) read(result, 0, 'a result')
  return [...clashes]
}

function placesOf(shape: readonly number[], strides: readonly number[]): number[] {
  return shape.reduce<number[]>(
    (places, size, axis) =>
      places.flatMap(place => Array.from({ length: size }, (_, i) => place + i * strides[axis]!)),
    [0],
  )
}
