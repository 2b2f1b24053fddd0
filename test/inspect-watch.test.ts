/** Watching a run: what is recorded is what was there, in bounded memory, and comes back from its lines bit for bit. */
import { fc, test } from '@fast-check/vitest'
import { wasm } from '@sensigrad/backend-wasm'
import {
  formatMap,
  histogramGrid,
  Recorder,
  type Recording,
  readRecording,
  recordingLines,
  TapeFileError,
} from '@sensigrad/inspect'
import { Dense, Module, meanSquaredError, SGD, valueAndGrad } from '@sensigrad/nn'
import {
  type Backend,
  capture,
  cpu,
  key,
  normal,
  ones,
  pullback,
  record,
  type Tensor,
  tap,
  tensor,
  useBackend,
} from 'sensigrad'
import { afterEach, describe, expect } from 'vitest'

import { pairOf, signals } from './support/sal.ts'

afterEach(() => useBackend(cpu()))

/** A model with a tap in it. */
class Tapped extends Module {
  readonly dense = new Dense(3, 2, { key: key(1) })
  forward(x: Tensor): Tensor {
    return tap(this.dense.call(x), 'hidden').tanh()
  }
}

const valuesOf = (recording: Recording, name: string) =>
  recording.scalars.get(name)!.points.map(({ value }) => value)

