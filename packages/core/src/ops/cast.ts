/** Changing the element type. Between float types gradients pass; all else is constant to them. */

import { computingOn } from '../backend/current.ts'
import { DTypeError } from '../errors.ts'
import { checkTensor } from '../tensor/check.ts'
import type { DType } from '../tensor/dtype.ts'
import { Tensor } from '../tensor/tensor.ts'
import { defineOp } from './define.ts'

const castOp = defineOp<{ readonly dtype: DType }>({
  name: 'cast',
  forward([x], { dtype }) {
    const backend = computingOn(x!)
    return new Tensor(backend, backend.cast(x!, dtype), dtype, x!.shape)
  },
  vjp: ({ g, inputs: [x] }) => [cast(g, x!.dtype)],
  jvp: ({ d: [d], attributes: { dtype } }) => d && cast(d, dtype),
  samples: [
    {
      name: 'to float32',
      shapes: [[2, 3]],
      call: x => cast(x, 'float32'),
      gives: 'float32[2, 3]',
      value: x => (i, j) => Math.fround(x(i, j)),
    },
    {
      name: 'to float32 and back',
      shapes: [[2, 3]],
      call: x => cast(cast(x, 'float32'), 'float64'),
      gives: 'float64[2, 3]',
      value: x => (i, j) => Math.fround(x(i, j)),
    },
  ],
  errors: [
    { call: make => cast(make([2]), 'float16' as DType), message: /cast: the backend \w+ has no float16/ },
  ],
})

/**
 * The values in another element type, rounded to it (towards zero for int32, non-zero → true for bool).
 *
 * Among floats the nearest value is taken. What int32 cannot hold (NaN, and numbers from ±2³¹ on) becomes some number:
 * which one is the backend's affair.
 *
 * @throws DTypeError when the backend does not have the type
 */
export function cast(x: Tensor, dtype: DType): Tensor {
  checkTensor('cast', 'the argument', x)
  if (!x.backend.capabilities.dtypes.includes(dtype)) {
    throw new DTypeError(
      'cast',
      `the backend ${x.backend.name} has no ${dtype}`,
      `It has ${x.backend.capabilities.dtypes.join(', ')}`,
    )
  }
  return x.dtype === dtype ? x : castOp.apply([x], { dtype })
}
