/** What an optimiser is made of: stages, each of which takes the update so far and gives the next, and may remember. */

import type { Tensor, TensorLike, Variable } from '@sensigrad/core'
import type { Parameter } from '../parameter.ts'

/** What a stage makes of an update: what it passes on of it, and what it adds. */
export interface Passed {
  /** The update after this stage; where left out, all that `carry` gives of the update: the stage adds nothing. */
  readonly update?: Tensor
  /**
   * What becomes of a part of the update, all else that the stage computes with being held: linear. The part itself,
   * where left out: whatever the stage changes is then its own part.
   */
  readonly carry?: (part: Tensor) => Tensor
  /** `false` where the update is what `carry` would give of it, and was only found on another way. */
  readonly adds?: boolean
  /** How the stage remembers, where that is linear: then what it gives later can still be told apart by who made it. */
  readonly remembers?: Remembering
}

/** A memory that is linear in what passes, such as momentum: what it holds is a sum over those who made it. */
export interface Remembering {
  /** The slot that it lies in. */
  readonly slot: string
  /**
   * What becomes of a part, and of what the slot held of the same maker; all else that the stage computes with is held.
   * Linear in both together: for all makers summed up, the update and the slot after the stage.
   */
  pass(held: Tensor, part: Tensor): { readonly held: Tensor; readonly part: Tensor }
}

/** Where a stage acts: one parameter at one update. All tensors but the steps are of the parameter's shape and type. */
export interface Place {
  /** The parameter's value before the update. */
  readonly weight: Tensor
  /** The learning rate of this update. */
  readonly rate: TensorLike
  /** The norm of the gradients of all parameters together, without axes. */
  globalNorm(): Tensor
  /** What the stage left in one of its slots. */
  read(slot: string): Tensor
  /** Leaves a value in a slot, once all stages of all parameters have gone well. Returns the value. */
  write(slot: string, value: Tensor): Tensor
}

/** What is kept of a parameter from one update to the next. */
export interface Slot {
  /** What each element is at first. */
  readonly initial: number
  /** Whether it is one number instead of one for each element of the parameter. */
  readonly isScalar?: boolean
}

/**
 * A step of the way from a gradient to the change of a parameter, w ← w - update. It holds nothing by itself: what it
 * remembers lies in slots, so that it can be saved, and captured.
 */
export interface Stage {
  /** What the parts of an update are called after. */
  readonly name: string
  /** What it keeps of each parameter, by name. */
  readonly slots?: Readonly<Record<string, Slot>>
  apply(update: Tensor, at: Place): Passed
}

/** What a stage did to the update of a parameter. */
export interface StageRecord {
  readonly name: string
  readonly before: Tensor
  readonly after: Tensor
  /** What became of a part of the update in this stage. */
  readonly carry: (part: Tensor) => Tensor
  /** Whether the stage has a part of its own: all beyond what it carried. */
  readonly adds: boolean
  /** How it remembers, where it does so linearly. */
  readonly remembers: Remembering | undefined
  /** The stage itself. */
  readonly stage: Stage
}

/** A slot of a stage at one update. */
export interface SlotRecord {
  readonly before: Tensor
  readonly after: Tensor
  /** Where it lies. */
  readonly variable: Variable
}

/** What an update did to a parameter. */
export interface UpdateRecord {
  readonly path: string
  readonly parameter: Parameter
  readonly gradient: Tensor
  /** Each stage, in order. */
  readonly stages: readonly StageRecord[]
  /** What the stages remember, by slot: those that were read and written. */
  readonly slots: ReadonlyMap<string, SlotRecord>
  /** The learning rate. */
  readonly rate: TensorLike
  /** The norm of the gradients of all parameters together, without axes. */
  readonly globalNorm: () => Tensor
  /** The parameter's value before the update, and after it. */
  readonly before: Tensor
  readonly after: Tensor
  /** Whether the update was made, where a captured step decides that: bool, without axes. */
  readonly isMade: Tensor | undefined
}
