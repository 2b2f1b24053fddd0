/** Entries of a tape, computed again elsewhere: on another backend, or in double precision. */

import { type Backend, type Entry, isFloat, Tensor, tensor, ValueError, withScope } from '@sensigrad/core'

/** Where, and how precisely, entries are computed again. */
export interface Place {
  readonly backend: Backend
  /** Whether floats are computed in float64, whatever type they have. */
  readonly inDouble: boolean
}

/** A tensor at another place: itself where it is there already. */
export async function copyOf(x: Tensor, { backend, inDouble }: Place): Promise<Tensor> {
  const dtype = inDouble && isFloat(x.dtype) ? 'float64' : x.dtype
  if (x.backend === backend && x.dtype === dtype) return x
  return tensor(await x.data(), { shape: x.shape, dtype, backend })
}

/** An entry's attributes at another place: tensors among them are copied, and what casts to a float gives that of the place. */
export async function attributesAt(entry: Entry, place: Place): Promise<unknown> {
  const { attributes } = entry
  if (typeof attributes !== 'object' || attributes === null) return attributes
  const fields = Object.entries(attributes)
  const isCast = entry.op.name === 'cast' && place.inDouble
  if (!isCast && !fields.some(([, value]) => value instanceof Tensor)) return attributes
  const copied = fields.map(async ([name, value]) => {
    if (value instanceof Tensor) return [name, await copyOf(value, place)] as const
    return [name, isCast && value === 'float32' ? 'float64' : value] as const
  })
  return Object.fromEntries(await Promise.all(copied))
}

/** Why an entry cannot be computed again from its inputs; `undefined` where it can. */
export function whyFixed({ op, attributes }: Entry): string | undefined {
  // their definitions hand out results that were computed before the entry was written
  if (Array.isArray((attributes as { results?: unknown } | undefined)?.results)) {
    return `a ${op.name} is not computed from its entry. Record without it to see what lies inside`
  }
  return 'apply' in op ? undefined : `${op.name} has no value of its own`
}

/** Computes an entry's operation for other inputs, in the module in which it was computed. */
export function applied(entry: Entry, inputs: readonly Tensor[], attributes: unknown): readonly Tensor[] {
  const why = whyFixed(entry)
  if (why !== undefined) throw new ValueError('replay', `${entry.op.name} cannot be replayed`, why)
  const { apply } = entry.op as unknown as Applicable
  const made = withScope(entry.scope, () => apply(inputs, attributes))
  return made instanceof Tensor ? [made] : made
}

/** What every operation that was defined has, of either kind. */
interface Applicable {
  readonly apply: (inputs: readonly Tensor[], attributes: unknown) => Tensor | readonly Tensor[]
}
