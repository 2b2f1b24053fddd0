/** How far the results of a float32 backend are from those in float64: of every operation, its value and its gradient. */
import { cpu } from '@sensigrad/backend-cpu'
import * as core from '@sensigrad/core'
import {
  type Backend,
  expressions,
  isFloat,
  type Sample,
  type ScalarFunction,
  specifications,
  type Tensor,
  tensor,
  useBackend,
  vjp,
} from '@sensigrad/core'
import { draw } from '@sensigrad/testing'

/** The largest errors of one operation, relative to what is right, or to a floor where that is smaller. */
export interface Measured {
  readonly name: string
  /** The floor is 1/1000 for a scalar function, and 1 for what adds numbers up. */
  readonly value: number
  /** The floor is 1. Nothing where there are no floats to differentiate. */
  readonly gradient?: number
}

/** What is allowed: some units in the last place of float32. */
export const allowed = { value: 1e-6, gradient: 1e-6 } as const

const { scalarRules } = expressions
const floors = { scalar: 1e-3, operation: 1, gradient: 1 } as const
/** Arguments of a scalar function; it is one kernel however many there are. */
const spread = 4096
const host = cpu()
useBackend(host) // where numbers are drawn

/** A call with numbers for it. */
interface Trial {
  readonly call: (...inputs: Tensor[]) => Tensor
  readonly inputs: readonly Tensor[]
  readonly floor: number
  /** Whether floats come of floats, so that there is a gradient. */
  readonly isSmooth: boolean
}

/** The names of all operations that are measured: scalar functions, then what else has promises. */
export function measuredNames(): string[] {
  const scalars = Object.keys(scalarRules)
  const sampled = specifications.filter(({ samples }) => samples.length > 0).map(({ name }) => name)
  return [...scalars, ...sampled.filter(name => !scalars.includes(name))]
}

/** Operations that a backend refuses whose values come later, or that has no float64, and in which words. */
export const refused: Readonly<Record<string, RegExp>> = {
  maskedSelect: /cannot read at once. Find the places before: await nonZero\(mask\), then gather$/,
  ...Object.fromEntries(
    ['solve', 'inverse', 'triangularSolve', 'qr', 'leastSquares', 'logDeterminant', 'determinant'].map(
      onHost,
    ),
  ),
  ...Object.fromEntries(
    ['cholesky', 'symmetricEigenvalues', 'symmetricEigen', 'singularValues', 'svd'].map(onHost),
  ),
}

/** Decompositions are computed by the processor, and say so. */
function onHost(name: string): [string, RegExp] {
  return [name, /computes on the host, .* Move the tensor to one that can: tensor\(await x\.data\(\)/]
}

/**
 * Measures an operation.
 *
 * @param most  at so many samples of its specification at most, for backends that take long to compile a kernel
 */
export async function measure(
  name: string,
  backend: Backend,
  most = Number.POSITIVE_INFINITY,
): Promise<Measured> {
  const trials = trialsOf(name).slice(0, most)
  let [value, gradient] = [0, undefined as number | undefined]
  for (const trial of trials) {
    const found = await resultsOf(trial, backend, 'float32')
    const wanted = await resultsOf(trial, host, 'float64')
    value = Math.max(value, distance(found[0]!, wanted[0]!, trial.floor))
    for (const [i, part] of wanted.slice(1).entries()) {
      gradient = Math.max(gradient ?? 0, distance(found[i + 1]!, part, floors.gradient))
    }
  }
  return { name, value, ...(gradient !== undefined && { gradient }) }
}

/** The value of a call, and its gradients along a fixed cotangent if it gives floats, as numbers. */
async function resultsOf(trial: Trial, backend: Backend, dtype: 'float32' | 'float64') {
  useBackend(backend)
  try {
    const given: Tensor[] = []
    for (const x of trial.inputs) given.push(await moved(x, backend, dtype))
    const [value, ...gradients] = withGradients(trial, given)
    const results = []
    for (const result of [value!, ...gradients]) results.push(await result.data())
    return results
  } finally {
    useBackend(host)
  }
}

function withGradients({ call, isSmooth }: Trial, inputs: readonly Tensor[]): Tensor[] {
  if (!isSmooth) return [call(...inputs)]
  const of = (...moving: Tensor[]) => {
    const left = [...moving]
    return call(...inputs.map(x => (isOfFloats(x) ? left.shift()! : x)))
  }
  const [value, pull] = vjp(of, ...inputs.filter(isOfFloats))
  return [value, ...pull(draw(90, value.shape, [-1, 1], value.dtype))]
}

/** The same numbers on another backend: floats, which all fit float32, in the type that is asked for. */
async function moved(x: Tensor, backend: Backend, dtype: 'float32' | 'float64'): Promise<Tensor> {
  const as = isOfFloats(x) ? dtype : x.dtype
  return tensor(Array.from(await x.data()), { shape: x.shape, dtype: as, backend })
}

function trialsOf(name: string): Trial[] {
  if (Object.hasOwn(scalarRules, name)) return [scalarTrial(name as ScalarFunction)]
  if (name === 'cast') return [trial(throughInt32, [draw(0, [3, 4], [-9, 9], 'float32')], floors.operation)]
  const { samples } = specifications.find(each => each.name === name)!
  return samples.map(({ call, shapes, domain }: Sample) => {
    const inputs = shapes.map((shape, i) => draw(i, shape, domain, 'float32'))
    return trial(call, inputs, floors.operation)
  })
}

function trial(call: Trial['call'], inputs: readonly Tensor[], floor: number): Trial {
  return { call, inputs, floor, isSmooth: inputs.some(isOfFloats) && isOfFloats(call(...inputs)) }
}

const isOfFloats = ({ dtype }: Tensor) => isFloat(dtype)

/** In the place of the samples of `cast`, which are of float64. */
const throughInt32 = (x: Tensor) => x.cast('int32').cast(x.dtype).add(x.cast('bool').cast(x.dtype))

function scalarTrial(name: ScalarFunction): Trial {
  const { arity, domain, takes } = scalarRules[name]
  const functions = core as unknown as Readonly<Record<ScalarFunction, Trial['call']>>
  const inputs = Array.from({ length: arity }, (_, i) => {
    const isBoolean = takes === 'booleans' || (takes === 'choice' && i === 0)
    return draw(i, [spread], domain, isBoolean ? 'bool' : 'float32')
  })
  return trial(functions[name], inputs, floors.scalar)
}

function distance(found: ArrayLike<number>, wanted: ArrayLike<number>, floor: number): number {
  if (found.length !== wanted.length) return Number.POSITIVE_INFINITY
  return Array.from(wanted, (right, i) => {
    if (found[i] === right) return 0
    const error = Math.abs(found[i]! - right) / Math.max(Math.abs(right), floor)
    return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error
  }).reduce((largest, error) => Math.max(largest, error), 0)
}
