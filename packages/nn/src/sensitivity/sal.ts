/**
 * Sensitivity Adjustment Learning: nudges the average sensitivity of each neuron to a target, by a rule that
 * needs only what is at hand at the neuron. (Shibata, Ejima, Tokumaru, Matsuki, Neural Networks 143, 2021.)
 */

import {
  describeValue,
  type Expression,
  elementwise,
  keep,
  outsideCapture,
  setting,
  ValueError,
} from '@sensigrad/core'
import { type AnyModule, checkModule } from '../module.ts'
import { type Firing, NeuronLayer } from '../neuron-layer.ts'
import { type Adjustment, LastAdjustment } from './adjustment.ts'
import { type Attachment, asConstants, checkFinite, checkSettled, checkWithin, maskOf } from './attachment.ts'
import { sensitivityGradient } from './closed-form.ts'
import { checked, gates, type SALMode, type SALOptions, settle } from './sal-options.ts'
import type { Counted } from './sensitivity.ts'

/** What SAL acts on in a layer. */
export interface AttachOptions {
  /** The indices of the neurons to adjust; all unless said. */
  readonly neurons?: readonly number[]
  /** Which inputs count in ‖w‖ and x: of a recurrent layer its own outputs only, unless `all`. */
  readonly counted?: Counted
}

/** How many firings may wait for an adjustment before SAL says that none has come. */
const manyFirings = 100_000

/**
 * Sensitivity Adjustment Learning. Attach it to layers, let them compute, and call `adjust`: each attached neuron
 * climbs the gradient of its sensitivity while its gate is open. Nothing is propagated to other neurons.
 *
 * @throws ValueError for options out of range
 * @example
 * const sal = new SAL({ rate: 2e-4 }).attach(rnn)
 * for (let t = 0; t < 1000; t++) {
 *   state = rnn.step(state)
 *   sal.adjust()
 * }
 */
export class SAL {
  /** η; may be changed between adjustments. */
  rate: number
  /** The sensitivity to reach; may be changed between adjustments. */
  target: number
  readonly decay: number
  readonly mode: SALMode
  readonly #warn: (message: string) => void
  readonly #attached = new Map<NeuronLayer<never, unknown>, Attachment>()
  #warnedOfWaiting = false
  #isPaused = false

  constructor(options: SALOptions) {
    const { rate, target, decay, mode, warn } = settle(options)
    this.rate = rate
    this.target = target
    this.decay = decay
    this.mode = mode
    this.#warn = warn
  }

