/** Whole matrices of derivatives, one product with the Jacobian for each row or column. */

import { describeValue, ValueError } from '../errors.ts'
import { stack } from '../ops/join.ts'
import { reshape } from '../ops/movement.ts'
import { pullback } from '../tape/pullback.ts'
import { pushforward } from '../tape/pushforward.ts'
import { checkFunction, checkOneTensor, checkOutput, trace } from '../tape/record.ts'
import type { Tape } from '../tape/tape.ts'
import { checkOptions } from '../tensor/check.ts'
import { tensor, zeros, zerosLike } from '../tensor/create.ts'
import { allocate } from '../tensor/dtype.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { mapTree, rebuildTree, type TensorTree } from '../tensor/tree.ts'
import { along } from './directional.ts'
import { grad } from './grad.ts'
import { settled } from './settled.ts'

/** How `jacobian` goes. */
export interface JacobianOptions {
  /**
   * `reverse`: a sweep for each element of y; `forward`: one for each element of x. Unless said, whichever takes fewer
   * sweeps.
   */
  readonly mode?: 'reverse' | 'forward'
}

/** A tree of trees: for each tensor of one tree, the other tree. */
export type TreeOfTrees<Outer, Inner> = Outer extends Tensor
  ? Inner
  : { [Name in keyof Outer]: TreeOfTrees<Outer[Name], Inner> }

/**
 * The function that computes the Jacobian of f with respect to f's first argument.
 *
 * @param f        takes a tensor or a tree of float tensors, then anything; returns one tensor y of a float type
 * @param options  the mode
 * @returns a function of the same arguments, which returns ∂y/∂x, of the shape `[...y.shape, ...x.shape]` for each
 *          tensor x of the argument
 * @throws  GradientError when f returns no floats, is asynchronous, or x is not of a float type
 * @example jacobian(x => x.square())(x) // diagonalMatrix(x.mul(2))
 */
export function jacobian<X extends TensorTree = Tensor, Rest extends readonly unknown[] = []>(
  f: (x: X, ...rest: Rest) => Tensor,
  options: JacobianOptions = {},
): (x: X, ...rest: Rest) => X {
  checkFunction('jacobian', f)
  checkOptions('jacobian', options, "{ mode: 'reverse' }", ['mode'])
  const { mode } = options
  if (mode !== undefined && mode !== 'reverse' && mode !== 'forward') {
    throw new ValueError('jacobian', `the mode is ${describeValue(mode)}`, "Give 'reverse' or 'forward'")
  }
  return (x, ...rest) => {
    const body = (x: X): Tensor => {
      const y: unknown = f(x, ...rest)
      checkOneTensor('jacobian', y)
      return y
    }
    const { tape } = trace('jacobian', body, [x] as const)
    checkOutput('jacobian', tape.output)
    const columns = tape.inputs.reduce((sum, { size }) => sum + size, 0)
    const forward = mode === undefined ? columns <= tape.output.size : mode === 'forward'
    return settled(rebuildTree(x, forward ? byColumns(tape) : byRows(tape)))
  }
}

/** ∂y/∂xᵢ for each input, row by row: what each element of y pulls back. */
function byRows(tape: Tape): Tensor[] {
  const { output, inputs } = tape
  const rows = basisOf(output).map(direction => pullback(tape, direction))
  return inputs.map((input, i) => {
    const shape = [...output.shape, ...input.shape]
    if (rows.length === 0) return zeros(shape, input)
    return reshape(stack(rows.map(row => row[i]!)), shape)
  })
}

/** ∂y/∂xᵢ for each input, column by column: what each element of it pushes forward. */
function byColumns(tape: Tape): Tensor[] {
  return tape.inputs.map((_, i) => columnsOf(tape, i)[0]!)
}

/** ∂yⱼ/∂xᵢ for each output. */
function columnsOf(tape: Tape, i: number): Tensor[] {
  const { inputs, outputs } = tape
  const columns = basisOf(inputs[i]!).map(direction =>
    pushforward(
      tape,
      inputs.map((input, k) => (k === i ? direction : zerosLike(input))),
    ),
  )
  return outputs.map((output, j) => {
    const shape = [...output.shape, ...inputs[i]!.shape]
    if (columns.length === 0) return zeros(shape, output)
    return reshape(
      stack(
        columns.map(column => column[j]!),
        -1,
      ),
      shape,
    )
  })
}

/** The directions along each element of a tensor. */
function basisOf({ size, shape, dtype, backend }: Tensor): Tensor[] {
  return Array.from({ length: size }, (_, k) => {
    const direction = allocate(dtype, size)
    direction[k] = 1
    return tensor(direction, { shape, dtype, backend })
  })
}

/**
 * The function that computes the Hessian of f with respect to f's first argument: forward over reverse, one sweep for
 * each element of x.
 *
 * @param f  takes a tensor or a tree of float tensors, then anything; returns a tensor of one element
 * @returns a function of the same arguments, which returns ∂²f/∂x², of the shape `[...x.shape, ...x.shape]`; for a tree,
 *          the tree of trees whose tensor at a, then b, is ∂²f/∂a∂b, of the shape `[...a.shape, ...b.shape]`
 * @throws  as `grad`
 * @example const H = hessian(x => x.square().sum().exp())(x)
 */
export function hessian<X extends TensorTree = Tensor, Rest extends readonly unknown[] = []>(
  f: (x: X, ...rest: Rest) => Tensor,
): (x: X, ...rest: Rest) => TreeOfTrees<X, X> {
  checkFunction('hessian', f)
  return (x, ...rest) => {
    const gradient = grad(f)
    const { tape } = trace('hessian', (x: X) => gradient(x, ...rest), [x] as const)
    const columns = tape.inputs.map((_, i) => columnsOf(tape, i))
    let a = 0
    const rowOf = (): X => {
      const row = a++
      return rebuildTree(
        x,
        columns.map(column => column[row]!),
      )
    }
    // mapTree puts a tensor at each leaf; here each leaf becomes a tree.
    const nest = mapTree as unknown as (operation: string, tree: X, change: () => X) => TreeOfTrees<X, X>
    return settled(nest('hessian', x, rowOf))
  }
}

/**
 * The function that computes products with the Hessian, without the Hessian: forward over reverse, at about the price of
 * two gradients (Pearlmutter, "Fast exact multiplication by the Hessian", Neural Computation 6, 1994).
 *
 * @param f  takes a tensor or a tree of float tensors, then anything; returns a tensor of one element
 * @returns a function of x, a direction v shaped like x, and f's other arguments, which returns (∂²f/∂x²) v
 * @throws  as `grad`; ShapeError when v is not shaped like x
 * @example const curvature = hvp(loss)(weights, direction)
 */
export function hvp<X extends TensorTree = Tensor, Rest extends readonly unknown[] = []>(
  f: (x: X, ...rest: Rest) => Tensor,
): (x: X, v: X, ...rest: Rest) => X {
  checkFunction('hvp', f)
  const gradient = grad(f)
  return (x, v, ...rest) => {
    const hvp = { operation: 'hvp', what: 'the direction' }
    return along(hvp, (x: X) => gradient(x, ...rest), [x] as const, [v] as const)[1]
  }
}
