/**
 * One network of the study. SAL adjusts it step by step; now and then its weights are frozen, and over one window
 * its largest Lyapunov exponent λ and its log-sensitivity S are measured side by side.
 */

import { setImmediate } from 'node:timers/promises'
import { concat, foldIn, type Key, key, normal, splitKey, uniform } from '@sensigrad/core'
import { SAL } from '@sensigrad/nn'
import 'sensigrad' // brings the built-in backend
import type { RecordPlace } from '../recording/place.ts'
import { measure } from './measure.ts'
import { recordingOf } from './recorded.ts'
import { dtype, Ring } from './ring.ts'
import type { Probe, Run, Settings } from './settings.ts'

/** What a run tells while it goes, and how it is asked to stop: before each step, with a turn of the event loop at each probe. */
export interface Events {
  /** A probe was made. */
  probe(probe: Probe): void
  /** So many SAL steps are done. */
  progress(step: number): void
  /** Whether to end here; asked at every step. */
  stopped(): boolean
  /** Where the run leaves records of what its gradients did; missing where it is not to be recorded. */
  readonly record?: RecordPlace | undefined
}

/**
 * Runs one network. Probes come before the first step, every `probeEvery` steps, and after the last.
 *
 * @param seed  decides the weights, the first state, the noise and the tangents, together with the size and the layers
 * @returns the run with its probes; marked as interrupted when it was stopped
 */
export async function runExperiment(settings: Settings, seed: number, events: Events): Promise<Run> {
  const { size, noise, steps, probeEvery } = settings
  const [weightKey, stateKey, noiseKey, tangentKey] = splitKey(key(seed), 4) as [Key, Key, Key, Key]
  const ring = new Ring(settings, weightKey)
  const sal = adjusterOf(ring, settings)
  const probes: Probe[] = []
  let state = uniform(stateKey, [size], { low: -1, high: 1, dtype })
  const twin = new Ring(settings, weightKey)
  const recording = events.record && recordingOf(events.record, { ring, twin, settings, seed }, () => state)
  if (sal) recording?.enter(sal)

  try {
    for (let step = 0; !events.stopped(); step++) {
      if (step % probeEvery === 0 || step === steps) {
        const averages = await averagesOf(ring, sal)
        const measured = await measure(ring, state, tangentKey, settings)
        sal?.forget() // the probe only looked
        const probe: Probe = { step, ...measured, averages }
        probes.push(probe)
        events.probe(probe)
        recording?.number(step, 'lyapunov', probe.lyapunov)
        await setImmediate() // a turn of the event loop, for messages and interrupts
      }
      events.progress(step)
      if (step === steps) {
        await recording?.finish(step)
        return { settings, seed, probes, status: 'finished' }
      }
      await recording?.look(step)
      state = ring.call(state)
      if (noise > 0) state = state.add(normal(foldIn(noiseKey, step), [size], { deviation: noise, dtype }))
      sal?.adjust()
    }
    return { settings, seed, probes, status: 'interrupted' }
  } finally {
    recording?.close()
  }
}

/** SAL at work on every layer, or nothing where the rate is 0. The command line has warned of a rate too high. */
function adjusterOf(ring: Ring, { rate, target, decay, mode }: Settings): SAL | undefined {
  return rate > 0 ? new SAL({ rate, target, decay, mode, warn: () => {} }).attach(ring) : undefined
}

/** SAL's running averages of all neurons, layer by layer; null before its first step. */
async function averagesOf(ring: Ring, sal: SAL | undefined): Promise<number[] | null> {
  const averages = ring.layers.flatMap(layer => sal?.of(layer)?.average ?? [])
  return averages.length === 0 ? null : [...(await concat(averages).data())]
}
