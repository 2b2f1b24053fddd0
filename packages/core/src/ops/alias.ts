/** The alias: a tensor under another identity. Each transform begins its tape with aliases of its inputs. */

import { enter } from '../tape/recorder.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { defineOp } from './define.ts'

const alias = defineOp<undefined>({
  name: 'alias',
  linear: true,
  forward: ([x]) => x!.view(x!.shape, x!.strides, x!.offset),
  vjp: ({ g }) => [g],
  samples: [],
  errors: [],
})

/** The same values as a new tensor, recorded in any case, which is what makes it the input of a tape. */
export function aliasOf(x: Tensor): Tensor {
  const output = x.view(x.shape, x.strides, x.offset)
  enter(alias, [x], undefined, output)
  return output
}

/**
 * The same values as a constant: gradients do not flow through it.
 *
 * @example x.sub(stopGradient(x)) // zero, with derivative one
 */
export function stopGradient(x: Tensor): Tensor {
  return x.view(x.shape, x.strides, x.offset)
}
