/**
 * Neurons that say nothing: those whose output has gone flat, since when, and how far they are from coming back.
 */

import { describeValue, stack, type Tensor, type TypedArray, ValueError } from '@sensigrad/core'
import type { AnyModule, Firing } from '@sensigrad/nn'
import { checkOptions } from '../checks.ts'
import { Ears, type Heard, type Listener, neuronLayersOf } from './firings.ts'

/** When a neuron has gone flat. */
export interface FlatRule {
  /** As reports print it: `|y| > 0.99`. */
  readonly text: string
  /** How far a potential is beyond where the neuron goes flat: 0 or more where it is flat. */
  readonly margin: (potential: Tensor) => Tensor
}

/** How far |u| is beyond a bound. */
const beyond = (bound: number) => (u: Tensor) => u.abs().sub(bound)

/** The rules of activations that go flat somewhere, by the name of the activation. Beyond y = 0.99 tanh's slope is under 0.02. */
export const flatRules: Readonly<Record<string, FlatRule>> = {
  tanh: { text: '|y| > 0.99', margin: beyond(Math.atanh(0.99)) },
  sigmoid: { text: 'y < 0.01 or y > 0.99', margin: beyond(Math.log(99)) },
  relu: { text: 'y = 0', margin: u => u.neg() },
  hardtanh: { text: '|y| = 1', margin: beyond(1) },
  hardsigmoid: { text: 'y = 0 or y = 1', margin: beyond(3) },
  softsign: { text: '|y| > 0.99', margin: beyond(99) },
}

/** How saturation is watched. */
export interface SaturationOptions {
  /** Rules for activations of your own, or in the place of ours, by the name of the activation. */
  readonly rules?: Readonly<Record<string, FlatRule>>
}

/** A neuron that was flat at every sample of every firing since one of them. */
export interface DeadNeuron {
  readonly neuron: number
  /** The firing of its layer since which it has been flat; 0 if it never was otherwise. */
  readonly since: number
  /** By how much, at the sample at which it came nearest, U is beyond where it would not be flat. */
  readonly margin: number
}

/** What is known of one layer. */
export interface LayerSaturation {
  readonly layer: string
  readonly activation: string
  /** When its neurons are flat; missing for an activation without a rule, of which no more is known. */
  readonly rule?: string
  readonly firings: number
  readonly samples: number
  /** The share of flat outputs among those of all neurons and samples of the last firing. */
  readonly flat: number
  /** The same over all firings. */
  readonly flatOverAll: number
  /** The share of each neuron over all firings. */
  readonly neurons: Float64Array
  /** Those that are flat at all samples by now, the longest dead first. */
  readonly dead: readonly DeadNeuron[]
}

/** The saturation of all layers of a module. */
export interface SaturationReport {
  readonly layers: readonly LayerSaturation[]
}

/**
 * Watches from now on, in eager and in captured steps, which neurons of a module go flat. Training is bit for bit what it
 * is without.
 *
 * @throws ValueError when the module has no neuron layers, and for options that there are not
 * @example
 * const saturation = new Saturation(model)
 * train()
 * console.log(formatSaturation(await saturation.report()))
 * saturation.stop()
 */
export class Saturation {
  readonly #ears: Ears
  readonly #watched = new Map<string, Watched>()

  constructor(module: AnyModule, options: SaturationOptions = {}) {
    checkOptions('Saturation', options, ['rules'])
    const { rules = {} } = options
    if (typeof rules !== 'object' || rules === null || Array.isArray(rules)) {
      throw new ValueError(
        'Saturation',
        `the rules are ${describeValue(rules)}`,
        'Give one for each activation, by its name',
      )
    }
    const layers = neuronLayersOf('Saturation', module)
    for (const [name, rule] of Object.entries(rules)) checkRule(name, rule)
    const all = { ...flatRules, ...rules }
    const ruleOf = ({ activation: { label } }: Firing): FlatRule | undefined =>
      Object.hasOwn(all, label) ? all[label] : undefined
    for (const [path, { neurons }] of layers) this.#watched.set(path, new Watched(neurons))
    const listener: Listener = {
      read: firing => {
        const rule = ruleOf(firing)
        return rule === undefined || firing.potential.size === 0
          ? []
          : [flatness(rule.margin(firing.potential))]
      },
      take: (layer, firing, [elements], heard) => {
        const samples = firing.potential.size / firing.potential.shape.at(-1)!
        this.#watched
          .get(layer)!
          .take(firing.activation.label, ruleOf(firing)?.text, samples, elements, heard)
      },
    }
    this.#ears = new Ears(layers, listener)
  }

