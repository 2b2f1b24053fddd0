/** Every scalar function becomes a valid module that browsers compile at once, and always the same one. */
import { type Expression, expressions, type ScalarFunction } from '@sensigrad/core'
import { describe, expect, test } from 'vitest'
import { emitKernel, type KernelOf } from './kernel.ts'
import type { Lane } from './opcodes.ts'

const { e, input, constant, scalarRules } = expressions

const kernelOf = (name: ScalarFunction, lane: Lane): KernelOf => {
  const { takes, gives, arity } = scalarRules[name]
  const isBoolean = (i: number) => takes === 'booleans' || (takes === 'choice' && i === 0)
  const operands = Array.from({ length: arity }, (_, i) => input(i))
  return {
    expression: e[name](...operands),
    lane,
    inputs: operands.map((_, i) => ({ kind: i === 1 ? 'still' : 'dense', isBoolean: isBoolean(i) })),
    givesBooleans: gives === 'boolean',
    fused: false,
  }
}

const names = Object.keys(scalarRules) as ScalarFunction[]

describe.each(['f32', 'f64', 'i32'] as const)('in %s', lane => {
  test.each(names.filter(name => lane !== 'i32' || !scalarRules[name].takes.startsWith('floats')))(
    '%s',
    name => {
      const bytes = emitKernel(kernelOf(name, lane))
      expect(WebAssembly.validate(bytes)).toBe(true)
      expect(bytes.length).toBeLessThan(4096) // more than that, older browsers compile only in the background
      expect(emitKernel(kernelOf(name, lane))).toEqual(bytes)
    },
  )
})

test('what hangs on constants alone, or on nothing, is a kernel too', () => {
  const kernel = (expression: Expression) =>
    emitKernel({ expression, lane: 'f32', inputs: [], givesBooleans: false, fused: false })
  expect(WebAssembly.validate(kernel(constant(3)))).toBe(true)
  expect(WebAssembly.validate(kernel(e.exp(constant(3))))).toBe(true)
})

test('a large expression is a kernel too', () => {
  let expression: Expression = input(0)
  for (let i = 0; i < 50; i++) expression = e.add(e.tanh(e.mul(expression, i + 0.5)), input(0))
  const inputs = [{ kind: 'dense', isBoolean: false }] as const
  const bytes = emitKernel({ expression, lane: 'f64', inputs, givesBooleans: false, fused: false })
  expect(WebAssembly.validate(bytes)).toBe(true)
})
