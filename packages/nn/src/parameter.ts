/** A parameter: a place in a module that holds a tensor which learning replaces. */

import { assume, type Tensor, ValueError, Variable } from '@sensigrad/core'
import { checkFlag } from './check.ts'

/**
 * Holds the current value; the shape and element type stay what they were at first.
 *
 * @throws ValueError for what is no tensor; when another value is put in, ShapeError or DTypeError for one that does not fit
 * @example readonly scale = new Parameter(ones([8]))
 */
export class Parameter extends Variable {
  #isFrozen = false

  constructor(value: Tensor) {
    super(value, 'parameter')
  }

  /** Whether `valueAndGrad` of a module leaves it out, so that it stays as it is. Captured steps follow. */
  get isFrozen(): boolean {
    return assume(() => this.#isFrozen)
  }

  set isFrozen(isFrozen: boolean) {
    checkFlag('Parameter', 'isFrozen', isFrozen)
    this.#isFrozen = isFrozen
  }
}

/**
 * The parameter at a path.
 *
 * @throws ValueError naming the paths that there are
 */
export function parameterAt(
  operation: string,
  parameters: ReadonlyMap<string, Parameter>,
  path: string,
): Parameter {
  const parameter = parameters.get(path)
  if (parameter !== undefined) return parameter
  const paths = [...parameters.keys()].join(', ')
  throw new ValueError(operation, `the module has no parameter ${path}`, `It has ${paths}`)
}