  /** What is known by now. */
  async report(): Promise<SaturationReport> {
    await this.#ears.flush()
    return { layers: [...this.#watched].map(([layer, watched]) => watched.report(layer)) }
  }

  /** Watches no more; what is known stays. */
  stop(): void {
    this.#ears.stop()
  }
}

/** Of each neuron the share of samples at which it is flat, and the least margin, `[2, neurons]`. */
function flatness(margin: Tensor): Tensor {
  const samples = margin.reshape([-1, margin.shape.at(-1)!])
  return stack([samples.less(0).not().cast(margin.dtype).mean(0), samples.min(0)])
}

/** What is counted of one layer. */
class Watched {
  readonly #flat: Float64Array
  readonly #since: Float64Array
  readonly #margins: Float64Array
  #activation = ''
  #rule: string | undefined
  #firings = 0
  #samples = 0
  #last = 0

  constructor(neurons: number) {
    this.#flat = new Float64Array(neurons)
    this.#since = new Float64Array(neurons).fill(-1)
    this.#margins = new Float64Array(neurons)
  }

  /** Takes one firing, or those of all steps of a captured loop. */
  take(
    activation: string,
    rule: string | undefined,
    samples: number,
    elements: TypedArray | undefined,
    { steps = 1 }: Heard,
  ): void {
    this.#activation = activation
    this.#rule = rule
    for (let step = 0; step < steps; step++) {
      if (elements !== undefined) this.#count(elements, 2 * step * this.#flat.length, samples)
      this.#firings++
      this.#samples += samples
    }
  }

  #count(elements: TypedArray, start: number, samples: number): void {
    const neurons = this.#flat.length
    let sum = 0
    for (let i = 0; i < neurons; i++) {
      const [share, margin] = [elements[start + i]!, elements[start + neurons + i]!]
      sum += share
      this.#flat[i]! += share * samples
      if (share < 1) this.#since[i] = -1
      else if (this.#since[i]! < 0) {
        this.#since[i] = this.#firings
        this.#margins[i] = margin
      } else this.#margins[i] = Math.min(this.#margins[i]!, margin)
    }
    this.#last = sum / neurons
  }

  report(layer: string): LayerSaturation {
    const neurons = this.#flat.map(count => count / Math.max(this.#samples, 1))
    const dead = [...this.#since.keys()]
      .filter(neuron => this.#since[neuron]! >= 0)
      .map(neuron => ({ neuron, since: this.#since[neuron]!, margin: this.#margins[neuron]! }))
      .sort((a, b) => a.since - b.since || a.neuron - b.neuron)
    return {
      layer,
      activation: this.#activation,
      ...(this.#rule !== undefined && { rule: this.#rule }),
      firings: this.#firings,
      samples: this.#samples,
      flat: this.#last,
      flatOverAll: neurons.reduce((sum, share) => sum + share, 0) / neurons.length,
      neurons,
      dead,
    }
  }
}

/** @throws ValueError unless it is a rule */
function checkRule(name: string, rule: Partial<FlatRule> | undefined): void {
  if (typeof rule?.text === 'string' && typeof rule.margin === 'function') return
  throw new ValueError(
    'Saturation',
    `the rule of ${name} is none`,
    "Give its text and its margin: { text: 'y = 0', margin: u => u.neg() }",
  )
}
