/** The reverse rule of an entry as text, in letters and in numbers: that of a map is its expression, differentiated. */

import { type Entry, type Expression, expressions, type MapAttributes } from '@sensigrad/core'
import { ruleOf } from './rules.ts'

const { differentiate, e, formatExpression, input, inputsOf, substitute } = expressions

/**
 * The cotangent of a map's input, as an expression over ȳ (input 0), y (input 1) and the inputs of the map (from input 2 on).
 */
export function reverseExpression(expression: Expression, index: number): Expression {
  const slope = substitute(differentiate(expression, index), i => input(i + 2), input(1))
  return slope === expressions.constant(0) ? slope : e.mul(input(0), slope)
}

/** What the inputs of an entry are called in its formulas: `x`, or `x0`, `x1`, … where there are several. */
export function inputNames(count: number): string[] {
  return count === 1 ? ['x'] : Array.from({ length: count }, (_, i) => `x${i}`)
}

/** The value of an entry in letters: `y = tanh(x)`. */
export function valueFormula({ op, inputs, attributes }: Entry): string {
  if (op.name !== 'map') return ruleOf(op)?.value ?? `y = ${op.format(inputNames(inputs.length), attributes)}`
  return `y = ${formatExpression((attributes as MapAttributes).expression, inputNames(inputs.length))}`
}

/** What an entry sends to an input, in letters: `x̄ = ȳ * (1 - y²)`. */
export function reverseFormula({ op, inputs, attributes }: Entry, index: number): string {
  if (op.name !== 'map') {
    const { reverse } = ruleOf(op) ?? { reverse: [] }
    return (
      reverse[Math.min(index, reverse.length - 1)] ?? `${barred(inputs.length, index)}: a rule of its own`
    )
  }
  const names = ['ȳ', 'y', ...inputNames(inputs.length)]
  const rule = reverseExpression((attributes as MapAttributes).expression, index)
  return `${barred(inputs.length, index)} = ${formatExpression(rule, names)}`
}

/** The rule of a map's input with the numbers of one element in it: `-0.8026 * (1 - 0.1974²)`. */
export function reverseNumbers(
  expression: Expression,
  index: number,
  { g, y, xs }: { readonly g: number; readonly y: number; readonly xs: readonly number[] },
  write: (x: number) => string,
): string {
  const rule = reverseExpression(expression, index)
  // a number that stands behind a sign, or is raised to a power, needs brackets when it has a sign itself
  const names = [g, y, ...xs].map(x => (x < 0 || Object.is(x, -0) ? `(${write(x)})` : write(x)))
  const text = formatExpression(rule, names)
  return text.startsWith(`${names[0]} `) ? `${write(g)}${text.slice(names[0]!.length)}` : text
}

/** Whether the rule of a map's input says no more than that ȳ passes, so that numbers would add nothing. */
export function isPlain(expression: Expression, index: number): boolean {
  return inputsOf(reverseExpression(expression, index)).every(each => each === 0)
}

function barred(count: number, index: number): string {
  return count === 1 ? 'x̄' : `x̄${index}`
}
