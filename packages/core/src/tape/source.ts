/** Where in the user's code an operation was asked for, while somebody wants to know: it is never free. */

import { describeValue, ValueError } from '../errors.ts'

/**
 * Whether places are noted. A recorded operation asks for no more than this while they are not.
 *
 * @internal
 */
export let notesSources = false

/** What knows its place, without a field for that in all those that do not. */
const traces = new WeakMap<object, Error>()

/** Errors, with what V8 lets say of them. */
const limited = Error as ErrorConstructor & { stackTraceLimit?: number | undefined }

/** This file; nothing where a bundler has taken that away. */
const { url: here = '' } = import.meta as { url?: string }

/** How many calls lie between an operation and the user's code at most: those of layers, transforms and the engine. */
const deepest = 64

/**
 * Runs `body`, and notes for each entry that is recorded in it, and each instruction of a step that is captured, where in
 * your code it was asked for: `sourceOf` tells. It costs some microseconds an operation, so it is for looking, not for
 * training.
 *
 * @param body  a synchronous function
 * @returns what the body returns
 * @throws  ValueError for what is no function
 * @example const tape = withSources(() => record(loss, weights))
 */
export function withSources<Result>(body: () => Result): Result {
  if (typeof body !== 'function') {
    throw new ValueError(
      'withSources',
      `the function is ${describeValue(body)}`,
      'Give one: withSources(() => record(f, x))',
    )
  }
  const outer = notesSources
  notesSources = true
  try {
    return body()
  } finally {
    notesSources = outer
  }
}

/** Notes where something is made: as an error, which is cheap until its text is asked for. */
export function noteSource(made: object): void {
  const { stackTraceLimit } = limited
  limited.stackTraceLimit = deepest
  traces.set(made, new Error())
  limited.stackTraceLimit = stackTraceLimit
}

/**
 * Where in your code something was made: the innermost call that is not one of sensigrad's own. A rule of the reverse
 * sweep belongs to the call that asked for the gradient.
 *
 * @param made  an entry of a tape, or an instruction that `examine` gives
 * @returns file, line and column, such as `/home/ada/model.ts:31:14`; `undefined` unless it was made in `withSources`, or
 *          where the file says nothing, as in a bundle that holds sensigrad too, or stacks are no text, since a program
 *          set `Error.prepareStackTrace`
 * @example tape.entries.map(sourceOf)
 */
export function sourceOf(made: object): string | undefined {
  const stack: unknown = traces.get(made)?.stack
  return typeof stack === 'string' ? firstOutside(stack, here) : undefined
}

/**
 * The first place in a stack, as engines write it, that lies outside of the packages beside the one of this file.
 *
 * @internal
 */
export function firstOutside(stack: string, here: string): string | undefined {
  const isOwn = ownFiles(here)
  for (const line of stack.split('\n')) {
    // V8 writes `at f (file:line:column)`, others `f@file:line:column`
    const place = /(?:\(|@|at (?:async )?)?((?:[a-z-]+:\/\/|\/|[A-Z]:\\)[^()]*:\d+:\d+)\)?$/.exec(
      line.trim(),
    )?.[1]
    if (place !== undefined && !isOwn(plain(place))) return plain(place)
  }
  return undefined
}

/** Whether a file is one of sensigrad's: a library beside core in the repository, or an installed one. */
function ownFiles(here: string): (place: string) => boolean {
  const packages = /^(.*\/)core\/(?:src|dist)\//.exec(plain(here))?.[1]
  return place => {
    if (/\/node_modules\/(?:@sensigrad\/|sensigrad\/)/.test(place)) return true
    if (packages === undefined || !place.startsWith(packages)) return false
    const inside = place.slice(packages.length)
    return libraries.test(inside) && !/\.test\.[a-z]+:/.test(inside)
  }
}

/** The packages that compute for others; what lies in the rest, such as a study, is somebody's program. */
const libraries =
  /^(?:blas|core|dynamics|inspect|io|linalg|nn|sensigrad|testing|backend-[a-z]+)\/(?:src|dist)\//

/** A path as people write it: without the scheme of files, and without the query that a development server adds. */
function plain(url: string): string {
  const path = url.replace(/^file:\/\/(?=\/)/, '').replace(/\?[^:]*/, '')
  return path.includes('%') ? decoded(path) : path
}

function decoded(path: string): string {
  try {
    return decodeURI(path)
  } catch {
    return path // a percent sign of its own
  }
}
