/** Two backends along one tape part where a kernel is off, and two tapes differ where something changed. */
import { fc, test as prop } from '@fast-check/vitest'
import { wasm } from '@sensigrad/backend-wasm'
import {
  compareBackends,
  compareEntries,
  diff,
  formatComparison,
  formatDiff,
  fromJSON,
  recordOf,
  toJSON,
} from '@sensigrad/inspect'
import { arbitraries } from '@sensigrad/testing'
import {
  type Backend,
  BackendError,
  checkpoint,
  cpu,
  record,
  type Tape,
  type Tensor,
  tensor,
  withScope,
} from 'sensigrad'
import { describe, expect, test } from 'vitest'

const reference = cpu()
const fast = await wasm()
const network = (x: Tensor, w: Tensor) => {
  const hidden = withScope('hidden', () => x.matmul(w).tanh())
  return withScope('head', () => hidden.exp().sum())
}
const x = tensor([[1, -2, 0.5]])
const w = tensor([[0.5, 1], [0.25, -1], [2, 0]]) // biome-ignore format: a matrix
const tape = () => record(network, x, w)

/** The reference, but that what `isBad` picks of its maps comes out too large. */
const broken = (name: string, factor: number): Backend => ({
  ...reference,
  name: 'broken',
  map(expression, inputs, shape, dtype, into) {
    const made = reference.map(expression, inputs, shape, dtype, into)
    if (expression.kind !== 'call' || expression.name !== name) return made
    const size = shape.reduce((product, length) => product * length, 1)
    const values = reference.readSync({ storage: made, dtype, shape: [size], strides: [1], offset: 0 })
    return reference.upload(values.map(value => value * factor) as Float32Array, dtype)
  },
})

