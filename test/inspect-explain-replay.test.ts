/** A replay computes what the tape computed: here or there, for these inputs or others, from the tape or from a file. */
import { test as prop } from '@fast-check/vitest'
import { wasm } from '@sensigrad/backend-wasm'
import { fromJSON, recordOf, replay, type TapeRecord, toJSON } from '@sensigrad/inspect'
import { arbitraries } from '@sensigrad/testing'
import {
  checkpoint,
  custom,
  gather,
  pullback,
  record,
  type Tape,
  type Tensor,
  tensor,
  withScope,
} from 'sensigrad'
import { describe, expect, test } from 'vitest'

const valuesOf = (tape: Tape) => Promise.all(tape.outputs.map(async output => [...(await output.data())]))
const shapeOf = (tape: Tape) => tape.entries.map(({ op, outputs, scope }) => `${op.name} ${outputs} ${scope}`)
const model = (x: Tensor, w: Tensor) =>
  withScope('layers.0', () => x.matmul(w).tanh())
    .sum()
    .mul(2)
const x = tensor([[1, -2]])
const w = tensor([[0.5], [0.25]])
const replayable = ({ run, inputs }: { run: (...xs: Tensor[]) => Tensor; inputs: readonly Tensor[] }) =>
  !record(run, ...inputs).entries.some(({ op }) => op.name === 'checkpoint')

describe('a replay', () => {
  prop.prop([arbitraries.programs({ maxSteps: 12 }).filter(replayable)], { numRuns: 30 })(
    'has the same entries and the same bits',
    async ({ run, inputs }) => {
      const tape = record(run, ...inputs)
      const again = await replay(tape)
      expect(shapeOf(again)).toEqual(shapeOf(tape))
      expect(await valuesOf(again)).toEqual(await valuesOf(tape))
    },
  )

  test('on other inputs computes the function that was recorded', async () => {
    const others = [tensor([[3, 4]]), tensor([[-1], [0.5]])] as const
    const again = await replay(record(model, x, w), { inputs: others })
    expect(await valuesOf(again)).toEqual(await valuesOf(record(model, ...others)))
    const gradients = (tape: Tape) => Promise.all(pullback(tape, tensor(1)).map(g => g.toArray()))
    expect(await gradients(again)).toEqual(await gradients(record(model, ...others)))
  })

  test('on another backend lives there, indices and constants included', async () => {
    const fast = await wasm()
    const rows = tensor([1, 0], { dtype: 'int32' })
    const tape = record(
      y =>
        gather(y, rows)
          .mul(tensor([[2], [3]]))
          .sum(),
      tensor([[1], [2]]),
    )
    const there = await replay(tape, { backend: fast })
    expect(there.entries.flatMap(({ outputs }) => outputs.map(({ backend }) => backend.name))).not.toContain(
      'cpu',
    )
    expect(await valuesOf(there)).toEqual(await valuesOf(tape))
  })

  test('refuses other inputs, and what is not computed from its entry', async () => {
    const tape = record(model, x, w)
    await expect(replay(tape, { inputs: [x] })).rejects.toThrow('replay: 1 inputs for the 2 of the tape')
    await expect(replay(tape, { inputs: [w, w] })).rejects.toThrow(
      'replay: input 0 is float32[2, 1], but on the tape float32[1, 2]',
    )
    const forgetful = record((x: Tensor) => checkpoint((x: Tensor) => x.exp())(x), x)
    await expect(replay(forgetful)).rejects.toThrow('replay: %1 = checkpoint(%0) cannot be replayed')
    await expect(replay('tape' as unknown as Tape)).rejects.toThrow("replay: the tape is 'tape'")
  })
})

