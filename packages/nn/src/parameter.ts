/** A parameter: a place in a module that holds a tensor which learning replaces. */

import { DTypeError, keep, ShapeError, Tensor, ValueError } from '@sensigrad/core'

/** Holds the current value; the shape and element type stay what they were at first. */
export class Parameter {
  #value: Tensor

  constructor(value: Tensor) {
    this.#value = keep(value)
  }

  /** The current value. */
  get value(): Tensor {
    return this.#value
  }

  /**
   * Replaces the value.
   *
   * @throws ShapeError or DTypeError when the new value is not shaped and typed like the old one
   */
  set value(next: Tensor) {
    if (!(next instanceof Tensor)) {
      throw new ValueError(
        'parameter',
        `${String(next)} is no tensor`,
        'Assign a tensor, tensor(…) makes one',
      )
    }
    if (String(next.shape) !== String(this.#value.shape)) {
      throw new ShapeError(
        'parameter',
        `${next} cannot replace ${this.#value}`,
        'Assign a tensor of the same shape',
      )
    }
    if (next.dtype !== this.#value.dtype) {
      throw new DTypeError(
        'parameter',
        `${next} cannot replace ${this.#value}`,
        `Cast it: .cast('${this.#value.dtype}')`,
      )
    }
    this.#value = keep(next, this.#value)
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
