/** The operations that read best behind a tensor, as its methods: `x.matmul(w).add(b).tanh()`. */

import { Tensor } from '../tensor/tensor.ts'
import { stopGradient } from './alias.ts'
import { cast } from './cast.ts'
import * as elementwise from './elementwise.ts'
import { dot, matmul, outer } from './matmul.ts'
import { broadcastTo, expandDims, flatten, reshape, squeeze, transpose } from './movement.ts'
import { pad, slice } from './parts.ts'
import { logSoftmax, logSumExp, max, mean, min, norm, softmax, sum } from './reduce.ts'

const { abs, add, and, cos, div, equal, exp, expm1, greater, greaterEqual, less, lessEqual, log, log1p } =
  elementwise
const { maximum, minimum, mul, neg, not, or, pow, reciprocal, relu, sigmoid, sign, sin, softplus } =
  elementwise
const { sqrt, square, sub, tanh } = elementwise

/** Each takes the tensor as its first argument. */
const methods = {
  ...{ add, sub, mul, div, pow, neg, abs, sign, square, sqrt, reciprocal, maximum, minimum },
  ...{ exp, expm1, log, log1p, sin, cos, tanh, sigmoid, softplus, relu },
  ...{ less, lessEqual, equal, greater, greaterEqual, and, or, not },
  ...{ sum, mean, max, min, norm, logSumExp, softmax, logSoftmax },
  ...{ matmul, dot, outer },
  ...{ reshape, flatten, transpose, expandDims, squeeze, broadcastTo, slice, pad },
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
  const call = operation as (x: Tensor, ...rest: unknown[]) => Tensor
  Object.defineProperty(Tensor.prototype, name, {
    value(this: Tensor, ...rest: unknown[]): Tensor {
      return call(this, ...rest)
    },
  })
}
