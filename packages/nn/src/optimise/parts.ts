/** Whose an update is: the parts of a change, by stage or by source, and what it would have been without a stage. */

import { type Tensor, ValueError, where, zerosLike } from '@sensigrad/core'
import type { Place, StageRecord, UpdateRecord } from './stage.ts'

/** A part of the change of a parameter, and who made it: `gradient` or a stage. */
export interface UpdatePart {
  readonly name: string
  readonly change: Tensor
}

/**
 * The parts that a change of a parameter consists of. Each stage passes on what was there before it, scaled by what it
 * held at that update (a rate, the second moment of Adam), and adds a part of its own; that of momentum is all that it
 * kept of earlier updates. Together they are `after - before`, up to rounding.
 *
 * @returns the part of the gradient, and those of the stages that added something
 * @example optimiser.onUpdate(record => { for (const { name, change } of partsOf(record)) … })
 */
export function partsOf(record: UpdateRecord): UpdatePart[] {
  let parts: UpdatePart[] = [{ name: 'gradient', change: record.gradient }]
  for (const { name, before, after, carry, adds } of record.stages) {
    parts = parts.map(part => ({ ...part, change: carry(part.change) }))
    if (adds) parts.push({ name, change: after.sub(carry(before)) })
  }
  return parts.map(({ name, change }) => ({ name, change: made(record, change.neg(), 0) }))
}

/** What memories that are linear hold, by slot, and there by who made it. */
export type HeldBySource = ReadonlyMap<string, ReadonlyMap<string, Tensor>>

/** The source of what a memory holds and nobody is known to have put there: what came before anybody looked. */
export const earlier = 'earlier'

/**
 * The parts that a change of a parameter consists of, by who made them, however long ago: what momentum gives belongs to
 * the gradients, the clipping and the decay that it was made of. For that, hand in what the call at the last update of
 * this parameter gave as `held`. Together the parts are `after - before`, up to rounding.
 *
 * @param held  what the memories hold by source; nothing at first, and then all that they hold is `earlier`
 * @returns the parts, and what the memories hold after the update
 * @throws ValueError when a stage says that it remembers in a slot that it does not read and write
 * @example
 * const held = new Map<string, HeldBySource>()
 * optimiser.onUpdate(record => {
 *   const sources = sourcesOf(record, held.get(record.path))
 *   held.set(record.path, sources.held)
 * })
 */
export function sourcesOf(
  record: UpdateRecord,
  held: HeldBySource = new Map(),
): { readonly parts: UpdatePart[]; readonly held: HeldBySource } {
  let parts = new Map([['gradient', record.gradient]])
  const next = new Map<string, ReadonlyMap<string, Tensor>>()
  for (const stage of record.stages) {
    const { name, before, after, carry, adds, remembers } = stage
    if (remembers !== undefined) {
      const through = remembered(record, stage, parts, held.get(remembers.slot) ?? new Map())
      parts = through.parts
      next.set(remembers.slot, through.held)
      continue
    }
    parts = new Map([...parts].map(([source, part]) => [source, carry(part)]))
    if (!adds) continue
    const own = after.sub(carry(before))
    parts.set(name, parts.get(name)?.add(own) ?? own)
  }
  const changes = [...parts].map(([name, part]) => ({ name, change: made(record, part.neg(), 0) }))
  return { parts: changes, held: next }
}

/** Leads parts through a memory. What it holds beyond what is known is `earlier`, found anew each time. */
function remembered(
  record: UpdateRecord,
  { name, remembers }: StageRecord,
  parts: ReadonlyMap<string, Tensor>,
  known: ReadonlyMap<string, Tensor>,
): { readonly parts: Map<string, Tensor>; readonly held: Map<string, Tensor> } {
  const { slot, pass } = remembers!
  const whole = record.slots.get(slot)?.before
  if (whole === undefined) {
    throw new ValueError(
      'sourcesOf',
      `the stage ${name} says that it remembers in ${slot}, but does not read and write that slot`,
      'Name the slot whose value it adds to',
    )
  }
  const rest = [...known.values()].reduce((rest, held) => rest.sub(held), whole)
  const nothing = zerosLike(whole)
  const before = new Map([...known, [earlier, rest]])
  const all = [...new Set([...parts.keys(), ...before.keys()])].map(source => {
    const held = before.get(source) ?? nothing
    return { source, held, passed: pass(held, parts.get(source) ?? nothing) }
  })
  return {
    parts: new Map(all.map(({ source, passed }) => [source, passed.part])),
    held: new Map(
      all
        .filter(({ source }) => source !== earlier)
        .map(({ source, held, passed }) => [source, made(record, passed.held, held)]),
    ),
  }
}

/**
 * What an update would have been without some of its stages, on the same gradients: with slots of its own, which go
 * their own way from update to update.
 *
 * @param isLeftOut  says of a stage, by its name, whether it is left out
 * @param read       gives what a slot holds on that way
 * @returns the change of the parameter, and what the slots hold after it
 * @example changeWithout(record, stage => stage.startsWith('clip'), slot => slots.get(slot)!)
 */
export function changeWithout(
  record: UpdateRecord,
  isLeftOut: (stage: string) => boolean,
  read: (slot: string) => Tensor,
): { readonly change: Tensor; readonly slots: ReadonlyMap<string, Tensor> } {
  const slots = new Map<string, Tensor>()
  const { before: weight, rate, globalNorm } = record
  const write = (slot: string, value: Tensor) => {
    slots.set(slot, made(record, value, read(slot)))
    return value
  }
  const at: Place = { weight, rate, globalNorm, read, write }
  let update = record.gradient
  for (const { stage } of record.stages) {
    if (isLeftOut(stage.name)) continue
    const { update: after, carry = part => part } = stage.apply(update, at)
    update = after ?? carry(update)
  }
  return { change: made(record, update.neg(), 0), slots }
}

/** A value where the update is made, and another where it is refused. */
function made({ isMade }: UpdateRecord, value: Tensor, otherwise: Tensor | number): Tensor {
  return isMade === undefined ? value : where(isMade, value, otherwise)
}
