/** Small made-up runs for the tests of everything that reads runs. */

import { defaults, type Probe, type Run, type Settings } from './settings.ts'

/** A probe of two neurons; [λ, S] and what else matters. */
export function probe(lyapunov: number, logSensitivity: number, rest: Partial<Probe> = {}): Probe {
  return {
    step: 0,
    logSensitivity,
    lyapunov,
    sensitivities: [0.5, 1.5],
    averages: null,
    spectralRadius: Math.exp(lyapunov),
    meanAbsState: 0,
    saturated: 0,
    ...rest,
  }
}

/** A run through pairs [λ, S], 100 steps apart. */
export function run(
  pairs: [lyapunov: number, logSensitivity: number][],
  { seed = 1, status = 'finished', ...settings }: Partial<Settings & Pick<Run, 'seed' | 'status'>> = {},
): Run {
  const probes = pairs.map(([lyapunov, logSensitivity], i) =>
    probe(lyapunov, logSensitivity, { step: 100 * i }),
  )
  return { settings: { size: 2, ...defaults, ...settings }, seed, probes, status }
}

/** Follows S, stays at the edge and arrives. */
export const good: [number, number][] = [
  [-1.2, -1.25],
  [-0.5, -0.6],
  [0, -0.05],
  [0.001, 0.02],
]
