/** What recurrent layers share: the state before the first step, and the run over a sequence. */

import {
  broadcastShapes,
  broadcastTo,
  describeValue,
  scan,
  Tensor,
  type TensorTree,
  ValueError,
  zeros,
} from '@sensigrad/core'
import { isRecord } from '../check.ts'
import type { AnyModule, Module } from '../module.ts'
import { checkInputs, checkLayer, type LayerOptions } from '../neuron-layer.ts'

/** What a recurrent layer gives for a sequence. */
export interface Run<State extends TensorTree, Output extends TensorTree = Tensor> {
  /** What it says at each step, `[time, …, outputs]`. */
  readonly outputs: Output
  /** Its state after the last step: give it to the next call to go on from there. */
  readonly state: State
}

/** What runs over sequences `[time, …, inputs]`: `RNN`, `GRU`, `LSTM`, and what is made of them. */
export type RecurrentLayer<State extends TensorTree> = Module<
  [sequence: Tensor, initial?: NoInfer<State>], // the state is inferred from what is given back
  Run<State>
>

/** How a layer advances. */
export interface Advance<State extends TensorTree, Output extends TensorTree> {
  /** The state before the first step, where `given` stands for the caller's, made for the sequences of a batch. */
  readonly from: (begin: (what: string, given?: Tensor) => Tensor) => State
  /** From a state and an input to the next state. */
  readonly step: (state: State, input: Tensor) => State
  /** What the layer says in a state: asked for after each step. */
  readonly output: (state: State) => Output
  /** Whether each step must run in a captured step, too, since something listens to it. */
  readonly unroll: boolean
}

/**
 * Runs a layer over a sequence.
 *
 * @throws ShapeError when the sequence or the state does not fit; ValueError when there are no steps
 */
export function runOver<State extends TensorTree, Output extends TensorTree>(
  layer: string,
  { inputs, neurons }: { readonly inputs: number; readonly neurons: number },
  sequence: Tensor,
  { from, step, output, unroll }: Advance<State, Output>,
): Run<State, Output> {
  checkInputs(layer, 'sequence', sequence, inputs)
  if (sequence.rank < 2 || sequence.shape[0] === 0) {
    throw new ValueError(
      layer,
      `the sequence ${sequence} has no steps`,
      'Give [time, …, inputs] with time ≥ 1',
    )
  }
  const { dtype, backend } = sequence
  const whole = [...sequence.shape.slice(1, -1), neurons]
  const begin = (what: string, given?: Tensor): Tensor => {
    if (given === undefined) return zeros(whole, { dtype, backend })
    checkInputs(layer, what, given, neurons)
    return broadcastTo(given, broadcastShapes(layer, given.shape, whole)) // one state may begin a batch
  }
  const advance = (state: State, input: Tensor): [State, Output] => {
    const next = step(state, input)
    return [next, output(next)]
  }
  const [state, outputs] = scan(advance, from(begin), sequence, { unroll })
  return { outputs, state }
}

/** Whether something listens to a module, or to one inside of it. */
export function hears(module: AnyModule): boolean {
  return [...module.modules().values()].some(({ isHeard }) => isHeard)
}

/** The options of every layer that has recurrent weights. */
export const recurrentOptions = ['key', 'dtype', 'recurrentWeight', 'inputWeight', 'bias'] as const

/** @throws ValueError unless the sizes and options make a cell, which has inputs in any case */
export function checkCell(layer: string, inputs: number, neurons: number, options: LayerOptions): void {
  checkLayer(layer, inputs, neurons, options)
  if (inputs > 0) return
  throw new ValueError(layer, 'it has no inputs', 'Give one or more; an RNN can do without')
}

/** @throws ValueError unless a state is given as an object with these parts */
export function checkTree(layer: string, state: unknown, parts: readonly string[]): void {
  const remedy = `Give { ${parts.join(', ')} }, the state that the call before returned`
  if (!isRecord(state) || state instanceof Tensor) {
    throw new ValueError(layer, `the state is ${describeValue(state)}`, remedy)
  }
  const missing = parts.find(part => state[part] === undefined)
  if (missing !== undefined) throw new ValueError(layer, `the state has no ${missing}`, remedy)
}
