/** What a network is to learn: samples, what is wrong with an answer, and which samples a step sees. */

import { foldIn, gather, type Key, permutationValues, type Tensor, tensor } from '@sensigrad/core'

/** Inputs and what the network should say to them. */
export interface Samples {
  readonly x: Tensor
  /** int32 `[samples]`. */
  readonly y: Tensor
}

/** A task. */
export interface Task {
  readonly training: Samples
  /** Samples that are never learned from. */
  readonly test?: Samples
  /** Samples that profiles are taken on: all of a small training set, some of a large one. */
  readonly looked: Samples
  /** The axis of `x` along which samples lie. */
  readonly sampleAxis: number
  /** Samples of a step. */
  readonly batch: number
  /** What is wrong with the network's answers: one number, in nats. */
  loss(answers: Tensor, y: Tensor): Tensor
  /** Which answers are right, bool `[samples]`. */
  areRight(answers: Tensor, y: Tensor): Tensor
}

/** Samples for one step after the other: all of them each time, or shuffled anew whenever all were seen. */
export function stepsOf({ training, batch, sampleAxis }: Task, key: Key): () => Samples {
  const count = training.y.size
  if (batch >= count) return () => training
  let order = permutationValues(key, 0)
  let [next, epoch] = [0, 0]
  return () => {
    if (next + batch > order.length) {
      order = permutationValues(foldIn(key, epoch++), count)
      next = 0
    }
    const chosen = tensor([...order.subarray(next, next + batch)], { dtype: 'int32' })
    next += batch
    return samplesAt(training, chosen, sampleAxis)
  }
}

/** The samples at these places, `[samples]` in int32. */
export function samplesAt({ x, y }: Samples, places: Tensor, sampleAxis: number): Samples {
  return { x: gather(x, places, sampleAxis), y: gather(y, places) }
}
