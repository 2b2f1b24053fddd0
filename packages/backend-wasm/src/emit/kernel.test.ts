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
      const { bytes } = emitKernel(kernelOf(name, lane))
      expect(WebAssembly.validate(bytes)).toBe(true)
      expect(bytes.length).toBeLessThan(4096) // more than that, older browsers compile only in the background
      expect(emitKernel(kernelOf(name, lane)).bytes).toEqual(bytes)
    },
  )
})

test('what hangs on constants alone, or on nothing, is a kernel too', () => {
  const kernel = (expression: Expression) =>
    emitKernel({ expression, lane: 'f32', inputs: [], givesBooleans: false, fused: false }).bytes
  expect(WebAssembly.validate(kernel(constant(3)))).toBe(true)
  expect(WebAssembly.validate(kernel(e.exp(constant(3))))).toBe(true)
})

describe.each(['f32', 'f64'] as const)('a fused expression of %s', lane => {
  const dense = { kind: 'dense', isBoolean: false } as const
  const still = { kind: 'still', isBoolean: false } as const
  const of = (expression: Expression, inputs: KernelOf['inputs']): KernelOf => {
    return { expression, lane, inputs, givesBooleans: false, fused: false }
  }

  test('may have twelve inputs, of both kinds, and sixty-four nodes', () => {
    const inputs = Array.from({ length: 12 }, (_, i) => (i % 3 === 0 ? still : dense))
    let expression: Expression = constant(0)
    for (let i = 0; i < 32; i++) expression = e.add(expression, e.mul(input(i % 12), i % 5))
    const Values = lane === 'f32' ? Float32Array : Float64Array
    const memory = new WebAssembly.Memory({ initial: 1 })
    const module = new WebAssembly.Module(emitKernel(of(expression, inputs)).bytes)
    const { exports } = new WebAssembly.Instance(module, { env: { memory } })
    const address = (place: number) => 256 * (place + 1)
    inputs.forEach((_, i) => {
      new Values(memory.buffer, address(i), 11).set(Array.from({ length: 11 }, (_, at) => i + 100 * at))
    })
    const places = inputs.flatMap((_, i) => [address(i), 0])
    ;(exports.kernel as (...numbers: number[]) => void)(1, 11, address(20), ...places)
    const wanted = Array.from({ length: 11 }, (_, at) => {
      const numberOf = (i: number) => i + (i % 3 === 0 ? 0 : 100 * at)
      return Array.from({ length: 32 }, (_, i) => numberOf(i % 12) * (i % 5)).reduce(
        (sum, value) => sum + value,
      )
    })
    expect([...new Values(memory.buffer, address(20), 11)]).toEqual(wanted)
  })

  test('may be thousands of nodes deep', () => {
    let expression: Expression = input(0)
    for (let i = 0; i < 5000; i++) expression = e.add(expression, i + 0.5)
    expect(WebAssembly.validate(emitKernel(of(expression, [dense])).bytes)).toBe(true)
  })

  test('of three hundred functions is a kernel, and a larger one an error that says what to do', () => {
    const nested = (depth: number): Expression => {
      let expression: Expression = input(0)
      for (let i = 0; i < depth; i++) expression = e.add(e.tanh(e.mul(expression, i + 0.5)), input(0))
      return expression
    }
    expect(WebAssembly.validate(emitKernel(of(nested(300), [dense])).bytes)).toBe(true)
    expect(() => emitKernel(of(nested(2000), [dense]))).toThrow(
      /^map: an expression of \d+ instructions is too large for one kernel. Compute parts of it as tensors of their own$/,
    )
  })
})
