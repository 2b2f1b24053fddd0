/** What sensigrad wants to reach. Nearly all are ratios within one run, so that they mean the same on any machine. */

import type { Row } from '../benchmark.ts'
import { isRate } from './case.ts'
import type { Measured } from './measure.ts'
import { type EntrantName, roster } from './roster.ts'

/** A number that was computed from what was measured, and what it should be. */
export interface Finding extends Row {
  readonly workload: string
  /** What the number says, in words. */
  readonly what: string
  readonly value: number
  readonly target: string
  readonly met: 'yes' | 'no'
}

type Ratios = Readonly<Partial<Record<EntrantName, number>>>

/** How many times faster than the best form of another one the WebAssembly backend should at least be. */
const ahead: Readonly<Record<string, Ratios>> = {
  R1: { torch: 10, jax: 1.5, 'tfjs-wasm': 200, 'jax-js': 90 },
  R32: { torch: 1.2, jax: 0.9, 'tfjs-wasm': 30, 'jax-js': 14 },
  D16: { torch: 3.5, jax: 1.5, 'tfjs-wasm': 45, 'jax-js': 150 },
  D128: { torch: 1.2, jax: 1, 'tfjs-wasm': 30, 'jax-js': 50 },
  L: { torch: 2.8, jax: 1.1, 'tfjs-wasm': 30, 'jax-js': 6 },
  chain: { torch: 5, 'tfjs-wasm': 30, 'jax-js': 100 },
  'chain and gradient': { torch: 5, 'tfjs-wasm': 30 },
  'gemm 128': { limit: 0.9, 'tfjs-wasm': 1.4, 'jax-js': 1.2 },
  'gemm 256': { limit: 0.9, 'tfjs-wasm': 1.4, 'jax-js': 1.2 },
  'gemm 512': { limit: 0.9, 'tfjs-wasm': 1.4, 'jax-js': 1.2 },
}

/** Microseconds of an eager operation: all of it, and what it costs beside its kernel. */
const mostMicroseconds: Readonly<Record<string, number>> = { chain: 0.2, 'chain and gradient': 0.5 }

/** How many times as long vanishing gradients may take. */
const mostForDenormals = 1.3

/** How many times as long as plain loops the readable backend may take. */
const mostForReadable = 3

/** All targets that can be judged by what was measured. */
export function judge(measured: readonly Measured[]): Finding[] {
  const names = new Set(measured.map(row => row.case.name))
  return [...names].flatMap(name => {
    const rows = measured.filter(row => row.case.name === name)
    const ours = oursOf(rows)
    const findings: (Finding | undefined)[] = Object.entries(ahead[name] ?? {}).map(([peer, least]) =>
      atLeast(name, ours, bestOf(alike(rows), peer as EntrantName), least),
    )
    const most = mostMicroseconds[name]
    for (const row of most === undefined ? [] : [ours, bestOf(rows, 'hollow')]) {
      if (row) findings.push(atMost(name, `µs for one operation, ${nameOf(row)}`, row.median, most!))
    }
    const gentle = oursOf(gentleOf(name, measured))
    if (ours && gentle) {
      findings.push(
        atMost(name, `time beside gain 1.5, ${nameOf(ours)}`, ours.median / gentle.median, mostForDenormals),
      )
    }
    const [readable, loops] = [bestOf(rows, 'cpu'), bestOf(rows, 'loops')]
    if (readable && loops && readable.case.kind !== 'gemm') {
      findings.push(
        atMost(
          name,
          `time of ${nameOf(readable)} beside ${loops.entrant.name}`,
          timeRatio(readable, loops),
          mostForReadable,
        ),
      )
    }
    return findings.filter(finding => finding !== undefined)
  })
}

/** The rows of the same workload without vanishing gradients; none unless the named one has them. */
export function gentleOf(name: string, measured: readonly Measured[]): Measured[] {
  return measured.filter(row => `${row.case.name} gain 0.5` === name)
}

/** How many times the second one's time the first one takes. */
export function timeRatio(row: Measured, other: Measured): number {
  return isRate(row.case.unit) ? other.median / row.median : row.median / other.median
}

/** The row of ours that all others are compared with: WebAssembly, captured, except where single operations are the point. */
export function oursOf(rows: readonly Measured[]): Measured | undefined {
  const own = rows.filter(({ entrant }) => entrant === roster.wasm)
  const wanted = own[0]?.case.kind.startsWith('chain') ? 'eager' : 'captured'
  return own.find(({ mode }) => mode === wanted) ?? own[0]
}

/** The rows in which a target is looked for: where single operations are the point, only those that are eager. */
const alike = (rows: readonly Measured[]): readonly Measured[] =>
  rows[0]?.case.kind.startsWith('chain') ? rows.filter(({ mode }) => mode === 'eager') : rows

/** The fastest mode of one who took part. */
export function bestOf(rows: readonly Measured[], name: EntrantName): Measured | undefined {
  const own = rows.filter(({ entrant }) => entrant === roster[name])
  return own.reduce<Measured | undefined>(
    (best, row) => (best && timeRatio(best, row) <= 1 ? best : row),
    undefined,
  )
}

export const nameOf = ({ entrant, mode }: Measured): string => `${entrant.name} (${mode})`

function atLeast(
  workload: string,
  ours: Measured | undefined,
  other: Measured | undefined,
  least: number,
): Finding | undefined {
  if (!ours || !other) return undefined
  const value = timeRatio(other, ours)
  const what =
    other.entrant.role === 'limit'
      ? `part of the ${nameOf(other)} that ${nameOf(ours)} reaches`
      : `times faster than ${nameOf(other)}, ${nameOf(ours)}`
  return { workload, what, value, target: `≥ ${least}`, met: value >= least ? 'yes' : 'no' }
}

const atMost = (workload: string, what: string, value: number, most: number): Finding => ({
  workload,
  what,
  value,
  target: `≤ ${most}`,
  met: value <= most ? 'yes' : 'no',
})
