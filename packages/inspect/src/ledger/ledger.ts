/**
 * The ledger of updates: who moved which weight, how far, and why. It listens to optimisers, SAL and Isometry, and only
 * reads: the training is bit for bit what it is without it, eager or captured.
 */

import { describeValue, ValueError } from '@sensigrad/core'
import { type AnyModule, Isometry, Module, SAL } from '@sensigrad/nn'
import { checkOptions } from '../checks.ts'
import { plural } from '../text.ts'
import { Book } from './book.ts'
import type { LedgerData, LedgerHeader, LedgerStep } from './data.ts'
import { Delivery } from './delivery.ts'
import { lineOf } from './lines.ts'
import { Listener } from './listening.ts'
import { checkMovers, isOptimiser, type Mover, nameOf } from './movers.ts'
import { type LedgerOptions, type Settled, settle } from './options.ts'
import { wantedOf } from './wanted.ts'

/** How a step ends. */
export interface StepMark {
  /** The loss of the step, for reports. */
  readonly loss?: number
}

/**
 * Keeps the ledger of a training: for each step and parameter what the task, clipping, decay, SAL, … did to it. The parts
 * of each change add up to it; what is left over is `rounding`, and what nobody known did is `elsewhere`.
 *
 * A step is what lies between two updates of a parameter, so that SAL may act before the optimiser or after it; `step`
 * closes one at a place of your own. In captured steps its numbers are replayed beside the step, and each step says so.
 *
 * @throws ValueError for an option that is not known or out of range
 * @example
 * const ledger = new Ledger()
 * ledger.attach(model, optimizer, sal)
 * for (const [x, y] of batches) train(x, y)
 * await ledger.flush()
 * console.log(formatLedger(ledgerReport(ledger.data, { parameter: 'rnn.recurrentWeight' })))
 */
export class Ledger {
  readonly #options: Settled
  readonly #delivery = new Delivery()
  readonly #steps: LedgerStep[] = []
  readonly #notes = new Set<string>()
  #dropped = 0
  #attached: { readonly model: AnyModule; readonly header: LedgerHeader; readonly book: Book } | undefined
  #isAttached = false
  #isPaused = false

  constructor(options: LedgerOptions = {}) {
    this.#options = settle(options)
  }

  /**
   * Listens to those who move the parameters of a model, from now on.
   *
   * @returns the function that ends this
   * @throws ValueError when the ledger is or was attached, for no module, for who moves nothing, and for the path of a
   *   parameter that the model has not
   * @example const detach = ledger.attach(model, optimizer, sal)
   */
  attach(model: AnyModule, ...movers: readonly Mover[]): () => void {
    if (!(model instanceof Module)) {
      throw new ValueError('Ledger.attach', `the model is ${describeValue(model)}`, 'Give a module')
    }
    if (this.#attached !== undefined) {
      throw new ValueError(
        'Ledger.attach',
        'this ledger has been attached',
        'Make a ledger for each training',
      )
    }
    checkMovers(movers)
    const wanted = wantedOf(model, this.#options.parameters)
    const attached = this.#open(model, movers)
    const { listener } = attached
    const stops = movers.map(mover => {
      if (mover instanceof SAL)
        return mover.onAdjust(record => wanted.moves(record, kept => listener.adjusted('SAL', kept)))
      if (mover instanceof Isometry)
        return mover.onAdjust(record => wanted.moves(record, kept => listener.adjusted('isometry', kept)))
      return mover.onUpdate(record => wanted.has(record.parameter) && listener.updated(mover.name, record))
    })
    this.#attached = attached
    this.#isAttached = true
    this.#write(attached.header)
    return () => {
      for (const stop of stops) stop()
      this.#isAttached = false
    }
  }

  /** Closes the step that is open: what happens from now on belongs to the next. */
  step(mark: StepMark = {}): void {
    checkOptions('Ledger.step', mark, ['loss'])
    const { loss } = mark
    if (loss !== undefined && typeof loss !== 'number') {
      throw new ValueError(
        'Ledger.step',
        `the loss is ${describeValue(loss)}`,
        'Give a number: await loss.item()',
      )
    }
    const { book } = this.#present('Ledger.step')
    this.#delivery.inTurn(() => book.close(loss))
  }

  /**
   * Waits until everything has been read, looks for what was done elsewhere, and closes the step that is open. Call it
   * between steps.
   *
   * @throws what went wrong while values were read or lines were written
   */
  async flush(): Promise<void> {
    const { book, model } = this.#present('Ledger.flush')
    await this.#delivery.settled()
    const parameters = model.parameters()
    if (this.#isAttached) {
      for (const path of book.paths) {
        const value = parameters.get(path)?.value
        if (value !== undefined) book.look(path, await value.data())
      }
    }
    book.close()
  }

  /**
   * What the ledger holds: the last steps, as many as it keeps.
   *
   * @throws ValueError before it is attached
   */
  get data(): LedgerData {
    const { header } = this.#present('Ledger.data')
    const first = this.#steps[0]?.step
    const gone = `without ${plural(this.#dropped, 'earlier step')}, not kept: the first that is here is ${first}`
    return { header, steps: [...this.#steps], notes: [...(this.#dropped > 0 ? [gone] : []), ...this.#notes] }
  }

  /** The hash of the parameters that moved in a step, and their paths, where that is kept. */
  hashOf(step: number): { readonly hash: string; readonly paths: readonly string[] } | undefined {
    const kept = this.#steps.find(each => each.step === step)
    return kept && { hash: kept.hash, paths: kept.parameters.map(({ path }) => path) }
  }

  /** The model that it is attached to. */
  get model(): AnyModule {
    return this.#present('Ledger.model').model
  }

  /** Runs `body` without keeping anything of it: for steps that are only done again. */
  async paused<Result>(body: () => Result | Promise<Result>): Promise<Result> {
    await this.#delivery.settled()
    const outer = this.#isPaused
    this.#isPaused = true
    try {
      const result = await body()
      await this.#delivery.settled()
      return result
    } finally {
      this.#isPaused = outer
    }
  }

  #open(model: AnyModule, movers: readonly Mover[]) {
    const { level, net, title, without } = this.#options
    const optimisers = movers.filter(isOptimiser)
    const first = Math.max(0, ...optimisers.map(({ steps }) => steps)) + 1
    const [parameter] = [...model.parameters().values()]
    const header: LedgerHeader = {
      format: 'sensigrad.ledger',
      version: 1,
      title,
      level,
      backend: parameter?.value.backend.name ?? '',
      movers: movers.map(nameOf),
      without,
      first,
    }
    const onStep = (step: LedgerStep) => this.#keep(step)
    const book = new Book({ level, net, first, hasOptimiser: optimisers.length > 0, onStep })
    const listener = new Listener({
      book,
      delivery: this.#delivery,
      level,
      without,
      paths: new Map([...model.parameters()].map(([path, each]) => [each, path])),
      isPaused: () => this.#isPaused,
      note: sentence => this.#notes.add(sentence),
    })
    return { model, header, book, listener }
  }

  #keep(step: LedgerStep): void {
    this.#steps.push(step)
    while (this.#steps.length > this.#options.keep) {
      this.#steps.shift()
      this.#dropped++
    }
    this.#write(step)
  }

  #write(value: LedgerHeader | LedgerStep): void {
    this.#options.stream?.(lineOf(value))
  }

  #present(operation: string) {
    if (this.#attached !== undefined) return this.#attached
    throw new ValueError(
      operation,
      'the ledger is not attached',
      'Call ledger.attach(model, optimizer) before',
    )
  }
}
