/**
 * `pnpm bench inspect`: what it costs to look. A step is taken without and with its record, on the tape and captured; the
 * last line is what a captured step costs once somebody has recorded it, which is to be what it cost before.
 */

import { wasm } from '@sensigrad/backend-wasm'
import { capture, key, normal, type Tensor, tanh, useBackend, withSources } from '@sensigrad/core'
import { fromJSON, recordOf, recordOfCaptured, tapeOf, toJSON } from '@sensigrad/inspect'
import { Dense, Module, meanSquaredError, SGD, valueAndGrad } from '@sensigrad/nn'
import type { Benchmark, Outcome, Row, RunOptions } from '../benchmark.ts'
import { median } from '../fit.ts'
import { duration, markdownTable, size } from '../text.ts'

const ways = {
  gradient: 'loss and gradients, eager: nothing is looked at',
  sources: 'the same, with the place in the program of each operation',
  record: 'the tape of the loss and its record: statistics of each value and gradient',
  values: 'the same, with the elements of all of them',
  file: 'writing the record as JSON, and reading it again',
  captured: 'a captured step of training: nothing is looked at',
  'captured-record': 'the record of a captured step: all its values, computed once more',
  afterwards: 'the captured step again, after its record',
} as const
type Way = keyof typeof ways

export const inspect: Benchmark = {
  name: 'inspect',
  summary: 'what it costs to record a step, eager and captured',
  parts: ways,
  run,
}

const [width, batch, runs] = [50, 32, 15]

/** As deep as vanishing gradients are studied. */
class Deep extends Module {
  readonly entrance = new Dense(4, width, { key: key(1), activation: tanh })
  readonly layers: readonly Dense[]
  readonly head = new Dense(width, 1, { key: key(2) })

  constructor(depth: number) {
    super()
    this.layers = Array.from(
      { length: depth },
      (_, i) => new Dense(width, width, { key: key(i + 3), activation: tanh }),
    )
  }

  forward(x: Tensor): Tensor {
    return this.head.call(this.layers.reduce((at, layer) => layer.call(at), this.entrance.call(x)))
  }
}

/** Does each thing once. What it gives is the size of a file, where there is one. */
type Work = () => Promise<number | undefined> | undefined

async function workOf(depth: number): Promise<Record<Way, Work>> {
  const model = new Deep(depth)
  const [x, y] = [normal(key(100), [batch, 4]), normal(key(101), [batch, 1])]
  const loss = () => meanSquaredError(model.call(x), y)
  const optimizer = new SGD({ rate: 1e-3 })
  const train = capture((x: Tensor) => {
    const [value, gradients] = valueAndGrad(model, () => meanSquaredError(model.call(x), y))
    optimizer.update(model, gradients)
    return value
  })
  train(x)
  const record = await recordOf(tapeOf(model, loss), { module: model })
  return {
    gradient: () => void valueAndGrad(model, loss),
    sources: () => void withSources(() => valueAndGrad(model, loss)),
    record: () => nothing(recordOf(tapeOf(model, loss), { module: model, values: 'none' })),
    values: () => nothing(recordOf(tapeOf(model, loss), { module: model, values: 'all' })),
    file: async () => {
      const text = toJSON(record)
      fromJSON(text)
      return text.length
    },
    captured: () => void train(x),
    'captured-record': () => nothing(recordOfCaptured(train, { values: 'none' }, x)),
    afterwards: () => void train(x),
  }
}

const nothing = (work: Promise<unknown>): Promise<undefined> => work.then(() => undefined)

async function run({ parts, quick, progress }: RunOptions): Promise<Outcome> {
  useBackend(await wasm())
  const [depth, repeats] = quick ? [20, 2] : [300, runs]
  const works = await workOf(depth)
  const rows: Row[] = []
  const times = new Map<Way, number>()
  for (const way of Object.keys(ways).filter((name): name is Way => parts.includes(name))) {
    progress(way)
    const measured: number[] = []
    let bytes = await works[way]() // the first time compiles
    for (let i = 0; i < repeats; i++) {
      const start = performance.now()
      bytes = await works[way]()
      measured.push(performance.now() - start)
    }
    times.set(way, median(measured))
    rows.push({ way, depth, milliseconds: median(measured), bytes: bytes ?? null })
  }
  const body = rows.map(({ way, milliseconds, bytes }) => {
    const base = times.get(
      String(way).startsWith('captured') || way === 'afterwards' ? 'captured' : 'gradient',
    )
    const ratio = base === undefined ? '–' : (Number(milliseconds) / base).toFixed(2)
    return [
      ways[way as Way],
      duration(Number(milliseconds) / 1000),
      ratio,
      size(bytes === null ? null : Number(bytes)),
    ]
  })
  const head = [`${depth} layers of ${width}, batch ${batch}`, 'time', 'of the step', 'file']
  return { rows, findings: [], text: `${markdownTable(head, body, 1)}\n\n`, figures: {} }
}
