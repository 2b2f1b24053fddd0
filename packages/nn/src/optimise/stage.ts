/** What an optimiser is made of: stages, each of which takes the update so far and gives the next, and may remember. */

import { type Tensor, type TensorLike, where } from '@sensigrad/core'

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
}

/** What an update did to a parameter. */
export interface UpdateRecord {
  readonly path: string
  readonly gradient: Tensor
  /** Each stage, in order. */
  readonly stages: readonly StageRecord[]
  /** The parameter's value before the update, and after it. */
  readonly before: Tensor
  readonly after: Tensor
  /** Whether the update was made, where a captured step decides that: bool, without axes. */
  readonly isMade: Tensor | undefined
}

/** A part of the change of a parameter, and who made it: `gradient` or a stage. */
export interface UpdatePart {
  readonly name: string
  readonly change: Tensor
}

/**
 * The parts that a change of a parameter consists of. Each stage passes on what was there before it, scaled by what it
 * held at that update (a rate, the second moment of Adam), and adds a part of its own. Together they are
 * `after - before`, up to rounding.
 *
 * @returns the part of the gradient, and those of the stages that added something
 * @example optimiser.onUpdate(record => { for (const { name, change } of partsOf(record)) … })
 */
export function partsOf({ gradient, stages, isMade }: UpdateRecord): UpdatePart[] {
  let parts: UpdatePart[] = [{ name: 'gradient', change: gradient }]
  for (const { name, before, after, carry, adds } of stages) {
    parts = parts.map(part => ({ ...part, change: carry(part.change) }))
    if (adds) parts.push({ name, change: after.sub(carry(before)) })
  }
  return parts.map(({ name, change }) => {
    const moved = change.neg()
    return { name, change: isMade === undefined ? moved : where(isMade, moved, 0) }
  })
}
