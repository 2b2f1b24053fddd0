/**
 * A tape in the order in which its record lists it: like the tape, but constants are entries too, and each constant and
 * parameter stands where it is first read, beside the layer that reads it.
 */

import type { Entry, Tape, Tensor } from '@sensigrad/core'
import type { AnyModule } from '@sensigrad/nn'
import type { Role } from './record.ts'

/** Where a tensor stands: in which line, and as which output. */
export type Place = readonly [line: number, output: number]

/** What one line of the record stands for. */
export interface Line {
  /** Its place in the list. */
  readonly id: number
  readonly role: Role
  /** The entry of the tape; constants have none. */
  readonly entry: Entry | undefined
  readonly outputs: readonly Tensor[]
  /** What it reads: line and output. The inputs of the tape read nothing. */
  readonly reads: readonly Place[]
  /** Which input of the tape it is, if it is one. */
  readonly input: number | undefined
  /** The path of the parameter that it is. */
  readonly parameter: string | undefined
  /** The module that computed it; of constants and parameters, the one that reads it first. */
  readonly scope: string
}

/**
 * The lines of a tape's record.
 *
 * @param module  whose parameters are told from other inputs and constants: those that hold the values they had then
 */
export function layOut(tape: Tape, module?: AnyModule): Line[] {
  const parameters = parametersByStorage(module)
  const lines: Line[] = []
  const places = new Map<Tensor, Place>()
  const add = (line: Omit<Line, 'id' | 'parameter'>): void => {
    const path = line.role === 'op' ? undefined : parameters.get(line.outputs[0]!.storage)
    const id = lines.length
    const known = path === undefined ? {} : ({ role: 'parameter', scope: parentOf(path) } as const)
    lines.push({ ...line, ...known, id, parameter: path })
    for (const [j, output] of line.outputs.entries()) places.set(output, [id, j])
  }
  const addInput = (entry: Entry): void => {
    const input = tape.inputs.findIndex(each => each.entry === entry)
    add({ role: 'input', outputs: entry.outputs, entry, reads: [], input, scope: entry.scope })
  }
  const constants = new Map<unknown, Tensor[]>()
  const addConstant = (tensor: Tensor, scope: string): void => {
    const alike = constants.get(tensor.storage) ?? []
    const known = alike.find(other => isSameView(other, tensor))
    if (known !== undefined) return void places.set(tensor, places.get(known)!)
    constants.set(tensor.storage, [...alike, tensor])
    add({ role: 'constant', outputs: [tensor], entry: undefined, reads: [], input: undefined, scope })
  }
  for (const [input, tensor] of tape.inputs.entries()) {
    if (tensor.entry !== undefined) continue
    add({ role: 'input', outputs: [tensor], entry: undefined, reads: [], input, scope: '' }) // nothing is recorded of it
  }
  /** Parameters among the inputs wait until somebody reads them. */
  const waiting = new Set<Entry>()
  const starts = new Set(tape.inputs.map(({ entry }) => entry))
  for (const entry of tape.entries) {
    if (starts.has(entry)) {
      if (parameters.has(entry.outputs[0]!.storage)) waiting.add(entry)
      else addInput(entry)
      continue
    }
    for (const tensor of entry.inputs) {
      if (tensor.entry !== undefined && waiting.delete(tensor.entry)) addInput(tensor.entry)
      if (!places.has(tensor)) addConstant(tensor, entry.scope)
    }
    const reads = entry.inputs.map(tensor => places.get(tensor)!)
    add({ role: 'op', outputs: entry.outputs, entry, reads, input: undefined, scope: entry.scope })
  }
  for (const entry of waiting) addInput(entry)
  for (const output of tape.outputs) if (!places.has(output)) addConstant(output, '')
  return lines
}

/** The module that a parameter stands in. */
const parentOf = (path: string): string => path.slice(0, Math.max(path.lastIndexOf('.'), 0))

/** Whether two tensors on one storage show the same elements: a constant that is read twice may be two views. */
function isSameView(a: Tensor, b: Tensor): boolean {
  return a.offset === b.offset && `${a.shape} ${a.strides}` === `${b.shape} ${b.strides}`
}

/** The paths of a module's parameters, by where their values lie. */
function parametersByStorage(module: AnyModule | undefined): ReadonlyMap<unknown, string> {
  const paths = new Map<unknown, string>()
  for (const [path, parameter] of module?.parameters() ?? []) paths.set(parameter.value.storage, path)
  return paths
}

/** The number of each tensor's line, for those who look at a live tape beside its record. */
export function idsOf(lines: readonly Line[]): ReadonlyMap<Tensor, Place> {
  return new Map(
    lines.flatMap(({ id, outputs }) => outputs.map((output, j) => [output, [id, j] as const] as const)),
  )
}
