/** Linear recurrences along an axis. */

import { type Destination, sizeOf, type TypedArray, type View } from '@sensigrad/core'
import { eachLine, rowMajor } from './lines.ts'
import { outputFor, valuesOf } from './values.ts'

/** hᵢ = factorsᵢ hᵢ₋₁ + termsᵢ along an axis, from h₀ = terms₀; carried on in double precision. */
export function scan(factors: View, terms: View, axis: number, into?: Destination): TypedArray {
  const { shape, dtype } = terms
  const output = outputFor(dtype, sizeOf(shape), into)
  const [a, b] = [valuesOf(factors), valuesOf(terms)]
  const target = rowMajor(shape)
  const [step, termStep, outStep] = [factors, terms, target].map(({ strides }) => strides[axis]!)
  const next =
    dtype === 'int32'
      ? (factor: number, state: number, term: number) => (Math.imul(factor, state) + term) | 0
      : (factor: number, state: number, term: number) => factor * state + term
  eachLine(shape, axis, [factors, terms, target], ([start, termStart, outStart]) => {
    let state = 0
    for (let i = 0; i < shape[axis]!; i++) {
      const term = b[termStart! + i * termStep!]!
      state = i === 0 ? term : next(a[start! + i * step!]!, state, term)
      output[outStart! + i * outStep!] = state
    }
  })
  return output
}
