/** Values and derivatives side by side, and the first of them that is not what it should be. */

import { grad, jvp, type Tensor, vjp } from '@sensigrad/core'
import { indicesOf } from './indices.ts'
import { difference, draw, read } from './values.ts'

/** Tensors by what they are, as messages name them. */
export type Parts = Readonly<Record<string, Tensor>>

/** The value of f, its gradient and tangent, and the gradient of its gradient, along fixed directions. */
export function derivativesOf(f: (...inputs: Tensor[]) => Tensor, inputs: readonly Tensor[]): Parts {
  const along = (x: Tensor, lot: number) => draw(lot, x.shape, [-1, 1], x.dtype)
  const byInput = (what: string, tensors: readonly Tensor[]) =>
    Object.fromEntries(tensors.map((x, i) => [`${what} by input ${i}`, x]))
  const directions = inputs.map((x, i) => along(x, 60 + i))
  const [value, pull] = vjp(f, ...inputs)
  const cotangent = along(value, 50)
  const curvatures = grad((xs: Tensor[]) => {
    const gradients = vjp(f, ...xs)[1](cotangent)
    return gradients.map((gradient, i) => gradient.mul(xs[i]!).sum()).reduce((a, b) => a.add(b))
  })([...inputs])
  return {
    'the value': value,
    ...byInput('the gradient', pull(cotangent)),
    'the tangent': jvp(f, [...inputs], directions)[1],
    ...byInput('the second derivative', curvatures),
  }
}

/**
 * Throws unless the elements of the parts agree.
 *
 * @param tolerance  the largest difference, relative to what is wanted above 1
 */
export function sameParts(found: Parts, wanted: Parts, tolerance: number): void {
  for (const [what, part] of Object.entries(wanted)) {
    sameElements(what, found[what]!, read('promises', part), tolerance)
  }
}

/** Throws unless `found`, which messages call `what`, has these elements. */
export function sameElements(
  what: string,
  found: Tensor,
  wanted: ArrayLike<number>,
  tolerance: number,
): void {
  const values = read('promises', found)
  if (values.length !== wanted.length) {
    throw new Error(`${what} has ${values.length} elements, not ${wanted.length}`)
  }
  for (const [i, index] of indicesOf(found.shape).entries()) {
    const off = difference(values[i]!, wanted[i]!)
    if (off <= tolerance) continue
    const place = index.length > 0 ? ` at [${index.join(', ')}]` : ''
    throw new Error(
      `${what}${place} is ${values[i]}, not ${wanted[i]}: ` +
        `off by ${off.toExponential(1)}, allowed ${tolerance.toExponential(1)}`,
    )
  }
}
