/**
 * The reverse rules of operations in the notation of the field: ȳ is the cotangent that arrives, x̄ what is sent back. Those
 * of maps are not here: they are derived from their expressions.
 */

import { type Op, operations } from '@sensigrad/core'

/** The rule of one operation. */
interface Rule {
  /** What it computes. */
  readonly value: string
  /** What it sends to each input; the last one holds for all inputs that follow. */
  readonly reverse: readonly string[]
}

const solved: Rule = { value: 'a y = b', reverse: ['ā = -b̄ yᵀ', 'b̄ = a⁻ᵀ ȳ'] }

/** By the name of the operation; core's own, and those of linalg. */
export const rules: Readonly<Record<string, Rule>> = {
  alias: { value: 'y = x', reverse: ['x̄ = ȳ'] },
  cast: { value: 'y = x in another type', reverse: ['x̄ = ȳ in the type of x'] },
  reshape: { value: 'y = x in another shape', reverse: ['x̄ = ȳ in the shape of x'] },
  transpose: { value: 'y = x with its axes in another order', reverse: ['x̄ = ȳ with its axes put back'] },
  broadcastTo: { value: 'y = x, repeated', reverse: ['x̄ = Σ ȳ over the axes along which x is repeated'] },
  sum: { value: 'y = Σ x', reverse: ['x̄ = ȳ, repeated along the axes of the sum'] },
  max: { value: 'y = max x', reverse: ['x̄ = ȳ where x = y, in equal shares where several tie; 0 elsewhere'] },
  min: { value: 'y = min x', reverse: ['x̄ = ȳ where x = y, in equal shares where several tie; 0 elsewhere'] },
  matmul: { value: 'y = a b', reverse: ['ā = ȳ bᵀ', 'b̄ = aᵀ ȳ'] },
  linearRecurrence: {
    value: 'yᵢ = aᵢ yᵢ₋₁ + bᵢ',
    reverse: ['āᵢ = b̄ᵢ yᵢ₋₁', 'b̄ᵢ = ȳᵢ + aᵢ₊₁ b̄ᵢ₊₁'],
  },
  slice: { value: 'y = a part of x', reverse: ['x̄ = ȳ in its place, 0 elsewhere'] },
  place: { value: 'y = x in its place, 0 elsewhere', reverse: ['x̄ = the part of ȳ'] },
  concat: { value: 'y = x₀, x₁, … side by side', reverse: ['x̄ᵢ = its part of ȳ'] },
  split: { value: 'y₀, y₁, … = parts of x', reverse: ['x̄ = ȳ₀, ȳ₁, … side by side'] },
  windows: { value: 'y = windows on x', reverse: ['x̄ = Σ ȳ over the windows that see an element'] },
  takeAlongAxis: { value: 'y = x at indices', reverse: ['x̄ = Σ ȳ over the places that took an element'] },
  scatter: { value: 'y = Σ x at indices', reverse: ['x̄ = ȳ at the indices'] },
  tap: { value: 'y = x', reverse: ['x̄ = ȳ'] },
  checkpoint: { value: 'y = f(x), of which nothing was kept', reverse: ['x̄: f is computed again and swept'] },
  scan: { value: 'a loop of steps', reverse: ['x̄: the steps are swept from the last to the first'] },
  solve: solved,
  triangularSolve: { ...solved, reverse: ['ā = -b̄ yᵀ on the triangle that is read', 'b̄ = a⁻ᵀ ȳ'] },
  inverse: { value: 'y = x⁻¹', reverse: ['x̄ = -yᵀ ȳ yᵀ'] },
  determinant: { value: 'y = det x', reverse: ['x̄ = ȳ · the cofactors of x'] },
  logDeterminant: { value: 'y = log |det x|', reverse: ['x̄ = ȳ x⁻ᵀ'] },
  cholesky: {
    value: 'x = y yᵀ',
    reverse: ['x̄ = sym(y⁻ᵀ Φ(yᵀ ȳ) y⁻¹), Φ the lower triangle, half its diagonal'],
  },
  qr: { value: 'x = q r', reverse: ['x̄ = (q̄ + q sym(r r̄ᵀ - q̄ᵀ q)) r⁻ᵀ, sym from the lower triangle'] },
  symmetricEigenvalues: { value: 'x = v diag(y) vᵀ', reverse: ['x̄ = v diag(ȳ) vᵀ'] },
  symmetricEigen: {
    value: 'x = v diag(λ) vᵀ',
    reverse: ['x̄ = v (diag(λ̄) + f ∘ vᵀ v̄) vᵀ, fᵢⱼ = 1/(λⱼ - λᵢ)'],
  },
  singularValues: { value: 'x = u diag(y) vᵀ', reverse: ['x̄ = u diag(ȳ) vᵀ'] },
  svd: {
    value: 'x = u diag(s) vᵀ',
    reverse: ['x̄ = u (diag(s̄) + turns of u and v, over sⱼ² - sᵢ²) vᵀ'],
  },
}

/** The rule of an operation that is core's or linalg's own, and not only called like one. */
export function ruleOf(op: Op): Rule | undefined {
  const isOfTransform = op.name === 'checkpoint' || op.name === 'scan' || op.name === 'tap'
  const isOwn = isOfTransform || operations.find(({ name }) => name === op.name) === op
  return isOwn && Object.hasOwn(rules, op.name) ? rules[op.name] : undefined
}
