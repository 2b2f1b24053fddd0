/**
 * Modules, layers, losses and optimisers, and Sensitivity Adjustment Learning, which attaches to any neuron.
 *
 * @packageDocumentation
 */

export { Parameter } from './parameter.ts'
export { type AnyModule, type Call, Module } from './module.ts'
export { KeyStream } from './key-stream.ts'
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
export { Embedding, type EmbeddingOptions } from './layers/embedding.ts'
export { Dropout, type DropoutOptions } from './layers/dropout.ts'
export { BatchNorm, type BatchNormOptions } from './layers/batch-norm.ts'
export { LayerNorm, type NormOptions } from './layers/layer-norm.ts'
export { RMSNorm } from './layers/rms-norm.ts'
export { GroupNorm } from './layers/group-norm.ts'
export { AveragePool1d, AveragePool2d, MaxPool1d, MaxPool2d } from './layers/pool.ts'
export { Flatten } from './layers/flatten.ts'
export { type Part, Sequential } from './layers/sequential.ts'
export { Residual, type ResidualOptions } from './layers/residual.ts'
export { Conv1d, Conv2d, type ConvolutionOptions } from './layers/conv.ts'
export {
  ConvTranspose1d,
  ConvTranspose2d,
  type TransposedConvolutionOptions,
} from './layers/conv-transpose.ts'
export type { KernelLayerOptions, Sliding } from './layers/kernel.ts'
export {
  type Attended,
  MultiHeadAttention,
  type MultiHeadAttentionOptions,
  type Projection,
} from './layers/attention.ts'
export type { AttentionMasks } from './layers/attention-masks.ts'
export {
  TransformerEncoder,
  TransformerEncoderLayer,
  type TransformerEncoderLayerOptions,
  type TransformerEncoderOptions,
} from './layers/transformer.ts'
export { sinusoidalPositions } from './layers/position.ts'
export { RNN, type RNNOptions } from './recurrent/rnn.ts'
export { GRU, GRUCandidate, GRUCell, type GRUOptions } from './recurrent/gru.ts'
export { LSTM, LSTMCell, type LSTMOptions, type LSTMState } from './recurrent/lstm.ts'
export { Bidirectional, type BothWays } from './recurrent/bidirectional.ts'
export {
  type RecurrentClass,
  RecurrentStack,
  type RecurrentStackOptions,
  type StackedOptions,
  stacked,
} from './recurrent/stack.ts'
export type { RecurrentLayer, Run } from './recurrent/over-time.ts'
export { Gate, type GateOptions } from './recurrent/gate.ts'
export {
  type RecurrentNeuronOptions,
  RecurrentNeurons,
  type RecurrentOptions,
} from './recurrent/neurons.ts'
export { type Activation, activation, activationOf, activations, piecewise } from './activation.ts'
export * as initialise from './initialise.ts'
export type { FanOptions, HeOptions, Initialiser } from './initialise.ts'
export { type Summary, type SummaryRow, summary } from './summary.ts'
export { fromPyTorch, toPyTorch } from './pytorch/weights.ts'

// Data
export {
  type Batches,
  type BatchesOptions,
  batches,
  type SplitOptions,
  trainTestSplit,
} from './data/batches.ts'

// Learning
export {
  type HuberOptions,
  huber,
  meanAbsoluteError,
  meanSquaredError,
} from './losses/regression.ts'
export {
  type BinaryCrossEntropyOptions,
  binaryCrossEntropy,
  type CrossEntropyOptions,
  crossEntropy,
} from './losses/cross-entropy.ts'
export {
  cosineDistance,
  cosineEmbedding,
  hinge,
  klDivergence,
  type MarginOptions,
} from './losses/divergence.ts'
export type { LossOptions, LossReduction } from './losses/reduction.ts'
export { SGD, type SGDOptions, type SGDSettings } from './optimise/sgd.ts'
export { Adam, type AdamOptions, type AdamSettings, AdamW } from './optimise/adam.ts'
export { RMSprop, type RMSpropOptions, type RMSpropSettings } from './optimise/rmsprop.ts'
export { Adagrad, type AdagradOptions, type AdagradSettings } from './optimise/adagrad.ts'
export { Lion, type LionOptions, type LionSettings } from './optimise/lion.ts'
export { Muon, type MuonOptions, type MuonSettings } from './optimise/muon.ts'
export { clipByGlobalNorm } from './optimise/clip.ts'
export { WeightAverage, type WeightAverageOptions } from './optimise/average.ts'
export * as schedules from './optimise/schedules.ts'
export { Optimiser } from './optimise/optimiser.ts'
export type { ClipOptions, GroupOptions, OptimiserOptions, Rate, Rule, Rules } from './optimise/settings.ts'
export * as stages from './optimise/stages.ts'
export type {
  Passed,
  Place,
  Remembering,
  Slot,
  SlotRecord,
  Stage,
  StageRecord,
  UpdateRecord,
} from './optimise/stage.ts'
export {
  changeWithout,
  earlier,
  type HeldBySource,
  partsOf,
  sourcesOf,
  type UpdatePart,
} from './optimise/parts.ts'
export { matches, type Selector } from './select.ts'

// Sensitivity
export type { Adjustment } from './sensitivity/adjustment.ts'
export type { AttachOptions } from './sensitivity/attach.ts'
export {
  type FunctionOptions,
  type ModuleOptions,
  type NeuronOptions,
  neuron,
  type ParameterList,
  Units,
} from './sensitivity/neuron.ts'
export { type AdjustmentRecord, type AdjustOptions, SAL } from './sensitivity/sal.ts'
export type { Move, MoveRecord } from './sensitivity/moves.ts'
export { Isometry, type IsometryAttachOptions, type IsometryOptions } from './sensitivity/isometry.ts'
export { type IsometryGradient, isometryGradient } from './sensitivity/isometry-form.ts'
export type { SALMode, SALOptions, Scheduled } from './sensitivity/sal-options.ts'
export type { Signal, UnitSignal } from './sensitivity/signal.ts'
export type { UnitAxis } from './sensitivity/unit-axes.ts'
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
