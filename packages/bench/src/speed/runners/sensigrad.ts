/** Ours: the computations of `steps.ts` on one of our backends, eagerly and captured. */

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
