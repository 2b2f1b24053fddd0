/**
 * Tensors, operations, the tape and its derivatives: the core of sensigrad, without dependencies and without a
 * backend of its own.
 *
 * @packageDocumentation
 */

import './ops/methods.ts'

// Tensors
export {
  arange,
  type CreateOptions,
  eye,
  full,
  linspace,
  ones,
  onesLike,
  scalar,
  tensor,
  zeros,
  zerosLike,
} from './tensor/create.ts'
export {
  type ArrayOf,
  allocate,
  type DType,
  dtypes,
  epsilon,
  isFloat,
  largest,
  type TypedArray,
} from './tensor/dtype.ts'
export { categorical } from './tensor/categorical.ts'
// biome-ignore format: a list
export {
  bernoulli, type NormalOptions, normal, permutation, type TruncatedNormalOptions, truncatedNormal,
  type UniformOptions, uniform,
} from './tensor/draw.ts'
// biome-ignore format: a list
export {
  foldIn, type Key, key, normalValues, permutationValues, splitKey, threefry, type UniformPurpose, uniformValues,
} from './tensor/random.ts'
export {
  type Axes,
  broadcastShapes,
  contiguousStrides,
  formatShape,
  type Shape,
  sizeOf,
} from './tensor/shape.ts'
export { checkTensor } from './tensor/check.ts'
export { type NestedArray, Tensor } from './tensor/tensor.ts'
export { keep, letGo, scope } from './tensor/memory.ts'

// Operations
export { stopGradient } from './ops/alias.ts'
export { cast } from './ops/cast.ts'
// biome-ignore format: a list
export {
  defineMultiOp, defineOp, type ForwardContext, type ForwardStep, type MultiOp, type MultiOpDefinition, type Op,
  type OpDefinition, operations, type PulledEntry, type ReverseContext, type ReverseStep, type Ruled, type SingleOp,
} from './ops/define.ts'
// biome-ignore format: a list
export {
  type Elements, type ErrorCase, type Sample, type Specification, specifications, specify,
} from './ops/specify.ts'
export { elu, hardtanh, leakyRelu, logSigmoid, selu, softsign } from './ops/activations.ts'
// biome-ignore format: a list
export {
  abs, acos, acosh, add, and, asin, asinh, atan, atan2, atanh, ceil, cos, cosh, div, elementwise, equal, erf, erfc,
  exp, expm1, floor, less, lessEqual, log, log1p, type MapAttributes, map, maximum, minimum,
  mod, mul, neg, not, or, pow, reciprocal, relu, round, sigmoid, sign, sin, sinh, softplus, sqrt, square, sub, tan,
  type TensorLike, tanh, where,
} from './ops/elementwise.ts'
export {
  clip,
  greater,
  greaterEqual,
  isFinite,
  isNaN,
  notEqual,
  rsqrt,
  xor,
} from './ops/elementwise-composed.ts'
export { type GeluOptions, gelu, mish, silu } from './ops/gates.ts'
export { type ConvOptions, conv1d, conv2d } from './ops/convolution.ts'
export type { KernelOptions } from './ops/convolution-arguments.ts'
export { type ConvTransposeOptions, convTranspose1d, convTranspose2d } from './ops/convolution-transpose.ts'
export { dot, matmul, outer } from './ops/matmul.ts'
// biome-ignore format: a list
export { broadcastTo, sumTo } from './ops/broadcast.ts'
export { expandDims, flatten, reshape, squeeze, transpose } from './ops/movement.ts'
export { gather, scatterAdd, takeAlongAxis } from './ops/indexing.ts'
export { maskedSelect, nonZero, oneHot } from './ops/masks.ts'
export { argMax, argMin, argSort, type SortOptions, sort, topK } from './ops/order.ts'
export { concat, stack } from './ops/join.ts'
export { pad, type Range, slice } from './ops/parts.ts'
export { cumprod, cumsum, linearRecurrence, prod } from './ops/recurrence.ts'
export { split, unstack } from './ops/split.ts'
export { flip, moveAxis, roll, swapAxes } from './ops/arrange.ts'
export { repeat, tile } from './ops/repeat.ts'
export { diagonal, diagonalMatrix, trace, tril, triu } from './ops/diagonal.ts'
export { einsum } from './ops/einsum.ts'
export { all, any, std, type VarianceOptions, variance } from './ops/statistics.ts'
export {
  logSoftmax,
  logSumExp,
  max,
  mean,
  min,
  norm,
  type ReduceOptions,
  softmax,
  sum,
} from './ops/reduce.ts'
// biome-ignore format: a list
export {
  type AveragePoolOptions, averagePool1d, averagePool2d, type MaxPoolOptions, maxPool1d, maxPool2d, type PoolOptions,
} from './ops/pooling.ts'
export type { Padding, PerAxis, Widths } from './ops/window-options.ts'
export { type OverlapOptions, overlapAdd, type WindowOptions, windows } from './ops/windows.ts'

