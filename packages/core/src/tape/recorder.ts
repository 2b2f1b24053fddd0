/**
 * When is an operation recorded? When one of its inputs was, by a transform that is still running. There is no
 * list of everything: each recorded tensor holds its own entry, and a tape is cut from those.
 */

import type { Op } from '../ops/define.ts'
import { isFloat } from '../tensor/dtype.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { isList, RecordedEntry } from './entry.ts'
import { currentScope } from './scope.ts'
import { noteSource, notesSources } from './source.ts'

let nextId = 0

/** The first id of the outermost transform that is running: what is older is a constant to all that follows. */
let floor = Number.POSITIVE_INFINITY

let depth = 0

/** The id of the next entry: what is made from now on has it or a later one. */
export function now(): number {
  return nextId
}

/**
 * Runs `body`, in which aliases made by `aliasOf`, and all that is computed from them, are recorded.
 *
 * @param since  entries with this id or a later one count as recorded, too
 */
export function recording<Result>(body: () => Result, since: number = nextId): Result {
  const outer = floor
  floor = Math.min(floor, since)
  depth++
  try {
    return body()
  } finally {
    floor = outer
    depth--
  }
}

/** Runs `body` as if no transform were running: what it computes is no part of what is being recorded. */
export function unrecorded<Result>(body: () => Result): Result {
  const [outerFloor, outerDepth] = [floor, depth]
  floor = Number.POSITIVE_INFINITY
  depth = 0
  try {
    return body()
  } finally {
    floor = outerFloor
    depth = outerDepth
  }
}

/** How many transforms are running, one inside of the other. */
export function recordingDepth(): number {
  return depth
}

/** Whether any transform is running, so that gradients taken now must themselves be recorded. */
export function isRecording(): boolean {
  return floor !== Number.POSITIVE_INFINITY
}

/** Whether a tensor depends on an input of a transform that is running. */
export function isRecorded(tensor: Tensor): boolean {
  return tensor.entry !== undefined && tensor.entry.id >= floor
}

/** Writes the entry of what was made, if any input is recorded and any output carries gradients. */
export function remember(
  op: Op,
  inputs: readonly Tensor[],
  attributes: unknown,
  made: Tensor | readonly Tensor[],
): void {
  let depends = false
  for (let i = 0; i < inputs.length && !depends; i++) depends = isRecorded(inputs[i]!)
  if (depends && carriesGradients(made)) enter(op, inputs, attributes, made)
}

function carriesGradients(made: Tensor | readonly Tensor[]): boolean {
  return isList(made) ? made.some(({ dtype }) => isFloat(dtype)) : isFloat(made.dtype)
}

/** Writes the entry of what was made in any case: how an input of a transform begins a tape. */
export function enter(
  op: Op,
  inputs: readonly Tensor[],
  attributes: unknown,
  made: Tensor | readonly Tensor[],
): void {
  let hasPast = false
  for (let i = 0; i < inputs.length && !hasPast; i++) hasPast = isLeftOver(inputs[i]!)
  const present = hasPast ? inputs.map(withoutPast) : inputs
  const id = nextId++
  const entry = new RecordedEntry(id, op, present, attributes, made, currentScope())
  if (notesSources) noteSource(entry)
  if (!isList(made)) made.entry = entry
  else for (const output of made) if (isFloat(output.dtype)) output.entry = entry
}

/** Whether a tensor was made in a transform that has ended: to all that follows it is a constant. */
function isLeftOver(tensor: Tensor): boolean {
  return tensor.entry !== undefined && tensor.entry.id < floor
}

/** A tensor that is left over, without its entry: a new entry must not keep that old tape alive. */
function withoutPast(tensor: Tensor): Tensor {
  return isLeftOver(tensor) ? tensor.view(tensor.shape, tensor.strides, tensor.offset) : tensor
}
