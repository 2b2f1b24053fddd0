/**
 * What is measured: small networks over many steps, as they are studied. All inputs are drawn from one fixed key, and
 * every runner gets the same ones.
 */

import { key, normalValues, sizeOf, splitKey } from '@sensigrad/core'
import type { Case, Named, Values } from './case.ts'

/** A few cases that are measured together, round by round. */
export interface Workload {
  readonly name: string
  /** What it is, in a line. */
  readonly summary: string
  /** The cases, shorter ones where it is only to be seen whether everything works. */
  readonly cases: (quick: boolean) => readonly Case[]
}

/** At the first no gradient underflows; at the second they vanish on the way, and most are denormal before they are 0. */
const gains = [1.5, 0.5] as const
const strict = 1e-3

export const workloads: readonly Workload[] = [
  recurrent('R1', 1),
  recurrent('R32', 32),
  deep('D16', 16),
  deep('D128', 128),
  {
    name: 'L',
    summary: 'largest Lyapunov exponent: 300 tanh neurons and a tangent, 2,000 steps',
    cases: quick => [
      {
        name: 'L',
        kind: 'lyapunov',
        sizes: { steps: quick ? 50 : 2000 },
        inputs: drawn({
          w: { shape: [300, 300], deviation: 1.5 / Math.sqrt(300) },
          h: { shape: [1, 300] },
          d: { shape: [1, 300] },
        }),
        unit: 'ms',
        operations: 1,
        tolerance: 0.15, // the orbit is chaotic: two roundings of it have the same exponent only in the long run
        trial: { sizes: { steps: 20 }, tolerance: strict },
      },
    ],
  },
  {
    name: 'chain',
    summary: 'the price of one small operation: 10,000 of them in a chain, on 100 numbers',
    cases: quick => {
      const operations = quick ? 100 : 10_000
      const inputs = drawn({
        x: { shape: [100] },
        a: { shape: [100], mean: 0.99, deviation: 0.001 },
        b: { shape: [100], deviation: 0.01 },
      })
      const both = {
        sizes: { operations },
        inputs,
        unit: 'µs/operation',
        operations,
        tolerance: strict,
      } as const
      return [
        { ...both, name: 'chain', kind: 'chain' },
        { ...both, name: 'chain and gradient', kind: 'chainGradient' },
      ]
    },
  },
  {
    name: 'gemm',
    summary: 'the product of two square matrices',
    cases: quick =>
      (quick ? [64, 128] : [64, 128, 256, 512, 1024]).map(size => ({
        name: `gemm ${size}`,
        kind: 'gemm',
        sizes: {},
        inputs: drawn({ a: { shape: [size, size] }, b: { shape: [size, size] } }),
        unit: 'GFLOP/s',
        operations: 2 * size ** 3,
        tolerance: 1e-5,
      })),
  },
]

/** hₜ = tanh(hₜ₋₁ W + xₜ V + b). The inputs are strong enough that the orbits of float32 and float64 stay together. */
function recurrent(name: string, batch: number): Workload {
  const [units, inputs] = [100, 2]
  return {
    name,
    summary: `tanh RNN, ${units} units, batch ${batch}, 300 steps: all gradients of a loss at the end`,
    cases: quick =>
      gains.map(gain => ({
        name: nameAt(name, gain),
        kind: 'rnn',
        sizes: {},
        inputs: drawn({
          w: { shape: [units, units], deviation: gain / Math.sqrt(units) },
          v: { shape: [inputs, units], deviation: 0.5 / Math.sqrt(inputs) },
          b: { shape: [units], deviation: 0.1 },
          x: { shape: [quick ? 10 : 300, batch, inputs] },
          h: { shape: [batch, units], deviation: 0.5 },
          y: { shape: [batch, units], deviation: 0.5 },
        }),
        unit: 'ms',
        operations: 1,
        tolerance: strict,
      })),
  }
}

/** hₗ = tanh(hₗ₋₁ Wₗ + bₗ), with biases that hold a net of gain 1.5 near the edge of chaos, on its ordered side. */
function deep(name: string, batch: number): Workload {
  const width = 50
  return {
    name,
    summary: `300-layer tanh net, width ${width}, batch ${batch}: all gradients`,
    cases: quick =>
      gains.map(gain => ({
        name: nameAt(name, gain),
        kind: 'deep',
        sizes: {},
        inputs: drawn({
          w: { shape: [quick ? 10 : 300, width, width], deviation: gain / Math.sqrt(width) },
          b: { shape: [quick ? 10 : 300, width], deviation: 0.5 },
          x: { shape: [batch, width] },
          y: { shape: [batch, width], deviation: 0.5 },
        }),
        unit: 'ms',
        operations: 1,
        tolerance: strict,
      })),
  }
}

const nameAt = (name: string, gain: number): string => (gain === gains[0] ? name : `${name} gain ${gain}`)

interface Draw {
  readonly shape: readonly number[]
  readonly mean?: number
  readonly deviation?: number
}

/** Normal numbers, a stream of its own for each name. */
export function drawn(draws: Readonly<Record<string, Draw>>): Named {
  const entries = Object.entries(draws)
  const keys = splitKey(key(1), entries.length)
  return Object.fromEntries(
    entries.map(([name, { shape, mean = 0, deviation = 1 }], i): [string, Values] => {
      const values = normalValues(keys[i]!, sizeOf(shape)).map(value => mean + deviation * value)
      return [name, { shape, values: new Float32Array(values) }]
    }),
  )
}