// The tape and its derivatives
export type { Entry } from './tape/entry.ts'
export { cotangentsOf, pullback } from './tape/pullback.ts'
export { pushforward } from './tape/pushforward.ts'
export { record } from './tape/record.ts'
export { isRecorded, isRecording } from './tape/recorder.ts'
export { currentScope, withScope } from './tape/scope.ts'
export { sourceOf, withSources } from './tape/source.ts'
export { slice as sliceTape, Tape } from './tape/tape.ts'
export { onGradient, onTap, type TapListener, type Tapped, tap } from './tape/tap.ts'
export { type NonFinite, type TraceNaNOptions, traceNaN } from './tape/trace-nan.ts'
export { checkpoint } from './transform/checkpoint.ts'
export { type CustomDefinition, type CustomForward, type CustomReverse, custom } from './transform/custom.ts'
export { jvp, linearize, vjp } from './transform/directional.ts'
export { type AuxiliaryOptions, grad, type Of, valueAndGrad } from './transform/grad.ts'
// biome-ignore format: a list
export {
  hessian, hvp, jacobian, type JacobianOptions, type TreeOfTrees,
} from './transform/jacobian.ts'
export { perSample } from './transform/per-sample.ts'
export { type ScanOptions, type ScanStep, scan } from './transform/scan.ts'
export { type Leaf, leavesOf, mapTree, mapTrees, rebuildTree, type TensorTree } from './tensor/tree.ts'

// What a training needs to go on from where it was
export type { State, Stateful } from './state.ts'

// Steps that are captured once and replayed
export { type Captured, type CaptureArgument, type CaptureOptions, capture } from './capture/capture.ts'
export type { StepOutput } from './capture/captured-step.ts'
export { type Assumed, assume, setting } from './capture/open-trace.ts'
export { fresh, isRepeating } from './capture/given.ts'
export { type Examined, type ExaminedInstruction, examine } from './capture/examine.ts'
export type { Fate } from './capture/rewrite/index.ts'
export { type Peeked, peek, type PeekListener } from './capture/peek.ts'
export { Variable } from './capture/variable.ts'

// Expressions of elementwise operations: what a backend compiles, and how activations find their slopes
export * as expressions from './expression/index.ts'
export type { Expression, ExpressionLike } from './expression/expression.ts'
export type { ExpressionBuilder, ScalarFunction, ScalarRule } from './expression/functions.ts'

// Backends
// biome-ignore format: a list
export {
  type Backend, type Capabilities, type Destination, type Extremum, isSynchronous, kernelFamilies, type Kernels, type MemoryUse, missingKernels, type Reduction, type Region,
  type Storage, type SynchronousBackend, type View,
} from './backend/contract.ts'
export { currentBackend, hasBackend, isCapturing, outsideCapture, useBackend } from './backend/current.ts'
export { type CollapsedLayout, collapse, walk } from './backend/layout.ts'

// Errors
// biome-ignore format: a list
export {
  BackendError, DisposedError, DTypeError, describeValue, GradientError, NonFiniteError, SensigradError, ShapeError, ValueError,
} from './errors.ts'
