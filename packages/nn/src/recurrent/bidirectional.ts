/** Two recurrent layers that read a sequence from both ends. */

import { checkTensor, concat, flip, type Tensor, type TensorTree } from '@sensigrad/core'
import { checkModule, Module } from '../module.ts'
import { checkTree, type RecurrentLayer, type Run } from './over-time.ts'

/** The states of two layers that run in opposite directions. */
export type BothWays<State extends TensorTree> = {
  /** After the last step of time. */
  readonly forwards: State
  /** After the first step of time, at which the other layer ends. */
  readonly backwards: State
}

/**
 * A recurrent layer that runs forwards in time, and another one that runs backwards. At each step of time the outputs are
 * those of the first and then those of the second, `[time, …, both outputs]`.
 *
 * @throws ValueError for what is no module; ShapeError when one does not fit the sequence
 * @example
 * const [one, other] = splitKey(key(7))
 * const layer = new Bidirectional(new GRU(3, 8, { key: one }), new GRU(3, 8, { key: other }))
 * layer.call(sequence).outputs // [time, …, 16]
 */
export class Bidirectional<State extends TensorTree> extends Module<
  [sequence: Tensor, initial?: BothWays<State>],
  Run<BothWays<State>>
> {
  readonly forwards: RecurrentLayer<State>
  readonly backwards: RecurrentLayer<State>

  constructor(forwards: RecurrentLayer<State>, backwards: RecurrentLayer<State>) {
    super()
    checkModule('Bidirectional', forwards)
    checkModule('Bidirectional', backwards)
    this.forwards = forwards
    this.backwards = backwards
  }

  /**
   * Runs over a sequence in both directions.
   *
   * @param sequence  `[time, …, inputs]`
   * @param initial   the state of each layer before its own first step; zeros unless given
   * @returns the outputs of both side by side, and the last state of each
   */
  forward(sequence: Tensor, initial?: BothWays<State>): Run<BothWays<State>> {
    checkTensor('Bidirectional', 'the sequence', sequence)
    if (initial !== undefined) checkTree('Bidirectional', initial, ['forwards', 'backwards'])
    const there = this.forwards.call(sequence, initial?.forwards)
    const back = this.backwards.call(flip(sequence, 0), initial?.backwards)
    return {
      outputs: concat([there.outputs, flip(back.outputs, 0)], -1),
      state: { forwards: there.state, backwards: back.state },
    }
  }
}
