/** The rules that all solvers of linear systems share, whatever way they go about it. */

import {
  defineOp,
  type ErrorCase,
  matmul,
  neg,
  type Sample,
  type SingleOp,
  sub,
  sumTo,
  type Tensor,
  transpose as transposed,
} from '@sensigrad/core'
import { solveEach } from './host.ts'

/** What every solver is told: whether the system is aᵀ x = b. */
export interface SystemAttributes {
  readonly transpose: boolean
}

/** How a solver is defined. */
export interface SolverDefinition<Attributes extends SystemAttributes> {
  readonly name: string
  /** Looks at the matrices of `a` once; what it returns turns a right side into the solution for matrix `index`. */
  prepare(a: Tensor, attributes: Attributes): (index: number, x: Float64Array) => void
  /** The part of the matrices that is read: its slopes are those of all else, which are zero, left out. */
  used(a: Tensor, attributes: Attributes): Tensor
  readonly samples: readonly Sample[]
  readonly errors: readonly ErrorCase[]
}

/** The operation that solves a x = b for `b`, `[…, n, k]`; batches broadcast. */
export function defineSolver<Attributes extends SystemAttributes>({
  name,
  prepare,
  used,
  samples,
  errors,
}: SolverDefinition<Attributes>): SingleOp<Attributes> {
  const op: SingleOp<Attributes> = defineOp<Attributes>({
    name,
    forward: ([a, b], attributes) => solveEach(name, a!, b!, prepare(a!, attributes)),
    // From a x = b: a ẋ = ḃ - ȧ x. Transposed: b̄ = a⁻ᵀ x̄ and ā = -b̄ xᵀ.
    vjp({ g, inputs: [a, b], output: x, attributes, needs }) {
      const { transpose } = attributes
      const toB = op.apply([a!, g], { ...attributes, transpose: !transpose })
      const toA = () => (transpose ? matmul(x, transposed(toB)) : matmul(toB, transposed(x)))
      return [
        needs[0] ? sumTo(neg(used(toA(), attributes)), a!.shape) : undefined,
        needs[1] ? sumTo(toB, b!.shape) : undefined,
      ]
    },
    jvp({ d: [da, db], inputs: [a], output: x, attributes }) {
      const part = da && used(da, attributes)
      const moved = part && matmul(attributes.transpose ? transposed(part) : part, x)
      const side = moved && db ? sub(db, moved) : moved ? neg(moved) : db
      return side && op.apply([a!, side], attributes)
    },
    format: (operands, attributes) =>
      `${name}(${[...operands, ...Object.entries(attributes).flatMap(([key, on]) => (on ? [`${key}=true`] : []))].join(', ')})`,
    samples,
    errors,
  })
  return op
}
