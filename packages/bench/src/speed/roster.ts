/** Who takes part: our backends, loops written by hand, and the libraries that others use. */

import { fileURLToPath } from 'node:url'

/** Someone who takes part. */
export interface Entrant {
  /** For tables. */
  readonly name: string
  /** Whether it is ours, something to compare with, or only a bound. */
  readonly role: 'ours' | 'peer' | 'limit'
  /** Whether it leaves the computing out, so that its results are none. */
  readonly isHollow?: true
  /** How its process is started: the first command that works. */
  readonly commands: readonly (readonly string[])[]
  /** How to install it. */
  readonly remedy: string
  /** How many threads it has, each with a core; 1 unless said. */
  readonly threads?: number
}

const worker = fileURLToPath(new URL('./worker.ts', import.meta.url))
const onNode = (name: string) => [[process.execPath, ...process.execArgv, worker, name]]

/** Python as a user calls it, and where a system keeps the one whose packages it installs. */
const pythons = [process.env.PYTHON, 'python3', '/usr/bin/python3'].filter(each => each !== undefined)
const inPython = (file: string) => {
  const path = fileURLToPath(new URL(`../../python/${file}`, import.meta.url))
  return pythons.map(python => [python, path])
}

const ours = { role: 'ours', remedy: '' } as const
const npm = { role: 'peer', remedy: 'pnpm install' } as const

/** By the names that `--peers` knows; ours always take part. */
export const roster = {
  wasm: { ...ours, name: 'sensigrad wasm', commands: onNode('wasm') },
  simd: { ...ours, name: 'sensigrad wasm, no FMA', commands: onNode('simd') },
  'wasm-threads': {
    ...ours,
    name: 'sensigrad wasm, 2 threads',
    commands: onNode('wasm-threads'),
    threads: 2,
  },
  hollow: { ...ours, name: 'sensigrad without kernels', commands: onNode('hollow'), isHollow: true },
  cpu: { ...ours, name: 'sensigrad cpu', commands: onNode('cpu') },
  loops: { ...npm, name: 'plain loops', commands: onNode('loops') },
  limit: { ...npm, role: 'limit', name: 'limit of WebAssembly', commands: onNode('limit'), isHollow: true },
  'tfjs-cpu': { ...npm, name: 'tensorflow.js cpu', commands: onNode('tfjs-cpu') },
  'tfjs-wasm': { ...npm, name: 'tensorflow.js wasm', commands: onNode('tfjs-wasm') },
  'jax-js': { ...npm, name: 'jax-js wasm', commands: onNode('jax-js') },
  torch: {
    role: 'peer',
    name: 'PyTorch',
    commands: inPython('torch_runner.py'),
    remedy: 'pip install torch',
  },
  jax: { role: 'peer', name: 'JAX', commands: inPython('jax_runner.py'), remedy: 'pip install jax' },
} as const satisfies Record<string, Entrant>

export type EntrantName = keyof typeof roster

/** One thread for whoever has more. */
export const oneThread = {
  OMP_NUM_THREADS: '1',
  OPENBLAS_NUM_THREADS: '1',
  MKL_NUM_THREADS: '1',
  XLA_FLAGS: '--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1',
} as const
