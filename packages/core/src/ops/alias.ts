/** The alias: a tensor under another identity. Each transform begins its tape with aliases of its inputs. */

import { enter } from '../tape/recorder.ts'
import { checkTensor } from '../tensor/check.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { defineOp, type Op } from './define.ts'

const alias = defineOp<undefined>({
  name: 'alias',
  linear: true,
  forward: ([x]) => x!.view(x!.shape, x!.strides, x!.offset),
  vjp: ({ g }) => [g],
  samples: [
    { name: 'a matrix', shapes: [[2, 3]], call: x => aliasOf(x), gives: 'float64[2, 3]', value: x => x },
  ],
  errors: [], // there is nothing that it could refuse
})

/** The same values as a new tensor, recorded in any case, which is what makes it the input of a tape. */
export function aliasOf(x: Tensor): Tensor {
  const output = x.view(x.shape, x.strides, x.offset)
  enter(alias as Op, [x], undefined, [output])
  return output
}

/**
 * The same values as a constant: gradients do not flow through it.
 *
 * @example x.sub(stopGradient(x)) // zero, with derivative one
 */
export function stopGradient(x: Tensor): Tensor {
  checkTensor('stopGradient', 'the argument', x)
  return x.entry === undefined ? x : x.view(x.shape, x.strides, x.offset)
}
