/** The operations that read best behind a tensor, as its methods: `x.matmul(w).add(b).tanh()`. */

import { Tensor } from '../tensor/tensor.ts'
import * as activations from './activations.ts'
import { stopGradient } from './alias.ts'
import { flip, moveAxis, roll, swapAxes } from './arrange.ts'
import { broadcastTo } from './broadcast.ts'
import { cast } from './cast.ts'
import { diagonal, diagonalMatrix, trace, tril, triu } from './diagonal.ts'
import * as elementwise from './elementwise.ts'
import * as composed from './elementwise-composed.ts'
import { gelu, mish, silu } from './gates.ts'
import { gather, scatterAdd, takeAlongAxis } from './indexing.ts'
import { dot, matmul, outer } from './matmul.ts'
import { expandDims, flatten, reshape, squeeze, transpose } from './movement.ts'
import { argMax, argMin, argSort, sort, topK } from './order.ts'
import { pad, slice } from './parts.ts'
import { cumprod, cumsum, prod } from './recurrence.ts'
import { logSoftmax, logSumExp, max, mean, min, norm, softmax, sum } from './reduce.ts'
import { repeat, tile } from './repeat.ts'
import { split, unstack } from './split.ts'
import { all, any, std, variance } from './statistics.ts'

const { abs, add, and, cos, div, equal, exp, expm1, less, lessEqual, log, log1p } = elementwise
const { maximum, minimum, mul, neg, not, or, pow, reciprocal, relu, sigmoid, sign, sin, softplus } =
  elementwise
const { sqrt, square, sub, tanh } = elementwise
const { acos, acosh, asin, asinh, atan, atan2, atanh, ceil, cosh, erf, erfc, floor, mod, round, sinh, tan } =
  elementwise
const { clip, greater, greaterEqual, notEqual, rsqrt, xor } = composed
const { elu, hardtanh, leakyRelu, logSigmoid, selu, softsign } = activations

/** Each takes the tensor as its first argument. */
const methods = {
  ...{ add, sub, mul, div, pow, neg, abs, sign, square, sqrt, reciprocal, maximum, minimum },
  ...{ exp, expm1, log, log1p, sin, cos, tanh, sigmoid, softplus, relu },
  ...{ tan, asin, acos, atan, atan2, sinh, cosh, asinh, acosh, atanh, erf, erfc, rsqrt },
  ...{ floor, ceil, round, mod, clip },
  ...{ logSigmoid, leakyRelu, elu, selu, gelu, silu, mish, hardtanh, softsign },
  ...{ notEqual, xor, isNaN: composed.isNaN, isFinite: composed.isFinite },
  ...{ less, lessEqual, equal, greater, greaterEqual, and, or, not },
  ...{ gather, takeAlongAxis, scatterAdd, argMax, argMin, argSort, sort, topK, split, unstack },
  ...{ cumsum, cumprod, prod },
  ...{ sum, mean, max, min, norm, logSumExp, softmax, logSoftmax },
  ...{ matmul, dot, outer },
  ...{ reshape, flatten, transpose, expandDims, squeeze, broadcastTo, slice, pad },
  ...{ moveAxis, swapAxes, flip, roll, tile, repeat, diagonal, diagonalMatrix, trace, tril, triu },
  ...{ variance, std, any, all },
  ...{ cast, stopGradient },
}

type Methods = {
  [Name in keyof typeof methods]: (typeof methods)[Name] extends (
    x: Tensor,
    ...rest: infer Rest
  ) => infer Result
    ? (...rest: Rest) => Result
    : never
}

declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods {}
}

for (const [name, operation] of Object.entries(methods)) {
  const call = operation as (x: Tensor, ...rest: unknown[]) => unknown
  Object.defineProperty(Tensor.prototype, name, {
    value(this: Tensor, ...rest: unknown[]): unknown {
      return call(this, ...rest)
    },
  })
}