describe('two backends', () => {
  test('that are one never part', async () => {
    const { rows, parting } = await compareBackends(tape(), reference, reference)
    expect(parting).toBeUndefined()
    expect(rows.map(({ local, accumulated }) => [local!.relative, accumulated!.relative])).toEqual([[0, 0], [0, 0], [0, 0], [0, 0]]) // biome-ignore format: rows
  })

  prop.prop([arbitraries.programs({ maxSteps: 10 })], { numRuns: 20 })(
    'that both pass the conformance tests part nowhere, on random programs',
    async ({ run, inputs }) => {
      const { parting } = await compareBackends(record(run, ...inputs), reference, await wasm(), {
        tolerance: { ulps: 1024 },
      })
      expect(parting === undefined || parting.text.startsWith('checkpoint')).toBe(true)
    },
  )

  test('part at the entry whose kernel is broken, though all that follows is off as well', async () => {
    const { parting, rows } = await compareBackends(tape(), reference, broken('tanh', 1.01))
    expect(parting).toMatchObject({
      text: 'tanh(%2)',
      scope: 'hidden',
      isOver: true,
      outputs: ['float32[1, 2]'],
    })
    expect(parting!.local!.relative).toBeCloseTo(0.01, 4)
    expect(rows.map(({ isOver }) => isOver)).toEqual([false, true, false, false])
    const [, , exp] = rows
    expect(exp!.local!.relative).toBe(0) // its kernel is right …
    expect(exp!.accumulated!.relative).toBeGreaterThan(1e-3) // … and its input is not
  })

  prop.prop([fc.constantFrom(0, 1, 2, 3, 5, 6, 7, 8)])(
    'part as soon as the tolerance says so',
    async power => {
      const error = 2 ** (power - 23)
      const [off, tolerance] = [broken('exp', 1 + error), { ulps: 16 }]
      const { parting } = await compareBackends(tape(), reference, off, { tolerance })
      expect(parting !== undefined).toBe(2 ** power > 16)
    },
  )

  test('of which one lacks a kernel part there, and the rest is still compared', async () => {
    const lacking: Backend = {
      ...reference,
      name: 'lacking',
      map() {
        throw new BackendError('map', 'lacking has no kernel for it', 'Use another')
      },
    }
    const { rows, parting } = await compareBackends(tape(), reference, lacking)
    expect(rows.map(({ missing }) => missing === undefined)).toEqual([true, false, false, true])
    expect(parting).toMatchObject({
      text: 'tanh(%2)',
      missing: 'map in hidden: lacking has no kernel for it. Use another',
    })
    expect(rows[3]!.local!.relative).toBe(0) // it goes on from the other's numbers
  })

  test('of which one fails otherwise are not compared: that is a fault, not a kernel that is missing', async () => {
    const faulty: Backend = {
      ...reference,
      contract() {
        throw new TypeError('boom')
      },
    }
    await expect(compareBackends(tape(), reference, faulty)).rejects.toThrow('boom')
  })

  test('disagree where only one of them has a NaN', async () => {
    const { parting } = await compareBackends(tape(), reference, broken('tanh', Number.NaN))
    expect(parting!.local!.relative).toBe(Number.POSITIVE_INFINITY)
  })

  test('are compared on a record from a file as on the tape', async () => {
    const file = fromJSON(toJSON(await recordOf(tape(), { values: 'all' })))
    const off = broken('tanh', 1.01)
    const plain = ({ id, text, local, accumulated }: Record<string, unknown>) => ({
      id,
      text,
      local,
      accumulated,
    })
    const [a, b] = [
      await compareBackends(file, reference, off),
      await compareBackends(tape(), reference, off),
    ]
    expect(a.rows.map(row => plain({ ...row }))).toEqual(b.rows.map(row => plain({ ...row })))
  })

  test('are compared on a tape that lives on a third', async () => {
    const there = record(
      network,
      tensor([[1, -2, 0.5]], { backend: fast }),
      tensor(await w.data(), { shape: [3, 2], backend: fast }),
    )
    expect((await compareBackends(there, reference, broken('tanh', 1.01))).parting).toMatchObject({
      text: 'tanh(%2)',
    })
  })

  test('may be compared until they part', async () => {
    const seen: string[] = []
    for await (const { text, isOver } of compareEntries(tape(), reference, broken('tanh', 2))) {
      seen.push(text)
      if (isOver) break
    }
    expect(seen).toEqual(['matmul(%0, %1)', 'tanh(%2)'])
  })

  test('meet a checkpoint, which cannot be computed again, with a reason', async () => {
    const forgetful = record((x: Tensor) => checkpoint((x: Tensor) => x.exp())(x).sum(), tensor([1]))
    const { rows } = await compareBackends(forgetful, reference, reference)
    expect(rows.map(({ missing }) => missing?.slice(0, 42))).toEqual([
      'a checkpoint is not computed from its entr',
      undefined,
    ])
  })

  test('are written down with the first that is off in full', async () => {
    expect(formatComparison(await compareBackends(tape(), reference, broken('tanh', 1.01)))).toBe(
      [
        'broken beside cpu: 4 entries',
        '  entry                         local     so far  scope',
        '  %2 = matmul(%0, %1)               0          0  hidden',
        '✗ %3 = tanh(%2)               1.0e-02    1.0e-02  hidden',
        '  %4 = exp(%3)                      0    1.0e-02  head',
        '  %5 = sum(%4, axes=[0,1])          0    9.0e-03  head',
        'they part at %3 = tanh(%2) in hidden, float32[1, 2]',
        '  given the same inputs broken differs from cpu by 1.0e-02 of its largest element, 83886 ulps, at [0, 1]',
      ].join('\n'),
    )
  })

  test('must be backends, and the tape one', async () => {
    await expect(compareBackends(tape(), reference, 'wasm' as unknown as Backend)).rejects.toThrow(
      "compareBackends: a backend is 'wasm'",
    )
    await expect(compareBackends(7 as unknown as Tape, reference, reference)).rejects.toThrow(
      'compareBackends: the tape is 7',
    )
  })
})

