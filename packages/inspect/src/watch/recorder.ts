/** Watching a run: numbers, and histograms of tensors, step by step, in bounded memory. */

import {
  describeValue,
  isCapturing,
  leavesOf,
  onTap,
  peek,
  Tensor,
  type TensorTree,
  ValueError,
} from '@sensigrad/core'
import { type AnyModule, Module, valuesOf } from '@sensigrad/nn'
import { checkOptions } from '../checks.ts'
import type { Provenance } from '../record/record.ts'
import { statisticsOf } from '../record/statistics.ts'
import { headerLine, lineOf } from './lines.ts'
import { Reading } from './reading.ts'
import { type HistogramPoint, limits, type Recording, type ScalarPoint, type Series } from './recording.ts'
import { Ring } from './ring.ts'

/** How a run is watched. */
export interface RecorderOptions {
  /** How many points are kept of each name: the last so many, 1,000 unless said. */
  readonly keep?: number
  /** Is given each point as a line of JSON, without its end, as it comes; the first line is the header. */
  readonly stream?: (line: string) => void
}

/**
 * Watches a run. What is recorded inside of a captured step is recorded at each replay, from a computation beside it, and
 * training is bit for bit what it is without.
 *
 * @throws ValueError for options that there are not, or that are out of range
 * @example
 * const recorder = new Recorder().taps()
 * for (const batch of batches) {
 *   recorder.scalar('loss', step(batch))
 *   recorder.parameters(model)
 *   recorder.next()
 * }
 * const recording = await recorder.read()
 */
export class Recorder {
  readonly #keep: number
  readonly #stream: ((line: string) => void) | undefined
  readonly #scalars = new Map<string, Ring<ScalarPoint>>()
  readonly #histograms = new Map<string, Ring<HistogramPoint>>()
  readonly #reading = new Reading()
  #stopTaps: (() => void) | undefined
  #step = 0

  constructor(options: RecorderOptions = {}) {
    checkOptions('Recorder', options, ['keep', 'stream'])
    const { keep = 1000, stream } = options
    if (!(Number.isInteger(keep) && keep >= 1)) {
      throw new ValueError('Recorder', `keep is ${describeValue(keep)}`, 'Give a whole number, 1 or more')
    }
    if (stream !== undefined && typeof stream !== 'function') {
      throw new ValueError('Recorder', `the stream is ${describeValue(stream)}`, 'Give a function of a line')
    }
    this.#keep = keep
    this.#stream = stream
    stream?.(headerLine)
  }

  /** The step at which what comes is recorded, from 0. */
  get step(): number {
    return this.#step
  }

  /**
   * Goes on to the next step.
   *
   * @throws ValueError inside of a captured step, where it would be called once, and not at each replay
   */
  next(): void {
    if (isCapturing()) {
      throw new ValueError(
        'Recorder.next',
        'it is called inside of a captured step, which runs once and is replayed',
        'Call it outside, after each call of the step',
      )
    }
    this.#step++
  }

