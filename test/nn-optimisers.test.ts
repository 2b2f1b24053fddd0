/** Optimisers move a layer as PyTorch's do (Lion and Muon: as their papers say), captured or not, and say what moved it. */
import { readFileSync } from 'node:fs'
import { fc, test } from '@fast-check/vitest'
import {
  Adagrad,
  Adam,
  AdamW,
  Dense,
  Lion,
  Module,
  Muon,
  Optimiser,
  type OptimiserOptions,
  Parameter,
  partsOf,
  RMSprop,
  SGD,
  schedules,
  type UpdateRecord,
} from '@sensigrad/nn'
import { capture, key, type Tensor, tensor, Variable, zeros } from 'sensigrad'
import { describe, expect } from 'vitest'
import { bits, gap, values } from './support/neurons.ts'
import { batch, type Common, layerOf, optimisers, stepOf } from './support/optimisers.ts'
import { bitsOf } from './support/sal.ts'

type Numbers = readonly number[]
interface Reference {
  readonly problem: Readonly<Record<'weight' | 'bias' | 'x' | 'y', never[]>>
  readonly cases: readonly {
    readonly optimiser: keyof typeof classes
    readonly options: Common
    readonly source: string
    readonly after: Readonly<Partial<Record<'float32' | 'float64', Readonly<Record<string, Numbers>>>>>
  }[]
  readonly longRun: Readonly<Record<string, Numbers>>
}
const classes = { SGD, RMSprop, Adagrad, Adam, AdamW, Lion, Muon }
const reference: Reference = JSON.parse(
  readFileSync(new URL('reference/optimisers.json', import.meta.url), 'utf8'),
)

/** A module that is one parameter. */
class One extends Module<[], Tensor> {
  readonly w: Parameter
  constructor(value: Tensor) {
    super()
    this.w = new Parameter(value)
  }
  forward(): Tensor {
    return this.w.value
  }
}

describe('the way of a layer is that of an independent implementation', () => {
  const tolerances = { float64: 1e-10, float32: 2e-5 }
  const cases = reference.cases.flatMap(({ after, ...rest }) =>
    Object.entries(after).map(([dtype, kept]) => ({ ...rest, dtype: dtype as 'float32' | 'float64', kept })),
  )
  test.each(cases)('$optimiser $options in $dtype: $source', ({ optimiser, options, dtype, kept }) => {
    const layer = layerOf(1, dtype)
    const of = (name: keyof Reference['problem']) => tensor(reference.problem[name], { dtype })
    layer.weight.value = of('weight')
    layer.bias.value = of('bias')
    const moving = new classes[optimiser](options as never) as unknown as Optimiser<never>
    const step = stepOf(layer, moving)
    for (let t = 1; t <= 25; t++) {
      step(of('x'), of('y'))
      const expected = kept[t]
      if (expected === undefined) continue
      const found = [...values(layer.weight.value), ...values(layer.bias.value)]
      expect(gap(found, expected)).toBeLessThan(tolerances[dtype])
    }
  })

  test('Adam in float32 over a thousand steps, to 1e-6: its bias is corrected exactly', () => {
    const one = new One(zeros([4]))
    const adam = new Adam({ rate: 1e-3 })
    for (let t = 1; t <= 1000; t++) {
      adam.update(one, { w: tensor([0, 1, 2, 3].map(i => Math.sin(0.7 * t + i) + 0.3 * i)) })
      const expected = reference.longRun[t]
      if (expected !== undefined) expect(gap(values(one.w.value), [...expected])).toBeLessThan(1e-6)
    }
  })
})

const plan: Common = {
  rate: schedules.cosine(0.05, 80),
  clip: { value: 2, norm: 1, globalNorm: 0.5 },
  groups: [{ select: '**.bias', rate: 0.01, weightDecay: 0.2 }],
}

