/**
 * What runs in the browser: measures one workload at one size on one backend. Each page makes one backend and measures
 * one point, so that none inherits the memory of another.
 */

import { cpu } from '@sensigrad/backend-cpu'
import { type GpuBackend, gpujs } from '@sensigrad/backend-gpujs'
import { wasm } from '@sensigrad/backend-wasm'
import {
  type Backend,
  capture,
  key,
  normal,
  scope,
  type Tensor,
  type TensorTree,
  tensor,
  useBackend,
} from '@sensigrad/core'
import { median } from '../fit.ts'
import { stepOf } from '../speed/steps.ts'
import { type BackendName, chain, type Way, type WorkloadName, ways, workloads } from './workloads.ts'

/** A time, with a number of the result by which backends are compared. */
export interface Timed {
  readonly seconds: number
  readonly value: number
}

/** What kernels a chain runs, and how long it takes. */
export interface Fused {
  readonly kernels: number
  readonly seconds: number
}

/** What the page offers to the process that opened it. */
export interface Bench {
  /** Makes the backend; gives what it says of itself, a line each. */
  start(name: BackendName): Promise<readonly string[]>
  measure(workload: WorkloadName, size: number, quick: boolean): Promise<Record<Way, Timed>>
  fusion(quick: boolean): Promise<Record<Way, Fused>>
}

declare global {
  var sensigradBench: Bench
}

const makers: Readonly<Record<BackendName, () => Backend | Promise<Backend>>> = {
  cpu: () => cpu(),
  wasm: () => wasm(),
  webgl2: () => gpujs({ mode: 'webgl2' }),
  webgpu: () => gpujs({ mode: 'webgpu' }),
}

let backend: Backend

/** Seconds of a batch of runs, of which there are several where runs are short. */
const batchSeconds = 0.1
const mostRuns = 200
/** A run that takes so many seconds is measured once. */
const slow = 2

/**
 * The median time of a run, once all is compiled. Runs are issued one after the other, as a training does, and the last
 * result is read: then the GPU has done them all.
 */
async function timeOf(run: () => Tensor, quick: boolean): Promise<Timed> {
  const batch = async (runs: number) => {
    const start = performance.now()
    for (let i = 1; i < runs; i++) scope(() => void run())
    const value = await scope(run).item()
    return { seconds: (performance.now() - start) / 1000 / runs, value }
  }
  await batch(2)
  const once = await batch(1)
  if (quick || once.seconds > slow) return once
  const runs = Math.min(mostRuns, Math.max(1, Math.round(batchSeconds / once.seconds)))
  const times: number[] = []
  for (let i = 0; i < 5; i++) times.push((await batch(runs)).seconds)
  return { seconds: median(times), value: once.value }
}

/** One after the other, eager first. */
async function each<Found>(measure: (way: Way) => Promise<Found>): Promise<Record<Way, Found>> {
  const found: [Way, Found][] = []
  for (const way of ways) found.push([way, await measure(way)])
  return Object.fromEntries(found) as Record<Way, Found>
}

const inWay = <Args extends TensorTree[], Output extends TensorTree>(
  way: Way,
  run: (...args: Args) => Output,
) => (way === 'captured' ? capture(run, { reuseResults: true }) : run)

globalThis.sensigradBench = {
  async start(name) {
    backend = await makers[name]()
    useBackend(backend)
    await tensor([1]).add(1).data()
    return backend.info?.() ?? []
  },

  measure(name, size, quick) {
    const { kind, inputs } = workloads[name]
    const tensors = Object.entries(inputs(size)).map(
      ([name, { values, shape }]) => [name, tensor(values, { shape })] as const,
    )
    const { run, args, results } = stepOf(kind, Object.fromEntries(tensors), {})
    return each(way => {
      const step = inWay(way, run)
      return timeOf(() => {
        const [first] = Object.values(results(step(...args))) as readonly Tensor[]
        return first!.shape.length === 0 ? first! : first!.slice([0, 1], [0, 1]).sum()
      }, quick)
    })
  },

  fusion(quick) {
    const x = normal(key(1), [chain.length])
    const chained = (x: Tensor) => {
      let y = x
      for (let i = 0; i < chain.operations; i += 2) y = y.mul(0.9).tanh()
      return y
    }
    return each(async way => {
      const step = inWay(way, chained)
      const { seconds } = await timeOf(() => step(x).slice([0, 1]).sum(), quick)
      const before = launched()
      await scope(() => step(x)).data() // WebGPU's kernels run, and count, only when there is time
      return { kernels: launched() - before, seconds }
    })
  },
}

/** Kernels run so far, where the backend counts them. */
function launched(): number {
  return 'counts' in backend ? (backend as GpuBackend).counts().launched : 0
}
