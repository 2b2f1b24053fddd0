/** From probes to claims: what held in a run, and over the seeds of a size. Pure functions of the runs. */

import { largest, mean, type Spread, spread } from '../statistics/spread.ts'
import type { Probe, Run, Settings } from './settings.ts'

/** The claims of the study as numbers, the same for every run. A step of several layers is one revolution. */
export const criteria = {
  /** λ has reached the edge once it is above this, in nats per step. */
  edge: -0.02,
  /** Largest |λ − S| before the edge, in nats per step. */
  gap: 0.15,
  /** Largest |λ| at the end, in nats per step. */
  stay: 0.02,
  /** Largest distance of a layer's log-sensitivity from ln target at the end, in nats. */
  arrival: 0.1,
} as const

/**
 * Where S is to arrive, and how far from there it may end, in nats per step. Each layer goes to ln target and overshoots
 * by itself, for its gate sees nothing of the others; S is the sum of all, and so are its target and its tolerance.
 */
export function arrival({ target, layers }: Pick<Settings, 'target' | 'layers'>): {
  at: number
  within: number
} {
  return { at: layers * Math.log(target), within: layers * criteria.arrival }
}

/** `open` where a run has nothing to say: it began past the edge, has not reached it, or was interrupted. */
export type Verdict = 'yes' | 'no' | 'open'

export interface Point {
  step: number
  logSensitivity: number
  lyapunov: number
}

export interface RunSummary {
  size: number
  seed: number
  status: Run['status']
  start: Point | null
  end: Point | null
  /** λ against S over the probes before the edge; null when there is none. */
  gap: { probes: number; mean: number; max: number; signed: number } | null
  /** |λ − ln ρ| over the same probes, ρ being the spectral radius of a step: the part of λ that the eigenvalues explain while the state is small. */
  radiusGap: number | null
  /** The SAL step of the first probe at the edge; null when none got there. */
  edgeStep: number | null
  /** S at that probe. */
  edgeSensitivity: number | null
  /** The largest |λ| from the edge on. */
  strayed: number | null
  verdicts: Record<Claim, Verdict>
}

/** λ follows S before the edge; λ is 0 at the end; S arrives where every layer is at ln target. */
export type Claim = 'follows' | 'stays' | 'arrives'
export const claims: readonly Claim[] = ['follows', 'stays', 'arrives']

/** One run in numbers. S and λ are in nats per step (revolution). */
export function summariseRun({ settings, seed, probes, status }: Run): RunSummary {
  const first = probes.findIndex(({ lyapunov }) => lyapunov > criteria.edge)
  const before = first === -1 ? probes : probes.slice(0, first)
  const after = first === -1 ? [] : probes.slice(first)
  const gaps = before.map(({ lyapunov, logSensitivity }) => lyapunov - logSensitivity)
  const gap = gaps.length === 0 ? null : { probes: gaps.length, ...distances(gaps), signed: mean(gaps) }
  const radiusGaps = before.map(({ lyapunov, spectralRadius }) => lyapunov - Math.log(spectralRadius))
  const end = probes.at(-1)
  const finished = status === 'finished' && end !== undefined
  const { at, within } = arrival(settings)
  return {
    size: settings.size,
    seed,
    status,
    start: point(probes[0]),
    end: point(end),
    gap,
    radiusGap: radiusGaps.length === 0 ? null : distances(radiusGaps).mean,
    edgeStep: after[0]?.step ?? null,
    edgeSensitivity: after[0]?.logSensitivity ?? null,
    strayed: after.length === 0 ? null : largest(after.map(({ lyapunov }) => Math.abs(lyapunov))),
    verdicts: {
      follows: gap ? answer(gap.max <= criteria.gap) : 'open',
      stays: finished && after.length > 0 ? answer(Math.abs(end.lyapunov) < criteria.stay) : 'open',
      arrives: finished ? answer(Math.abs(end.logSensitivity - at) <= within) : 'open',
    },
  }
}

/** A size over its finished seeds. */
export interface SizeSummary {
  size: number
  /** Seeds of the finished runs; the numbers below are over these. */
  seeds: number[]
  /** Seeds that were stopped on the way. */
  interrupted: number[]
  spreads: Record<Quantity, Spread | null>
  counts: Record<Claim, { yes: number; no: number; open: number }>
}

/** What is measured of each run and spread over the seeds. */
export type Quantity =
  | 'sensitivityStart'
  | 'sensitivityEnd'
  | 'lyapunovStart'
  | 'lyapunovEnd'
  | 'meanGap'
  | 'maxGap'
  | 'signedGap'
  | 'radiusGap'
  | 'edgeStep'
  | 'edgeSensitivity'
  | 'strayed'

const quantities: Record<Quantity, (run: RunSummary) => number | null | undefined> = {
  sensitivityStart: run => run.start?.logSensitivity,
  sensitivityEnd: run => run.end?.logSensitivity,
  lyapunovStart: run => run.start?.lyapunov,
  lyapunovEnd: run => run.end?.lyapunov,
  meanGap: run => run.gap?.mean,
  maxGap: run => run.gap?.max,
  signedGap: run => run.gap?.signed,
  radiusGap: run => run.radiusGap,
  edgeStep: run => run.edgeStep,
  edgeSensitivity: run => run.edgeSensitivity,
  strayed: run => run.strayed,
}

/** Every size in numbers: medians and ranges over the finished seeds, and how often each claim held. */
export function summarise(runs: readonly RunSummary[]): SizeSummary[] {
  const sizes = [...new Set(runs.map(run => run.size))].sort((a, b) => a - b)
  return sizes.map(size => {
    const all = runs.filter(run => run.size === size)
    const finished = all.filter(run => run.status === 'finished')
    return {
      size,
      seeds: finished.map(run => run.seed),
      interrupted: all.filter(run => run.status === 'interrupted').map(run => run.seed),
      spreads: mapValues(quantities, read =>
        spread(finished.map(read).filter(x => x !== null && x !== undefined)),
      ),
      counts: mapValues({ follows: 0, stays: 0, arrives: 0 }, (_, claim) => {
        const count = (verdict: Verdict) => finished.filter(run => run.verdicts[claim] === verdict).length
        return { yes: count('yes'), no: count('no'), open: count('open') }
      }),
    }
  })
}

function point(probe: Probe | undefined): Point | null {
  if (!probe) return null
  const { step, logSensitivity, lyapunov } = probe
  return { step, logSensitivity, lyapunov }
}

function distances(differences: number[]): { mean: number; max: number } {
  const absolute = differences.map(Math.abs)
  return { mean: mean(absolute), max: largest(absolute) }
}

const answer = (holds: boolean): Verdict => (holds ? 'yes' : 'no')

function mapValues<Key extends string, From, To>(
  record: Record<Key, From>,
  change: (value: From, key: Key) => To,
): Record<Key, To> {
  const entries = Object.entries(record) as [Key, From][]
  return Object.fromEntries(entries.map(([key, value]) => [key, change(value, key)])) as Record<Key, To>
}
