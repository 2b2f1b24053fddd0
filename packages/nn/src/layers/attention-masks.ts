/** What attention must not hear: masks of every kind, read into one. */

import { arange, checkTensor, DTypeError, ShapeError, type Tensor } from '@sensigrad/core'
import { checkFlag, checkOptions } from '../check.ts'

/** What queries do not hear. As in PyTorch's MultiheadAttention, `true` marks what is left out. */
export interface AttentionMasks {
  /**
   * Bool `[queries, keys]`, true where the query does not hear the key; with the batch axes in front, `[…, queries, keys]`,
   * where samples differ, and with those and the heads, `[…, heads, queries, keys]`, where heads do.
   */
  readonly mask?: Tensor | undefined
  /** Whether queries do not hear keys that stand later than themselves; `false` unless said. */
  readonly causal?: boolean
  /** Bool `[…, keys]`, true where a key is padding, which no query hears. */
  readonly padding?: Tensor | undefined
}

/**
 * Where scores are left out, in a shape that broadcasts to theirs; `undefined` where nothing is.
 *
 * @param scores  `[…, heads, queries, keys]`
 * @throws DTypeError for a mask that is not bool; ShapeError for one that does not fit the scores
 */
export function blockedAmong(scores: Tensor, masks: AttentionMasks): Tensor | undefined {
  const name = 'MultiHeadAttention'
  checkOptions(name, masks, ['mask', 'causal', 'padding'])
  const { mask, causal = false, padding } = masks
  checkFlag(name, 'causal', causal)
  const blocked: Tensor[] = []
  if (mask !== undefined) blocked.push(forHeads(checkedMask('mask', mask), scores))
  if (padding !== undefined) blocked.push(forQueries(checkedMask('padding', padding), scores))
  if (causal) blocked.push(laterThanQueries(scores))
  return blocked.length === 0 ? undefined : blocked.reduce((some, other) => some.or(other))
}

function checkedMask(what: string, mask: unknown): Tensor {
  checkTensor('MultiHeadAttention', `the ${what}`, mask)
  if (mask.dtype === 'bool') return mask
  throw new DTypeError(
    'MultiHeadAttention',
    `the ${what} is ${mask}`,
    'Give bools, true for what is left out, by a comparison such as x.equal(0)',
  )
}

/** A mask that all heads share, or one for each of them. */
function forHeads(mask: Tensor, scores: Tensor): Tensor {
  const isShared = mask.rank === scores.rank - 1 && mask.rank > 2
  const fits = isShared || mask.rank === 2 || mask.rank === scores.rank
  return checkFit(
    'mask',
    '[queries, keys]',
    mask,
    fits ? (isShared ? mask.expandDims(-3) : mask) : undefined,
    scores,
  )
}

/** Keys that no head and no query hears. */
function forQueries(padding: Tensor, scores: Tensor): Tensor {
  const fits = padding.rank === scores.rank - 2
  return checkFit(
    'padding',
    '[…, keys]',
    padding,
    fits ? padding.expandDims(-2).expandDims(-2) : undefined,
    scores,
  )
}

function checkFit(
  what: string,
  such: string,
  given: Tensor,
  spread: Tensor | undefined,
  scores: Tensor,
): Tensor {
  const isWithin = ({ shape }: Tensor) =>
    shape.every((length, i) => length === 1 || length === scores.shape[scores.rank - shape.length + i])
  if (spread !== undefined && isWithin(spread)) return spread
  throw new ShapeError(
    'MultiHeadAttention',
    `the ${what} is ${given}, but the scores [heads, queries, keys] of this batch are ${scores}`,
    `Give ${such} with as many queries and keys, and batch axes where there are some`,
  )
}

/** Keys that stand later than the query. */
function laterThanQueries({ shape, backend }: Tensor): Tensor {
  const [queries, keys] = shape.slice(-2) as [number, number]
  return arange(queries, { backend }).expandDims(1).less(arange(keys, { backend }))
}