describe('a recorder', () => {
  test('records the same in captured steps as eagerly, at each replay', async () => {
    const losses = []
    for (const isCaptured of [false, true]) {
      const [model, optimizer, recorder] = [pairOf(7), new SGD({ rate: 0.1 }), new Recorder()]
      const [x, y] = [signals(1, 4, 3), signals(2, 4, 2)]
      const body = () => {
        const [loss, gradients] = valueAndGrad(model, () => meanSquaredError(model.call(x), y))
        recorder.scalar('loss', loss)
        recorder.parameters(model, gradients)
        optimizer.update(model, gradients)
        return loss
      }
      const step = isCaptured ? capture(body) : body
      const returned = []
      for (let i = 0; i < 4; i++) {
        returned.push(await step().item())
        recorder.next()
      }
      const recording = await recorder.read()
      expect(valuesOf(recording, 'loss')).toEqual(returned)
      const points = recording.histograms.get('layers.0.weight gradient')!.points
      expect(points.map(({ step }) => step)).toEqual([0, 1, 2, 3])
      losses.push({ returned, hashes: points.map(({ statistics }) => statistics.hash) })
    }
    expect(losses[1]).toEqual(losses[0])
  })

  for (const [name, make] of [
    ['cpu', async () => cpu()],
    ['wasm', () => wasm()],
  ] as const) {
    test(`changes no bit of a captured training on ${name}`, async () => {
      const backend: Backend = await make()
      const trained = async (watch: boolean): Promise<string> => {
        useBackend(backend)
        const [model, optimizer, recorder] = [
          new Tapped(),
          new SGD({ rate: 0.1, momentum: 0.5 }),
          new Recorder(),
        ]
        const [x, y] = [normal(key(1), [4, 3]), normal(key(2), [4, 2])]
        const step = capture(() => {
          const [loss, gradients] = valueAndGrad(model, () => meanSquaredError(model.call(x), y))
          if (watch) recorder.scalar('loss', loss)
          optimizer.update(model, gradients)
          return loss
        })
        step()
        if (watch) recorder.taps()
        for (let i = 0; i < 5; i++) step()
        recorder.stop()
        const weight = model.dense.weight.value
        if (watch) expect((await recorder.read()).histograms.get('hidden gradient')!.points).toHaveLength(5)
        return String(await weight.data())
      }
      expect(await trained(true)).toBe(await trained(false))
    })
  }

  test('hears taps under the path of their module, values and cotangents', async () => {
    const [model, recorder] = [new Tapped(), new Recorder().taps()]
    const outer = new (class extends Module {
      readonly inner = model
      forward(x: Tensor): Tensor {
        return this.inner.call(x)
      }
    })()
    const tape = record(x => outer.call(x), normal(key(1), [4, 3]))
    pullback(tape, ones([4, 2]))
    recorder.stop()
    outer.call(normal(key(1), [4, 3]))
    const { histograms } = await recorder.read()
    expect([...histograms.keys()]).toEqual(['inner.hidden', 'inner.hidden gradient'])
    const [point] = histograms.get('inner.hidden')!.points
    expect(point!.statistics.count).toBe(8)
  })

  test.prop([fc.integer({ min: 1, max: 6 }), fc.integer({ min: 0, max: 15 })])(
    'keeps the last points and counts the others',
    async (keep, count) => {
      const recorder = new Recorder({ keep })
      for (let i = 0; i < count; i++) {
        recorder.scalar('i', i)
        recorder.next()
      }
      const series = (await recorder.read()).scalars.get('i') ?? { points: [], dropped: 0 }
      expect(series.points.map(({ value, step }) => [value, step])).toEqual(
        Array.from({ length: count }, (_, i) => [i, i]).slice(-keep),
      )
      expect(series.dropped).toBe(Math.max(count - keep, 0))
    },
  )

  test('streams each point as it comes, and all of them can be read', async () => {
    const lines: string[] = []
    const recorder = new Recorder({ keep: 1, stream: line => lines.push(line) })
    for (let i = 0; i < 3; i++) {
      recorder.scalar('loss', tensor([i]))
      recorder.histogram('x', tensor([i, -i]))
      recorder.next()
    }
    const read = readRecording(`${lines.join('\n')}\n`)
    expect(valuesOf(read, 'loss')).toEqual([0, 1, 2])
    expect(read.histograms.get('x')!.points).toHaveLength(3)
  })

  test('refuses what it cannot record', () => {
    const recorder = new Recorder()
    expect(() => new Recorder({ keep: 0 })).toThrow('Recorder: keep is 0. Give a whole number, 1 or more')
    expect(() => new Recorder({ stream: 7 as never })).toThrow('Recorder: the stream is 7')
    expect(() => recorder.scalar('x', tensor([1, 2]))).toThrow('Recorder.scalar: x is float32[2]')
    expect(() => recorder.scalar('x', '7' as never)).toThrow("Recorder.scalar: x is '7'")
    expect(() => recorder.scalar('', 7)).toThrow('the name is a text of 0 characters')
    expect(() => recorder.histogram('x', 7 as never)).toThrow('Recorder.histogram: x is 7')
    expect(() => recorder.parameters(7 as never)).toThrow('Recorder.parameters: 7 is no module')
    expect(() => capture(() => recorder.scalar('x', 7) as never)()).toThrow(
      'x is the number 7, which is a constant in a captured step',
    )
    expect(() => capture(() => recorder.next() as never)()).toThrow(
      'Recorder.next: it is called inside of a captured step',
    )
    for (let i = 0; i < 4096; i++) recorder.scalar(`loss at ${i}`, 0)
    expect(() => recorder.scalar('loss', 0)).toThrow('loss would be one of more than 4096 names')
  })
})

const anyNumber = fc.oneof(
  fc.double(),
  fc.constantFrom(Number.NaN, -0, Number.NEGATIVE_INFINITY, 5e-324, 1e308),
)
const recordings = fc
  .array(
    fc.record({
      name: fc.string({ minLength: 1, maxLength: 20 }),
      values: fc.array(anyNumber, { maxLength: 8 }),
      isScalar: fc.boolean(),
    }),
    { maxLength: 12 },
  )
  .map(async steps => {
    const recorder = new Recorder({ keep: 3 })
    for (const { name, values, isScalar } of steps) {
      if (isScalar) recorder.scalar(name, values[0] ?? 1)
      else recorder.histogram(name, tensor(Float64Array.from(values)))
      recorder.next()
    }
    return recorder.read()
  })

