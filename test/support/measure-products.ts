/**
 * Writes the table of docs/blas.md: how fast products of matrices are on each backend, and through BLAS.
 * `node packages/blas/scripts/measure-products.mjs` runs it.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { cpu } from '@sensigrad/backend-cpu'
import { wasm } from '@sensigrad/backend-wasm'
import { blas } from '@sensigrad/blas'
import { allocate, type Backend, type View } from '@sensigrad/core'

const page = new URL('../../docs/blas.md', import.meta.url)
const fast = await wasm()
const through = [
  await blas({ backend: cpu(), threshold: 0 }),
  await blas({ backend: fast, threshold: 0 }),
] as const
const backends: readonly Backend[] = [cpu(), fast, ...through]
if (fast.variant !== 'relaxed-simd') throw new Error('this engine has no relaxed SIMD to measure')
const [info] = through[0].info()
if (info!.includes('no BLAS')) throw new Error(info)

/** Products `[m, k] × [k, n]`; in some the left factor is the transpose of `[k, m]`. */
interface Case {
  readonly m: number
  readonly k: number
  readonly n: number
  readonly isTurned?: boolean
}

const squares: Case[] = [16, 32, 48, 64, 128, 256, 512, 1024, 2048].map(n => ({ m: n, k: n, n }))
const others: Case[] = [
  { m: 1, k: 300, n: 300 },
  { m: 4, k: 300, n: 300 },
  { m: 16, k: 100, n: 100 },
  { m: 32, k: 100, n: 100 },
  { m: 32, k: 300, n: 300 },
  { m: 9600, k: 10, n: 100 },
  { m: 9600, k: 100, n: 100 },
  { m: 100, k: 9600, n: 100, isTurned: true },
  { m: 300, k: 9600, n: 300, isTurned: true },
]

/** More than so many multiplications would take plain loops minutes. */
const mostByLoops = 1e9

type Float = 'float32' | 'float64'

function matrix(on: Backend, dtype: Float, rows: number, columns: number, isTurned = false): View {
  const values = allocate(dtype, rows * columns)
  for (let i = 0; i < values.length; i++) values[i] = Math.sin(1 + i)
  const strides = isTurned ? [1, rows] : [columns, 1]
  return { storage: on.upload(values, dtype), dtype, shape: [rows, columns], strides, offset: 0 }
}

/** GFLOP/s on each backend, the best of many turns; they take turns, so that all meet the same slow moments. */
function rates(dtype: Float, { m, k, n, isTurned }: Case): string[] {
  const runners = backends.map((on, i) => {
    if (i === 0 && m * k * n > mostByLoops) return undefined
    const [a, b] = [matrix(on, dtype, m, k, isTurned), matrix(on, dtype, k, n)]
    const into = { storage: on.allocate(dtype, m * n), offset: 0 }
    const call = on.bind?.('contract', a, b, into) ?? (() => void on.contract(a, b, into))
    return { call, storages: [a.storage, b.storage, into.storage], on, best: Number.POSITIVE_INFINITY }
  })
  const repeats = Math.ceil(2e6 / (m * k * n))
  const end = performance.now() + 2000
  for (let turn = 0; turn < 5 || performance.now() < end; turn++) {
    for (const [i, runner] of runners.entries()) {
      if (runner === undefined || (i === 0 && turn >= 5)) continue
      const start = performance.now()
      for (let repeat = 0; repeat < repeats; repeat++) runner.call(0)
      runner.best = Math.min(runner.best, (performance.now() - start) / repeats)
    }
  }
  return runners.map(runner => {
    if (runner === undefined) return '–'
    for (const storage of runner.storages) runner.on.free(storage)
    const rate = (2 * m * k * n) / runner.best / 1e6
    return rate < 10 ? rate.toFixed(1) : rate.toFixed(0)
  })
}

const rows = [...squares, ...others].map(each => {
  const { m, k, n, isTurned } = each
  const name = isTurned ? `[${k}, ${m}]ᵀ × [${k}, ${n}]` : `[${m}, ${k}] × [${k}, ${n}]`
  const row = [name, ...rates('float32', each), ...rates('float64', each)]
  console.log(...row)
  return `| ${row.join(' | ')} |`
})

const columns = ['cpu', 'wasm', 'cpu+blas', 'wasm+blas']
const table = `GFLOP/s on ${cpus()[0]!.model.trim()}, Node ${process.versions.node}, ${info!.replace('matrix products: large ones through ', '')}, ${new Date().toISOString().slice(0, 10)}.

| | float32: ${columns.join(' | ')} | float64: ${columns.join(' | ')} |
|---|${'---|'.repeat(8)}
${rows.join('\n')}
`
const marks = ['<!-- measured -->\n', '<!-- /measured -->'] as const
const [before, rest] = readFileSync(page, 'utf8').split(marks[0]) as [string, string]
writeFileSync(page, before + marks[0] + table + marks[1] + rest.split(marks[1])[1])
