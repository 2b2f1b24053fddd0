/** Values of a state that was written down: copied when they are taken, and fitted to where they are put back. */

import {
  type Backend,
  BackendError,
  checkTensor,
  DisposedError,
  DTypeError,
  formatShape,
  isSynchronous,
  ShapeError,
  Tensor,
  tensor,
} from '@sensigrad/core'

/** A value in memory of its own: what replaces it may free the memory in which it lay. */
export function copyOf(value: Tensor): Tensor {
  return new Tensor(value.backend, value.backend.copy(value), value.dtype, value.shape)
}

/**
 * A value of a state, on the backend of what it is for.
 *
 * @param place  the shape, type and backend that it must have
 * @param owner  what the value is of, for errors: `the module`
 * @throws ValueError for no tensor; ShapeError or DTypeError for one that is another; DisposedError for one that is gone;
 *         BackendError when it cannot be moved
 */
export function fitted(
  operation: string,
  name: string,
  given: unknown,
  place: Pick<Tensor, 'shape' | 'dtype' | 'backend'>,
  owner?: string,
): Tensor {
  checkTensor(operation, name, given)
  const { shape, dtype, backend } = place
  const wanted = `${dtype}${formatShape(shape)}`
  const instead = owner === undefined ? `but ${wanted} is needed` : `and that of ${owner} ${wanted}`
  if (formatShape(given.shape) !== formatShape(shape)) {
    throw new ShapeError(operation, `${name} is ${given}, ${instead}`, 'Restore the state of one made alike')
  }
  if (given.dtype !== dtype) {
    throw new DTypeError(operation, `${name} is ${given}, ${instead}`, `Cast it: .cast('${dtype}')`)
  }
  return movedTo(operation, name, given, backend)
}

/**
 * A tensor on a backend: itself where it lives there.
 *
 * @throws DisposedError for one that is gone; BackendError when it cannot be moved
 */
export function movedTo(operation: string, name: string, given: Tensor, backend: Backend): Tensor {
  if (given.released) {
    throw new DisposedError(
      operation,
      `${name} was released when a scope ended`,
      'Return the state from the scope in which it was taken',
    )
  }
  if (given.backend === backend) return given
  const { shape, dtype } = given
  if (isSynchronous(given.backend)) return tensor(given.backend.readSync(given), { shape, dtype, backend })
  throw new BackendError(
    operation,
    `${name} lives on ${given.backend.name}, which cannot be read at once`,
    'Move it before: tensor(await x.data(), { shape: x.shape, backend })',
  )
}
