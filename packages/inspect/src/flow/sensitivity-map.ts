/**
 * The sensitivities of all neurons of a module over time, as it trains: which neurons shrink what passes, which stretch
 * it, and which have died.
 */

import { describeValue, type Tensor, type TypedArray, ValueError } from '@sensigrad/core'
import { type AnyModule, type Counted, type Firing, sensitivities } from '@sensigrad/nn'
import { checkFlag, checkOptions } from '../checks.ts'
import type { Provenance } from '../record/record.ts'
import { Ring } from '../watch/ring.ts'
import { Ears, type Heard, type Listener, neuronLayersOf } from './firings.ts'

/** How sensitivities are collected. */
export interface SensitivityMapOptions {
  /** How many columns are kept of each layer: the last so many, 512 unless said. */
  readonly keep?: number
  /** Looks at every so-many-th firing of a layer; each unless said. */
  readonly every?: number
  /** Which inputs count in s; of a recurrent layer its own outputs unless said, as SAL counts. */
  readonly counted?: Counted
  /** The first axis of each firing is time, as that of `rnn.call(sequence)`: a column for each step, not for each firing. */
  readonly sequences?: boolean
}

/** One column: what one firing said. */
export interface SensitivityColumn {
  /** Which firing of the layer it was, from 0; with `sequences`, which step of time, counted on over the firings. */
  readonly at: number
  /** ln s of each neuron, s being the mean over the samples; -∞ where s is 0. */
  readonly logS: Float64Array
  /** ln of the root mean square of s over the neurons: the log-sensitivity S of the layer, in nats. */
  readonly logSensitivity: number
  /** How many neurons have s = 0. */
  readonly dead: number
  readonly from: Provenance
}

/** What is known of one layer. */
export interface LayerSensitivities {
  readonly layer: string
  readonly neurons: number
  /** Those that are kept, oldest first. */
  readonly columns: readonly SensitivityColumn[]
  /** How many older ones are not. */
  readonly dropped: number
}

/** The sensitivities of all layers of a module. */
export interface Sensitivities {
  readonly layers: readonly LayerSensitivities[]
}

/**
 * Collects the sensitivities of a module's neurons at each forward pass, from now on, in eager and in captured steps.
 * Training is bit for bit what it is without.
 *
 * @throws ValueError when the module has no neuron layers, and for options that there are not, or that are out of range
 * @example
 * const map = new SensitivityMap(model, { keep: 300 })
 * for (let i = 0; i < 300; i++) step()
 * console.log(formatSensitivities(await map.read()))
 * map.stop()
 */
export class SensitivityMap {
  readonly #ears: Ears
  readonly #collected: ReadonlyMap<string, Collected>

  constructor(module: AnyModule, options: SensitivityMapOptions = {}) {
    checkOptions('SensitivityMap', options, ['keep', 'every', 'counted', 'sequences'])
    checkFlag('SensitivityMap', 'sequences', options.sequences)
    const { keep = 512, every = 1, counted = 'recurrent', sequences = false } = options
    checkCount('keep', keep)
    checkCount('every', every)
    if (counted !== 'recurrent' && counted !== 'all') {
      throw new ValueError(
        'SensitivityMap',
        `there is no counted: ${describeValue(counted)}`,
        "Give 'recurrent' or 'all'",
      )
    }
    const layers = neuronLayersOf('SensitivityMap', module)
    this.#collected = new Map(
      [...layers].map(([path, { neurons }]) => [path, new Collected(neurons, keep, every)]),
    )
    const listener: Listener = {
      read: firing => (firing.potential.size === 0 ? [] : [meanSensitivity(firing, counted, sequences)]), // of no samples, nothing
      take: (layer, _, elements, heard) => {
        for (const s of elements) this.#collected.get(layer)!.take(s, heard)
      },
    }
    this.#ears = new Ears(layers, listener)
  }

  /** What is known by now. */
  async read(): Promise<Sensitivities> {
    await this.#ears.flush()
    return { layers: [...this.#collected].map(([layer, collected]) => collected.of(layer)) }
  }

  /** Listens no more; what was collected stays. */
  stop(): void {
    this.#ears.stop()
  }
}

/** The mean of s over the samples, `[neurons]`, or over those of each step, `[time, neurons]`. */
function meanSensitivity(firing: Firing, counted: Counted, sequences: boolean): Tensor {
  const s = sensitivities(firing, counted)
  const neurons = s.shape.at(-1)!
  if (!sequences || s.rank < 3) return sequences && s.rank === 2 ? s : s.reshape([-1, neurons]).mean(0)
  return s.reshape([s.shape[0]!, -1, neurons]).mean(1)
}

/** The columns of one layer. */
class Collected {
  readonly #neurons: number
  readonly #every: number
  readonly #ring: Ring<SensitivityColumn>
  #seen = 0

  constructor(neurons: number, keep: number, every: number) {
    this.#neurons = neurons
    this.#every = every
    this.#ring = new Ring(keep)
  }

  /** Takes the sensitivities of one firing, or of several, one after the other. */
  take(s: TypedArray, { from }: Heard): void {
    for (let start = 0; start < s.length; start += this.#neurons) {
      const at = this.#seen++
      if (at % this.#every !== 0) continue
      this.#ring.push(columnOf(at, s.subarray(start, start + this.#neurons), from))
    }
  }

  of(layer: string): LayerSensitivities {
    return { layer, neurons: this.#neurons, columns: this.#ring.items(), dropped: this.#ring.dropped }
  }
}

function columnOf(at: number, s: TypedArray, from: Provenance): SensitivityColumn {
  let [squares, dead] = [0, 0]
  for (const value of s) {
    squares += value * value
    if (value === 0) dead++
  }
  const logS = Float64Array.from(s, Math.log)
  return { at, logS, logSensitivity: Math.log(squares / s.length) / 2, dead, from }
}

function checkCount(name: string, value: unknown): void {
  if (Number.isInteger(value) && Number(value) >= 1) return
  throw new ValueError(
    'SensitivityMap',
    `${name} is ${describeValue(value)}`,
    'Give a whole number, 1 or more',
  )
}
