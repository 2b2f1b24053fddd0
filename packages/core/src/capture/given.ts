/**
 * What a run is given besides its arguments: fresh tensors, and the values of variables. Noted down, it is there for
 * another run: the replay of a captured step, or a function that a checkpoint computes again.
 */

import { ValueError } from '../errors.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { isLooking } from './looking.ts'
import { checkGiven, type OpenTrace, openTrace } from './open-trace.ts'
import type { Variable } from './variable.ts'

/** What a run was given. */
export interface Given {
  readonly fresh: readonly Tensor[]
  /** What variables held when they were first read. */
  readonly variables: ReadonlyMap<Variable, Tensor>
}

/** The notes of a run that is going on. */
interface Notes {
  /** Those of the run in which it is a part. */
  readonly outer: Notes | undefined
  /** The step that was being captured when it began: what is made outside of that is no part of the run. */
  readonly trace: OpenTrace | undefined
  /** Fresh tensors that are there already. */
  readonly ready: Tensor[]
  readonly fresh: Tensor[]
  readonly variables: Map<Variable, Tensor>
  /** Whether the run was made before: it is given what that was given, and what it writes, it alone reads. */
  readonly isRepeat: boolean
}

let notes: Notes | undefined

function present(): Notes | undefined {
  return notes !== undefined && notes.trace === openTrace() ? notes : undefined
}

function during<Result>(own: Notes, body: () => Result): Result {
  const before = notes
  notes = own
  try {
    return body()
  } finally {
    notes = before
  }
}

/**
 * Runs `body`, and notes down what it is given.
 *
 * @param ready  fresh tensors that are there already, to be given first
 */
export function noting<Result>(
  body: () => Result,
  ready: readonly Tensor[] = [],
): { result: Result; given: Given } {
  const own = { ready: [...ready], fresh: [], variables: new Map(), isRepeat: false }
  const result = during({ ...own, outer: present(), trace: openTrace() }, body)
  return { result, given: own }
}

/** Runs `body` again, as it was run before: it is given the same, and leaves nothing behind in variables. */
export function repeating<Result>(body: () => Result, { fresh, variables }: Given): Result {
  const own = { ready: [...fresh], fresh: [], variables: new Map(variables), isRepeat: true }
  return during({ ...own, outer: present(), trace: openTrace() }, body)
}

/** Runs `body` as no part of the run that is going on: what it is given is not noted down. */
export function unnoted<Result>(body: () => Result): Result {
  const before = notes
  notes = undefined
  try {
    return body()
  } finally {
    notes = before
  }
}

/**
 * Whether what runs was run before, and is only computed again, as a `checkpoint` does in the sweep: whoever listens to
 * it has heard it already.
 */
export function isRepeating(): boolean {
  for (let run = present(); run !== undefined; run = run.outer) if (run.isRepeat) return true
  return false
}

/**
 * A tensor that is made anew for each step, such as the noise of a dropout: inside of a captured step `make` runs
 * before each replay, elsewhere at once. Give numbers that differ from call to call, from keys that do. What a
 * `checkpoint` computes again is given the tensor of the first time.
 *
 * @param make  gives a tensor, each time of the same shape and type; it runs outside of the captured step
 * @throws BackendError inside of the step of a captured loop, where it would be the same at each step; ValueError in what
 *         `peek` reads, which would take the numbers that the step draws next
 * @example const noise = fresh(() => normal(keys.next(), [8, 100]))
 */
export function fresh(make: () => Tensor): Tensor {
  checkGiven('fresh', make, 'fresh(() => normal(keys.next(), shape))')
  if (isLooking()) throw freshInLook()
  return freshIn(present(), make)
}

function freshIn(run: Notes | undefined, make: () => Tensor): Tensor {
  if (run === undefined) return openTrace()?.fresh(make) ?? make()
  const tensor = run.ready.shift() ?? freshIn(run.outer, make)
  run.fresh.push(tensor)
  return tensor
}

/** What a variable holds for the run that is going on, where `current` tells what it holds. */
export function heldBy(variable: Variable, current: () => Tensor): Tensor {
  return heldIn(present(), variable, current)
}

function heldIn(run: Notes | undefined, variable: Variable, current: () => Tensor): Tensor {
  if (run === undefined) return current()
  const noted = run.variables.get(variable)
  if (noted !== undefined && run.isRepeat) return noted
  const value = heldIn(run.outer, variable, current)
  if (noted === undefined) run.variables.set(variable, value)
  return value
}

/** Whether the run that is going on keeps the next value of a variable to itself, since it was run before. */
export function keepsToItself(variable: Variable, next: Tensor): boolean {
  for (let run = present(); run !== undefined; run = run.outer) {
    if (!run.isRepeat) continue
    run.variables.set(variable, next)
    return true
  }
  return false
}

function freshInLook(): ValueError {
  return new ValueError(
    'fresh',
    'what peek reads asks for a fresh tensor, and so would change what is drawn after it',
    'Make it in the step itself, or turn off what draws, such as dropout',
  )
}
