/** `pnpm bench profile`: where the time of a captured step goes, kernel by kernel. */

import { wasm } from '@sensigrad/backend-wasm'
import { type Backend, capture, scope, tensor, useBackend } from '@sensigrad/core'
import type { Benchmark, Outcome, Row, RunOptions } from '../benchmark.ts'
import { median } from '../fit.ts'
import type { Case } from '../speed/case.ts'
import { stepOf } from '../speed/steps.ts'
import { workloads } from '../speed/workloads.ts'
import { markdownTable } from '../text.ts'
import { instrument, type Spent, watch } from './instrument.ts'

const profiled = workloads.filter(({ name }) => name !== 'gemm') // a product is one kernel

export const profile: Benchmark = {
  name: 'profile',
  summary: 'where the time of a captured step goes on WebAssembly, kernel by kernel',
  parts: Object.fromEntries(profiled.map(({ name, summary }) => [name, summary])),
  run,
}

const [warmUpSeconds, runs] = [1, 101]

async function run({ parts, quick, progress }: RunOptions): Promise<Outcome> {
  const backend = await wasm()
  const cases = profiled.filter(({ name }) => parts.includes(name)).flatMap(({ cases }) => cases(quick))
  const rows: Row[] = []
  const tables = cases.map(one => {
    progress(one.name)
    const found = spentIn(one, backend, quick)
    rows.push(
      ...found.map(({ what, calls, microseconds }) => ({ workload: one.name, what, calls, microseconds })),
    )
    return tableOf(one.name, found)
  })
  return { rows, findings: [], text: tables.map(table => `${table}\n\n`).join(''), figures: {} }
}

/** A kind of call in one run of the step. */
interface Share {
  readonly what: string
  readonly calls: number | null
  readonly microseconds: number
}

/**
 * What each kind of call takes, the most first, and what is left of the time of a run without a watch. Runs with and
 * without one take turns, and medians over them are given.
 */
function spentIn(one: Case, backend: Backend, quick: boolean): Share[] {
  const { backend: watched, spent } = instrument(backend)
  const [plain, step] = [prepared(one, backend), prepared(one, watched)]
  for (const each of [plain, step]) warmUp(each, quick ? 0 : warmUpSeconds)
  const price = priceOfWatch()
  const wholes: number[] = []
  const found = new Map<string, { calls: number; microseconds: number[] }>()
  for (let i = 0; i < (quick ? 3 : runs); i++) {
    wholes.push(microsecondsOf(plain))
    spent.clear()
    step()
    for (const [what, { calls, milliseconds }] of spent) {
      const kind = found.get(what) ?? { calls, microseconds: [] }
      kind.microseconds.push(Math.max(0, milliseconds * 1e3 - calls * price))
      found.set(what, kind)
    }
  }
  const whole = median(wholes)
  const shares = [...found]
    .map(([what, { calls, microseconds }]) => ({ what, calls, microseconds: median(microseconds) }))
    .sort((a, b) => b.microseconds - a.microseconds)
  const rest = whole - shares.reduce((sum, { microseconds }) => sum + microseconds, 0)
  return [
    ...shares,
    { what: 'all else: arguments, results, calling the kernels', calls: null, microseconds: rest },
    { what: 'a whole run', calls: null, microseconds: whole },
  ]
}

function prepared({ kind, inputs, sizes }: Case, backend: Backend): () => void {
  useBackend(backend)
  const tensors = Object.entries(inputs).map(
    ([name, { values, shape }]) => [name, tensor(values, { shape })] as const,
  )
  const { run, args } = stepOf(kind, Object.fromEntries(tensors), sizes)
  const step = capture(run)
  return () => scope(() => void step(...args))
}

/** Microseconds that the watch itself adds to a call. */
function priceOfWatch(): number {
  const spent = new Map<string, Spent>()
  const empty = watch(() => {}, 'nothing', spent)
  for (let i = 0; i < 1e5; i++) empty(0)
  spent.clear()
  for (let i = 0; i < 1e5; i++) empty(0)
  return spent.get('nothing')!.milliseconds / 100
}

function microsecondsOf(run: () => void): number {
  const start = performance.now()
  run()
  return (performance.now() - start) * 1e3
}

function warmUp(run: () => void, seconds: number): void {
  for (const start = performance.now(); ; ) {
    run()
    if (performance.now() - start >= seconds * 1e3) return
  }
}

function tableOf(name: string, shares: readonly Share[]): string {
  const whole = shares.at(-1)!.microseconds
  const body = shares.map(({ what, calls, microseconds }) => [
    what,
    calls === null ? '' : calls.toLocaleString('en-US'),
    microseconds.toFixed(1),
    calls === null ? '' : ((microseconds / calls) * 1e3).toFixed(0),
    `${((100 * microseconds) / whole).toFixed(1)} %`,
  ])
  return markdownTable([name, 'calls', 'µs', 'ns a call', 'share'], body, 1)
}
