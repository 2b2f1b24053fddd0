/** Residual connections: what a module adds to its input. */

import { checkTensor, formatShape, ShapeError, type Tensor } from '@sensigrad/core'
import { checkOptions } from '../check.ts'
import { Module } from '../module.ts'
import { apply, checkPart, type Part } from './sequential.ts'

/** How a residual connection begins. */
export interface ResidualOptions {
  /** What brings x to the shape of f(x), where it has another one: nothing unless said. */
  readonly project?: Part
}

/**
 * A residual connection: y = x + f(x), or project(x) + f(x). (He et al., CVPR 2016, eq. 1 and 2.)
 *
 * @throws ShapeError when both sides differ in shape
 * @example new Residual(new Sequential(new Dense(64, 64, { key: key(1) }), relu))
 */
export class Residual extends Module {
  /** f. */
  readonly module: Part
  readonly project: Part | undefined

  constructor(module: Part, options: ResidualOptions = {}) {
    super()
    checkPart('Residual', 'what is added', module)
    checkOptions('Residual', options, ['project'])
    if (options.project !== undefined) checkPart('Residual', 'project', options.project)
    this.module = module
    this.project = options.project
  }

  forward(x: Tensor): Tensor {
    checkTensor('Residual', 'the input', x)
    const added = apply(this.module, x)
    const kept = this.project === undefined ? x : apply(this.project, x)
    if (formatShape(kept.shape) === formatShape(added.shape)) return kept.add(added)
    throw new ShapeError(
      'Residual',
      `${added} cannot be added to ${kept}`,
      'Give what brings the input to that shape: { project: new Dense(…) }',
    )
  }
}