describe('two tapes', () => {
  const recorded = (f: (x: Tensor) => Tensor, x: Tensor) => recordOf(record(f, x))
  const layers =
    (count: number, extra = -1) =>
    (x: Tensor) => {
      let y = x
      for (let i = 0; i < count; i++) {
        y = withScope(`layers.${i}`, () => (i === extra ? y.mul(2).exp().tanh() : y.mul(2).tanh()))
      }
      return y.sum()
    }

  test('of one computation are equal', async () => {
    const [a, b] = [await recorded(layers(3), tensor([1, 2])), await recorded(layers(3), tensor([1, 2]))]
    expect(diff(a, b).counts).toEqual({
      equal: a.entries.length,
      moved: 0,
      reshaped: 0,
      added: 0,
      removed: 0,
      unknown: 0,
    })
  })

  test('of which one has an operation more differ in that one', async () => {
    const [a, b] = [await recorded(layers(3), tensor([0, 0])), await recorded(layers(3, 1), tensor([0, 0]))]
    const { counts, rows } = diff(a, b)
    expect([counts.added, counts.removed, counts.reshaped]).toEqual([1, 0, 0])
    expect(rows[0]).toMatchObject({ fate: 'added', scope: 'layers.1', text: expect.stringMatching(/^exp/) })
    expect(diff(b, a).rows[0]).toMatchObject({ fate: 'removed', scope: 'layers.1' })
  })

  prop.prop([
    fc.array(fc.constantFrom('exp', 'tanh', 'sin', 'cos'), { minLength: 1, maxLength: 12 }),
    fc.nat(11),
  ])(
    'of which one lacks an operation are matched but for that one, wherever it stood',
    async (names, place) => {
      const run = (list: readonly string[]) => (x: Tensor) =>
        list.reduce((y, name) => y[name as 'exp' | 'tanh' | 'sin' | 'cos'](), x)
      const fewer = names.filter((_, i) => i !== place % names.length)
      const [a, b] = [
        await recorded(run(names), tensor([0.1])),
        await recorded(run([...fewer]), tensor([0.1])),
      ]
      const { counts } = diff(a, b)
      expect([counts.added, counts.removed]).toEqual([0, 1])
    },
  )

  test('of two inputs differ by how far values and gradients moved, the furthest first', async () => {
    const f = (x: Tensor) => x.mul(x).sum()
    const [a, b] = [await recorded(f, tensor([3, 4])), await recorded(f, tensor([3, 4.5]))]
    const { rows, counts } = diff(a, b)
    expect(counts.moved).toBe(3)
    const found = rows.map(({ text, value, gradient }) => [text, value!.share, gradient!.share])
    expect(found).toEqual([
      ['%0 * %0', expect.closeTo(4.25 / Math.hypot(9, 16), 12), 0],
      ['sum(%1, axes=[0])', 4.25 / 25, 0],
      ['input 0', 0.1, 0.1],
    ])
  })

  test('of which only statistics were kept differ by at least what these tell', async () => {
    const bare = (x: Tensor) =>
      recordOf(
        record((x: Tensor) => x.neg(), x),
        { values: 'none' },
      )
    const { rows } = diff(await bare(tensor([3, 4])), await bare(tensor([6, 8])))
    expect(rows.map(({ value }) => value)).toEqual([
      { share: 1, isExact: false },
      { share: 1, isExact: false },
    ])
  })

  test('of two shapes are reshaped', async () => {
    const f = (x: Tensor) => x.exp()
    const { counts, rows } = diff(await recorded(f, tensor([1, 2])), await recorded(f, tensor([1, 2, 3])))
    expect(counts.reshaped).toBe(2)
    expect(rows[0]!.kinds).toEqual(['float32[2]', 'float32[3]'])
  })

  test('are written down', async () => {
    const [a, b] = [await recorded(layers(1), tensor([0.5])), await recorded(layers(1, 0), tensor([0.5]))]
    const lines = formatDiff(diff(a, b), { rows: 2 }).split('\n')
    expect(lines[0]).toMatch(/^first → second: \d equal, \d moved, 1 added$/)
    expect(lines[2]).toMatch(/^\+ %3 exp\(%2\)/)
    expect(lines.at(-1)).toMatch(/^ {2}… \d entr(y|ies) more$/)
  })

  test('must be records', async () => {
    expect(() => diff({} as never, {} as never)).toThrow(
      'diff: a record is an object. Make one with await recordOf(tape)',
    )
  })
})
