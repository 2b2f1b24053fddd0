/** What is measured on each backend: the same computations as `pnpm bench speed` has, over sizes. */

import type { Kind, Named } from '../speed/case.ts'
import { drawn } from '../speed/workloads.ts'

/** Who is measured: two backends on the processor, two on a GPU. */
export const backends = ['cpu', 'wasm', 'webgl2', 'webgpu'] as const
export type BackendName = (typeof backends)[number]
export const hosts: readonly BackendName[] = ['cpu', 'wasm']
export const gpus: readonly BackendName[] = ['webgl2', 'webgpu']

export const ways = ['eager', 'captured'] as const
export type Way = (typeof ways)[number]

export type WorkloadName = 'matmul' | 'rnn' | 'deep'

export interface Workload {
  readonly summary: string
  /** What the sizes count. */
  readonly unit: string
  readonly kind: Kind
  readonly sizes: readonly number[]
  readonly inputs: (size: number) => Named
}

/** A gain at which a network is not chaotic, so that all backends compute the same. */
const gain = 0.9

export const workloads: Readonly<Record<WorkloadName, Workload>> = {
  matmul: {
    summary: 'the product of two square matrices',
    unit: 'rows',
    kind: 'gemm',
    sizes: [64, 128, 256, 512, 1024, 2048],
    inputs: n => drawn({ a: { shape: [n, n] }, b: { shape: [n, n] } }),
  },
  rnn: {
    summary: 'tanh RNN, batch 32, 20 steps: all gradients',
    unit: 'neurons',
    kind: 'rnn',
    sizes: [32, 100, 320, 1000],
    inputs: n =>
      drawn({
        w: { shape: [n, n], deviation: gain / Math.sqrt(n) },
        v: { shape: [2, n], deviation: 0.35 },
        b: { shape: [n], deviation: 0.1 },
        x: { shape: [20, 32, 2] },
        h: { shape: [32, n], deviation: 0.5 },
        y: { shape: [32, n], deviation: 0.5 },
      }),
  },
  deep: {
    summary: '10-layer tanh net, batch 128: all gradients',
    unit: 'neurons in a layer',
    kind: 'deep',
    sizes: [32, 100, 320, 1000],
    inputs: n =>
      drawn({
        w: { shape: [10, n, n], deviation: gain / Math.sqrt(n) },
        b: { shape: [10, n], deviation: 0.1 },
        x: { shape: [128, n] },
        y: { shape: [128, n], deviation: 0.5 },
      }),
  },
}

/** The chain whose kernels are counted: so many elementwise operations on so many numbers. */
export const chain = { operations: 20, length: 65_536 } as const
