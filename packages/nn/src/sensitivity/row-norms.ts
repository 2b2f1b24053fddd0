/**
 * How strongly outputs answer to inputs, from the tape: the norm of each row of the Jacobian of each sample. Samples do
 * not mix, so one sweep finds many rows or columns: the inputs are repeated as if they were further samples, and each
 * copy is swept along a direction of its own.
 */

import {
  arange,
  checkpoint,
  concat,
  jvp,
  oneHot,
  type Shape,
  ShapeError,
  sizeOf,
  split,
  stack,
  type Tensor,
  vjp,
} from '@sensigrad/core'
import { mapTensors, tensorsIn } from './inputs.ts'
import type { Layout } from './unit-axes.ts'

/** Units as a function of the inputs of a call. */
export type Compute = (inputs: readonly unknown[]) => Tensor

/**
 * ‖∂o/∂x‖ of each element o of the output, x being the inputs that count.
 *
 * @param compute  the units; their samples must not mix
 * @param inputs   every tensor that has samples begins with the axes of the samples
 * @param counts   whether the tensor at a path counts
 * @param most     how many elements the copies of inputs and outputs may have together; what has more is done in parts
 * @returns `[elements of a sample, samples]`; it can be differentiated in turn
 * @throws  ShapeError when the output for repeated samples is not that of so many samples
 */
export function rowNorms(
  compute: Compute,
  inputs: readonly unknown[],
  layout: Layout,
  counts: (path: string) => boolean,
  most = 2 ** 22,
): Tensor {
  const leaves = tensorsIn(inputs).filter(({ path }) => counts(path))
  const problem = new Jacobians(
    compute,
    inputs,
    layout,
    leaves.map(({ path }) => path),
  )
  const { samples, rows, columns } = problem
  const isForward = columns < rows
  const sweep = (directions: Tensor) => (isForward ? problem.push(directions) : problem.pull(directions))
  const count = isForward ? columns : rows
  const atOnce = Math.max(1, Math.min(count, Math.floor(most / (samples * (rows + columns)))))
  const { dtype, backend } = leaves[0]!.tensor
  const parts = Array.from({ length: Math.ceil(count / atOnce) }, (_, i) => {
    const along = arange(i * atOnce, Math.min(count, (i + 1) * atOnce), 1, { dtype: 'int32', backend })
    return oneHot(along, count, { dtype })
  })
  if (parts.length === 1) return isForward ? sweep(parts[0]!).transpose() : sweep(parts[0]!)
  const forgetful = checkpoint(sweep) // what a part computes is made again for its gradient, not kept
  const found = parts.map(part => forgetful(part))
  return isForward ? stack(found).norm(0).transpose() : concat(found)
}

/** The Jacobians of all samples, by rows or by columns. */
class Jacobians {
  readonly samples: number
  readonly rows: number
  readonly columns: number
  readonly #compute: Compute
  readonly #inputs: readonly unknown[]
  readonly #layout: Layout
  readonly #moving: readonly string[]
  /** How many columns belong to each of the inputs that count. */
  readonly #widths: readonly number[]

  constructor(compute: Compute, inputs: readonly unknown[], layout: Layout, moving: readonly string[]) {
    this.#compute = compute
    this.#inputs = inputs
    this.#layout = layout
    this.#moving = moving
    this.samples = sizeOf(layout.samples)
    this.rows = sizeOf(layout.named)
    const rank = layout.samples.length
    const sizes = new Map(
      tensorsIn(inputs).map(({ path, tensor }) => [path, sizeOf(tensor.shape.slice(rank))]),
    )
    this.#widths = moving.map(path => sizes.get(path)!)
    this.columns = this.#widths.reduce((sum, width) => sum + width)
  }

  /** The norms of the rows along which cotangents `[k, rows]` point: `[k, samples]`. */
  pull(cotangents: Tensor): Tensor {
    const copies = cotangents.shape[0]!
    const { moving, compute } = this.#repeated(copies)
    const [output, pull] = vjp(compute, moving)
    const [gradients] = pull(this.#spread(cotangents, output.shape))
    const rows = gradients.map((x, i) => x.reshape([copies, this.samples, this.#widths[i]!]))
    return concat(rows, -1).norm(-1)
  }

  /** The norms of the rows over the columns along which tangents `[k, columns]` point: `[samples, rows]`. */
  push(tangents: Tensor): Tensor {
    const copies = tangents.shape[0]!
    const { moving, compute } = this.#repeated(copies)
    const parts = split(tangents, this.#widths, -1).map((part, i) => this.#spread(part, moving[i]!.shape))
    const [, tangent] = jvp(compute, [moving], [parts])
    return tangent.reshape([copies, this.samples, this.rows]).norm(0)
  }

  /** The inputs that count, so many times, and the units as a function of them. */
  #repeated(copies: number): { moving: readonly Tensor[]; compute: (moving: readonly Tensor[]) => Tensor } {
    const { samples, named } = this.#layout
    const repeated = mapTensors(this.#inputs, x =>
      beginsWith(x.shape, samples) ? repeat(x, copies, samples) : x,
    )
    const found = new Map(tensorsIn(repeated).map(({ path, tensor }) => [path, tensor]))
    const expected = repeatedShape([...samples, ...named], copies, samples)
    const compute = (moving: readonly Tensor[]): Tensor => {
      const output = this.#compute(mapTensors(repeated, (x, path) => moving[this.#moving.indexOf(path)] ?? x))
      if (String(output.shape) === String(expected)) return output
      throw new ShapeError(
        'SAL',
        `the output of the units is ${output}, where ${copies} times as many samples should give [${expected.join(', ')}]`,
        'Units must treat the first axes of their inputs as samples: use matmul or sum(-1) instead of dot, and no fixed shapes',
      )
    }
    return { moving: this.#moving.map(path => found.get(path)!), compute }
  }

  /** Directions `[k, n]` for each sample alike, in a shape whose samples are repeated k times. */
  #spread(directions: Tensor, shape: Shape): Tensor {
    const [copies, size] = directions.shape as [number, number]
    return directions.expandDims(1).broadcastTo([copies, this.samples, size]).reshape(shape)
  }
}

/** Whether a tensor has the samples. */
export function beginsWith(shape: Shape, samples: Shape): boolean {
  return samples.every((length, axis) => shape[axis] === length)
}

/** The samples of a tensor so many times, one after the other; without sample axes, along a new one. */
function repeat(x: Tensor, copies: number, samples: Shape): Tensor {
  if (copies === 1) return x
  return x
    .expandDims(0)
    .broadcastTo([copies, ...x.shape])
    .reshape(repeatedShape(x.shape, copies, samples))
}

function repeatedShape(shape: Shape, copies: number, samples: Shape): Shape {
  if (copies === 1) return shape
  return samples.length === 0 ? [copies, ...shape] : [copies * shape[0]!, ...shape.slice(1)]
}
