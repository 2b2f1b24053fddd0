/** What is the same at each call is computed once, when the program is made. */

import type { Backend, Storage } from '../../backend/contract.ts'
import { isSynchronous } from '../../backend/contract.ts'
import { memo } from '../../memo.ts'
import {
  argumentsOf,
  Buffer,
  type Instruction,
  type Operand,
  type Placed,
  type Program,
  replaceBuffers,
  wholeOf,
} from '../program.ts'

/** The program without calls whose inputs are all fixed: their results are fixed as well. */
export function computeOnce(program: Program, backend: Backend): Program {
  const known = new Map<Buffer, Placed>()
  const uploaded = new Map<Buffer, Storage>()
  const fixed = (operand: Operand): Operand => {
    const placed = known.get(operand.storage)
    return placed === undefined ? operand : { ...operand, storage: placed.buffer }
  }
  const storageOf = (buffer: Buffer): Storage =>
    buffer.fixed!.storage ?? memo(uploaded, buffer, () => backend.upload(buffer.fixed!.values!, buffer.dtype))
  const run = (instruction: Instruction): Storage => {
    const inputs = instruction.inputs.map(fixed).map(view => ({ ...view, storage: storageOf(view.storage) }))
    const kernel = backend[instruction.kernel] as (...of: unknown[]) => Storage
    return kernel.apply(backend, [...argumentsOf(instruction, inputs)])
  }
  const instructions = program.instructions.filter(instruction => {
    const { inputs, output } = instruction
    if (instruction.loop !== undefined || instruction.into !== undefined) return true
    if (!inputs.every(input => fixed(input).storage.fixed)) return true
    const storage = run(instruction)
    const number =
      output.length === 1 && isSynchronous(backend)
        ? backend.readSync({ ...wholeOf(output, [1]), storage })[0]
        : undefined
    known.set(output, {
      buffer: new Buffer(output.dtype, output.length, { storage, number, isOwn: true }),
      offset: 0,
    })
    return false
  })
  for (const storage of uploaded.values()) backend.free(storage)
  const rest = replaceBuffers({ instructions, results: program.results }, known)
  const needed = new Set(
    [...rest.instructions.flatMap(({ inputs }) => inputs), ...rest.results].map(({ storage }) => storage),
  )
  for (const { buffer } of known.values()) if (!needed.has(buffer)) backend.free(buffer.fixed!.storage!)
  return rest
}
