/** The tape that a flow is read from: one that is given, or that of a loss as a function of a module's parameters. */

import { describeValue, record, Tape, type Tensor, ValueError } from '@sensigrad/core'
import { type AnyModule, Module, valuesOf, withParameters } from '@sensigrad/nn'
import { type Passage, type PassageOptions, passagesOf } from './passages.ts'

/** A tape, and which of its tensors are parameters. */
export interface Recorded {
  readonly tape: Tape
  readonly parameters: readonly Tensor[]
}

/** @throws ValueError for what is neither a tape nor a module with a loss */
export function recorded(operation: string, of: unknown, loss?: unknown): Recorded {
  if (of instanceof Tape) return { tape: of, parameters: [] }
  if (!(of instanceof Module)) {
    const given = describeValue(of)
    throw new ValueError(
      operation,
      `it was given ${given}, which is neither a tape nor a module`,
      'Give record(f, x)',
    )
  }
  if (typeof loss !== 'function') {
    throw new ValueError(
      operation,
      `the loss is ${describeValue(loss)}`,
      'Give a function: () => loss of the module',
    )
  }
  return recordedLoss(of as AnyModule, loss as () => Tensor)
}

function recordedLoss(module: AnyModule, loss: () => Tensor): Recorded {
  const values = valuesOf(module)
  const paths = Object.keys(values)
  const tape = record(
    (...given) => withParameters(module, Object.fromEntries(paths.map((path, i) => [path, given[i]!])), loss),
    ...Object.values(values),
  )
  return { tape, parameters: tape.inputs }
}

/** @throws ValueError when no entry of the tape was made in a module */
export function layersOf(operation: string, tape: Tape, options: PassageOptions): Passage[] {
  const { depth } = options
  if (depth !== undefined && !(Number.isInteger(depth) && depth >= 1)) {
    throw new ValueError(operation, `the depth is ${describeValue(depth)}`, 'Give a whole number, 1 or more')
  }
  const passages = passagesOf(tape, options)
  if (passages.length > 0) return passages
  throw new ValueError(
    operation,
    'no entry of the tape was made in a module',
    "Name the parts of the computation: withScope('encoder', () => …)",
  )
}