  /**
   * Acts on the neurons of a layer, or of every neuron layer inside a module, from now on.
   *
   * @throws ValueError when there is no neuron layer, one is attached already, or an index is no neuron of it
   */
  attach(module: AnyModule, { neurons, counted = 'recurrent' }: AttachOptions = {}): this {
    checkModule('SAL.attach', module)
    const layers = [...module.modules()].flatMap(([path, layer]) =>
      layer instanceof NeuronLayer ? [{ path, layer }] : [],
    )
    if (layers.length === 0) {
      throw new ValueError(
        'SAL.attach',
        `there is no layer of neurons in ${module.constructor.name}`,
        'Attach a Dense or RNN layer, or a module that holds one',
      )
    }
    for (const { layer } of layers) if (this.#attached.has(layer)) throw alreadyAttached(layer)
    if (counted !== 'recurrent' && counted !== 'all') {
      throw new ValueError(
        'SAL.attach',
        `there is no counted: ${describeValue(counted)}`,
        "Give 'recurrent' or 'all'",
      )
    }
    // A captured step hears what is attached when it is captured; what is kept here outlives it.
    const masks = outsideCapture(() => layers.map(({ layer }) => maskOf(layer, neurons)))
    layers.forEach(({ path, layer }, i) => {
      const attachment: Attachment = {
        path,
        counted,
        mask: keep(masks[i]!),
        stopListening: layer.onFiring(firing => this.#hear(attachment, firing)),
        heard: [],
        last: outsideCapture(() => new LastAdjustment(layer.bias.value)),
      }
      this.#attached.set(layer, attachment)
    })
    return this
  }

  /** Leaves a layer, or every layer inside a module, alone from now on, and forgets its averages. */
  detach(module: AnyModule): this {
    checkModule('SAL.detach', module)
    for (const layer of module.modules().values()) {
      this.#attached.get(layer as NeuronLayer<never, unknown>)?.stopListening()
      this.#attached.delete(layer as NeuronLayer<never, unknown>)
    }
    return this
  }

  /**
   * The last adjustment of a layer; `undefined` before the first, and of a layer that is not attached.
   *
   * @throws NonFiniteError when a sensitivity was NaN or infinite in a captured step, where `adjust` cannot look: the
   *         neuron has stayed as it was since then
   */
  of(layer: NeuronLayer<never, unknown>): Adjustment | undefined {
    const attachment = this.#attached.get(layer)
    const last = attachment?.last.value
    if (attachment && last) {
      checkFinite(
        'SAL.of',
        layer,
        attachment,
        last.average,
        'Its weights or its inputs were not finite in a captured step, and it has stayed as it was since. Find where that began, then detach and attach the layer',
      )
    }
    return last
  }

  /**
   * Runs `body` without listening: for passes that are only for looking.
   *
   * @example const accuracy = sal.paused(() => test(model))
   */
  paused<Result>(body: () => Result): Result {
    const outer = this.#isPaused
    this.#isPaused = true
    try {
      return body()
    } finally {
      this.#isPaused = outer
    }
  }

  /** Forgets the firings heard since the last adjustment. */
  forget(): void {
    for (const attachment of this.#attached.values()) attachment.heard = []
  }

  /**
   * Moves the weights and biases of all attached neurons by one step, from the firings heard since the last one:
   * Δw = η·gate·∇_w s, Δθ = η·gate·∇_θ s, with s and its gradient averaged over these firings (batch and
   * sequence). The gradient is that of the pass itself, even if the weights have been updated since, so this
   * step and the task's add up in either order. Layers that have not fired stay as they are.
   *
   * In a captured step the passes and their adjustment belong together. Which layers are attached, and how, is settled
   * when the step is captured: `release` it after a change. The rate and the target may change from call to call.
   *
   * @throws GradientError inside a gradient with respect to these parameters, at whose end the step would be lost;
   *         NonFiniteError when a sensitivity is NaN or infinite (in a captured step `of` throws it);
   *         ValueError when a pass was made in a captured step, and this call stands outside of it
   */
  adjust(): void {
    const waiting = [...this.#attached].filter(([, { heard }]) => heard.length > 0)
    checked(this)
    for (const [layer, { heard }] of waiting) {
      checkSettled(layer)
      checkWithin(layer, heard)
    }
    // All or nothing: every step is known, and no neuron's sensitivity is NaN, before the first weight moves.
    const steps = waiting.map(([layer, attachment]) => this.#stepOf(layer, attachment))
    for (const take of steps) take()
  }

  /** What the next adjustment does to a layer, as a function that does it. */
  #stepOf(layer: NeuronLayer<never, unknown>, attachment: Attachment): () => void {
    const { sensitivity, weights, bias } = sensitivityGradient(attachment.heard, attachment.counted)
    const average = attachment.last.averageWith(sensitivity, this.decay)
    checkFinite(
      'SAL.adjust',
      layer,
      attachment,
      average,
      'Its weights or its inputs are not finite; nothing was changed. Find where that began',
    )
    const { dtype } = average
    const target = setting(() => checked(this).target, dtype)
    const gate = gateWithin(attachment.mask, average, gates[this.mode](average, target))
    const step = gate.mul(setting(() => checked(this).rate, dtype))
    const firing = attachment.heard.at(-1)!
    const column = step.expandDims(1)
    return () => {
      for (const { weights: at, along, push } of weights) {
        const { weight } = firing.synapses.find(synapses => synapses.weights === at)!
        weight.value = climb(weight.value, at, along, push, column)
      }
      layer.bias.value = climbBias(layer.bias.value, bias, step)
      attachment.heard = []
      attachment.last.value = { sensitivity, average, gate }
    }
  }

  #hear(attachment: Attachment, firing: Firing): void {
    if (this.#isPaused) return
    attachment.heard.push(asConstants(firing))
    if (attachment.heard.length < manyFirings || this.#warnedOfWaiting) return
    this.#warnedOfWaiting = true
    this.#warn(
      `SAL: ${manyFirings} forward passes wait for an adjustment. Call adjust() after each, wrap passes ` +
        'that are only for looking in paused(), or detach() the layer.',
    )
  }
}

/** The gate; 0 where a neuron is not attached, or where its average is not finite: then it stays as it is. */
const gateWithin = elementwise('SAL.adjust', (e, mask: Expression, average: Expression, gate: Expression) =>
  e.where(e.and(mask, e.equal(e.mul(average, 0), 0)), gate, 0),
)

/** w + step·(along·w₀ + push) in one pass, w₀ being the weight of the forward pass; w itself where step is 0. */
const climb = elementwise(
  'SAL.adjust',
  (e, w: Expression, w0: Expression, along: Expression, push: Expression, step: Expression) =>
    e.where(e.equal(step, 0), w, e.add(w, e.mul(step, e.add(e.mul(along, w0), push)))),
)

/** θ + step·∇_θ s; θ itself where step is 0. */
const climbBias = elementwise('SAL.adjust', (e, theta: Expression, gradient: Expression, step: Expression) =>
  e.where(e.equal(step, 0), theta, e.add(theta, e.mul(step, gradient))),
)

function alreadyAttached(layer: NeuronLayer<never, unknown>): ValueError {
  return new ValueError(
    'SAL.attach',
    `this ${layer.constructor.name} with ${layer.neurons} neurons is attached already`,
    'Detach it first, or name all its neurons in one call',
  )
}
