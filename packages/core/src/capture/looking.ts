/** Whether what runs is looked at, and whether it may do more than look. */

/** `muted` while a step runs a second time, so that nobody is told twice; `looking` while what is told is computed. */
let state: 'told' | 'muted' | 'looking' = 'told'

/** Whether nobody is told of what is looked at now. */
export function isMuted(): boolean {
  return state !== 'told'
}

/** Whether what runs is only a look at something else: it must leave no traces. */
export function isLooking(): boolean {
  return state === 'looking'
}

/** Runs `body` without telling anybody of it; what is only a look stays one. */
export function muted<Result>(body: () => Result): Result {
  return during(state === 'looking' ? 'looking' : 'muted', body)
}

/** Runs `body`, which may compute, but not change what is computed elsewhere. */
export function looking<Result>(body: () => Result): Result {
  return during('looking', body)
}

function during<Result>(next: typeof state, body: () => Result): Result {
  const outer = state
  state = next
  try {
    return body()
  } finally {
    state = outer
  }
}
