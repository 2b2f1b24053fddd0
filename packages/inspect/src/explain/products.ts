/** One element of a matrix product, or of one of its gradients, as the sum that it is: its largest terms, and the rest. */

import type { Shape } from '@sensigrad/core'

/** A term of a sum: two numbers, and what they are multiplied to. */
export interface Term {
  readonly factors: readonly [number, number]
  readonly value: number
}

/** A sum of products. */
export interface Terms {
  /** The largest terms, by size. */
  readonly largest: readonly Term[]
  /** How many others there are, and their sum. */
  readonly others: number
  readonly rest: number
}

/** A factor of a product: its elements, row-major, and its shape. */
export interface Factor {
  readonly elements: ArrayLike<number>
  readonly shape: Shape
}

const shown = 3

/**
 * The terms of one element of ā = ȳ bᵀ (input 0) or b̄ = aᵀ ȳ (input 1).
 *
 * @param place  the place of the element, row-major
 */
export function gradientTerms(input: 0 | 1, a: Factor, b: Factor, g: Factor, place: number): Terms {
  const [m, k] = a.shape.length === 1 ? [1, a.shape[0]!] : a.shape.slice(-2)
  const n = b.shape.length === 1 ? 1 : b.shape.at(-1)!
  const row = input === 0 ? k! : n
  const matrix = input === 0 ? m! * k! : k! * n
  const batch = Math.floor(place / matrix)
  const [i, j] = [Math.floor((place % matrix) / row), place % row]
  const ofA = (r: number, c: number) => a.elements[batch * m! * k! + r * k! + c]!
  const ofB = (r: number, c: number) => b.elements[batch * k! * n + r * n + c]!
  const ofG = (r: number, c: number) => g.elements[batch * m! * n + r * n + c]!
  return input === 0 ? termsOf(n, c => [ofG(i, c), ofB(j, c)]) : termsOf(m!, r => [ofA(r, i), ofG(r, j)])
}

function termsOf(count: number, factorsOf: (index: number) => [number, number]): Terms {
  const terms = Array.from({ length: count }, (_, index): Term => {
    const factors = factorsOf(index)
    return { factors, value: factors[0] * factors[1] }
  })
  terms.sort((a, b) => Math.abs(b.value) - Math.abs(a.value))
  const others = terms.slice(shown)
  return {
    largest: terms.slice(0, shown),
    others: others.length,
    rest: others.reduce((sum, { value }) => sum + value, 0),
  }
}
