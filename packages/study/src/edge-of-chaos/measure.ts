/** What a probe measures: λ and S of a ring as it is, side by side over one window, without SAL and without noise. */

import { concat, type Key, stack, type Tensor } from '@sensigrad/core'
import { maxLyapunov } from '@sensigrad/dynamics'
import { spectralRadius } from '@sensigrad/linalg'
import { type Firing, loopLogSensitivity, sensitivities } from '@sensigrad/nn'
import { dtype, type Ring } from './ring.ts'
import type { Probe, Settings } from './settings.ts'

/** Layers from one renormalisation of the tangent to the next; each may shrink it a great deal. */
const layersBetween = 10

/**
 * Measures a ring over `window` revolutions, after `transient` others.
 *
 * @param start  the state from which it goes, `[size]`
 */
export async function measure(
  ring: Ring,
  start: Tensor,
  tangentKey: Key,
  { transient, window }: Pick<Settings, 'transient' | 'window'>,
): Promise<Omit<Probe, 'step' | 'averages'>> {
  const recordings = ring.layers.map(layer => new Recording(layer))
  const measured = maxLyapunov(state => ring.call(state), start, {
    transient,
    steps: window,
    interval: Math.max(1, Math.floor(layersBetween / ring.layers.length)),
    key: tangentKey,
    onStep: () => recordings.forEach(recording => void recording.keep()),
  })
  const { exponent } = await measured.finally(() => recordings.forEach(recording => void recording.end()))

  const firings = recordings.map(({ firing }) => firing)
  const s = firings.map(firing => sensitivities(firing)) // of each layer, [window, size]
  const magnitude = concat(firings.map(({ output }) => output)).abs()
  return {
    lyapunov: exponent,
    logSensitivity: await loopLogSensitivity(s).item(),
    sensitivities: [...(await concat(s, 1).square().mean(0).sqrt().data())],
    spectralRadius: await spectralRadius(ring.product),
    meanAbsState: await magnitude.mean().item(),
    saturated: await magnitude.greater(0.99).cast(dtype).mean().item(),
  }
}

/** What a layer does, kept at the steps that count. */
class Recording {
  readonly end: () => void
  #latest: Firing | undefined
  readonly #potentials: Tensor[] = []
  readonly #outputs: Tensor[] = []

  constructor(layer: Ring['layers'][number]) {
    this.end = layer.onFiring(firing => {
      this.#latest = firing
    })
  }

  /** Keeps the latest firing. */
  keep(): void {
    this.#potentials.push(this.#latest!.potential.stopGradient())
    this.#outputs.push(this.#latest!.output.stopGradient())
  }

  /** All that was kept as one, `[steps, size]`. */
  get firing(): Firing {
    return { ...this.#latest!, potential: stack(this.#potentials), output: stack(this.#outputs) }
  }
}
