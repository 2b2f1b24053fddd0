/** What momentum gives belongs to those who made it: the parts of an update by source, however long ago they were made. */
import { fc, test } from '@fast-check/vitest'
import {
  Adam,
  changeWithout,
  earlier,
  type HeldBySource,
  Lion,
  Module,
  type Optimiser,
  Parameter,
  partsOf,
  SGD,
  sourcesOf,
  type UpdatePart,
  type UpdateRecord,
} from '@sensigrad/nn'
import { type Tensor, tensor, zeros } from 'sensigrad'
import { describe, expect } from 'vitest'
import { gap, values } from './support/neurons.ts'
import { optimisers } from './support/optimisers.ts'

/** A module that is one matrix. */
class One extends Module<[], Tensor> {
  readonly w: Parameter
  constructor(dtype: 'float32' | 'float64') {
    super()
    this.w = new Parameter(zeros([2, 2], { dtype }).add(0.25))
  }
  forward(): Tensor {
    return this.w.value
  }
}

const streams = fc.array(fc.array(fc.integer({ min: -99, max: 99 }), { minLength: 4, maxLength: 4 }), {
  minLength: 2,
  maxLength: 6,
})
const gradientsOf = (stream: readonly (readonly number[])[], dtype: 'float32' | 'float64' = 'float64') =>
  stream.map(each =>
    tensor(
      each.map(g => (g + 0.5) / 50),
      { dtype, shape: [2, 2] },
    ),
  )

interface Seen {
  readonly record: UpdateRecord
  readonly parts: ReadonlyMap<string, number[]>
  readonly all: readonly UpdatePart[]
}

/** Updates one matrix along gradients. Whoever looks begins with update `from`. */
function led(optimiser: Optimiser<never>, gradients: readonly Tensor[], from = 0): Seen[] {
  const one = new One(gradients[0]!.dtype as 'float64')
  const seen: Seen[] = []
  let held: HeldBySource | undefined
  for (const [i, w] of gradients.entries()) {
    const stop =
      i < from
        ? () => {}
        : optimiser.onUpdate(record => {
            const sources = sourcesOf(record, held)
            held = sources.held
            const parts = new Map(sources.parts.map(({ name, change }) => [name, values(change)]))
            seen.push({ record, parts, all: sources.parts })
          })
    optimiser.update(one, { w })
    stop()
  }
  return seen
}

const total = (parts: Iterable<readonly number[]>) =>
  [...parts].reduce((sum, part) => sum.map((x, i) => x + part[i]!), [0, 0, 0, 0])
const changeIn = ({ record: { before, after } }: Seen) => values(after.sub(before))
const longest = ({ parts }: Seen) => Math.max(...[...parts.values()].flat().map(Math.abs))

describe.each(optimisers)('%s', (_, make) => {
  const plan = { rate: 0.05, clip: { norm: 0.7, value: 1.5 } }

  test.prop([streams], { numRuns: 25 })('its parts sum to each change', stream => {
    for (const each of led(make(plan), gradientsOf(stream))) {
      const off = gap(total(each.parts.values()), changeIn(each))
      expect(off).toBeLessThan(1e-11 * (1 + longest(each)))
    }
  })

  test.prop([streams], { numRuns: 25 })(
    'nothing is from before, where it is looked at from the first on',
    stream => {
      for (const each of led(make(plan), gradientsOf(stream))) {
        const before = each.parts.get(earlier) ?? [0]
        expect(Math.hypot(...before)).toBeLessThan(1e-12 * (1 + longest(each)))
      }
    },
  )

  test.prop([streams], { numRuns: 25 })(
    'whoever looks later finds the momentum there, as from before',
    stream => {
      const [first] = led(make(plan), gradientsOf(stream), stream.length - 1)
      const momentum = partsOf(first!.record).filter(({ name }) =>
        first!.record.stages.some(stage => stage.name === name && stage.remembers !== undefined),
      )
      const given = total(momentum.map(({ change }) => values(change)))
      const found = first!.parts.get(earlier) ?? [0, 0, 0, 0]
      expect(gap(found, given)).toBeLessThan(1e-11 * (1 + longest(first!)))
      expect(gap(total(first!.parts.values()), changeIn(first!))).toBeLessThan(1e-11 * (1 + longest(first!)))
    },
  )
})

