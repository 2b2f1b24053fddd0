/**
 * Long short-term memory (Hochreiter and Schmidhuber, 1997; with the forget gate of Gers et al., 2000): a memory that
 * is kept, written and shown as far as three gates say.
 */

import { splitKey, type Tensor, tanh as tanhOf } from '@sensigrad/core'
import { tanh } from '../activation.ts'
import { checkOptions } from '../check.ts'
import type { Initialiser } from '../initialise.ts'
import { Module } from '../module.ts'
import { checkInputs } from '../neuron-layer.ts'
import { Gate } from './gate.ts'
import type { RecurrentOptions } from './neurons.ts'
import { checkCell, checkTree, hears, type Run, recurrentOptions, runOver } from './over-time.ts'

/** How long short-term memory begins. Initial values are even within 1/√neurons unless said, as in PyTorch. */
export interface LSTMOptions extends RecurrentOptions {
  /** That of the forget gate; as `bias` unless said. `constant(1)` begins with memories that last. */
  readonly forgetBias?: Initialiser
}

/** What long short-term memory holds from step to step. */
export type LSTMState = {
  /** h, what the layer says, `[…, neurons]`. */
  readonly hidden: Tensor
  /** c, what it remembers, `[…, neurons]`. */
  readonly cell: Tensor
}

const stateParts = ['hidden', 'cell']

/**
 * One step of long short-term memory, as PyTorch has it:
 *
 *   i, f, o = σ(W h + V x + θ),  g = tanh(W_g h + V_g x + θ_g),  c' = f ⊙ c + i ⊙ g,  h' = o ⊙ tanh c'
 *
 * `call(x, { hidden: h, cell: c })` takes x, `[…, inputs]`, and gives `{ hidden: h', cell: c' }`. PyTorch adds two
 * biases in each gate; here they are one, θ = b_ih + b_hh.
 *
 * @throws ShapeError when an input or a state does not fit
 * @example const { hidden, cell } = new LSTMCell(2, 8, { key: key(7) }).call(x, state)
 */
export class LSTMCell extends Module<[input: Tensor, state: LSTMState], LSTMState> {
  readonly inputs: number
  readonly neurons: number
  /** i: how much of the candidate is written. */
  readonly input: Gate
  /** f: how much of the memory is kept. */
  readonly forget: Gate
  /** g: what is written. */
  readonly candidate: Gate
  /** o: how much of the memory is shown. */
  readonly output: Gate

  constructor(inputs: number, neurons: number, options: LSTMOptions) {
    super()
    checkCell('LSTM', inputs, neurons, options)
    checkOptions('LSTM', options, [...recurrentOptions, 'forgetBias'])
    const { key, forgetBias, ...rest } = options
    const keys = splitKey(key, 4)
    this.inputs = inputs
    this.neurons = neurons
    this.input = new Gate(inputs, neurons, { ...rest, key: keys[0]! })
    this.forget = new Gate(inputs, neurons, {
      ...rest,
      key: keys[1]!,
      ...(forgetBias !== undefined && { bias: forgetBias }),
    })
    this.candidate = new Gate(inputs, neurons, { ...rest, key: keys[2]!, activation: tanh })
    this.output = new Gate(inputs, neurons, { ...rest, key: keys[3]! })
  }

  /**
   * @param input  x, `[…, inputs]`
   * @param state  h and c, `[…, neurons]` each
   * @returns h' and c'
   */
  forward(input: Tensor, state: LSTMState): LSTMState {
    checkTree('LSTM', state, stateParts)
    const { hidden } = state
    checkInputs('LSTM', 'cell state', state.cell, this.neurons)
    const written = this.input.call(hidden, input).mul(this.candidate.call(hidden, input))
    const cell = this.forget.call(hidden, input).mul(state.cell).add(written)
    return { hidden: this.output.call(hidden, input).mul(tanhOf(cell)), cell }
  }
}

/**
 * Long short-term memory over a sequence. `x` is `[time, …, inputs]`, each output `[…, neurons]`.
 *
 * @throws ShapeError when a sequence or a state does not fit; ValueError without steps, or for an option that there is not
 * @example
 * const lstm = new LSTM(2, 8, { key: key(7), forgetBias: constant(1) })
 * const { outputs, state } = lstm.call(sequence)
 */
export class LSTM extends Module<[sequence: Tensor, initial?: LSTMState], Run<LSTMState>> {
  readonly cell: LSTMCell

  constructor(inputs: number, neurons: number, options: LSTMOptions) {
    super()
    this.cell = new LSTMCell(inputs, neurons, options)
  }

  /** The gate i of the cell. */
  get input(): Gate {
    return this.cell.input
  }

  /** The gate f of the cell. */
  get forget(): Gate {
    return this.cell.forget
  }

  /** The candidate g of the cell. */
  get candidate(): Gate {
    return this.cell.candidate
  }

  /** The gate o of the cell. */
  get output(): Gate {
    return this.cell.output
  }

  /**
   * Runs over a sequence.
   *
   * @param sequence  `[time, …, inputs]`
   * @param initial   the state before the first step, `{ hidden, cell }` of `[…, neurons]` each; zeros unless given
   * @returns h at all steps, `[time, …, neurons]`, and the last state
   */
  forward(sequence: Tensor, initial?: LSTMState): Run<LSTMState> {
    if (initial !== undefined) checkTree('LSTM', initial, stateParts)
    return runOver('LSTM', this.cell, sequence, {
      from: begin => ({
        hidden: begin('hidden state', initial?.hidden),
        cell: begin('cell state', initial?.cell),
      }),
      step: (state, input) => this.cell.call(input, state),
      output: ({ hidden }) => hidden,
      unroll: hears(this.cell),
    })
  }
}