describe('a replay from a file', () => {
  const filed = async (tape: Tape) => fromJSON(toJSON(await recordOf(tape, { values: 'all' })))

  prop.prop([arbitraries.programs({ maxSteps: 12 }).filter(replayable)], { numRuns: 30 })(
    'has the same entries and the same bits as the tape',
    async ({ run, inputs }) => {
      const tape = record(run, ...inputs)
      const again = await replay(await filed(tape))
      expect(shapeOf(again)).toEqual(shapeOf(tape))
      expect(await valuesOf(again)).toEqual(await valuesOf(tape))
    },
  )

  test('needs the elements of inputs and constants', async () => {
    const elements = Array.from({ length: 20 }, (_, i) => i / 10)
    const large = tensor(elements, { shape: [10, 2] })
    const tape = record(model, large, w)
    const bare = await recordOf(tape) // which keeps what is small
    await expect(replay(bare)).rejects.toThrow(
      "replay: the record does not hold the elements of %0 = input 0. Record with { values: 'all' }, or give the inputs",
    )
    expect(await valuesOf(await replay(bare, { inputs: [large, w] }))).toEqual(await valuesOf(tape))
  })

  test('refuses an operation that closes over a program', async () => {
    const own = custom({ name: 'own', forward: (x: Tensor) => x.exp(), vjp: ({ g }) => [g] })
    const file = await filed(record((x: Tensor) => own(x), x))
    await expect(replay(file)).rejects.toThrow('replay: %1 = own cannot be replayed from a record')
  })

  const tampered = async (change: (record: TapeRecord) => TapeRecord) =>
    replay(change(await filed(record(model, x, w))))
  const entry = (id: number, changed: object) => (record: TapeRecord) => ({
    ...record,
    entries: record.entries.map(each => (each.id === id ? { ...each, ...changed } : each)),
  })

  test.each<[string, object, RegExp]>([
    ['inputs that do not fit', { inputs: [1, 1] }, /replay: matmul of .*: inner sizes differ/],
    ['one input too few', { inputs: [0] }, /replay: matmul of .*: it takes two matrices/],
    [
      'axes that there are not',
      { op: 'transpose', inputs: [0], attributes: { axes: [0, 0] } },
      /transpose of .*: \[0, 0\] are not the axes/,
    ],
    [
      'a part outside',
      { op: 'slice', inputs: [0], attributes: { start: [0, 1], step: [1, 1], shape: [1, 2] } },
      /slice of .*: the part lies outside/,
    ],
    [
      'a place outside',
      { op: 'place', inputs: [0], attributes: { start: [1, 0], step: [1, 1], shape: [1, 2] } },
      /place of .*: .* lies outside/,
    ],
    [
      'an index outside',
      {
        op: 'takeAlongAxis',
        inputs: [0],
        attributes: { indices: { shape: [1, 2], elements: [0, 7] }, axis: 1 },
      },
      /index 7 lies outside of an axis of size 2/,
    ],
    [
      'an axis that there is not',
      { op: 'sum', inputs: [0], attributes: { axes: [2] } },
      /sum of .*: \[2\] are not axes/,
    ],
    [
      'windows too wide',
      { op: 'windows', inputs: [0], attributes: { size: 3, stride: 1, dilation: 1, axis: 1 } },
      /no window fits/,
    ],
    [
      'another number of elements',
      { op: 'reshape', inputs: [0], attributes: { shape: [3] } },
      /has not 3 elements/,
    ],
    [
      'a shape that it does not broadcast to',
      { op: 'broadcastTo', inputs: [0], attributes: { shape: [3] } },
      /does not broadcast to \[3\]/,
    ],
    [
      'parts that do not add up',
      { op: 'split', inputs: [0], attributes: { sizes: [5], axis: 1 } },
      /the parts do not add up/,
    ],
    [
      'another result',
      { op: 'cast', inputs: [0], attributes: { dtype: 'int32' } },
      /gives int32\[1, 2\] where the record says float32\[1, 1\]/,
    ],
    ['a result that no entry gives', { inputs: [0, 1], inputOutputs: [0, 3] }, /reads what %1 does not give/],
  ])('refuses a damaged record: %s', async (_, changed, message) => {
    const place = (await filed(record(model, x, w))).entries.find(({ op }) => op === 'matmul')!.id
    await expect(tampered(entry(place, changed))).rejects.toThrow(message)
  })

  test.each<[string, object]>([
    ['place', { op: 'place', inputs: [0], attributes: { start: [0, 0], step: [1, 1], shape: [1, 2 ** 39] } }],
    ['broadcastTo', { op: 'broadcastTo', inputs: [0], attributes: { shape: [2 ** 38, 2] } }],
    [
      'scatter',
      {
        op: 'scatter',
        inputs: [0],
        attributes: { indices: { shape: [1, 2], elements: [0, 1] }, axis: 1, size: 2 ** 39 },
      },
    ],
  ])(
    'refuses a record that speaks of more than there is memory for, before it computes: %s',
    async (_, changed) => {
      const place = (await filed(record(model, x, w))).entries.find(({ op }) => op === 'matmul')!.id
      await expect(tampered(entry(place, changed))).rejects.toThrow(
        /^replay: with %\d+ = .* the record comes to 549755813890 elements, of at most 67108864\. Replay the tape itself/,
      )
    },
  )

  test('refuses a map whose expression does not fit its inputs', async () => {
    const map = (await filed(record(model, x, w))).entries.find(({ op }) => op === 'map')!
    const reading = (nodes: unknown[]) => entry(map.id, { attributes: { expression: nodes } })
    await expect(tampered(reading([['input', 3]]))).rejects.toThrow(/map of .*: it reads 4 inputs/)
    await expect(
      tampered(
        reading([
          ['input', 0],
          ['not', 0],
        ]),
      ),
    ).rejects.toThrow(/a number stands for a boolean/)
  })
})
