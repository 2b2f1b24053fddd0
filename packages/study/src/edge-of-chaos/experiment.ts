/**
 * One network of the study. SAL adjusts it step by step; now and then its weights are frozen, and over one window
 * its largest Lyapunov exponent λ and its log-sensitivity S are measured side by side.
 */

import { setImmediate } from 'node:timers/promises'
import { foldIn, type Key, key, normal, splitKey, stack, type Tensor, uniform } from '@sensigrad/core'
import { maxLyapunov } from '@sensigrad/dynamics'
import { spectralRadius } from '@sensigrad/linalg'
import { type Firing, initialise, logSensitivity, RNN, SAL, sensitivities } from '@sensigrad/nn'
import 'sensigrad' // brings the built-in backend
import type { Probe, Run, Settings } from './settings.ts'

/** What a run tells while it goes, and how it is asked to stop: before each step, with a turn of the event loop at each probe. */
export interface Events {
  /** A probe was made. */
  probe(probe: Probe): void
  /** So many SAL steps are done. */
  progress(step: number): void
  /** Whether to end here; asked at every step. */
  stopped(): boolean
}

const dtype = 'float64'

/**
 * Runs one network. Probes come before the first step, every `probeEvery` steps, and after the last.
 *
 * @param seed  decides the weights, the first state, the noise and the tangents, together with the size
 * @returns the run with its probes; marked as interrupted when it was stopped
 */
export async function runExperiment(settings: Settings, seed: number, events: Events): Promise<Run> {
  const { size, gain, bias, noise, steps, probeEvery } = settings
  const [weightKey, stateKey, noiseKey, tangentKey] = splitKey(key(seed), 4) as [Key, Key, Key, Key]
  const network = new RNN(0, size, {
    key: weightKey,
    dtype,
    recurrentWeight: initialise.gaussian(gain),
    bias: initialise.gaussianOf(bias),
  })
  const sal = adjusterOf(network, settings)
  const probes: Probe[] = []

  let state = uniform(stateKey, [size], { low: -1, high: 1, dtype })
  for (let step = 0; !events.stopped(); step++) {
    if (step % probeEvery === 0 || step === steps) {
      const averages = await sal?.of(network)?.average?.data()
      const measured = await measure(network, state, tangentKey, settings)
      sal?.forget() // the probe only looked
      const probe: Probe = { step, ...measured, averages: averages ? [...averages] : null }
      probes.push(probe)
      events.probe(probe)
      await setImmediate() // a turn of the event loop, for messages and interrupts
    }
    events.progress(step)
    if (step === steps) return { settings, seed, probes, status: 'finished' }
    state = network.step(state)
    if (noise > 0) state = state.add(normal(foldIn(noiseKey, step), [size], { deviation: noise, dtype }))
    sal?.adjust()
  }
  return { settings, seed, probes, status: 'interrupted' }
}

/** SAL at work on the network, or nothing where the rate is 0. The command line has warned of a rate too high. */
function adjusterOf(network: RNN, { rate, target, decay, mode }: Settings): SAL | undefined {
  return rate > 0 ? new SAL({ rate, target, decay, mode, warn: () => {} }).attach(network) : undefined
}

/** Measures λ and S over one window with the weights frozen and without noise. */
async function measure(
  network: RNN,
  start: Tensor,
  tangentKey: Key,
  { transient, window }: Settings,
): Promise<Omit<Probe, 'step' | 'averages'>> {
  let latest: Firing | undefined
  const potentials: Tensor[] = []
  const outputs: Tensor[] = []
  const stopListening = network.onFiring(firing => {
    latest = firing
  })
  const measured = maxLyapunov(state => network.step(state), start, {
    transient,
    steps: window,
    key: tangentKey,
    onStep: () => {
      potentials.push(latest!.potential.stopGradient())
      outputs.push(latest!.output.stopGradient())
    },
  })
  const { exponent } = await measured.finally(stopListening)

  const output = stack(outputs)
  const s = sensitivities({ ...latest!, potential: stack(potentials), output }) // [window, size]
  const magnitude = output.abs()
  return {
    lyapunov: exponent,
    logSensitivity: await logSensitivity(s).item(),
    sensitivities: [...(await s.square().mean(0).sqrt().data())],
    spectralRadius: await spectralRadius(network.recurrentWeight.value),
    meanAbsState: await magnitude.mean().item(),
    saturated: await magnitude.greater(0.99).cast(dtype).mean().item(),
  }
}
