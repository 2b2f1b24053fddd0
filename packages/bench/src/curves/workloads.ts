/** What the curves measure: a table of parts, each a computation that can be made as long as one likes. */

import { performance } from 'node:perf_hooks'
import {
  grad,
  key,
  normal,
  RNN,
  type ScanOptions,
  scan,
  splitKey,
  type Tensor,
  tensor,
  valueAndGrad,
  zeros,
} from 'sensigrad'
import { median } from '../fit.ts'
import type { Probe, Workload } from './measure.ts'

/** A part of the benchmark. */
export interface Part {
  /** What it is, in a line. */
  readonly summary: string
  /** What a length counts. */
  readonly unit: 'operations' | 'steps'
  /** The variants that are compared; one where there is nothing to compare. */
  readonly series: readonly string[]
  readonly lengths: readonly number[]
  readonly quickLengths: readonly number[]
  /** Whether memory says something here. */
  readonly memory: boolean
  /** Makes the inputs, and the computation of this length on them. */
  readonly prepare: (length: number, series: string) => Workload
}

const units = 32
const inputs = 8
const innerOperations = 100
const innerRepeats = 15
/** Places at which memory is looked at; each takes a collection of all garbage. */
const places = 4
const fixedSegment = 20

const segments: Readonly<Record<string, ScanOptions>> = {
  'everything kept': {},
  [`every ${fixedSegment} steps`]: { checkpointEvery: fixedSegment },
  sqrt: { checkpointEvery: 'sqrt' },
}

const operations = [100, 300, 1000, 3000, 10_000, 20_000, 50_000, 100_000]

export const parts: Readonly<Record<string, Part>> = {
  chain: {
    summary: 'a chain of elementwise operations on 8 numbers',
    unit: 'operations',
    series: ['chain'],
    lengths: operations,
    quickLengths: [100, 400],
    memory: true,
    prepare: chain,
  },
  rnn: {
    summary: `the RNN layer, ${units} units, gradient of its weights`,
    unit: 'steps',
    series: ['RNN layer'],
    lengths: [10, 30, 100, 300, 1000, 2000, 5000, 10_000],
    quickLengths: [10, 40],
    memory: true,
    prepare: recurrent,
  },
  scan: {
    summary: 'the same recurrence in scan, with everything kept or checkpoints',
    unit: 'steps',
    series: Object.keys(segments),
    lengths: [100, 300, 1000, 2000, 5000, 10_000],
    quickLengths: [100, 400],
    memory: true,
    prepare: scanned,
  },
  inner: {
    summary: `a gradient through ${innerOperations} operations inside a longer computation`,
    unit: 'operations',
    series: ['inner gradient'],
    lengths: operations,
    quickLengths: [100, 400],
    memory: false,
    prepare: inner,
  },
}

/** y = … tanh(1.1 · sin(1.1 · sin x)), so many operations deep, and its gradient. */
function chain(length: number): Workload {
  const x = eightNumbers()
  return probe => {
    grad((x: Tensor) => {
      const y = chained(x, length, probe).sum()
      probe.forwardDone()
      return y
    })(x)
    return undefined
  }
}

/** The time of inner gradients of one length, at the end of an outer computation that is itself differentiated. */
function inner(length: number): Workload {
  const x = eightNumbers()
  return probe => {
    const seconds: number[] = []
    grad((x: Tensor) => {
      let y = chained(x, length, probe)
      for (let i = 0; i < innerRepeats; i++) {
        const start = performance.now()
        y = grad((z: Tensor) => chained(z, innerOperations).sum())(y)
        seconds.push((performance.now() - start) / 1000)
      }
      probe.forwardDone()
      return y.sum()
    })(x)
    return median(seconds)
  }
}

function chained(x: Tensor, length: number, probe?: Probe): Tensor {
  const every = Math.ceil(length / places)
  let y = x
  for (let i = 0; i < length; i++) {
    y = i % 2 === 0 ? y.sin() : y.mul(1.1)
    if (probe?.watching && i % every === 0) y = probe.watch(y)
  }
  return y
}

/** The RNN layer over a sequence. Where memory is watched the sequence comes in parts, to look between them. */
function recurrent(length: number): Workload {
  const rnn = new RNN(inputs, units, { key: key(1) })
  const sequence = normal(key(2), [length, inputs])
  return probe => {
    const part = probe.watching ? Math.ceil(length / places) : length
    valueAndGrad(rnn, () => {
      let [state, total]: (Tensor | undefined)[] = []
      for (let from = 0; from < length; from += part) {
        const run = rnn.call(sequence.slice([from, Math.min(length, from + part)]), state)
        const sum = run.outputs.square().sum()
        total = total ? total.add(sum) : sum
        state = probe.watch(run.state)
      }
      probe.forwardDone()
      return total!.div(length)
    })
    return undefined
  }
}

/**
 * hₜ = tanh(W hₜ₋₁ + V xₜ + θ) in `scan`, and the gradient with respect to W, V and θ. The loss is summed up in the
 * carry: outputs would be kept for every step, and their memory would be linear whatever the checkpoints do.
 */
function scanned(length: number, series: string): Workload {
  const options = segments[series]!
  const watchedAt = watchedSteps(length, options)
  const [first, second, third] = splitKey(key(1), 3)
  const deviation = 1 / Math.sqrt(units)
  const weights = {
    recurrent: normal(first!, [units, units], { deviation }),
    input: normal(second!, [units, inputs], { deviation }),
    bias: normal(third!, [units], { deviation }),
  }
  const sequence = normal(key(2), [length, inputs])
  return probe => {
    const loss = ({ recurrent, input, bias }: typeof weights): Tensor => {
      const step = ({ state, total }: { state: Tensor; total: Tensor }, x: Tensor, index: number) => {
        const next = recurrent.matmul(state).add(input.matmul(x)).add(bias).tanh()
        const seen = probe.watching && watchedAt.has(index) ? probe.watch(next) : next
        return [{ state: seen, total: total.add(seen.square().mean()) }, []] as const
      }
      const [{ total }] = scan(step, { state: zeros([units]), total: zeros([]) }, sequence, options)
      const value = total.div(length)
      probe.forwardDone()
      return value
    }
    grad(loss)(weights)
    return undefined
  }
}

/**
 * The first and the last step of some of the stretches that are computed again, the last one among them: when its end
 * is reached for the second time, all carries and one whole stretch are in memory.
 */
function watchedSteps(length: number, { checkpointEvery }: ScanOptions): Set<number> {
  const every =
    checkpointEvery === 'sqrt'
      ? Math.ceil(Math.sqrt(length))
      : (checkpointEvery ?? Math.ceil(length / places))
  const stretches = Math.ceil(length / every)
  const stride = Math.ceil(stretches / places)
  const steps = new Set<number>()
  for (let stretch = stretches - 1; stretch >= 0; stretch -= stride) {
    steps.add(stretch * every)
    steps.add(Math.min(length, (stretch + 1) * every) - 1)
  }
  return steps
}

const eightNumbers = (): Tensor => tensor([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8], { dtype: 'float32' })
