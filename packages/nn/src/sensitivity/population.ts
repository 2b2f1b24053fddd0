/** What SAL acts on: a population of units that tells of each pass, and how its sensitivities rise with its parameters. */

import { GradientError, isRecorded, keep, letGo, type Tensor, ValueError } from '@sensigrad/core'
import type { Parameter } from '../parameter.ts'

/** The sensitivities of units, and the way up. */
export interface Ascent {
  /** s, `[units]`: the mean over the samples of all passes. */
  readonly sensitivity: Tensor
  /**
   * What becomes of each parameter p when unit i climbs ∇sᵢ by so much: p + Σᵢ stepᵢ ∇_p sᵢ.
   *
   * @param step  `[units]`
   */
  climb(step: Tensor): readonly Change[]
}

/** A parameter, and its next value as a function of the present one. */
export type Change = readonly [parameter: Parameter, change: (value: Tensor) => Tensor]

/** Units that SAL is attached to, and the passes of theirs that wait for an adjustment. */
export abstract class Population<Pass = unknown> {
  /** What messages call the population. */
  abstract readonly name: string
  /** What may move. */
  abstract readonly parameters: readonly Parameter[]
  /** How many units there are, where that is known before the first pass. */
  abstract readonly units: number | undefined
  #waiting: Pass[] = []

  /** Starts to listen, to passes that `admit` lets in. Returns the function that ends this. */
  listen(admit: () => boolean): () => void {
    return this.hear(pass => {
      if (!admit() || this.madeIn(pass).size === 0) return // nothing can be said of no samples
      for (const tensor of this.tensorsOf(pass)) keep(tensor) // it may outlast the scope of the pass
      this.#waiting.push(pass)
    })
  }

  /** How many passes wait. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** Lets the passes go that wait. */
  forget(): void {
    const passes = this.#waiting
    this.#waiting = []
    for (const pass of passes) for (const tensor of this.tensorsOf(pass)) letGo(tensor)
  }

  /** What the passes that wait say of the sensitivities. */
  ascent(): Ascent {
    return this.ascentOf(this.#waiting)
  }

  /** Hands each pass on, without its history: what SAL does is no part of what a transform differentiates. */
  protected abstract hear(listener: (pass: Pass) => void): () => void
  /** All tensors of a pass. */
  protected abstract tensorsOf(pass: Pass): readonly Tensor[]
  /** A tensor that was computed in a pass, for it to be known where that was. */
  protected abstract madeIn(pass: Pass): Tensor
  protected abstract ascentOf(passes: readonly Pass[]): Ascent

  /**
   * @throws GradientError when the parameters are those of a gradient that is being taken; ValueError when passes were
   *         made in a captured step, and are to be adjusted outside of it, or the other way round
   */
  checkPlace(operation: string): void {
    if (this.parameters.some(({ value }) => isRecorded(value))) {
      throw new GradientError(
        operation,
        `a gradient with respect to the parameters of this ${this.name} is being taken, and puts the old ones back`,
        'Call adjust() after it',
      )
    }
    const { backend } = this.parameters[0]!.value // while a step is captured, one of that step's own
    if (this.#waiting.every(pass => this.madeIn(pass).backend === backend)) return
    throw new ValueError(
      operation,
      `a forward pass of this ${this.name} was made in a captured step, and this call stands outside of it, or the other way round`,
      'Call adjust() in the same step as the pass, wrap passes that are only for looking in paused(), and forget() those that wait',
    )
  }
}

/**
 * The values of parameters in a pass must be those in all others of one mean.
 *
 * @throws ValueError when they are not
 */
export function checkSameValues(operation: string, a: readonly Tensor[], b: readonly Tensor[]): void {
  if (a.every(({ storage }, i) => storage === b[i]!.storage)) return
  throw new ValueError(
    operation,
    'the weights changed between two forward passes that wait for one adjustment',
    'Call adjust() before weights change again, and wrap passes that are only for looking in paused()',
  )
}
