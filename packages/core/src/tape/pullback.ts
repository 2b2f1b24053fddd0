/**
 * Reverse mode. Walks a tape from its outputs back to its inputs and adds up, entry by entry, how much each
 * tensor moves the outputs. It is made of public operations, so it can itself be recorded: higher orders need
 * nothing more.
 */

import { muted } from '../capture/looking.ts'
import { add } from '../ops/elementwise.ts'
import { onesLike, zerosLike } from '../tensor/create.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { checkCotangents, checkShares, checkTape } from './directions.ts'
import type { Entry } from './entry.ts'
import { exchangeScope } from './scope.ts'
import type { Tape } from './tape.ts'

/** What one entry sends back: a cotangent for each of its inputs that needs one. */
export interface Share {
  readonly entry: Entry
  readonly shares: readonly (Tensor | undefined)[]
}

/**
 * Pulls cotangents of the tape's outputs back to the tape's inputs.
 *
 * @param tape        the recording of (y₁, …, yₘ) = f(x₁, …, xₙ)
 * @param cotangents  ȳⱼ for each output, of yⱼ's shape and dtype; of a single output, its cotangent alone will do
 * @returns x̄ᵢ = Σⱼ (∂yⱼ/∂xᵢ)ᵀ ȳⱼ for each input, of xᵢ's shape; zeros where no output depends on xᵢ
 * @throws  ShapeError when a cotangent is not shaped like its output; ValueError for what is no tape or no tensor
 */
export function pullback(tape: Tape, cotangents: Tensor | readonly Tensor[]): Tensor[] {
  const sweep = new Sweep('pullback', tape, cotangents)
  for (let number = tape.entries.length - 1; number >= 0; number--) sweep.sendBack(number)
  return sweep.arrived()
}

/**
 * The cotangents that a sweep meets on its way: how much each tensor of the tape moves the outputs. It is a look at the
 * tape: who listens to taps is not told of this sweep.
 *
 * @param tape        the recording of (y₁, …, yₘ) = f(x₁, …, xₙ)
 * @param cotangents  ȳⱼ for each output, of yⱼ's shape and dtype; of a single output, its cotangent alone will do; ones
 *                    unless said
 * @returns v̄ = Σⱼ (∂yⱼ/∂v)ᵀ ȳⱼ for each tensor v that an entry of the tape made, inputs and outputs included; nothing for
 *          constants, and for what no output depends on
 * @throws  as `pullback`
 * @example const arrived = cotangentsOf(record(loss, weights)).get(hidden)
 */
export function cotangentsOf(
  tape: Tape,
  cotangents?: Tensor | readonly Tensor[],
): ReadonlyMap<Tensor, Tensor> {
  checkTape('cotangentsOf', tape)
  const sweep = new Sweep('cotangentsOf', tape, cotangents ?? tape.outputs.map(onesLike))
  const found = new Map<Tensor, Tensor>()
  muted(() => {
    for (let number = tape.entries.length - 1; number >= 0; number--) {
      const arrived = sweep.at(number) // all of it: whatever reads the entry's outputs has sent its share
      for (const [j, output] of tape.entries[number]!.outputs.entries()) {
        const cotangent = arrived?.[j]
        if (cotangent !== undefined) found.set(output, cotangent)
      }
      sweep.sendBack(number)
    }
  })
  return found
}

/** The sweep of `pullback`, entry by entry, for those who watch it. */
export function* sweepBack(tape: Tape, cotangents: Tensor | readonly Tensor[]): Generator<Share, Tensor[]> {
  const sweep = new Sweep('pullback', tape, cotangents)
  for (let number = tape.entries.length - 1; number >= 0; number--) {
    const shares = sweep.sendBack(number)
    if (shares) yield { entry: tape.entries[number]!, shares }
  }
  return sweep.arrived()
}

/** Cotangents on their way back. They lie in lists like the entries: a sweep is to cost little beside its operations. */
class Sweep {
  readonly #tape: Tape
  /** What has arrived at the outputs of each entry, until the entry sends it on. */
  readonly #cotangents: ((Tensor | undefined)[] | undefined)[]
  /** The numbers of the entries that made inputs of the tape, which keep what arrives at them. */
  readonly #ends: ReadonlySet<number>

  constructor(operation: string, tape: Tape, cotangents: Tensor | readonly Tensor[]) {
    checkTape(operation, tape)
    const given = Array.isArray(cotangents) ? (cotangents as readonly Tensor[]) : [cotangents as Tensor]
    checkCotangents(operation, tape, given)
    this.#tape = tape
    this.#cotangents = new Array(tape.entries.length)
    this.#ends = new Set(tape.inputs.map(input => tape.numberOf(input)))
    for (const [j, output] of tape.outputs.entries()) this.#arrive(output, given[j]!)
  }

  /** What has arrived at the outputs of an entry that has not sent it on yet. */
  at(number: number): readonly (Tensor | undefined)[] | undefined {
    return this.#cotangents[number]
  }

  /** Applies an entry's reverse rule; `undefined` where nothing has arrived that it would send on. */
  sendBack(number: number): readonly (Tensor | undefined)[] | undefined {
    const tape = this.#tape
    let gs = this.#cotangents[number]
    if (gs === undefined) return undefined // nothing downstream depends on it
    const { op, inputs, outputs, attributes, scope } = tape.entries[number]!
    if (this.#ends.has(number)) {
      gs = gs.map((g, j) => (tape.inputs.includes(outputs[j]!) ? undefined : g))
      if (gs.every(g => g === undefined)) return undefined
    } else this.#cotangents[number] = undefined
    const needs = new Array<boolean>(inputs.length) // of its length: a list that grows takes room for many more
    for (let i = 0; i < inputs.length; i++) needs[i] = tape.contains(inputs[i]!)
    const outer = exchangeScope(scope) // a rule belongs where its entry was made
    let shares: readonly (Tensor | undefined)[]
    try {
      shares = op.vjp({ g: gs[0], gs, inputs, output: outputs[0]!, outputs, attributes, needs })
      checkShares(op, shares, inputs, needs)
    } finally {
      exchangeScope(outer)
    }
    for (let i = 0; i < inputs.length; i++) {
      const share = shares[i]
      if (share && needs[i]) this.#arrive(inputs[i]!, share)
    }
    return shares
  }

  #arrive(at: Tensor, share: Tensor): void {
    const number = this.#tape.numberOf(at)
    if (number < 0) return
    const { outputs } = this.#tape.entries[number]!
    const known = this.#cotangents[number]
    if (known === undefined && outputs.length === 1) {
      this.#cotangents[number] = [share]
      return
    }
    const cotangents = known ?? outputs.map(() => undefined)
    const j = outputs.indexOf(at)
    const sum = cotangents[j]
    cotangents[j] = sum === undefined ? share : add(sum, share)
    this.#cotangents[number] = cotangents
  }

  /** What has arrived at the inputs of the tape. */
  arrived(): Tensor[] {
    return this.#tape.inputs.map(input => {
      const number = this.#tape.numberOf(input)
      const j = number < 0 ? -1 : this.#tape.entries[number]!.outputs.indexOf(input)
      return this.#cotangents[number]?.[j] ?? zerosLike(input)
    })
  }
}
