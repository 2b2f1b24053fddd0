/** Arithmetic on vectors in double precision, where the parts of a change are summed and compared. */

/** The elements of a tensor as numbers. */
export type Vector = Float64Array

/** What tensors of float types are read as. */
export type Elements = ArrayLike<number>

export const zerosOf = (length: number): Vector => new Float64Array(length)

/** b - a. */
export function difference(b: Elements, a: Elements): Vector {
  const result = new Float64Array(b.length)
  for (let i = 0; i < result.length; i++) result[i] = b[i]! - a[i]!
  return result
}

/** Adds to a vector in place. */
export function add(to: Vector, x: Elements): void {
  for (let i = 0; i < to.length; i++) to[i]! += x[i]!
}

/** ⟨a, b⟩ of the elements from one place to another. */
export function dot(a: Elements, b: Elements, from = 0, to = a.length): number {
  let sum = 0
  for (let i = from; i < to; i++) sum += a[i]! * b[i]!
  return sum
}

/** ‖a‖ of the elements from one place to another. */
export const norm = (a: Elements, from = 0, to = a.length): number => Math.sqrt(dot(a, a, from, to))

/** Whether two lists hold the same numbers; NaN is itself. */
export function areSame(a: Elements, b: Elements): boolean {
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i] && !(Number.isNaN(a[i]) && Number.isNaN(b[i]))) return false
  }
  return true
}

/** What is left of a whole without its parts. */
export function remainder(whole: Elements, parts: Iterable<Elements>): Vector {
  const rest = Float64Array.from(whole)
  for (const part of parts) for (let i = 0; i < rest.length; i++) rest[i]! -= part[i]!
  return rest
}
