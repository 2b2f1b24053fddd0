/** What goes on from where it was: a module, an optimiser, SAL, a stream of keys, each as plain values by path. */

import type { Tensor } from './tensor/tensor.ts'

/** All that a part of a training needs to go on, by path, such as `layers.7.weight`. */
export type State = Readonly<Record<string, Tensor | number | string | boolean>>

/** A part of a training that can be written down and put back. */
export interface Stateful {
  /** What it would need to go on from here, as values that later steps do not change. */
  state(): State
  /**
   * Goes on from such a state.
   *
   * @throws ValueError or ShapeError when the state is not of a part like this one; then nothing has changed
   */
  restore(state: State): void
}
