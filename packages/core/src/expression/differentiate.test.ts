/** Derivatives of expressions are the expressions that one would write, no longer than need be. */
import { describe, expect, test } from 'vitest'
import { derivativeInTermsOfOutput, differentiate, forwardRule, reverseRule } from './differentiate.ts'
import { constant, type Expression, input, output } from './expression.ts'
import { formatExpression } from './format.ts'
import { e } from './functions.ts'

const [x, y] = [input(0), input(1)]
const slope = (expression: Expression, index = 0) =>
  formatExpression(differentiate(expression, index), ['x', 'z'])

describe('the derivative', () => {
  test.each<[string, Expression, string]>([
    ['of tanh, in terms of itself', e.tanh(x), '1 - y²'],
    ['of exp, which is itself', e.exp(x), 'y'],
    ['of an inner function, which is computed again', e.exp(e.sin(x)), 'y * cos(x)'],
    ['of a product', e.mul(x, e.sin(x)), 'sin(x) + x * cos(x)'],
    ['of a constant', constant(3), '0'],
    ['of what depends on x in a comparison only', e.where(e.less(x, 0), 1, 2), '0'],
    ['of a choice, which is a choice', e.where(e.less(x, 0), e.log(x), x), 'where(x < 0, reciprocal(x), 1)'],
    ['of another input', y, '0'],
    ['of the input itself', x, '1'],
    ['of a sum, without the part that stands still', e.add(e.exp(y), x), '1'],
  ])('%s', (_, expression, written) => {
    expect(slope(expression)).toBe(written)
  })

  test('is taken by each input', () => {
    expect([0, 1].map(index => slope(e.div(x, y), index))).toEqual(['reciprocal(z)', '-(y / z)'])
  })
})

describe('the derivative in terms of output', () => {
  const derivative = (f: Expression, order: number) =>
    formatExpression(derivativeInTermsOfOutput(f, order), ['x', 'y'])

  test('of tanh', () => {
    expect([1, 2].map(order => derivative(e.tanh(x), order))).toEqual(['1 - y²', '-(y * 2) * (1 - y²)'])
  })
  test('of exp is y, to any order', () => {
    expect([1, 2, 3].map(order => derivative(e.exp(x), order))).toEqual(['y', 'y', 'y'])
  })
  test('of what needs its input as well', () => {
    expect(derivative(e.softplus(x), 2)).toBe('sigmoid(x) * (1 - sigmoid(x))')
  })
})

describe('a rule of map', () => {
  test('passes the cotangent through a sum', () => {
    expect(reverseRule(e.add(x, y), 1)).toBe('pass')
  })
  test('is none where nothing flows', () => {
    expect([reverseRule(e.sign(x), 0), reverseRule(e.exp(x), 1), forwardRule(e.sign(x), [0])]).toEqual(
      Array(3).fill('none'),
    )
  })
  test('reads only what it needs: ḡ and y for exp', () => {
    expect(reverseRule(e.exp(x), 0)).toEqual({ expression: e.mul(input(0), input(1)), operands: [0, 1] })
  })
  test('is made once', () => {
    expect(reverseRule(e.tanh(x), 0)).toBe(reverseRule(e.tanh(x), 0))
    expect(forwardRule(e.mul(x, y), [0, 1])).toBe(forwardRule(e.mul(x, y), [0, 1]))
  })
  test('adds up the tangents of all inputs in one expression', () => {
    const rule = forwardRule(e.mul(x, y), [0, 1])
    expect(rule).not.toBe('none')
    if (rule === 'none') return
    const names = ['y', 'a', 'ȧ', 'b', 'ḃ']
    expect(
      formatExpression(
        rule.expression,
        rule.operands.map(i => names[i]!),
      ),
    ).toBe('b * ȧ + a * ḃ')
  })
  test('leaves out inputs that stand still', () => {
    expect(forwardRule(e.mul(x, y), [1])).toEqual({ expression: e.mul(input(0), input(1)), operands: [1, 4] })
  })
})

describe('a choice among slopes', () => {
  const names = ['g', 'y', 'a', 'b']
  const written = (expression: Expression, index = 0) => {
    const rule = reverseRule(expression, index)
    if (typeof rule === 'string') return rule
    return formatExpression(
      rule.expression,
      rule.operands.map(i => names[i]!),
    )
  }

  test('chooses among products, so that an infinite cotangent is not multiplied by 0', () => {
    expect(written(e.relu(x))).toBe('where(0 < a, g, 0)')
    expect(written(e.maximum(x, y))).toBe('where(b < a, g, where(a = b, g * 0.5, 0))')
    expect(written(e.square(e.relu(x)))).toBe('where(0 < a, g * (relu(a) * 2), 0)')
  })
  test('chooses among tangents', () => {
    const rule = forwardRule(e.relu(x), [0])
    expect(rule).toEqual({ expression: e.where(e.less(0, x), y, 0), operands: [1, 2] })
  })
  test('decides once where two factors hang on one condition', () => {
    const isBelow = e.less(x, 0)
    expect(slope(e.mul(e.where(isBelow, e.exp(x), x), e.where(isBelow, e.sin(x), 1)))).toBe(
      'where(x < 0, sin(x) * exp(x), 1) + where(x < 0, exp(x) * cos(x), 0)',
    )
  })
  test('leaves a choice of 0 in every branch out', () => {
    expect(slope(e.relu(e.where(e.less(x, 0), 1, 2)))).toBe('0')
  })
  test('stays small when choices nest', () => {
    let deepest: Expression = x
    for (let i = 0; i < 40; i++) deepest = e.maximum(deepest, e.mul(deepest, 1 + i))
    const nodes = new Set<Expression>()
    const count = (node: Expression): void => {
      if (nodes.has(node)) return
      nodes.add(node)
      if (node.kind === 'call') node.operands.forEach(count)
    }
    count(differentiate(deepest, 0))
    expect(nodes.size).toBeLessThan(100_000)
  })
})

test('the output node stands for the value of the whole expression only', () => {
  expect(differentiate(e.neg(e.exp(x)), 0)).toBe(e.neg(e.exp(x)))
  expect(differentiate(e.exp(x), 0)).toBe(output)
})