describe.each(optimisers)('%s', (_, make) => {
  test('captured moves as eager to the last bit, with a schedule, limits and groups', () => {
    const [eager, captured] = [0, 1].map(() => ({ layer: layerOf(), optimiser: make(plan) }))
    const step = stepOf(eager!.layer, eager!.optimiser)
    const fast = capture(stepOf(captured!.layer, captured!.optimiser))
    for (let call = 0; call < 100; call++) {
      step(...batch(call))
      fast(...batch(call))
    }
    expect(fast.captures).toBe(1)
    expect([eager!.optimiser.steps, captured!.optimiser.steps]).toEqual([100, 100])
    expect(bitsOf(captured!.layer)).toEqual(bitsOf(eager!.layer))
  })

  test('the parts of its stages sum to the change, and looking at them changes nothing', () => {
    const [seen, unseen] = [0, 1].map(() => ({ layer: layerOf(), optimiser: make(plan) }))
    const records: UpdateRecord[] = []
    seen!.optimiser.onUpdate(record => records.push(record))
    for (let call = 0; call < 5; call++) {
      for (const { layer, optimiser } of [seen!, unseen!]) stepOf(layer, optimiser)(...batch(call))
    }
    expect(bitsOf(seen!.layer)).toEqual(bitsOf(unseen!.layer))
    expect(records.map(({ path }) => path)).toEqual(Array(5).fill(['weight', 'bias']).flat())
    for (const record of records) {
      const parts = partsOf(record)
      expect(new Set(parts.map(({ name }) => name)).size).toBe(parts.length)
      const sum = parts.map(({ change }) => change).reduce((a, b) => a.add(b))
      const largest = Math.max(...parts.flatMap(({ change }) => values(change.abs())))
      expect(gap(values(sum), values(record.after.sub(record.before)))).toBeLessThan(1e-14 * (1 + largest))
    }
  })

  test('its momentum has no part in the first update: there is nothing yet to be taken again', () => {
    const [layer, optimiser] = [layerOf(), make({ rate: 0.1 })]
    const shares: number[] = []
    optimiser.onUpdate(record => {
      const parts = partsOf(record)
      const sizes = Object.fromEntries(parts.map(({ name, change }) => [name, values(change.norm())[0]!]))
      shares.push((sizes.momentum ?? 0) / sizes.gradient!)
    })
    for (let call = 0; call < 2; call++) stepOf(layer, optimiser)(...batch(call))
    expect(Math.max(...shares.slice(0, 2))).toBeLessThan(1e-12)
    if (!(optimiser instanceof Adagrad)) expect(Math.min(...shares.slice(2))).toBeGreaterThan(0.01)
  })

  test('its parts are there in a captured step, too, for variables to keep', () => {
    const [layer, optimiser] = [layerOf(), make({ rate: 0.01 })]
    const sums = {
      weight: new Variable(zeros([2, 3], { dtype: 'float64' })),
      bias: new Variable(zeros([2], { dtype: 'float64' })),
    }
    const fast = capture(stepOf(layer, optimiser))
    fast(...batch(0))
    const before = values(layer.weight.value)
    const stop = optimiser.onUpdate(record => {
      const sum = sums[record.path as 'weight' | 'bias']
      for (const { change } of partsOf(record)) sum.value = sum.value.add(change)
    })
    for (let call = 1; call < 6; call++) fast(...batch(call))
    expect(fast.captures).toBe(2) // anew when someone began to listen
    const moved = values(layer.weight.value).map((w, i) => w - before[i]!)
    expect(gap(values(sums.weight.value), moved)).toBeLessThan(1e-13)
    const kept = bits(sums.weight.value)
    stop()
    fast(...batch(7))
    expect(bits(sums.weight.value)).toBe(kept)
  })

  test('gradients of zero, at first and for long, give no NaN', () => {
    const [layer, optimiser] = [layerOf(), make({ rate: 0.1, clip: { norm: 1, globalNorm: 1 } })]
    for (let t = 0; t < 3; t++) {
      optimiser.update(layer, {
        weight: zeros([2, 3], { dtype: 'float64' }),
        bias: zeros([2], { dtype: 'float64' }),
      })
    }
    expect([layer.weight, layer.bias].flatMap(({ value }) => values(value)).every(Number.isFinite)).toBe(true)
  })

  test('huge and tiny float32 gradients give no NaN', () => {
    const [layer, optimiser] = [layerOf(1, 'float32'), make({ rate: 1e-3 })]
    for (const size of [1e30, 1e-30, 1e-44, 0]) {
      optimiser.update(layer, {
        weight: tensor([
          [size, -size, 0],
          [0, size, size],
        ]),
      })
      expect(values(layer.weight.value).some(Number.isNaN)).toBe(false)
    }
  })
})

const vectors = fc.array(fc.array(fc.integer({ min: -99, max: 99 }), { minLength: 4, maxLength: 4 }), {
  minLength: 1,
  maxLength: 4,
})
/** Where a square matrix comes to along gradients. */
const led = (optimiser: Optimiser<never>, gradients: readonly Numbers[], scale = 1) => {
  const one = new One(zeros([2, 2], { dtype: 'float64' }))
  for (const gradient of gradients) {
    const elements = Float64Array.from(gradient, g => (g + 0.5) * scale)
    optimiser.update(one, { w: tensor(elements, { shape: [2, 2] }) })
  }
  return values(one.w.value)
}

