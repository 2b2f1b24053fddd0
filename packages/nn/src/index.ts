/**
 * Modules, layers, losses and optimisers, and Sensitivity Adjustment Learning, which attaches to any neuron of
 * the form f(w·x + θ).
 *
 * @packageDocumentation
 */

export { Parameter } from './parameter.ts'
export { type AnyModule, Module } from './module.ts'
export { type ByParameter, valueAndGrad, valuesOf, withParameters } from './gradients.ts'

// Layers
export {
  type Firing,
  type LayerOptions,
  NeuronLayer,
  observe,
  parameter,
  type Synapses,
} from './neuron-layer.ts'
export { Dense, type DenseOptions } from './layers/dense.ts'
export { RNN, type RNNOptions } from './recurrent/rnn.ts'
export { type Activation, activation, activationOf, activations } from './activation.ts'
export * as initialise from './initialise.ts'
export type { Initialiser } from './initialise.ts'

// Learning
export { crossEntropy, meanSquaredError } from './losses/losses.ts'
export { SGD, type SGDOptions } from './optimise/sgd.ts'

// Sensitivity
export type { Adjustment } from './sensitivity/adjustment.ts'
export { type AttachOptions, SAL } from './sensitivity/sal.ts'
export type { SALMode, SALOptions } from './sensitivity/sal-options.ts'
export {
  type SensitivityGradient,
  sensitivityGradient,
  type WeightDirection,
} from './sensitivity/closed-form.ts'
export {
  type Counted,
  logSensitivity,
  loopLogSensitivity,
  sensitivities,
  sensitivity,
} from './sensitivity/sensitivity.ts'
