/**
 * `pnpm bench denormals`: what vanishing gradients cost on their way through the denormal numbers, and two ways not to pay
 * it: to flush them, which loses them, and to scale them by powers of two, which loses nothing.
 */

import { wasm } from '@sensigrad/backend-wasm'
import {
  capture,
  key,
  norm,
  normal,
  scan,
  type Tensor,
  tensor,
  uniform,
  useBackend,
  where,
} from '@sensigrad/core'
import type { Benchmark, Outcome, Row, RunOptions } from '../benchmark.ts'
import { median } from '../fit.ts'
import { markdownTable } from '../text.ts'

const ways = {
  plain: 'as it is',
  flushed: 'with { flushDenormals: true }: below 1e-30 is 0 to a product',
  rescaled: 'scaled by 2^40 whenever all are below 2^-40, and the powers counted',
} as const
type Way = keyof typeof ways

export const denormals: Benchmark = {
  name: 'denormals',
  summary: 'what vanishing gradients cost at gain 0.5, as they are, flushed, and rescaled',
  parts: ways,
  run,
}

const [batch, neurons, runs] = [32, 100, 41]

/** Adjoints at one step, and the power of two by which they were scaled so far. */
type Swept = readonly [adjoints: Tensor, power: Tensor]

/** Sweeps a cotangent back through the steps of a tanh network: log₂ ‖adjoint‖ of every step. */
function sweep(way: Way, w: Tensor) {
  const back = ([g, power]: Swept, slope: Tensor) => {
    const next = g.mul(slope).matmul(w)
    const length = norm(next)
    const log = length.log().div(Math.LN2).sub(power)
    if (way !== 'rescaled') return [[next, power] as const, log] as const
    const isSmall = next
      .abs()
      .max()
      .less(2 ** -40)
    return [[next.mul(where(isSmall, 2 ** 40, 1)), power.add(where(isSmall, 40, 0))] as const, log] as const
  }
  return (g: Tensor, slopes: Tensor): Tensor => scan(back, [g, tensor(0)] as const, slopes)[1]
}

interface Measured {
  readonly milliseconds: number
  /** Steps whose norm is not lost. */
  readonly known: number
}

async function measure(way: Way, gain: number, steps: number, repeats: number): Promise<Measured> {
  const w = normal(key(1), [neurons, neurons], { deviation: gain / Math.sqrt(neurons) })
  const slopes = uniform(key(2), [steps, batch, neurons], { low: 0.5 })
  const g = normal(key(3), [batch, neurons])
  const run = capture(sweep(way, w), { flushDenormals: way === 'flushed', reuseResults: true })
  const logs = await run(g, slopes).data()
  const times = Array.from({ length: repeats }, () => {
    const start = performance.now()
    run(g, slopes)
    return performance.now() - start
  })
  run.release()
  return { milliseconds: median(times), known: logs.filter(Number.isFinite).length }
}

async function run({ parts, quick, progress }: RunOptions): Promise<Outcome> {
  useBackend(await wasm())
  const [steps, repeats] = quick ? [30, 3] : [300, runs]
  const rows: Row[] = []
  const body: string[][] = []
  for (const way of Object.keys(ways).filter((name): name is Way => parts.includes(name))) {
    progress(way)
    const [steady, vanishing] = [
      await measure(way, 1.5, steps, repeats),
      await measure(way, 0.5, steps, repeats),
    ]
    const ratio = vanishing.milliseconds / steady.milliseconds
    for (const [gain, { milliseconds, known }] of [
      [1.5, steady],
      [0.5, vanishing],
    ] as const) {
      rows.push({ way, gain, milliseconds, known, steps })
    }
    const times = [steady, vanishing].map(({ milliseconds }) => milliseconds.toFixed(2))
    body.push([way, ...times, ratio.toFixed(2), `${vanishing.known} of ${steps}`])
  }
  const head = ['adjoints', 'gain 1.5 (ms)', 'gain 0.5 (ms)', 'ratio', 'norms known at gain 0.5']
  return { rows, findings: [], text: `${markdownTable(head, body, 1)}\n\n`, figures: {} }
}