describe('by an independent sum over all gradients so far', () => {
  /** Σⱼ βᵗ⁻ʲ xⱼ. */
  const averages = (xs: readonly (readonly number[])[], beta: number) =>
    xs.map((_, t) => total(xs.slice(0, t + 1).map((x, j) => x.map(each => each * beta ** (t - j)))))

  test.prop([streams], { numRuns: 40 })(
    'momentum: -η Σ μᵗ⁻ʲ gⱼ is the gradient, and the clipping what it took from each',
    stream => {
      const gradients = gradientsOf(stream)
      const seen = led(new SGD({ rate: 0.1, momentum: 0.9, clip: { norm: 0.5 } }) as never, gradients)
      const raw = gradients.map(values)
      const taken = raw.map(g => g.map(x => x * Math.min(0.5 / Math.hypot(...g), 1) - x))
      for (const [name, xs] of [
        ['gradient', raw],
        ['clipNorm', taken],
      ] as const) {
        for (const [t, sum] of averages(xs, 0.9).entries()) {
          expect(
            gap(
              seen[t]!.parts.get(name)!,
              sum.map(x => -0.1 * x),
            ),
          ).toBeLessThan(1e-12)
        }
      }
    },
  )

  test.prop([streams], { numRuns: 40 })(
    'Adam: the same with its bias and size, as the update had them',
    stream => {
      const gradients = gradientsOf(stream)
      const seen = led(new Adam({ rate: 0.1, clip: { norm: 0.5 } }) as never, gradients)
      for (const [t, sum] of averages(gradients.map(values), 0.9).entries()) {
        const { record, parts } = seen[t]!
        const [mean, update] = [values(record.slots.get('mean')!.after), changeIn(seen[t]!)]
        const expected = sum.map((x, i) => (0.1 * x * update[i]!) / mean[i]!)
        expect(gap(parts.get('gradient')!, expected)).toBeLessThan(1e-9 * (1 + longest(seen[t]!)))
      }
    },
  )

  test.prop([streams], { numRuns: 40 })(
    'Lion: shares of the sign as what it is the sign of is shared',
    stream => {
      const gradients = gradientsOf(stream)
      const seen = led(new Lion({ rate: 0.1, clip: { norm: 0.5 } }) as never, gradients)
      for (const { parts } of seen) {
        const [task, clip] = [parts.get('gradient')!, parts.get('clipNorm')!]
        for (const [i, x] of total([task, clip, parts.get(earlier)!]).entries()) {
          expect(Math.abs(Math.abs(x) - 0.1)).toBeLessThan(1e-12 * (1 + Math.abs(task[i]!)))
        }
      }
    },
  )
})

describe('without a stage', () => {
  test.prop([streams], { numRuns: 25 })(
    'the change is that of an optimiser without it, on the same gradients',
    stream => {
      const gradients = gradientsOf(stream)
      for (const make of [
        (clip: object) => new SGD({ rate: 0.1, momentum: 0.9, ...clip }),
        (clip: object) => new Adam({ rate: 0.1, ...clip }),
      ]) {
        const free = led(make({}) as never, gradients).map(changeIn)
        const slots = new Map<string, Tensor>()
        const tried = led(make({ clip: { norm: 0.3 } }) as never, gradients).map(({ record }) => {
          const read = (slot: string) => slots.get(slot) ?? record.slots.get(slot)!.before
          const way = changeWithout(record, stage => stage === 'clipNorm', read)
          for (const [slot, value] of way.slots) slots.set(slot, value)
          return values(way.change)
        })
        for (const [t, change] of tried.entries()) expect(gap(change, free[t]!)).toBeLessThan(1e-12)
      }
    },
  )
})

test('a stage that names a slot which it does not keep is told so', () => {
  const [{ record }] = led(new SGD({ rate: 0.1, momentum: 0.9 }) as never, gradientsOf([[1, 2, 3, 4]])) as [
    Seen,
  ]
  expect(() => sourcesOf({ ...record, slots: new Map() })).toThrow(
    'sourcesOf: the stage momentum says that it remembers in velocity, but does not read and write that slot. Name the slot whose value it adds to',
  )
})
