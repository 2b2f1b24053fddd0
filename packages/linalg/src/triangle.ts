/** Substitution in triangular systems on the host: what solvers come down to in the end. */

/** Which system a triangle stands for. */
export interface TriangleOptions {
  /** The triangle above the diagonal is read, not the one below. */
  readonly upper?: boolean
  /** The system is tᵀ x = b. */
  readonly transpose?: boolean
  /** The diagonal is not read: it counts as ones. */
  readonly unit?: boolean
}

/**
 * Solves t x = b in place.
 *
 * @param t     `[size, size]`, row by row, of which one triangle is read
 * @param x     b, and then x: `[size, columns]`, row by row
 */
export function substitute(
  t: Float64Array,
  size: number,
  x: Float64Array,
  { upper = false, transpose = false, unit = false }: TriangleOptions = {},
): void {
  const columns = x.length / size
  const downwards = upper === transpose
  const rowAt = (step: number) => (downwards ? step : size - 1 - step)
  for (let step = 0; step < size; step++) {
    const i = rowAt(step)
    for (let before = 0; before < step; before++) {
      const j = rowAt(before)
      const factor = transpose ? t[j * size + i]! : t[i * size + j]!
      if (factor === 0) continue
      for (let k = 0; k < columns; k++) x[i * columns + k]! -= factor * x[j * columns + k]!
    }
    if (unit) continue
    const pivot = t[i * size + i]!
    for (let k = 0; k < columns; k++) x[i * columns + k]! /= pivot
  }
}