describe('the lines of a recording', () => {
  test.prop([recordings])('give it back, bit for bit', async making => {
    const recording = await making
    expect(readRecording(recordingLines(recording))).toEqual(recording)
  })

  test.prop([recordings, fc.nat(), fc.nat({ max: 127 })])(
    'that were damaged are refused in one way, or read',
    async (making, at, code) => {
      const lines = recordingLines(await making)
      const place = at % lines.length
      const damaged = lines.slice(0, place) + String.fromCharCode(code) + lines.slice(place + 1)
      try {
        readRecording(damaged)
      } catch (error) {
        expect(error).toBeInstanceOf(TapeFileError)
      }
    },
  )

  test.prop([fc.array(fc.json({ maxDepth: 3 }), { maxLength: 5 })])(
    'that anybody wrote are refused in one way',
    lines => {
      const header = '{"format":"sensigrad.recording","version":1}'
      if (lines.length === 0) return
      expect(() => readRecording([header, ...lines].join('\n'))).toThrow(TapeFileError)
    },
  )

  test.prop([recordings, fc.nat()])(
    'that were torn lose the last line only, and say so',
    async (making, cut) => {
      const lines = recordingLines(await making)
      const header = lines.indexOf('\n') + 1
      if (lines.length === header) return
      const torn = lines.slice(0, header + (cut % (lines.length - header)))
      const read = readRecording(torn)
      const whole = torn.split('\n').slice(0, -1).length
      const isTorn = !torn.endsWith('\n') && !isJSON(torn.slice(torn.lastIndexOf('\n') + 1))
      expect(read.notes).toEqual(isTorn ? [`the last line, ${whole + 1}, was torn and is left out`] : [])
    },
  )

  const header = '{"format":"sensigrad.recording","version":1}\n'
  const scalar = (step: unknown, more = '') =>
    `{"kind":"scalar","name":"a","step":${step},"value":1,"from":"recorded"${more}}\n`
  test.each([
    [
      'nothing',
      '',
      'readRecording: line 1 is not the header of a recording. Write the file again with recordingLines',
    ],
    [
      'another version',
      '{"format":"sensigrad.recording","version":2}',
      'line 1 is of version 2, and this program reads version 1',
    ],
    ['no JSON within', `${header}{"kind"\n${scalar(0)}`, 'line 2 is no JSON'],
    ['an unknown kind', `${header}{"kind":"toString"}`, 'line 2: kind is none of scalar, histogram, dropped'],
    ['a step back', header + scalar(3) + scalar(2), 'line 3: step goes back from 3 to 2'],
    ['a step that is none', header + scalar(-1), 'line 2: step is -1, not a whole number from 0'],
    [
      'an unknown field',
      header + scalar(0, ',"__proto__":7'),
      'has a field "__proto__", which version 1 does not know',
    ],
    ['a line too long', `${header}"${'x'.repeat(2 ** 20)}"`, 'line 2 is longer than 1048576 characters'],
    ['nesting without end', `${header}${'['.repeat(2 ** 19)}${']'.repeat(2 ** 19)}\n`, 'line 2'],
    ['what is no text', 7 as never, 'the lines are 7, not a text'],
  ] as const)('are refused for %s', (_, lines, message) => {
    expect(() => readRecording(lines)).toThrow(TapeFileError)
    expect(() => readRecording(lines)).toThrow(message)
  })
})

function isJSON(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

describe('histograms over steps', () => {
  test('have a row for each power of two, one for zeros and one for what is not finite', async () => {
    const recorder = new Recorder()
    for (const values of [
      [1, 1.5, 0, 0],
      [0.25, Number.NaN, 1, 1],
    ]) {
      recorder.histogram('x', tensor(values))
      recorder.next()
    }
    const { rows, values } = histogramGrid(await recorder.read(), 'x')
    expect(rows).toEqual(['not finite', '2^0', '2^-1', '2^-2', 'zero'])
    const shares = values.map(row => row.map(value => (Number.isNaN(value) ? 0 : 10 ** value)))
    expect(shares.flat().map(share => Number(share.toFixed(6)))).toEqual([
      0, 0.25, 0.5, 0.5, 0, 0, 0, 0.25, 0.5, 0,
    ])
    expect(formatMap(histogramGrid(await recorder.read(), 'x'))).toMatch(/^ {2}x · magnitude × step: 5 × 2$/m)
    expect(() => histogramGrid({ scalars: new Map(), histograms: new Map(), notes: [] }, 'y')).toThrow(
      'histogramGrid: nothing was recorded under y. Nothing at all was recorded',
    )
  })
})
