/**
 * Module scopes: the path (`layers.7.dense`) of the module that is computing right now. Entries on the tape
 * and error messages carry it, so that every number and every complaint can say where it came from.
 */

let current = ''

/** The path of the innermost module scope, or `''` outside all modules. */
export function currentScope(): string {
  return current
}

/** Opens the scope with this path in place of the one that is open, which it returns: put it back at the end. */
export function exchangeScope(path: string): string {
  const outer = current
  current = path
  return outer
}

/** Runs `body` in the scope with this path, whatever scope is open: for rules, which belong where their entry was made. */
export function inScope<Result>(path: string, body: () => Result): Result {
  const outer = exchangeScope(path)
  try {
    return body()
  } finally {
    current = outer
  }
}

/**
 * Runs `body` inside the scope `name`, nested below the scope that is open now.
 *
 * @param name  one or more path segments (`'dense'`, `'layers.7'`); `''` opens nothing
 * @returns what `body` returns
 * @example withScope('encoder', () => x.matmul(w)) // the entry's scope is 'encoder'
 */
export function withScope<Result>(name: string, body: () => Result): Result {
  if (name === '') return body()
  return inScope(current === '' ? name : `${current}.${name}`, body)
}
