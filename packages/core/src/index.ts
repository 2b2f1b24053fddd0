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
export {
  foldIn,
  type Key,
  key,
  normal,
  normalValues,
  split,
  threefry,
  uniform,
  uniformValues,
} from './tensor/random.ts'
export {
  type Axes,
  broadcastShapes,
  contiguousStrides,
  formatShape,
  type Shape,
  sizeOf,
} from './tensor/shape.ts'
export { type NestedArray, Tensor } from './tensor/tensor.ts'

// Operations
export { stopGradient } from './ops/alias.ts'
export { cast } from './ops/cast.ts'
// biome-ignore format: a list
export {
  defineMultiOp, defineOp, type ForwardContext, type ForwardStep, type MultiOp, type MultiOpDefinition, type Op,
  type OpDefinition, operations, type ReverseContext, type ReverseStep, type SingleOp,
} from './ops/define.ts'
// biome-ignore format: a list
export {
  type Elements, type ErrorCase, type Sample, type Specification, specifications, specify,
} from './ops/specify.ts'
// biome-ignore format: a list
export {
  abs, add, and, cos, div, elementwise, equal, exp, expm1, greater, greaterEqual, less, lessEqual, log, log1p,
  type MapAttributes, map, maximum, minimum, mul, neg, not, or, pow, reciprocal, relu, sigmoid, sign, sin, softplus, sqrt, square, sub,
  type TensorLike, tanh, where,
} from './ops/elementwise.ts'
export { dot, matmul, outer } from './ops/matmul.ts'
// biome-ignore format: a list
export {
  broadcastTo, expandDims, flatten, reshape, squeeze, sumTo, transpose,
} from './ops/movement.ts'
export { concat, pad, type Range, slice, stack } from './ops/parts.ts'
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

// The tape and its derivatives
export type { Entry } from './tape/entry.ts'
export { pullback } from './tape/pullback.ts'
export { pushforward } from './tape/pushforward.ts'
export { record } from './tape/record.ts'
export { isRecorded, isRecording } from './tape/recorder.ts'
export { currentScope, withScope } from './tape/scope.ts'
export { slice as sliceTape, Tape } from './tape/tape.ts'
export { jvp, linearize, vjp } from './transform/directional.ts'
export { type AuxiliaryOptions, grad, valueAndGrad } from './transform/grad.ts'
export { type Leaf, leavesOf, mapTree, rebuildTree, type TensorTree } from './tensor/tree.ts'

// Expressions of elementwise operations: what a backend compiles, and how activations find their slopes
export * as expressions from './expression/index.ts'
export type { Expression, ExpressionLike } from './expression/expression.ts'
export type { ExpressionBuilder, ScalarFunction, ScalarRule } from './expression/functions.ts'

// Backends
// biome-ignore format: a list
export {
  type Backend, type Capabilities, isSynchronous, type Kernels, type MemoryUse, missingKernels, type Reduction, type Region,
  type Storage, type SynchronousBackend, type View,
} from './backend/contract.ts'
export { currentBackend, hasBackend, useBackend } from './backend/current.ts'
export { type CollapsedLayout, collapse, walk } from './backend/layout.ts'

// Errors
// biome-ignore format: a list
export {
  BackendError, DTypeError, describeValue, GradientError, NonFiniteError, SensigradError, ShapeError, ValueError,
} from './errors.ts'