describe('what does not change the way', () => {
  const free: [string, () => unknown][] = [
    ['Adam', () => new Adam({ rate: 0.1, eps: 1e-30 })],
    ['RMSprop', () => new RMSprop({ rate: 0.1, eps: 1e-30, momentum: 0.5 })],
    ['Adagrad', () => new Adagrad({ rate: 0.1, eps: 1e-30 })],
    ['Lion', () => new Lion({ rate: 0.1 })],
    ['Muon', () => new Muon({ rate: 0.1, weightDecay: 0 })],
  ]
  describe.each(free)('the scale of the gradients: %s', (_, make) => {
    test.prop([vectors, fc.integer({ min: -20, max: 20 })], { numRuns: 30 })(
      'by powers of two',
      (gradients, exponent) => {
        const [one, other] = [1, 2 ** exponent].map(scale =>
          led(make() as Optimiser<never>, gradients, scale),
        )
        expect(gap(other!, one!)).toBeLessThan(1e-9)
      },
    )
  })

  test.prop([vectors], { numRuns: 30 })(
    'Lion and Adam move each element by the rate at most, at first',
    gradients => {
      for (const make of [() => new Lion({ rate: 0.1 }), () => new Adam({ rate: 0.1 })]) {
        const moved = led(make() as unknown as Optimiser<never>, gradients.slice(0, 1))
        expect(Math.max(...moved.map(Math.abs))).toBeLessThanOrEqual(0.1 + 1e-15)
      }
    },
  )

  test.prop([vectors], { numRuns: 30 })('a rotation, for Muon: it turns the way with it', gradients => {
    const [c, s] = [0.6, 0.8]
    const turned = gradients.map(([p = 0, q = 0, r = 0, t = 0]) => {
      const [a, b, d, e] = [p + 0.5, q + 0.5, r + 0.5, t + 0.5]
      return [c * a - s * d, c * b - s * e, s * a + c * d, s * b + c * e].map(g => g - 0.5)
    })
    const make = () => new Muon({ rate: 0.1 }) as unknown as Optimiser<never>
    const [p = 0, q = 0, r = 0, t = 0] = led(make(), gradients)
    expect(
      gap(led(make(), turned), [c * p - s * r, c * q - s * t, s * p + c * r, s * q + c * t]),
    ).toBeLessThan(1e-9)
  })
})

test('Muon moves a matrix by nearly equal singular values, and leaves to AdamW what is no matrix or not meant', () => {
  const layer = new Dense(2, 2, { key: key(1), dtype: 'float64' })
  const gradients = {
    weight: tensor(
      [
        [3, 0],
        [0, 0.01],
      ],
      { dtype: 'float64' },
    ),
    bias: zeros([2], { dtype: 'float64' }).add(1),
  }
  const before = layer.weight.value
  new Muon({ rate: 1, weightDecay: 0 }).update(layer, gradients)
  const [a = 0, , , d = 0] = values(before.sub(layer.weight.value)).map(x => x / (0.2 * Math.SQRT2))
  for (const size of [a, d]) expect(Math.abs(size - 1)).toBeLessThan(0.35)
  const [other, adam] = [layerOf(), layerOf()]
  const [x, y] = batch(0)
  stepOf(other, new Muon({ rate: 0.1, orthogonal: false }) as unknown as Optimiser<never>)(x, y)
  stepOf(adam, new AdamW({ rate: 0.1, betas: [0.9, 0.95], weightDecay: 0.1 }) as unknown as Optimiser<never>)(
    x,
    y,
  )
  expect(bitsOf(other)).toEqual(bitsOf(adam))
})

test('an optimiser of your own is a chain of stages', () => {
  class SignDescent extends Optimiser<Record<never, never>> {
    constructor(options: OptimiserOptions<Record<never, never>>) {
      super('SignDescent', options, {}, () => [
        { name: 'sign', apply: update => ({ update: update.sign() }) },
      ])
    }
  }
  const one = new One(tensor([1, 1, 1]))
  new SignDescent({ rate: 0.5 }).update(one, { w: tensor([-7, 0, 0.1]) })
  expect(values(one.w.value)).toEqual([1.5, 1, 0.5])
})
