/** Which lines of a table are wanted, and in which order. */

import { describeValue, ValueError } from '@sensigrad/core'
import type { EntryRecord } from '../record/record.ts'
import { type Numbers, type Statistic, statisticOf, statistics } from './numbers.ts'

/** A condition on a number of a line. */
export type Condition = (numbers: Numbers) => boolean

const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '=': (a, b) => a === b,
}

/**
 * Reads a condition such as `grad<1e-6`. A line that lacks the number does not fulfil it.
 *
 * @throws ValueError for what is none
 */
export function conditionOf(text: unknown): Condition {
  const parts = typeof text === 'string' ? /^\s*(\w+)\s*(<=|>=|<|>|=)\s*(\S+)\s*$/.exec(text) : null
  const [name, comparison, number] = [parts?.[1], comparisons[parts?.[2] ?? ''], Number(parts?.[3])]
  const statistic = statistics.find(each => each === name)
  if (statistic === undefined || comparison === undefined || Number.isNaN(number)) {
    throw new ValueError(
      'tableOf',
      `${describeValue(text)} is no condition`,
      `Compare one of ${statistics.join(', ')} with a number: 'grad<1e-6'`,
    )
  }
  return numbers => {
    const value = statisticOf(numbers, statistic)
    return value !== undefined && comparison(value, number)
  }
}

/** @throws ValueError for what no line is sorted by */
export function checkStatistic(name: unknown): Statistic {
  const found = statistics.find(each => each === name)
  if (found !== undefined) return found
  throw new ValueError(
    'tableOf',
    `nothing is sorted by ${describeValue(name)}`,
    `Give one of ${statistics.join(', ')}`,
  )
}

/**
 * Puts what has most of a number first: of flow, most in either direction. What lacks the number comes last, whichever
 * way they are sorted.
 */
export function ranked<Line extends { readonly numbers: Numbers }>(
  lines: readonly Line[],
  by: Statistic,
  smallestFirst: boolean,
): Line[] {
  const size = ({ numbers }: Line): number => {
    const value = statisticOf(numbers, by)
    if (value === undefined) return -1
    if (Number.isNaN(value)) return Number.POSITIVE_INFINITY
    return Math.abs(value)
  }
  const sign = smallestFirst ? 1 : -1
  const order = (a: number, b: number) => (a === b ? 0 : a < 0 ? 1 : b < 0 ? -1 : sign * (a < b ? -1 : 1))
  return lines
    .map(line => [size(line), line] as const)
    .sort(([a], [b]) => order(a, b))
    .map(([, line]) => line)
}

/** What an entry does in one word: its function (`tanh`), sign (`+`) or operation (`matmul`). */
export function actionOf({ op, text }: Pick<EntryRecord, 'op' | 'text'>): string {
  if (op !== 'map') return op
  const named = /^([a-zA-Z]\w*)\(/.exec(text)?.[1]
  if (named !== undefined) return named
  if (/^\S+²$/.test(text)) return '²'
  return / ([-+*/<≤=∧∨]) /.exec(text)?.[1] ?? (text.startsWith('-') ? '-' : op)
}

/** Whether an entry is of an operation, which may be called by its function, too: `tanh` is a `map`. */
export const isOf = (entry: EntryRecord, op: string): boolean => entry.op === op || actionOf(entry) === op
