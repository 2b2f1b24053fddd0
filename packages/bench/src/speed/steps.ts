/**
 * The computations as a user of sensigrad writes them: functions of tensors, the same for every backend, run eagerly or
 * captured. In float64 they are the reference that all runners are compared with.
 */

import {
  arange,
  jvp,
  scan,
  type Tensor,
  type TensorTree,
  unstack,
  valueAndGrad,
  zeros,
} from '@sensigrad/core'
import type { Kind, Named } from './case.ts'

/** Results by name, in the order of the reference; a list of tensors stands for them stacked. */
export type Results = Readonly<Record<string, Tensor | readonly Tensor[]>>

/** A computation on its arguments. */
export interface Step {
  readonly run: (...args: TensorTree[]) => TensorTree
  readonly args: readonly TensorTree[]
  readonly results: (output: TensorTree) => Results
}

type Tensors = Readonly<Record<string, Tensor>>
type Sizes = Readonly<Record<string, number>>

/** A step, with its arguments made of the case's inputs. */
export function stepOf(kind: Kind, inputs: Tensors, sizes: Sizes): Step {
  return steps[kind](inputs, sizes)
}

/** Fits a step together, with the types of its own that a table of steps need not know. */
const step = <Args extends TensorTree[], Output extends TensorTree>(
  args: [...Args],
  run: (...args: Args) => Output,
  results: (output: Output) => Results,
): Step => ({ args, run, results }) as unknown as Step

const steps: Readonly<Record<Kind, (inputs: Tensors, sizes: Sizes) => Step>> = {
  rnn: ({ w, v, b, x, h, y }) =>
    step(
      [{ w: w!, v: v!, b: b! }, x!, h!, y!],
      (weights, x, h, y) =>
        valueAndGrad(({ w, v, b }: typeof weights) => {
          const next = (h: Tensor, u: Tensor) => [h.matmul(w).add(u).tanh(), []] as const
          const [last] = scan(next, h, x.matmul(v).add(b))
          return last.sub(y).square().mean()
        })(weights),
      ([loss, gradient]) => ({ loss, ...gradient }),
    ),

  deep: ({ w, b, x, y }) => {
    const biases = unstack(b!)
    const layers = unstack(w!).map((w, i) => ({ w, b: biases[i]! }))
    return step(
      [layers, x!, y!],
      (layers, x, y) =>
        valueAndGrad((all: typeof layers) => {
          let h = x
          for (const { w, b } of all) h = h.matmul(w).add(b).tanh()
          return h.sub(y).square().mean()
        })(layers),
      ([loss, gradient]) => ({ loss, w: gradient.map(({ w }) => w), b: gradient.map(({ b }) => b) }),
    )
  },

  lyapunov: ({ w, h, d }, { steps }) =>
    step(
      [w!, h!, d!],
      (w, state, tangent) => {
        const advance = ([h, d, growth]: readonly [Tensor, Tensor, Tensor]) => {
          const [next, moved] = jvp((h: Tensor) => h.matmul(w).tanh(), [h], [d])
          const length = moved.square().sum().sqrt()
          return [[next, moved.div(length), growth.add(length.log())] as const, []] as const
        }
        const [[, , growth]] = scan(
          advance,
          [state, tangent, zeros([], { dtype: state.dtype })] as const,
          arange(steps!),
        )
        return growth.div(steps!)
      },
      exponent => ({ exponent }),
    ),

  chain: ({ x, a, b }, { operations }) =>
    step(
      [x!, a!, b!],
      (x, a, b) => chained(x, a, b, operations!),
      y => ({ y }),
    ),

  chainGradient: ({ x, a, b }, { operations }) =>
    step(
      [x!, a!, b!],
      (x, a, b) => valueAndGrad((x: Tensor) => chained(x, a, b, operations!).sum())(x),
      ([sum, x]) => ({ sum, x }),
    ),

  gemm: ({ a, b }) =>
    step(
      [a!, b!],
      (a, b) => a.matmul(b),
      c => ({ c }),
    ),
}

/** y = … ((x · a + b) · a + b) …, so many operations. */
function chained(x: Tensor, a: Tensor, b: Tensor, operations: number): Tensor {
  let y = x
  for (let i = 0; i < operations; i += 2) y = y.mul(a).add(b)
  return y
}

/** The values of results, lists side by side. */
export async function valuesOf(results: Results): Promise<Named> {
  const named = Object.entries(results).map(async ([name, result]) => {
    const tensors = Array.isArray(result) ? (result as readonly Tensor[]) : [result as Tensor]
    const parts = await Promise.all(tensors.map(tensor => tensor.data()))
    const values = new Float32Array(parts.reduce((size, part) => size + part.length, 0))
    let start = 0
    for (const part of parts) {
      values.set(part, start)
      start += part.length
    }
    const shape = Array.isArray(result) ? [tensors.length, ...tensors[0]!.shape] : tensors[0]!.shape
    return [name, { shape, values }] as const
  })
  return Object.fromEntries(await Promise.all(named))
}
