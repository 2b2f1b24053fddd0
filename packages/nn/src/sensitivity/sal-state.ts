/** What SAL needs to go on from where it was: averages, what is frozen, and how many adjustments there were. */

import { describeValue, ShapeError, type State, Tensor, ValueError } from '@sensigrad/core'
import { copyOf, movedTo } from '../fitting.ts'
import type { Adjustment } from './adjustment.ts'
import type { Attachment } from './attachment.ts'

const parts = ['sensitivity', 'average', 'gate'] as const

/** The state by path of attachment; of units that have not been adjusted only whether they are frozen. */
export function stateOf(attached: readonly Attachment[], adjustments: number): State {
  const state: Record<string, State[string]> = { adjustments }
  for (const { path, isFrozen, last } of attached) {
    state[`${path}.isFrozen`] = isFrozen
    if (last === undefined) continue
    for (const part of parts) state[`${path}.${part}`] = copyOf(last[part])
  }
  return state
}

/**
 * Reads a state.
 *
 * @returns how many adjustments there were, and the function that puts all else back
 * @throws ValueError or ShapeError when it is not of what is attached; then nothing has changed
 */
export function readState(
  attached: readonly Attachment[],
  state: State,
): { adjustments: number; putBack: () => void } {
  if (typeof state !== 'object' || state === null) {
    throw new ValueError('SAL.restore', `the state is ${describeValue(state)}`, 'Give what sal.state() gave')
  }
  checkNames(attached, state)
  const { adjustments } = state
  if (!Number.isSafeInteger(adjustments) || Number(adjustments) < 0) {
    throw wrong('adjustments', adjustments, 'It is how many there were')
  }
  const changes = attached.map(attachment => {
    const isFrozen = state[`${attachment.path}.isFrozen`]
    if (typeof isFrozen !== 'boolean')
      throw wrong(`${attachment.path}.isFrozen`, isFrozen, 'It is true or false')
    const last = lastOf(attachment, state)
    return () => {
      attachment.isFrozen = isFrozen
      attachment.last = last
    }
  })
  return {
    adjustments: Number(adjustments),
    putBack: () => {
      for (const change of changes) change()
    },
  }
}

/** @throws ValueError unless each name is that of something attached, and all that is attached is named */
function checkNames(attached: readonly Attachment[], state: State): void {
  const needed = ['adjustments', ...attached.map(({ path }) => `${path}.isFrozen`)]
  const known = new Set([...needed, ...attached.flatMap(({ path }) => parts.map(part => `${path}.${part}`))])
  const missing = needed.filter(name => !Object.hasOwn(state, name))
  const unknown = Object.keys(state).filter(name => !known.has(name))
  if (missing.length + unknown.length === 0) return
  const problems = [
    ...(missing.length > 0 ? [`lacks ${missing.join(', ')}`] : []),
    ...(unknown.length > 0 ? [`has ${unknown.join(', ')}, which is not attached`] : []),
  ]
  throw new ValueError(
    'SAL.restore',
    `the state ${problems.join(' and ')}`,
    'Attach first what was attached when the state was taken',
  )
}

/** @throws ValueError or ShapeError unless all parts are there and fit, or none is there */
function lastOf(attachment: Attachment, state: State): Adjustment | undefined {
  const { path, like, population } = attachment
  const given = parts.map(part => state[`${path}.${part}`])
  if (given.every(part => part === undefined)) return undefined
  const { backend, dtype } = population.parameters[0]!.value
  const first = given.find(part => part instanceof Tensor)
  const [sensitivity, average, gate] = given.map((part, i) => {
    const name = `${path}.${parts[i]}`
    if (!(part instanceof Tensor)) throw wrong(name, part, 'It is a tensor')
    const expected = String(like ?? first)
    if (String(part) !== expected || part.rank !== 1 || part.dtype !== dtype) {
      throw new ShapeError(
        'SAL.restore',
        `${name} is ${part}, and what is attached ${like ?? `of ${dtype}`}`,
        'Give a state of as many units of the same type',
      )
    }
    return movedTo('SAL.restore', name, part, backend)
  }) as [Tensor, Tensor, Tensor]
  attachment.checkUnits(average.size)
  return { sensitivity, average, gate }
}

function wrong(name: string, value: unknown, remedy: string): ValueError {
  return new ValueError('SAL.restore', `${name} is ${describeValue(value)}`, remedy)
}
