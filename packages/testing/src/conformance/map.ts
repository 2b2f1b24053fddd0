/** Claims about map: every scalar function by its plain definition, and expressions of several. */

import { type DType, type Expression, expressions, isFloat, type ScalarFunction } from '@sensigrad/core'
import fc from 'fast-check'
import { elements, shapes, tameNumbers, views } from '../arbitraries/views.ts'
import { indicesOf } from '../indices.ts'
import { scalarReference } from '../reference.ts'
import { at, floatTypes, numberTypes, precisionOf, type Statement, state } from './statement.ts'

const { e, input, scalarRules } = expressions

/** The value of an expression at one element, by the plain definitions; int32 wraps after each step. */
function evaluate(expression: Expression, inputs: readonly number[], integers: boolean): number {
  const visit = (node: Expression): number => {
    if (node.kind === 'input') return inputs[node.index]!
    if (node.kind === 'constant') return node.value
    if (node.kind === 'output') throw new Error('an output node in a map')
    const [a, b = 0, c = 0] = node.operands.map(visit)
    if (!integers) return Number(scalarReference[node.name](a!, b, c))
    if (node.name === 'mul' || node.name === 'square') {
      return Number(BigInt.asIntN(32, BigInt(a!) * BigInt(node.name === 'mul' ? b : a!)))
    }
    return Number(BigInt.asIntN(32, BigInt(Number(scalarReference[node.name](a!, b, c)))))
  }
  return visit(expression)
}

/** Whether an expression calls a function that is more than arithmetic: whose result is rounded in ways of its own. */
function callsFloats(node: Expression): boolean {
  if (node.kind !== 'call') return false
  return scalarRules[node.name].takes === 'floats' || node.operands.some(callsFloats)
}

interface MapOf {
  readonly expression: Expression
  readonly inputs: readonly ('number' | 'bool')[]
  readonly gives: 'number' | 'bool'
  readonly element?: (dtype: DType) => fc.Arbitrary<number>
}

function stateMap(says: string, dtypes: readonly DType[], of: MapOf, ulps: number): Statement[] {
  const alsoNeeds: DType[] = of.gives === 'bool' || of.inputs.includes('bool') ? ['bool'] : []
  return state({ kernel: 'map', says, dtypes, alsoNeeds }, dtype =>
    shapes()
      .chain(shape =>
        fc.tuple(
          ...of.inputs.map(kind =>
            kind === 'bool' ? views('bool', shape) : views(dtype, shape, (of.element ?? elements)(dtype)),
          ),
        ),
      )
      .map(inputs => {
        const { shape } = inputs[0]!
        const result = of.gives === 'bool' ? 'bool' : dtype
        return {
          inputs,
          run: (backend, given) => backend.map(of.expression, given, shape, result),
          expected: () => {
            const values = indicesOf(shape).map(index =>
              evaluate(
                of.expression,
                inputs.map(view => at(view, index)),
                dtype === 'int32',
              ),
            )
            const tolerance = values.map(value => ulps * precisionOf(result) * Math.max(Math.abs(value), 1))
            const isApproximate = isFloat(result) && callsFloats(of.expression)
            return { dtype: result, shape, values, ...(isFloat(result) && { tolerance }), isApproximate }
          },
        }
      }),
  )
}

/** Where the C library, JavaScript and shading languages agree about powers. */
const powers = fc.constantFrom(0.25, 0.5, 1, 1.5, 2, 3, 0, Number.NaN)
/** What is left of a division by the int32 zero is not specified. */
const divisors = (dtype: DType) =>
  dtype === 'int32' ? elements(dtype).filter(value => value !== 0) : elements(dtype)

/** Elements other than any of the type, for the functions that need them. */
const elementsFor: Partial<Record<ScalarFunction, (dtype: DType) => fc.Arbitrary<number>>> = {
  pow: () => powers,
  mod: divisors,
}

const scalarMaps = (Object.keys(scalarRules) as ScalarFunction[]).flatMap(name => {
  const { takes, gives, arity } = scalarRules[name]
  const inputs = Array.from({ length: arity }, (_, i) =>
    takes === 'booleans' || (takes === 'choice' && i === 0) ? ('bool' as const) : ('number' as const),
  )
  const dtypes = takes === 'booleans' ? (['bool'] as const) : takes === 'floats' ? floatTypes : numberTypes
  const expression = e[name](...inputs.map((_, i) => input(i)))
  const of: MapOf = {
    expression,
    inputs,
    gives: gives === 'boolean' ? 'bool' : 'number',
    element: elementsFor[name] ?? elements,
  }
  return stateMap(`evaluates ${name}`, dtypes, of, 8)
})

const [x0, x1, x2] = [input(0), input(1), input(2)]
const tame = () => tameNumbers(4)

const fusedMaps = [
  ...stateMap(
    'evaluates the gradient of tanh',
    floatTypes,
    {
      expression: e.mul(x0, e.sub(1, e.square(x1))),
      inputs: ['number', 'number'],
      gives: 'number',
      element: tame,
    },
    256,
  ),
  ...stateMap(
    'evaluates a shared sub-expression',
    floatTypes,
    {
      expression: e.add(e.mul(e.tanh(x0), e.tanh(x0)), e.neg(e.tanh(x0))),
      inputs: ['number'],
      gives: 'number',
      element: tame,
    },
    16,
  ),
  ...stateMap(
    'evaluates a choice of choices',
    numberTypes,
    {
      expression: e.where(e.and(e.less(x0, x1), e.not(x2)), e.maximum(x0, -3), e.where(x2, 5, e.sub(x1, x0))),
      inputs: ['number', 'number', 'bool'],
      gives: 'number',
    },
    4,
  ),
  ...stateMap(
    'evaluates a comparison of computed numbers',
    numberTypes,
    { expression: e.less(e.mul(x0, x1), e.add(x0, 1)), inputs: ['number', 'number'], gives: 'bool' },
    0,
  ),
  ...stateMap(
    'reads an input that is not the first, and constants of any size',
    floatTypes,
    {
      expression: e.add(e.mul(x1, 1e-7), -2.5e6),
      inputs: ['number', 'number'],
      gives: 'number',
      element: tame,
    },
    4,
  ),
]

/** What evaluates expressions. */
export const maps: readonly Statement[] = [...scalarMaps, ...fusedMaps]
