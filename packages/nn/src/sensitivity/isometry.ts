/**
 * Isometry: what SAL does for the length of each neuron's answer to its inputs, and also for the angles between the
 * answers of neighbours. SAL evens out how much each neuron of a layer amplifies; over many layers, or steps, most
 * directions still vanish beside a few. Isometry evens out how much each direction is amplified.
 */

import { describeValue, ones, setting, ValueError } from '@sensigrad/core'
import { Audience } from '../audience.ts'
import { checkOptions } from '../check.ts'
import { type AnyModule, checkModule } from '../module.ts'
import { NeuronLayer } from '../neuron-layer.ts'
import { checkSelector, matches, type Selector } from '../select.ts'
import { IsometricLayer } from './isometric-layer.ts'
import { type MoveRecord, moveTogether, Pause } from './moves.ts'
import type { Counted } from './sensitivity.ts'

/** Options of `Isometry`. */
export interface IsometryOptions {
  /** η, the size of a step; 0.05 is fast, and from about 1 on it is unstable. */
  readonly rate: number
  /** What the singular values of a layer's Jacobian are to be; 1 unless said. */
  readonly target?: number
}

/** What `Isometry` acts on in a module. */
export interface IsometryAttachOptions {
  /** Which inputs count: of a recurrent layer its own outputs only, unless `all`. */
  readonly counted?: Counted
  /** Which of the layers: a path, a pattern of paths, or a function; all unless said. */
  readonly select?: Selector<AnyModule>
}

/**
 * Carries layers towards isometry: with J = diag(f'(U)) W, each step climbs E = -¼ ‖JJᵀ/target² - I‖², the mean over
 * the passes heard. The diagonal of JJᵀ holds squared sensitivities, and its part of the step is SAL's, proportional to
 * what is missing: Δw = η (1 - s²) s ∇s. The rest turns the answers of neighbours orthogonal to each other, for which a
 * neuron needs its inner products with the others of its layer. Nothing is propagated to other layers. Its own optimum
 * lies at a mean square of the singular values below target², so that a target a little above 1 is no chaos yet.
 *
 * Where a layer has more neurons than inputs, JJᵀ cannot be the identity; the singular values that there are still
 * tend to the target.
 *
 * @throws ValueError for options out of range
 * @example
 * const isometry = new Isometry({ rate: 0.05, target: 1.02 }).attach(model)
 * for (let step = 0; step < 300; step++) {
 *   model.call(x)
 *   isometry.adjust()
 * }
 */
export class Isometry {
  /** η; may be changed between adjustments. */
  rate: number
  /** The singular values to reach; may be changed between adjustments. */
  target: number
  readonly #attached = new Map<AnyModule, IsometricLayer>()
  readonly #paths = new Map<AnyModule, string>()
  readonly #ends = new Map<AnyModule, () => void>()
  readonly #pause = new Pause()
  readonly #audience = new Audience<MoveRecord>()

  constructor(options: IsometryOptions) {
    checkOptions('Isometry', options, ['rate', 'target'])
    const { rate, target = 1 } = options
    this.rate = positive('rate', rate)
    this.target = positive('target', target)
  }

  /**
   * Acts on a layer of neurons, or on all of these inside a module, from now on.
   *
   * @throws ValueError when there are none, or one is attached already
   * @example isometry.attach(model, { select: 'layers.*' })
   */
  attach(module: AnyModule, options: IsometryAttachOptions = {}): this {
    checkModule('Isometry.attach', module)
    checkOptions('Isometry.attach', options, ['counted', 'select'])
    const { counted = 'recurrent', select } = options
    if (counted !== 'recurrent' && counted !== 'all') {
      throw refused(`there is no counted: ${describeValue(counted)}`, "Give 'recurrent' or 'all'")
    }
    if (select !== undefined) checkSelector('Isometry.attach', select)
    const layers = [...module.modules()].flatMap(([path, each]) =>
      each instanceof NeuronLayer && (select === undefined || matches(select, path, each))
        ? [[path, each] as const]
        : [],
    )
    if (layers.length === 0) {
      throw refused(
        `there is no such layer of neurons in ${module.constructor.name}`,
        'Attach a Dense or RNN layer, or a module that holds one',
      )
    }
    const [, again] = layers.find(([, layer]) => this.#attached.has(layer)) ?? []
    if (again) throw refused(`this ${again.constructor.name} is attached already`, 'Detach it first')
    for (const [path, layer] of layers) {
      const target = (dtype: 'float32' | 'float64') => setting(() => positive('target', this.target), dtype)
      const isometric = new IsometricLayer(layer, counted, target)
      this.#attached.set(layer, isometric)
      this.#paths.set(layer, path || layer.constructor.name)
      this.#ends.set(
        layer,
        isometric.listen(() => !this.#pause.isOn),
      )
    }
    return this
  }

  /** Leaves a layer, or every layer inside a module, alone from now on. */
  detach(module: AnyModule): this {
    checkModule('Isometry.detach', module)
    for (const layer of module.modules().values()) {
      this.#ends.get(layer)?.()
      this.#attached.get(layer)?.forget()
      this.#ends.delete(layer)
      this.#attached.delete(layer)
      this.#paths.delete(layer)
    }
    return this
  }

  /** Runs `body` without listening: for passes that are only for looking. */
  paused<Result>(body: () => Result): Result {
    return this.#pause.during('Isometry.paused', body)
  }

  /** Forgets the passes heard since the last adjustment. */
  forget(): void {
    for (const layer of this.#attached.values()) layer.forget()
  }

  /**
   * Moves the parameters of all attached layers by one step, from the passes heard since the last one. Its step and the
   * task's add up in either order, as SAL's does. In a captured step, rate and target are asked for at each call.
   *
   * @throws GradientError inside a gradient with respect to these parameters; NonFiniteError when a weight would become
   *         NaN or infinite, and then nothing has changed; ValueError when a pass was made in a captured step, and this
   *         call stands outside of it
   */
  adjust(): void {
    positive('rate', this.rate)
    positive('target', this.target)
    const waiting = [...this.#attached].filter(([, layer]) => layer.waiting > 0)
    for (const [, layer] of waiting) layer.checkPlace('Isometry.adjust')
    const moves = waiting.map(([module, layer]) => {
      const { dtype, backend } = layer.parameters[0]!.value
      const rate = setting(() => positive('rate', this.rate), dtype)
      const step = ones([layer.units], { dtype, backend }).mul(rate)
      return { module, changes: layer.ascent().climb(step) }
    })
    const made = moveTogether('Isometry.adjust', moves)
    for (const [, layer] of waiting) layer.forget()
    this.#audience.tell(() =>
      moves.map(({ module }, i) => ({ path: this.#paths.get(module)!, module, moves: made[i]! })),
    )
  }

  /**
   * Calls `listener` for each layer of each adjustment from now on, with what was done to its parameters; in a captured
   * step while that is captured.
   *
   * @returns the function that ends this
   * @throws ValueError for no function
   */
  onAdjust(listener: (record: MoveRecord) => void): () => void {
    return this.#audience.add('Isometry.onAdjust', listener)
  }
}

/** @throws ValueError unless a number is positive and finite */
function positive(name: 'rate' | 'target', value: unknown): number {
  if (typeof value === 'number' && value > 0 && value < Number.POSITIVE_INFINITY) return value
  throw new ValueError(
    'Isometry',
    `the ${name} ${describeValue(value)} is not positive and finite`,
    `Give a ${name} such as ${name === 'rate' ? '0.05' : '1'}`,
  )
}

function refused(what: string, remedy: string): ValueError {
  return new ValueError('Isometry.attach', what, remedy)
}
