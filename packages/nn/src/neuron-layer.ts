/**
 * Layers of neurons o = f(U), U = w·x + θ, and how they tell what their neurons did: at each forward pass a layer
 * announces a firing to everything that listens, SAL and probes among them.
 */

import {
  DTypeError,
  describeValue,
  isFloat,
  type Key,
  ShapeError,
  Tensor,
  tensor,
  ValueError,
} from '@sensigrad/core'
import type { Activation } from './activation.ts'
import { checkFunction } from './check.ts'
import type { Initialiser } from './initialise.ts'
import { Listeners } from './listeners.ts'
import { type AnyModule, checkModule, Module } from './module.ts'
import { Parameter } from './parameter.ts'

/** Weights through which neurons hear some of their inputs. */
export interface Synapses {
  /** Whether these inputs are the layer's own earlier outputs, or come from outside. */
  readonly source: 'external' | 'recurrent'
  readonly weight: Parameter
  /** The weight at this pass, as `[neurons, inputs]`, which the parameter may hold in another shape. */
  readonly weights: Tensor
  /** x, `[…, inputs]`. */
  readonly inputs: Tensor
}

/** What a layer of neurons did in one forward pass. Leading axes (batch) are common to all tensors. */
export interface Firing {
  readonly synapses: readonly Synapses[]
  readonly bias: Parameter
  /** U, `[…, neurons]`. */
  readonly potential: Tensor
  /** o = f(U), `[…, neurons]`. */
  readonly output: Tensor
  readonly activation: Activation
}

/** A layer whose outputs are neurons of the form f(w·x + θ). */
export abstract class NeuronLayer<
  Inputs extends readonly unknown[] = [x: Tensor],
  Output = Tensor,
> extends Module<Inputs, Output> {
  /** How many neurons the layer has. */
  abstract readonly neurons: number
  /** θ, `[neurons]`. */
  abstract readonly bias: Parameter
  readonly #firings = new Listeners<Firing>()

  /** Tells `listener` of each forward pass from now on. Returns the function that ends this. */
  onFiring(listener: (firing: Firing) => void): () => void {
    checkFunction(
      `${this.constructor.name}.onFiring`,
      'the listener',
      listener,
      'Give a function of a firing',
    )
    return this.#firings.add(listener)
  }

  /** Whether anything listens, to firings or to calls. */
  override get isHeard(): boolean {
    return this.#firings.areThere || super.isHeard
  }

  /** Announces a firing, and returns its output. */
  protected fire(firing: Firing): Tensor {
    this.#firings.tell(firing)
    return firing.output
  }
}

/**
 * Runs `body` and collects the firings of all neuron layers in a module meanwhile.
 *
 * @returns what `body` returned, and each firing with the path of its layer, in order
 * @example const { firings } = observe(model, () => model.call(x))
 */
export function observe<Result>(
  module: AnyModule,
  body: () => Result,
): { result: Result; firings: { path: string; firing: Firing }[] } {
  checkModule('observe', module)
  checkFunction('observe', 'the body', body, 'Give a function: () => model.call(x)')
  const firings: { path: string; firing: Firing }[] = []
  const ends = [...module.modules()].flatMap(([path, layer]) =>
    layer instanceof NeuronLayer ? [layer.onFiring(firing => firings.push({ path, firing }))] : [],
  )
  try {
    return { result: body(), firings }
  } finally {
    for (const end of ends) end()
  }
}

/** Options that all layers share. */
export interface LayerOptions {
  /** Where the initial values come from; the same key gives the same layer. */
  readonly key: Key
  /** `float32` unless said. */
  readonly dtype?: 'float32' | 'float64'
}

/** @throws ValueError unless the sizes are whole numbers that make a layer, and a key says where it begins */
export function checkLayer(
  layer: string,
  inputs: number,
  neurons: number,
  options: LayerOptions | undefined,
): void {
  for (const [what, size] of [
    ['inputs', inputs],
    ['neurons', neurons],
  ] as const) {
    if (Number.isInteger(size) && size >= (what === 'inputs' ? 0 : 1)) continue
    throw new ValueError(layer, `${describeValue(size)} is no number of ${what}`, 'Give a whole number')
  }
  if (options !== undefined && (typeof options !== 'object' || options === null || Array.isArray(options))) {
    throw new ValueError(
      layer,
      `the options are ${describeValue(options)}`,
      'Give at least a key: { key: key(7) }',
    )
  }
  const { key, dtype = 'float32' } = options ?? {}
  if (!Array.isArray(key)) {
    throw new ValueError(
      layer,
      key === undefined ? 'there is no key for the initial values' : `the key is ${describeValue(key)}`,
      'Give one among the options: { key: key(7) }',
    )
  }
  if (!isFloat(dtype)) {
    throw new DTypeError(
      layer,
      `weights of ${describeValue(dtype)} cannot learn`,
      "Give 'float32' or 'float64'",
    )
  }
}

/** A parameter with the values of an initialiser. */
export function parameter(
  initialiser: Initialiser,
  shape: readonly number[],
  key: Key,
  dtype: 'float32' | 'float64' = 'float32',
): Parameter {
  if (typeof initialiser !== 'function') {
    throw new ValueError(
      'parameter',
      `${describeValue(initialiser)} is no initialiser`,
      'Give one such as initialise.gaussian(), or assign to layer.weight.value afterwards',
    )
  }
  return new Parameter(tensor(initialiser(key, shape), { shape, dtype }))
}

/** @throws ValueError when `x` is no tensor; ShapeError unless its last axis has the given size */
export function checkInputs(layer: string, what: string, x: Tensor, size: number): void {
  if (!(x instanceof Tensor)) {
    throw new ValueError(layer, `the ${what} is ${describeValue(x)}`, 'Make it a tensor with tensor(…)')
  }
  if (x.shape.at(-1) === size) return
  throw new ShapeError(
    layer,
    `the ${what} is ${x}, but the layer takes ${size} on the last axis`,
    'Check the sizes that the layer was made with',
  )
}
