/** Captured functions beside the functions themselves: called with the same tensors, they must give the same. */
import { type CaptureArgument, capture, leavesOf, type Tensor, type TensorTree } from '@sensigrad/core'
import { gap, read } from './backend.ts'

/** How far numbers may part, relative to the largest or to 1: a rewrite may add up in another order, and round less often. */
export const rounding = { float32: 2e-5, float64: 1e-11, int32: 0, bool: 0 } as const

/** Where two trees part by more than rounding, as text; nothing where they do not. */
export function partings(found: unknown, expected: unknown): string[] {
  const [a, b] = [found, expected].map(tree =>
    tree === undefined ? [] : leavesOf('partings', tree as TensorTree),
  )
  if (String(a!.map(({ path }) => path)) !== String(b!.map(({ path }) => path))) return ['other trees']
  return b!.flatMap(({ path, tensor }, i) => {
    const other = a![i]!.tensor
    if (String(other) !== String(tensor)) return [`${path}: ${other} instead of ${tensor}`]
    if (other.backend !== tensor.backend) return [`${path}: on another backend`]
    const [values = [], wanted = []] = [read(other), read(tensor)].map(values => [...values])
    const scale = wanted.reduce(
      (most, value) => Math.max(most, Number.isFinite(value) ? Math.abs(value) : 0),
      1,
    )
    const far = gap(
      values.map(value => value / scale),
      wanted.map(value => value / scale),
    )
    return far <= rounding[tensor.dtype] ? [] : [`${path}: off by ${far}: ${values} instead of ${wanted}`]
  })
}

/** Where a captured function parts from the function itself, over several calls. */
export function capturedPartings<
  Inputs extends readonly CaptureArgument[],
  Output extends TensorTree | undefined,
>(f: (...inputs: Inputs) => Output, calls: readonly Inputs[]): string[] {
  const fast = capture(f)
  return calls.flatMap((inputs, call) =>
    partings(fast(...inputs), f(...inputs)).map(parting => `call ${call}, ${parting}`),
  )
}

/** Other values of the same shapes: those of a tensor, moved. */
export function nudged(tensors: readonly Tensor[], times: number): Tensor[] {
  return tensors.map(x => x.mul(1 - 0.13 * times).add(0.07 * times))
}
