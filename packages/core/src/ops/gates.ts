/**
 * Activation functions x·p(x) whose gate p rises from 0 to 1, each of them one kernel whose derivatives follow from
 * its expression.
 *
 * Forms are chosen so that derivatives stay finite for all finite x and keep their relative accuracy in the tails:
 * what tends to 0 is computed as itself, not as the difference of two numbers that tend to 1.
 */

import { describeValue, ValueError } from '../errors.ts'
import type { Expression } from '../expression/expression.ts'
import type { ExpressionBuilder } from '../expression/functions.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { elementwise, type TensorLike } from './elementwise.ts'
import { each } from './elementwise-composed.ts'
import { specify, total } from './specify.ts'

/** e^{-|v|} for a v of the sign of x. The branches are smooth at 0, where |v| would have a kink. */
const decayOf = (e: ExpressionBuilder, x: Expression, v: Expression) =>
  e.exp(e.where(e.less(x, 0), v, e.neg(v)))

/** x·σ(v) for a v of the sign of x, in which nothing overflows and 1 - σ(v) is never taken. */
function timesSigmoid(e: ExpressionBuilder, x: Expression, v: Expression): Expression {
  const decay = decayOf(e, x, v)
  return e.div(e.where(e.less(x, 0), e.mul(x, decay), x), e.add(1, decay))
}

const exactGelu = elementwise('gelu', (e, x: Expression) =>
  e.mul(e.mul(x, 0.5), e.erfc(e.mul(x, -Math.SQRT1_2))),
)

/** ½(1 + tanh u) = σ(2u). Beyond ±64 it is 0 or 1 to every type's precision, and x³ is kept from overflow. */
const tanhGelu = elementwise('gelu', (e, x: Expression) => {
  const u = e.mul(Math.sqrt(2 / Math.PI), e.add(x, e.mul(0.044715, e.mul(x, e.square(x)))))
  return e.where(e.less(e.abs(x), 64), timesSigmoid(e, x, e.mul(u, 2)), e.relu(x))
})

/** How `gelu` finds the normal distribution. */
export interface GeluOptions {
  /** `'none'`: exactly, by the error function. `'tanh'`: by ½(1 + tanh √(2/π)(x + 0.044715x³)), as GPT-2 does. */
  readonly approximate?: 'none' | 'tanh'
}

const gelus = new Map<unknown, (x: TensorLike) => Tensor>([
  ['none', exactGelu],
  ['tanh', tanhGelu],
])

/**
 * x·Φ(x), Φ being the standard normal distribution function (Hendrycks and Gimpel, 2016).
 *
 * @throws ValueError for another approximation; DTypeError for int32 and bool
 * @example gelu(x)
 * @example gelu(x, { approximate: 'tanh' })
 */
export function gelu(x: TensorLike, options: GeluOptions = {}): Tensor {
  if (typeof options !== 'object' || options === null) {
    throw new ValueError(
      'gelu',
      `the options are ${describeValue(options)}`,
      "Give { approximate: 'tanh' } or nothing",
    )
  }
  const { approximate = 'none' } = options
  const f = gelus.get(approximate)
  if (f !== undefined) return f(x)
  throw new ValueError('gelu', `approximate is ${describeValue(approximate)}`, "Give 'none' or 'tanh'")
}

specify({
  name: 'gelu',
  samples: [
    {
      name: 'exactly, by the integral of the bell curve',
      shapes: [[2, 3]],
      call: x => gelu(x),
      gives: 'float64[2, 3]',
      value: each(x => x * (0.5 + simpson(t => Math.exp((-t * t) / 2) / Math.sqrt(2 * Math.PI), x))),
    },
    {
      name: 'by tanh',
      shapes: [[2, 3]],
      call: x => gelu(x, { approximate: 'tanh' }),
      gives: 'float64[2, 3]',
      value: each(x => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))),
    },
  ],
  errors: [
    { call: make => gelu(make([2], 'int32')), message: /gelu: int32\[2\] is not of a float type/ },
    { call: make => gelu(make([2]), 'tanh' as never), message: /gelu: the options are 'tanh'/ },
    {
      call: make => gelu(make([2]), { approximate: 'sigmoid' as never }),
      message: /gelu: approximate is 'sigmoid'/,
    },
  ],
})

/** ∫₀ˣ f by Simpson's rule. */
function simpson(f: (t: number) => number, x: number): number {
  const [count, h] = [2000, x / 2000]
  return (h / 3) * total(count + 1, k => f(k * h) * (k === 0 || k === count ? 1 : k % 2 === 0 ? 2 : 4))
}

/**
 * x·σ(x), also called swish.
 *
 * @throws DTypeError for int32 and bool
 */
export const silu: (x: TensorLike) => Tensor = elementwise('silu', (e, x: Expression) =>
  timesSigmoid(e, x, x),
)

specify({
  name: 'silu',
  samples: [
    {
      name: 'of a matrix',
      shapes: [[2, 3]],
      call: x => silu(x),
      gives: 'float64[2, 3]',
      value: each(x => x / (1 + Math.exp(-x))),
    },
  ],
  errors: [{ call: make => silu(make([2], 'int32')), message: /silu: int32\[2\] is not of a float type/ }],
})

/**
 * x·tanh(log(1 + eˣ)) (Misra, 2019).
 *
 * @throws DTypeError for int32 and bool
 */
export const mish: (x: TensorLike) => Tensor = elementwise('mish', (e, x: Expression) => {
  // tanh log(1 + eˣ) = w/(w + 2) with w = (1 + eˣ)² - 1; above 0 that is 1/(1 + 2/w), in powers of e⁻ˣ
  const decay = decayOf(e, x, x)
  const w = e.mul(decay, e.add(decay, 2))
  const rest = e.div(e.mul(2, e.square(decay)), e.add(1, e.mul(2, decay)))
  return e.where(e.less(x, 0), e.mul(x, e.div(w, e.add(w, 2))), e.div(x, e.add(1, rest)))
})

specify({
  name: 'mish',
  samples: [
    {
      name: 'of a matrix',
      shapes: [[2, 3]],
      call: x => mish(x),
      gives: 'float64[2, 3]',
      value: each(x => x * Math.tanh(Math.log(1 + Math.exp(x)))),
    },
  ],
  errors: [{ call: make => mish(make([2], 'int32')), message: /mish: int32\[2\] is not of a float type/ }],
})
