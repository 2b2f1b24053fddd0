/**
 * Gated recurrent units (Cho et al., EMNLP 2014): a state that is overwritten as far as a gate says, by a candidate
 * that sees the state as far as another gate says.
 */

import { splitKey, type Tensor, tanh } from '@sensigrad/core'
import { checkOptions } from '../check.ts'
import { uniform } from '../initialise.ts'
import { Module } from '../module.ts'
import { checkInputs, checkLayer, parameter } from '../neuron-layer.ts'
import type { Parameter } from '../parameter.ts'
import { Gate } from './gate.ts'
import type { RecurrentOptions } from './neurons.ts'
import { checkCell, hears, type Run, recurrentOptions, runOver } from './over-time.ts'

/** How gated recurrent units begin. Initial values are even within 1/√neurons unless said, as in PyTorch. */
export interface GRUOptions extends RecurrentOptions {}

/**
 * What a GRU might say next: n = tanh(V x + b + r ⊙ (W h + c)). Its neurons are not of the form f(w·[h, x] + θ), since
 * r, which depends on h and x as well, scales what comes from h.
 */
export class GRUCandidate extends Module<[state: Tensor, input: Tensor, reset: Tensor], Tensor> {
  readonly neurons: number
  readonly inputs: number
  /** W, `[neurons, neurons]`. */
  readonly recurrentWeight: Parameter
  /** V, `[neurons, inputs]`. */
  readonly inputWeight: Parameter
  /** c, `[neurons]`. */
  readonly recurrentBias: Parameter
  /** b, `[neurons]`. */
  readonly inputBias: Parameter

  constructor(inputs: number, neurons: number, options: GRUOptions) {
    super()
    checkLayer('GRUCandidate', inputs, neurons, options)
    const { dtype } = options
    const even = uniform(undefined, neurons)
    const { recurrentWeight = even, inputWeight = even, bias = even } = options
    const keys = splitKey(options.key, 4)
    this.neurons = neurons
    this.inputs = inputs
    this.recurrentWeight = parameter(recurrentWeight, [neurons, neurons], keys[0]!, dtype)
    this.inputWeight = parameter(inputWeight, [neurons, inputs], keys[1]!, dtype)
    this.recurrentBias = parameter(bias, [neurons], keys[2]!, dtype)
    this.inputBias = parameter(bias, [neurons], keys[3]!, dtype)
  }

  /**
   * @param state  h, `[…, neurons]`
   * @param input  x, `[…, inputs]`
   * @param reset  r, `[…, neurons]`
   * @returns n, `[…, neurons]`
   */
  forward(state: Tensor, input: Tensor, reset: Tensor): Tensor {
    checkInputs('GRUCandidate', 'state', state, this.neurons)
    checkInputs('GRUCandidate', 'input', input, this.inputs)
    const recalled = state.matmul(this.recurrentWeight.value.transpose()).add(this.recurrentBias.value)
    const seen = input.matmul(this.inputWeight.value.transpose()).add(this.inputBias.value)
    return tanh(seen.add(reset.mul(recalled)))
  }
}

/**
 * One step of gated recurrent units, as PyTorch has it:
 *
 *   r = σ(W_r h + V_r x + θ_r),  z = σ(W_z h + V_z x + θ_z),  n = tanh(V x + b + r ⊙ (W h + c)),  h' = (1 - z) ⊙ n + z ⊙ h
 *
 * `call(x, h)` takes x, `[…, inputs]`, and h, `[…, neurons]`, and gives h'. PyTorch adds two biases in each gate; here
 * they are one, θ = b_ih + b_hh.
 *
 * @throws ShapeError when an input or a state does not fit
 * @example const next = new GRUCell(2, 8, { key: key(7) }).call(x, state)
 */
export class GRUCell extends Module<[input: Tensor, state: Tensor], Tensor> {
  readonly inputs: number
  readonly neurons: number
  /** r: how much of the state the candidate sees. */
  readonly reset: Gate
  /** z: how much of the state is kept. */
  readonly update: Gate
  /** n: what else the state becomes. */
  readonly candidate: GRUCandidate

  constructor(inputs: number, neurons: number, options: GRUOptions) {
    super()
    checkCell('GRU', inputs, neurons, options)
    checkOptions('GRU', options, recurrentOptions)
    const [reset, update, candidate] = splitKey(options.key, 3)
    this.inputs = inputs
    this.neurons = neurons
    this.reset = new Gate(inputs, neurons, { ...options, key: reset! })
    this.update = new Gate(inputs, neurons, { ...options, key: update! })
    this.candidate = new GRUCandidate(inputs, neurons, { ...options, key: candidate! })
  }

  /**
   * @param input  x, `[…, inputs]`
   * @param state  h, `[…, neurons]`
   * @returns h', `[…, neurons]`
   */
  forward(input: Tensor, state: Tensor): Tensor {
    const reset = this.reset.call(state, input)
    const kept = this.update.call(state, input)
    const candidate = this.candidate.call(state, input, reset)
    return candidate.mul(kept.neg().add(1)).add(state.mul(kept))
  }
}

/**
 * Gated recurrent units over a sequence. `x` is `[time, …, inputs]`, the state and each output `[…, neurons]`.
 *
 * @throws ShapeError when a sequence or a state does not fit; ValueError without steps, or for an option that there is not
 * @example
 * const gru = new GRU(2, 8, { key: key(7) })
 * const { outputs, state } = gru.call(sequence)
 */
export class GRU extends Module<[sequence: Tensor, initial?: Tensor], Run<Tensor>> {
  readonly cell: GRUCell

  constructor(inputs: number, neurons: number, options: GRUOptions) {
    super()
    this.cell = new GRUCell(inputs, neurons, options)
  }

  /** The gate r of the cell. */
  get reset(): Gate {
    return this.cell.reset
  }

  /** The gate z of the cell. */
  get update(): Gate {
    return this.cell.update
  }

  /** The candidate n of the cell. */
  get candidate(): GRUCandidate {
    return this.cell.candidate
  }

  /**
   * Runs over a sequence.
   *
   * @param sequence  `[time, …, inputs]`
   * @param initial   the state before the first step, `[…, neurons]`; zeros unless given
   * @returns all states `[time, …, neurons]` and the last one
   */
  forward(sequence: Tensor, initial?: Tensor): Run<Tensor> {
    return runOver('GRU', this.cell, sequence, {
      from: begin => begin('state', initial),
      step: (state, input) => this.cell.call(input, state),
      output: state => state,
      unroll: hears(this.cell),
    })
  }
}
