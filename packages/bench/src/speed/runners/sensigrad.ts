/** Ours: the computations of `steps.ts` on one of our backends, eagerly and captured. */

import { availableParallelism } from 'node:os'
import { cpu } from '@sensigrad/backend-cpu'
import { wasm } from '@sensigrad/backend-wasm'
import { type Backend, capture, scope, tensor, useBackend } from '@sensigrad/core'
import { allKinds, type LoadRunner, type Prepared, type Runner, type Task } from '../runner.ts'
import { stepOf, valuesOf } from '../steps.ts'

export const onCpu: LoadRunner = async () => on(cpu(), 'plain TypeScript')

/** With the best instructions that this engine has. */
export const onWasm: LoadRunner = async () => {
  const backend = await wasm()
  return on(backend, backend.variant)
}

/** Without fused multiply-add, as in an engine that lacks relaxed SIMD. */
export const onPlainSimd: LoadRunner = async () => {
  if ((await wasm()).variant === 'simd') throw new Error('this engine has no other variant than simd')
  return on(await wasm({ relaxed: false }), 'simd')
}

/** On two threads, where the work is large enough to be shared. */
export const onThreads: LoadRunner = async () => {
  if (availableParallelism() < 2) throw new Error('this machine has one core')
  const { version, prepare } = on(await wasm({ threads: 2 }), '2 threads')
  return { version, prepare, modes: { rnn: ['captured'], deep: ['captured'], gemm: ['captured'] } }
}

/** On a backend that computes nothing in elementwise operations: what is left is what an operation costs beside its kernel. */
export const withoutKernels: LoadRunner = async () => {
  const backend = cpu()
  const storage = backend.upload(new Float32Array(100), 'float32')
  const { version, prepare } = on({ ...backend, map: () => storage }, 'tensors, tape and rules alone')
  return { version, prepare, modes: { chain: ['eager'], chainGradient: ['eager'] } }
}

function on(backend: Backend, version: string): Runner {
  useBackend(backend)
  return { version, modes: allKinds(['eager', 'captured']), prepare }
}

function prepare({ kind, inputs, sizes }: Task, mode: string): Prepared {
  const tensors = Object.entries(inputs).map(
    ([name, { values, shape }]) => [name, tensor(values, { shape })] as const,
  )
  const { run, args, results } = stepOf(kind, Object.fromEntries(tensors), sizes)
  const step = mode === 'captured' ? capture(run, { reuseResults: true }) : run
  return {
    run: () => scope(() => void step(...args)), // as a loop on WebAssembly does, to give back what a turn made
    result: () => valuesOf(results(step(...args))),
  }
}
