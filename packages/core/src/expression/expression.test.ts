/** Equal expressions are one object, simplified without changing a bit, and their types are known. */
import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { call, constant, input, inputsOf, output, substitute } from './expression.ts'
import { e } from './functions.ts'
import { signatureOf } from './signature.ts'

const [x, y] = [input(0), input(1)]

describe('interning', () => {
  test('makes equal trees one object', () => {
    expect(e.mul(x, e.sub(1, e.square(y)))).toBe(e.mul(input(0), e.sub(constant(1), e.square(input(1)))))
  })
  test('keeps different trees apart', () => {
    const different = [
      x,
      y,
      output,
      constant(0),
      constant(-0),
      constant(1),
      e.sub(x, y),
      e.sub(y, x),
      e.add(x, y),
    ]
    expect(new Set(different).size).toBe(different.length)
    expect(new Set(different.map(node => node.id)).size).toBe(different.length)
  })
  test('knows one NaN', () => {
    expect(constant(Number.NaN)).toBe(constant(0 / 0))
  })
  test('does not confuse an input with a constant of its index', () => {
    expect(e.exp(input(3))).not.toBe(e.exp(3))
  })
})

describe('simplification', () => {
  test('drops what changes nothing', () => {
    expect([
      e.mul(x, 1),
      e.mul(1, x),
      e.div(x, 1),
      e.sub(x, 0),
      e.add(x, -0),
      e.add(-0, x),
      e.neg(e.neg(x)),
    ]).toEqual(Array(7).fill(x))
  })
  test('writes -1 · x as -x', () => {
    expect([e.mul(-1, x), e.mul(x, -1)]).toEqual([e.neg(x), e.neg(x)])
  })
  test('computes constants', () => {
    expect([e.add(2, 3), e.sub(2, 3), e.mul(2, 3), e.neg(2)]).toEqual([5, -1, 6, -2].map(constant))
  })
  test('keeps x + 0 and 0 - x, which change the sign of zero', () => {
    expect([e.add(x, 0), e.add(0, x), e.sub(0, x), e.sub(x, -0)].map(node => node.kind)).toEqual(
      Array(4).fill('call'),
    )
  })
  test('keeps 0 · x, which is NaN for an infinite x', () => {
    expect(e.mul(0, x).kind).toBe('call')
  })

  const special = [0, -0, 1, -1, 2.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  const arithmetic = {
    add: (a: number, b: number) => a + b,
    sub: (a: number, b: number) => a - b,
    mul: (a: number, b: number) => a * b,
    div: (a: number, b: number) => a / b,
  }
  const name = fc.constantFrom(...(Object.keys(arithmetic) as (keyof typeof arithmetic)[]))
  const operand = fc.oneof(fc.constantFrom(...special), fc.constant('x' as const))

  test.prop([name, operand, operand, fc.constantFrom(...special)])(
    'changes no bit of any value',
    (name, left, right, value) => {
      const node = call(name, left === 'x' ? x : left, right === 'x' ? x : right)
      const evaluate = (node: ReturnType<typeof call>): number => {
        if (node.kind === 'constant') return node.value
        if (node.kind !== 'call') return value
        const [a, b] = node.operands.map(evaluate)
        return node.name === 'neg' ? -a! : arithmetic[node.name as keyof typeof arithmetic](a!, b!)
      }
      expect(evaluate(node)).toBe(
        arithmetic[name](left === 'x' ? value : left, right === 'x' ? value : right),
      )
    },
  )
})

describe('inputs', () => {
  test('are listed once each, in order', () => {
    expect(inputsOf(e.add(e.mul(input(3), x), e.exp(input(3))))).toEqual([0, 3])
    expect(inputsOf(constant(2))).toEqual([])
  })
  test('are replaced all at once', () => {
    const swapped = substitute(e.sub(x, e.exp(y)), index => input(1 - index))
    expect(swapped).toBe(e.sub(y, e.exp(x)))
  })
  test('are simplified away when what replaces them allows it', () => {
    expect(substitute(e.mul(x, e.exp(y)), index => (index === 0 ? constant(1) : y))).toBe(e.exp(y))
  })
  test('are not the output, which has a replacement of its own', () => {
    expect(substitute(e.mul(x, output), input, input(5))).toBe(e.mul(x, input(5)))
  })
  test('of shared sub-expressions are replaced once, in any depth', () => {
    let deep = x as ReturnType<typeof call>
    for (let i = 0; i < 200; i++) deep = e.add(deep, deep) // 2²⁰⁰ nodes as a tree
    expect(inputsOf(substitute(deep, () => y))).toEqual([1])
    expect(signatureOf(deep).floats).toBe(false)
  })
})

describe('the types of an expression', () => {
  test('follow from its functions', () => {
    expect(signatureOf(e.where(e.and(e.less(x, y), input(2)), e.exp(x), 0))).toEqual({
      inputs: ['number', 'number', 'boolean'],
      gives: 'number',
      floats: true,
    })
    expect(signatureOf(e.not(x))).toEqual({ inputs: ['boolean'], gives: 'boolean', floats: false })
  })
  test('are numbers for an input that is not read', () => {
    expect(signatureOf(e.neg(input(2))).inputs).toEqual(['number', 'number', 'number'])
    expect(signatureOf(constant(1)).inputs).toEqual([])
  })
  test('are floats for the sake of a fraction, not of a whole number', () => {
    expect([signatureOf(e.mul(x, 0.5)).floats, signatureOf(e.mul(x, 2)).floats]).toEqual([true, false])
  })
  test.each([
    ['a number as a boolean', () => e.not(e.add(x, 1)), 'add gives a number where a boolean is needed'],
    ['a boolean as a number', () => e.add(e.less(x, 1), 1), 'less gives a boolean where a number is needed'],
    ['a constant as a boolean', () => e.and(x, 1), 'a number stands where a boolean is needed'],
    ['an input as both', () => e.where(x, x, 1), 'input 0 is used as a number and a boolean'],
    ['too few operands', () => e.add(x), 'add takes 2 operands'],
  ])('refuse %s', (_, build, message) => {
    expect(() => signatureOf(build())).toThrow(`expression: ${message}`)
  })
})
