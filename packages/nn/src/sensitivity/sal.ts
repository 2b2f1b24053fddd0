/**
 * Sensitivity Adjustment Learning: nudges the average sensitivity of each neuron to a target, by a rule that
 * needs only what is at hand at the neuron. (Shibata, Ejima, Tokumaru, Matsuki, Neural Networks 143, 2021.)
 */

import {
  assume,
  type Expression,
  elementwise,
  fresh,
  outsideCapture,
  type State,
  type Stateful,
  setting,
  type Tensor,
  type TensorLike,
  tensor,
} from '@sensigrad/core'
import { Audience } from '../audience.ts'
import { checkOptions } from '../check.ts'
import { type AnyModule, checkModule } from '../module.ts'
import type { Adjustment } from './adjustment.ts'
import { type AttachOptions, attachmentsOf } from './attach.ts'
import type { Attachment } from './attachment.ts'
import { type MoveRecord, type Moves, moveTogether, Pause } from './moves.ts'
import { gates, numberOf, type SALMode, type SALOptions, type Scheduled, settle } from './sal-options.ts'
import { readState, stateOf } from './sal-state.ts'
import { checkSignal, type Signal, signalFor } from './signal.ts'

/** How `adjust` goes. */
export interface AdjustOptions {
  /** In the place of the gate: Δ = η·signal·∇s, up where it is positive. In a captured step a number is a constant. */
  readonly signal?: Signal
}

/** What an adjustment did to a layer, or to units, and why. */
export interface AdjustmentRecord extends MoveRecord, Adjustment {
  /** The sensitivity to reach. */
  readonly target: TensorLike
  /** η; 0 for what is frozen. */
  readonly rate: TensorLike
}

/** What an adjustment makes of the parameters of one attachment, and what it leaves behind. */
interface Step extends Moves, Omit<AdjustmentRecord, 'moves'> {
  readonly finish: () => void
  /** Which units are attached. */
  readonly mask: Tensor
}

/** How many passes may wait for an adjustment before SAL says that none has come. */
const manyPasses = 100_000

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
export class SAL implements Stateful {
  /** η; may be changed between adjustments. */
  rate: Scheduled
  /** The sensitivity to reach; may be changed between adjustments. */
  target: Scheduled
  readonly decay: number
  readonly mode: SALMode
  readonly #warn: (message: string) => void
  readonly #attached = new Map<AnyModule, Attachment>()
  #adjustments = 0
  #warnedOfWaiting = false
  readonly #pause = new Pause()
  readonly #audience = new Audience<AdjustmentRecord>()

  constructor(options: SALOptions) {
    const { rate, target, decay, mode, warn } = settle(options)
    this.rate = rate
    this.target = target
    this.decay = decay
    this.mode = mode
    this.#warn = warn
  }