  /**
   * Records a number.
   *
   * @param value  a number, or a tensor of one element
   * @throws ValueError for anything else, and for a number inside of a captured step, where it is a constant
   * @example recorder.scalar('loss', loss)
   */
  scalar(name: string, value: number | Tensor): void {
    checkName('Recorder.scalar', this.#scalars, name)
    if (value instanceof Tensor && value.size === 1) {
      peek(
        () => value,
        (tensor, { from }) => this.#readScalar(name, tensor, from),
      )
    } else if (typeof value === 'number' && !isCapturing()) {
      this.#pushScalar({ kind: 'scalar', name, step: this.#step, value, from: 'recorded' })
    } else {
      throw new ValueError(
        'Recorder.scalar',
        typeof value === 'number'
          ? `${name} is the number ${value}, which is a constant in a captured step`
          : `${name} is ${value instanceof Tensor ? value : describeValue(value)}`,
        'Give a tensor of one element, or a number outside of captured steps',
      )
    }
  }

  /**
   * Records the statistics of a tensor and the histogram of its magnitudes.
   *
   * @throws ValueError for what is no tensor
   * @example recorder.histogram('hidden', hidden)
   */
  histogram(name: string, x: Tensor): void {
    checkName('Recorder.histogram', this.#histograms, name)
    if (!(x instanceof Tensor)) {
      throw new ValueError('Recorder.histogram', `${name} is ${describeValue(x)}`, 'Give a tensor')
    }
    peek(
      () => x,
      (tensor, { from }) => this.#readHistogram(name, tensor, from),
    )
  }

  /**
   * Records a histogram of each parameter, under its path, and, where gradients are given, of each gradient, under the
   * path with `gradient` behind it.
   *
   * @param gradients  as `valueAndGrad(module, …)` gives them
   * @throws ValueError for what is no module, or no tree of tensors
   * @example recorder.parameters(model, gradients)
   */
  parameters(module: AnyModule, gradients?: TensorTree): void {
    if (!(module instanceof Module)) {
      throw new ValueError(
        'Recorder.parameters',
        `${describeValue(module)} is no module`,
        'Give a layer or a model, an instance of Module',
      )
    }
    for (const [path, value] of Object.entries(valuesOf(module))) this.histogram(path, value)
    if (gradients === undefined) return
    for (const { path, tensor } of leavesOf('Recorder.parameters', gradients, 'the gradients')) {
      this.histogram(`${path} gradient`, tensor)
    }
  }

  /**
   * Records from now on a histogram of what passes each `tap`: of values under the path of its module and its name, of
   * cotangents with `gradient` behind it.
   *
   * @returns itself
   * @example const recorder = new Recorder().taps()
   */
  taps(): this {
    this.#stopTaps ??= onTap(({ name, scope, direction, tensor, from }) => {
      const path = scope === '' ? name : `${scope}.${name}`
      const series = direction === 'forward' ? path : `${path} gradient`
      checkName('Recorder.taps', this.#histograms, series)
      this.#readHistogram(series, tensor, from)
    })
    return this
  }

  /** Listens to taps no more; what was recorded stays. */
  stop(): void {
    this.#stopTaps?.()
    this.#stopTaps = undefined
  }

  /** What is kept by now. */
  async read(): Promise<Recording> {
    await this.#reading.flush()
    return { scalars: keptOf(this.#scalars), histograms: keptOf(this.#histograms), notes: [] }
  }

  /** A number, or in a captured loop one for each step of time. */
  #readScalar(name: string, tensor: Tensor, from: Provenance): void {
    const step = this.#step
    this.#reading.read([tensor], ([values]) => {
      for (const value of values!) this.#pushScalar({ kind: 'scalar', name, step, value, from })
    })
  }

  #readHistogram(name: string, tensor: Tensor, from: Provenance): void {
    const step = this.#step
    this.#reading.read([tensor], ([values]) => {
      const point = { kind: 'histogram', name, step, statistics: statisticsOf(values!), from } as const
      this.#stream?.(lineOf(point))
      ringOf(this.#histograms, name, this.#keep).push(point)
    })
  }

  #pushScalar(point: ScalarPoint): void {
    this.#stream?.(lineOf(point))
    ringOf(this.#scalars, point.name, this.#keep).push(point)
  }
}

function ringOf<Point>(series: Map<string, Ring<Point>>, name: string, keep: number): Ring<Point> {
  const known = series.get(name)
  if (known !== undefined) return known
  const ring = new Ring<Point>(keep)
  series.set(name, ring)
  return ring
}

function keptOf<Point>(series: ReadonlyMap<string, Ring<Point>>): Map<string, Series<Point>> {
  return new Map([...series].map(([name, ring]) => [name, { points: ring.items(), dropped: ring.dropped }]))
}

/** @throws ValueError unless it is a name, and there is room for it */
function checkName(operation: string, series: ReadonlyMap<string, unknown>, name: unknown): void {
  if (typeof name !== 'string' || name === '' || name.length > limits.name) {
    const given = typeof name === 'string' ? `a text of ${name.length} characters` : describeValue(name)
    throw new ValueError(operation, `the name is ${given}`, `Give a text of 1 to ${limits.name} characters`)
  }
  if (series.has(name) || series.size < limits.names) return
  throw new ValueError(
    operation,
    `${name} would be one of more than ${limits.names} names`,
    'Give each quantity one name, the same at each step',
  )
}
