/** The language of `einsum`: which axes each operand has, and which the result, by name. */

import { describeValue, ShapeError, ValueError } from '../errors.ts'

/** The names of the axes: a letter, or `.1`, `.2`, … for those of an ellipsis, counted from its last. */
export interface Subscripts {
  readonly terms: readonly (readonly string[])[]
  readonly result: readonly string[]
}

const ellipsis = '...'

/**
 * The axes that subscripts such as `'...ij,jk->...ik'` name, for operands of these ranks.
 *
 * @throws ValueError where they say nothing clear, or not for so many operands; ShapeError when they do not fit
 *         the ranks
 */
export function parseSubscripts(
  operation: string,
  subscripts: unknown,
  ranks: readonly number[],
): Subscripts {
  if (typeof subscripts !== 'string') {
    throw new ValueError(
      operation,
      `the subscripts are ${describeValue(subscripts)}`,
      "Give text, then the operands: einsum('ij,jk->ik', a, b)",
    )
  }
  const [given, wanted, ...more] = subscripts.replaceAll(' ', '').split('->')
  if (more.length > 0) {
    throw new ValueError(operation, `'${subscripts}' has two arrows`, 'Give one result, after one ->')
  }
  const parts = given!.split(',').map(part => namesIn(operation, part))
  if (parts.length !== ranks.length) {
    throw new ValueError(
      operation,
      `'${subscripts}' names ${parts.length} operands, but ${ranks.length} were given`,
      'Give the letters of each operand, with commas between',
    )
  }
  const terms = parts.map((names, i) => expand(operation, names, ranks[i]!, i))
  const hidden = terms.reduce((most, term) => Math.max(most, term.filter(isHidden).length), 0)
  if (wanted === undefined) return { terms, result: [...hiddenNames(hidden), ...lettersOnce(terms)] }
  return { terms, result: resultNames(operation, namesIn(operation, wanted), terms, hidden) }
}

/** The letters and the ellipsis of one operand. */
function namesIn(operation: string, part: string): readonly string[] {
  const names: readonly string[] = part.match(/\.\.\.|./gsu) ?? []
  const strange = names.find(name => !/^([A-Za-z]|\.\.\.)$/.test(name))
  if (strange !== undefined) {
    throw new ValueError(
      operation,
      `'${strange}' is no index`,
      "Name axes by letters, or several by '...', with commas between the operands",
    )
  }
  if (names.indexOf(ellipsis) === names.lastIndexOf(ellipsis)) return names
  throw new ValueError(
    operation,
    `'${part}' has two ellipses`,
    "Let one '...' stand for the axes without a name",
  )
}

const isHidden = (name: string) => name.startsWith('.')

/** Names for the axes of an ellipsis: equal ones go together, counted from the last. */
function hiddenNames(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `.${count - i}`)
}

function expand(operation: string, names: readonly string[], rank: number, i: number): string[] {
  const letters = names.filter(name => name !== ellipsis).length
  if (names.includes(ellipsis) ? rank < letters : rank !== letters) {
    throw new ShapeError(
      operation,
      `'${names.join('')}' names ${letters} axes, but operand ${i} has ${rank}`,
      "Give one letter for each axis; '...' stands for those without one",
    )
  }
  return names.flatMap(name => (name === ellipsis ? hiddenNames(rank - letters) : [name]))
}

/** The letters that occur in one operand once, in alphabetical order: the result where it is not said. */
function lettersOnce(terms: readonly (readonly string[])[]): string[] {
  const all = terms.flat().filter(name => !isHidden(name))
  return all.filter(name => all.indexOf(name) === all.lastIndexOf(name)).sort()
}

function resultNames(
  operation: string,
  names: readonly string[],
  terms: readonly (readonly string[])[],
  hidden: number,
): string[] {
  for (const [i, name] of names.entries()) {
    if (names.indexOf(name) !== i) {
      throw new ValueError(operation, `the result names the index '${name}' twice`, 'Name each index once')
    }
    if (name === ellipsis || terms.some(term => term.includes(name))) continue
    throw new ValueError(
      operation,
      `the result's index '${name}' occurs in no operand`,
      'Name indices of the operands',
    )
  }
  if (hidden > 0 && !names.includes(ellipsis)) {
    throw new ValueError(
      operation,
      "the result lacks '...'",
      "Its axes are not summed over: add '...' after ->",
    )
  }
  return names.flatMap(name => (name === ellipsis ? hiddenNames(hidden) : [name]))
}