  /**
   * Acts on the neurons of a layer, on units that `neuron` made, or on all of these inside a module, from now on.
   *
   * @throws ValueError when there are none, one is attached already, or an index is no neuron of it
   * @example sal.attach(model, { select: 'layers.*' })
   */
  attach(module: AnyModule, options: AttachOptions = {}): this {
    checkModule('SAL.attach', module)
    const attachments = attachmentsOf(module, options, this.#attached)
    for (const [unit, attachment] of attachments) {
      attachment.stopListening = attachment.population.listen(() => this.#admits(attachment))
      this.#attached.set(unit, attachment)
    }
    return this
  }

  /** Leaves a layer, or every layer inside a module, alone from now on, and forgets its averages. */
  detach(module: AnyModule): this {
    for (const [unit, attachment] of this.#within('SAL.detach', module)) {
      attachment.stopListening()
      attachment.population.forget()
      this.#attached.delete(unit)
    }
    return this
  }

  /** Lets what is attached, or attached inside of a module, stay as it is, while its averages go on. */
  freeze(module?: AnyModule): this {
    for (const [, attachment] of this.#within('SAL.freeze', module)) attachment.isFrozen = true
    return this
  }

  /** Ends `freeze`. */
  thaw(module?: AnyModule): this {
    for (const [, attachment] of this.#within('SAL.thaw', module)) attachment.isFrozen = false
    return this
  }

  #within(operation: string, module: AnyModule | undefined): [AnyModule, Attachment][] {
    if (module === undefined) return [...this.#attached]
    checkModule(operation, module)
    return [...module.modules().values()].flatMap(unit => {
      const attachment = this.#attached.get(unit)
      return attachment === undefined ? [] : [[unit, attachment] as [AnyModule, Attachment]]
    })
  }

  /**
   * The last adjustment of a layer or of units; `undefined` before the first, and of what is not attached.
   *
   * @throws NonFiniteError when a sensitivity was NaN or infinite in a captured step, where `adjust` cannot look: the
   *         neuron has stayed as it was since then
   */
  of(module: AnyModule): Adjustment | undefined {
    checkModule('SAL.of', module)
    const attachment = this.#attached.get(module)
    const last = attachment?.last
    if (last !== undefined) {
      attachment!.checkAverage(
        'SAL.of',
        last.average,
        'Its weights or its inputs were not finite in a captured step, and it has stayed as it was since. Find where that began, then detach and attach the layer',
      )
    }
    return last
  }

  /**
   * The last adjustment of all that has been adjusted, by path.
   *
   * @throws NonFiniteError as `of`
   */
  all(): Map<string, Adjustment> {
    return new Map(
      [...this.#attached].flatMap(([unit, { path }]) => {
        const last = this.of(unit)
        return last === undefined ? [] : [[path, last] as const]
      }),
    )
  }

  /** Averages, what is frozen and the number of adjustments, by path. Passes that wait are no part of it. */
  state(): State {
    return stateOf([...this.#attached.values()], this.#adjustments)
  }

  /**
   * Goes on from a state, and forgets the passes that wait.
   *
   * @throws ValueError or ShapeError when other units are attached than when it was taken; then nothing has changed
   */
  restore(state: State): void {
    const { adjustments, putBack } = readState([...this.#attached.values()], state)
    putBack()
    this.#adjustments = adjustments
    this.forget()
  }

  /**
   * Runs `body` without listening: for passes that are only for looking.
   *
   * @example const accuracy = sal.paused(() => test(model))
   */
  paused<Result>(body: () => Result): Result {
    return this.#pause.during('SAL.paused', body)
  }

  /** Forgets the passes heard since the last adjustment. */
  forget(): void {
    for (const { population } of this.#attached.values()) population.forget()
  }

  /**
   * Moves the parameters of all attached neurons by one step, from the passes heard since the last one:
   * Δw = η·gate·∇_w s, Δθ = η·gate·∇_θ s, with s and its gradient averaged over these passes (batch and
   * sequence). The gradient is that of the pass itself, even if the weights have been updated since, so this
   * step and the task's add up in either order. Layers that have not computed stay as they are, and so do parameters
   * that are frozen.
   *
   * In a captured step the passes and their adjustment belong together. Which layers are attached, and how, is settled
   * when the step is captured: `release` it after a change. The rate and the target, and what is frozen, may change from
   * call to call.
   *
   * @throws GradientError inside a gradient with respect to these parameters, at whose end the step would be lost;
   *         NonFiniteError when a sensitivity is NaN or infinite (in a captured step `of` throws it), or a weight would
   *         become so; ValueError when a pass was made in a captured step, and this call stands outside of it, or for
   *         what is no signal
   */
  adjust(options: AdjustOptions = {}): void {
    checkOptions('SAL.adjust', options, ['signal'])
    const { signal } = options
    if (signal !== undefined) checkSignal(signal, [...this.#attached.values()])
    numberOf('rate', this.rate, this.#adjustments)
    numberOf('target', this.target, this.#adjustments)
    const waiting = [...this.#attached].filter(([, { population }]) => population.waiting > 0)
    if (waiting.length === 0) return
    for (const [, { population }] of waiting) population.checkPlace('SAL.adjust')
    // All or nothing: every step is known, and no number is NaN, before the first weight moves.
    const steps = waiting.map(([module, attachment]) => this.#stepOf(module, attachment, signal))
    const moves = moveTogether('SAL.adjust', steps)
    for (const { finish } of steps) finish()
    const { mask } = steps[0]!
    fresh(() => {
      this.#adjustments++ // at each call of a captured step, too, which is all that the tensor is for
      return mask
    })
    this.#audience.tell(() =>
      steps.map(({ changes, finish, mask, ...step }, i) => ({ ...step, moves: moves[i]! })),
    )
  }

  /**
   * Calls `listener` for each layer, or units, of each adjustment from now on, with what was done to their parameters
   * and why. In a captured step it is called while the step is captured, on tensors without values. Nobody listening
   * costs nothing, and listening changes nothing.
   *
   * @returns the function that ends this
   * @throws ValueError for no function
   * @example const stop = sal.onAdjust(({ path, gate }) => console.log(path, gate))
   */
  onAdjust(listener: (record: AdjustmentRecord) => void): () => void {
    return this.#audience.add('SAL.onAdjust', listener)
  }

  /** What the next adjustment makes of the parameters, and what it leaves behind. */
  #stepOf(module: AnyModule, attachment: Attachment, signal: Signal | undefined): Step {
    const { population } = attachment
    const { sensitivity, climb } = population.ascent()
    const { dtype } = sensitivity
    const { mask, last } = attachment.begun(sensitivity.size, dtype)
    const average = last.averageWith(sensitivity, this.decay)
    attachment.checkAverage(
      'SAL.adjust',
      average,
      'Its weights or its inputs are not finite; nothing was changed. Find where that began',
    )
    const target = this.#now('target', () => attachment.target ?? this.target, attachment)
    const open =
      signal === undefined ? gates[this.mode](average, target) : signalFor(signal, attachment, average)
    const gate = gateWithin(mask, average, open)
    const rate = this.#now('rate', () => this.rate, attachment)
    const finish = () => {
      population.forget()
      last.value = { sensitivity, average, gate }
    }
    const { path } = attachment
    const changes = climb(gate.mul(rate))
    return { path, module, sensitivity, average, gate, target, rate, changes, finish, mask }
  }

  /** The rate, 0 for what is frozen, or the target: asked for again at each call of a captured step. */
  #now(name: 'rate' | 'target', read: () => Scheduled, attachment: Attachment): Tensor | number {
    const isStill = () => name === 'rate' && attachment.isFrozen
    const now = () => (isStill() ? 0 : numberOf(name, read(), this.#adjustments))
    const { dtype, backend } = outsideCapture(() => attachment.population.parameters[0]!.value)
    // What a schedule gives is made in turn with the count; a number may be asked for at any time.
    return assume(() => typeof read() === 'function')
      ? fresh(() => tensor(now(), { dtype, backend }))
      : setting(now, dtype)
  }

  #admits({ population }: Attachment): boolean {
    if (this.#pause.isOn) return false
    if (population.waiting + 1 < manyPasses || this.#warnedOfWaiting) return true
    this.#warnedOfWaiting = true
    this.#warn(
      `SAL: ${manyPasses} forward passes wait for an adjustment. Call adjust() after each, wrap passes ` +
        'that are only for looking in paused(), or detach() the layer.',
    )
    return true
  }
}

/** The gate; 0 where a neuron is not attached, or where a number is not finite: then it stays as it is. */
const gateWithin = elementwise('SAL.adjust', (e, mask: Expression, average: Expression, gate: Expression) => {
  const finite = (x: Expression) => e.equal(e.mul(x, 0), 0)
  return e.where(e.and(mask, e.and(finite(average), finite(gate))), gate, 0)
})
