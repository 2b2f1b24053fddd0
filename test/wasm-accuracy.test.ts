/**
 * The scalar functions of the WebAssembly backend are within 2 units of the last place in float32 and 3 in float64, and
 * those that are single instructions, and all special values, are the reference backend's.
 */
import { readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { cpu } from '@sensigrad/backend-cpu'
import { wasm } from '@sensigrad/backend-wasm'
import { expressions, type ScalarFunction } from '@sensigrad/core'
import { describe, expect, test } from 'vitest'
import { argumentsOf, exactly, type Float, valuesOn, worst } from './support/accuracy.ts'
import { type Exact, exact, type Inexact, inexact } from './support/exact-functions.ts'

setFlagsFromString('--experimental-wasm-relaxed-simd') // Node 20 has it behind a flag, later ones always

const { scalarRules } = expressions
const plain = await wasm({ relaxed: false })
const best = await wasm()
const variants = best.variant === plain.variant ? [plain] : [plain, best]
const reference = cpu()

const limits = { float32: 2, float64: 3 } as const
const floats = ['float32', 'float64'] as const

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
/** Arguments, then the value in two parts and the exponent of both (packages/backend-wasm/scripts/hard-arguments.py). */
const hard: Record<Inexact, number[][]> = JSON.parse(read('./support/generated/hard-arguments.json'))

/** The hard arguments of a function, operand by operand, and the values there. */
function hardOf(name: Inexact): { operands: number[][]; values: Exact[] } {
  const arity = scalarRules[name].arity
  const operands = Array.from({ length: arity }, (_, i) => hard[name].map(line => line[i]!))
  const values = hard[name].map(line => {
    const [high, low, exponent] = line.slice(arity) as [number, number, number]
    return { value: { high, low }, exponent }
  })
  return { operands, values }
}

/** Where each variant exceeds the limit of a type. */
function beyond(name: Inexact, dtype: Float, operands: number[][], values: readonly Exact[]) {
  return variants
    .map(backend => {
      const found = valuesOn(backend, name, dtype, operands)
      return { name, variant: backend.variant, ...worst(found, values, operands, dtype) }
    })
    .filter(({ ulps }) => !(ulps <= limits[dtype]))
}

describe.each(inexact)('%s', name => {
  test.each(floats)('is within its limit at thousands of %s', dtype => {
    const operands = argumentsOf(name, dtype, 10_000)
    expect(operands[0]!.length).toBeGreaterThan(2_000)
    expect(beyond(name, dtype, operands, exactly(name, operands))).toEqual([])
  })

  test('is within its limit at hard arguments', () => {
    const { operands, values } = hardOf(name)
    expect(beyond(name, 'float64', operands, values)).toEqual([])
  })

  test('is known here to 28 digits', () => {
    const { operands, values } = hardOf(name)
    const isCircular = ['sin', 'cos', 'tan'].includes(name)
    const wrong = values.filter(({ value: { high, low }, exponent }, i) => {
      const of = operands.map(values => values[i]!)
      if (isCircular && Math.abs(of[0]!) > 2 ** 30) return false
      const found = exact(name, ...of)
      const scale = 2 ** (found.exponent - exponent)
      const left = found.value.high * scale - high + (found.value.low * scale - low)
      return !(Math.abs(left) <= 2 ** -93 * Math.abs(high))
    })
    expect(wrong).toEqual([])
  })
})

const specials = [Number.NaN, Number.POSITIVE_INFINITY, 0, 0.5, 1, 2, 3, 1e-310, 1e-40, 1e30, 1e300].flatMap(
  x => [x, -x],
)

/** Every combination of special arguments, operand by operand. */
function specialsOf(arity: number): number[][] {
  if (arity === 1) return [specials]
  return [specials.flatMap(x => specials.map(() => x)), specials.flatMap(() => specials)]
}

const ofNumbers = (Object.keys(scalarRules) as ScalarFunction[]).filter(name => {
  const { takes, gives, arity } = scalarRules[name]
  return takes !== 'booleans' && gives === 'number' && arity < 3
})

/** Where two lists of values of a function differ. The reference has 0 for relu(-0), which is as good. */
function different(
  name: ScalarFunction,
  places: number[],
  found: number[],
  wanted: number[],
  operands: number[][],
) {
  return places
    .filter(i => !Object.is(found[i], wanted[i]) && !(name === 'relu' && found[i] === wanted[i]))
    .map(i => ({ of: operands.map(values => values[i]), found: found[i], wanted: wanted[i] }))
}

describe.each(floats)('in %s', dtype => {
  test.each(ofNumbers)('zeros, infinities and NaN of %s are the reference’s', name => {
    const operands = specialsOf(scalarRules[name].arity)
    const isSpecial = (x: number) => x === 0 || !Number.isFinite(x)
    const wanted = valuesOn(reference, name, dtype, operands)
    for (const backend of variants) {
      const found = valuesOn(backend, name, dtype, operands)
      const special = [...found.keys()].filter(i => isSpecial(found[i]!) || isSpecial(wanted[i]!))
      expect(different(name, special, found, wanted, operands)).toEqual([])
    }
  })

  const exactOnes = ofNumbers.filter(name => !inexact.includes(name as Inexact))
  test.each(exactOnes)('%s is the reference’s to the last bit', name => {
    const operands = [argumentsOf('atan', dtype, 20_000)[0]!, argumentsOf('atan2', dtype, 20_000)[1]!]
    const length = Math.min(...operands.map(of => of.length))
    const used = operands.slice(0, scalarRules[name].arity).map(of => of.slice(0, length))
    const wanted = valuesOn(reference, name, dtype, used)
    for (const backend of variants) {
      const found = valuesOn(backend, name, dtype, used)
      expect(different(name, [...found.keys()], found, wanted, used)).toEqual([])
    }
  })
})
