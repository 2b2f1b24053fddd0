/** Recurrent layers one above the other, each of which runs over the outputs of the one below. */

import { describeValue, type Key, splitKey, type Tensor, type TensorTree, ValueError } from '@sensigrad/core'
import { checkOptions } from '../check.ts'
import { checkModule, Module } from '../module.ts'
import type { LayerOptions } from '../neuron-layer.ts'
import { Bidirectional, type BothWays } from './bidirectional.ts'
import type { RecurrentLayer, Run } from './over-time.ts'

/** What a stack does besides running its layers. */
export interface RecurrentStackOptions {
  /** What the outputs of a layer go through on their way to the next one, such as `new Dropout(0.2, { key })`. */
  readonly between?: Module
}

/**
 * Recurrent layers of any kind one above the other: the outputs are those of the last, the state is a list of all.
 *
 * @throws ValueError for what is no list of modules
 * @example new RecurrentStack([new LSTM(3, 16, { key: one }), new LSTM(16, 8, { key: other })])
 */
export class RecurrentStack<State extends TensorTree> extends Module<
  [sequence: Tensor, initial?: readonly State[]],
  Run<readonly State[]>
> {
  readonly layers: readonly RecurrentLayer<State>[]
  readonly between: Module | undefined

  constructor(layers: readonly RecurrentLayer<State>[], options: RecurrentStackOptions = {}) {
    super()
    checkOptions('RecurrentStack', options, ['between'])
    if (!Array.isArray(layers) || layers.length === 0) {
      const given = Array.isArray(layers) ? 'empty' : describeValue(layers)
      throw new ValueError('RecurrentStack', `the list of layers is ${given}`, 'Give one or more')
    }
    for (const layer of layers) checkModule('RecurrentStack', layer)
    if (options.between !== undefined) checkModule('RecurrentStack', options.between)
    this.layers = layers
    this.between = options.between
  }

  /**
   * Runs over a sequence, layer by layer.
   *
   * @param sequence  `[time, …, inputs]`
   * @param initial   a state for each layer; zeros unless given
   * @returns the outputs of the last layer, and the last state of each
   */
  forward(sequence: Tensor, initial?: readonly State[]): Run<readonly State[]> {
    checkStates(initial, this.layers.length)
    const states: State[] = []
    let outputs = sequence
    for (const [i, layer] of this.layers.entries()) {
      const below = i > 0 && this.between !== undefined ? this.between.call(outputs) : outputs
      const run = layer.call(below, initial?.[i])
      states.push(run.state)
      outputs = run.outputs
    }
    return { outputs, state: states }
  }
}

/** @throws ValueError unless there is a state for each layer, or none at all */
function checkStates(initial: unknown, layers: number): void {
  if (initial === undefined || (Array.isArray(initial) && initial.length === layers)) return
  const given = Array.isArray(initial) ? `a list of ${initial.length}` : describeValue(initial)
  throw new ValueError(
    'RecurrentStack',
    `the state is ${given}`,
    `Give a list of ${layers}, one for each layer`,
  )
}

/** A class of recurrent layers: `RNN`, `GRU`, `LSTM`. */
export type RecurrentClass<State extends TensorTree, Options extends LayerOptions> = new (
  inputs: number,
  neurons: number,
  options: Options,
) => RecurrentLayer<State>

/** How many layers there are, and what lies between them, beside the options of each. */
export interface StackedOptions extends RecurrentStackOptions {
  readonly key: Key
  /** How many layers lie one above the other; 1 unless said. */
  readonly layers?: number
}

/**
 * Layers of one kind and size one above the other, in one direction or in both, as `nn.LSTM(inputs, neurons, layers,
 * bidirectional=…)` of PyTorch has them.
 *
 * @param Layer    the class: `RNN`, `GRU` or `LSTM`
 * @param inputs   what the first layer sees; each other one sees the outputs of the one below
 * @param neurons  of each layer, in each direction
 * @param options  those of each layer, and `layers`, `bidirectional`, `between`; the keys of the layers come from `key`
 * @throws ValueError for a number of layers that is none, and what the layers refuse
 * @example stacked(LSTM, 3, 16, { key: key(7), layers: 2, bidirectional: true, between: new Dropout(0.2, { key: key(8) }) })
 */
export function stacked<State extends TensorTree, Options extends LayerOptions>(
  Layer: RecurrentClass<State, Options>,
  inputs: number,
  neurons: number,
  options: NoInfer<Options> & StackedOptions & { readonly bidirectional: true },
): RecurrentStack<BothWays<State>>
export function stacked<State extends TensorTree, Options extends LayerOptions>(
  Layer: RecurrentClass<State, Options>,
  inputs: number,
  neurons: number,
  options: NoInfer<Options> & StackedOptions & { readonly bidirectional?: false },
): RecurrentStack<State>
export function stacked<State extends TensorTree>(
  Layer: RecurrentClass<State, LayerOptions>,
  inputs: number,
  neurons: number,
  options: StackedOptions & { readonly bidirectional?: boolean },
): RecurrentStack<State> | RecurrentStack<BothWays<State>> {
  if (!(typeof Layer === 'function' && Layer.prototype instanceof Module)) {
    throw new ValueError(
      'stacked',
      `the kind of layer is ${describeValue(Layer)}`,
      'Give a class: RNN, GRU or LSTM',
    )
  }
  const { layers = 1, bidirectional = false, between, key, ...rest } = checked(options)
  const below = (i: number) => (i === 0 ? inputs : neurons * (bidirectional ? 2 : 1))
  const directions = splitKey(key, 2 * layers).map(
    (key, i) => new Layer(below(Math.floor(i / 2)), neurons, { ...rest, key }),
  )
  const above = { ...(between !== undefined && { between }) }
  const forwards = directions.filter((_, i) => i % 2 === 0)
  if (!bidirectional) return new RecurrentStack(forwards, above)
  return new RecurrentStack<BothWays<State>>(
    forwards.map((layer, i) => new Bidirectional(layer, directions[2 * i + 1]!)),
    above,
  )
}

/** @throws ValueError unless there are options with a key, a number of layers and directions */
function checked<Options extends StackedOptions & { readonly bidirectional?: boolean }>(
  options: Options,
): Options {
  const { key, layers = 1, bidirectional = false } = options ?? {}
  const refuse = (what: string, value: unknown, remedy: string) =>
    new ValueError('stacked', `${what} ${describeValue(value)}`, remedy)
  if (!Array.isArray(key)) throw refuse('the key is', key, 'Give one among the options: { key: key(7) }')
  if (!Number.isInteger(layers) || layers < 1) {
    throw refuse('the number of layers is', layers, 'Give a whole number, one or more')
  }
  if (typeof bidirectional === 'boolean') return options
  throw refuse('bidirectional is', bidirectional, 'Give true or false')
}
