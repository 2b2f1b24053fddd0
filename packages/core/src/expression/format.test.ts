/** Expressions are written as people write them, with the parentheses that they need and no others. */
import { describe, expect, test } from 'vitest'
import { constant, type Expression, input } from './expression.ts'
import { formatExpression } from './format.ts'
import { e } from './functions.ts'

const [a, b, c] = [input(0), input(1), input(2)]

describe('an expression is written', () => {
  test.each<[string, Expression]>([
    ['a + b * c', e.add(a, e.mul(b, c))],
    ['(a + b) * c', e.mul(e.add(a, b), c)],
    ['a - (b - c)', e.sub(a, e.sub(b, c))],
    ['a - b - c', e.sub(e.sub(a, b), c)],
    ['a / (b * c)', e.div(a, e.mul(b, c))],
    ['-(a + b)', e.neg(e.add(a, b))],
    ['-a * b', e.mul(e.neg(a), b)],
    ['-a²', e.neg(e.square(a))],
    ['(-a)²', e.square(e.neg(a))],
    ['(a²)²', e.square(e.square(a))],
    ['(a * b)²', e.square(e.mul(a, b))],
    ['(-2)²', e.square(-2)],
    ['a * -2', e.mul(a, -2)],
    ['tanh(a + b)', e.tanh(e.add(a, b))],
    ['where(a < b ∧ b ≤ c, a, -1)', e.where(e.and(e.less(a, b), e.lessEqual(b, c)), a, -1)],
    ['a = b ∨ not(a < c)', e.or(e.equal(a, b), e.not(e.less(a, c)))],
    ['0.1', constant(0.1)],
  ])('%s', (text, expression) => {
    expect(formatExpression(expression, ['a', 'b', 'c'])).toBe(text)
  })

  test('with x0, x1, … for names that are not given, and a name for the output', () => {
    expect(formatExpression(e.add(a, b))).toBe('x0 + x1')
  })
})
