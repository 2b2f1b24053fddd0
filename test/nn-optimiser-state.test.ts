/** Optimisers go on from a state as if nothing had been between, know their groups of parameters, and refuse the rest. */
import {
  AdamW,
  Dense,
  type Module,
  Muon,
  matches,
  type Optimiser,
  Sequential,
  SGD,
  schedules,
} from '@sensigrad/nn'
import { capture, key, type State, scope, type Tensor } from 'sensigrad'
import { describe, expect, test } from 'vitest'
import { f64, gap, values } from './support/neurons.ts'
import { batch, layerOf, type Make, optimisers, stepOf } from './support/optimisers.ts'
import { bitsOf, pairOf } from './support/sal.ts'

const plan = { rate: schedules.cosine(0.05, 60), groups: [{ select: 'bias', rate: 0.02 }] }
const ones = { bias: f64([1, 1]) }

/** A layer, and an optimiser of it after so many steps. */
function after(make: Make, steps: number, isCaptured = false) {
  const [layer, optimiser] = [layerOf(), make(plan)]
  const run = isCaptured ? capture(stepOf(layer, optimiser)) : stepOf(layer, optimiser)
  for (let call = 0; call < steps; call++) run(...batch(call))
  return { layer, optimiser, run }
}

describe.each(optimisers)('%s', (_, make) => {
  /** What a model that has gone on without a break would be. */
  const whole = () => bitsOf(after(make, 20).layer)
  const goOn = (run: (x: Tensor, y: Tensor) => unknown) => {
    for (let call = 10; call < 20; call++) run(...batch(call))
  }

  test.each([false, true])('goes on in another optimiser that has not begun (captured: %s)', isCaptured => {
    const { layer, optimiser } = after(make, 10, isCaptured)
    const other = make(plan)
    other.restore(optimiser.state())
    expect(other.steps).toBe(10)
    expect(names(other.state())).toEqual(names(optimiser.state())) // even before it has seen the layer
    const run = stepOf(layer, other)
    goOn(isCaptured ? capture(run) : run)
    expect(bitsOf(layer)).toEqual(whole())
  })

  test.each([false, true])('goes back to where it was (captured: %s)', isCaptured => {
    const { layer, optimiser, run } = after(make, 10, isCaptured)
    const [state, weights] = [optimiser.state(), [layer.weight.value, layer.bias.value] as const]
    for (let call = 30; call < 35; call++) run(...batch(call))
    optimiser.restore(state)
    ;[layer.weight.value, layer.bias.value] = weights
    goOn(run)
    expect(bitsOf(layer)).toEqual(whole())
  })

  test('may be put back in a scope, before the optimiser has seen a parameter', () => {
    const { layer, optimiser } = after(make, 10)
    const other = make(plan)
    scope(() => other.restore(optimiser.state()))
    const weights = layer.state()
    const next = [optimiser, other].map(each => {
      layer.restore(weights)
      stepOf(layer, each)(...batch(10))
      return bitsOf(layer)
    })
    expect(next[1]).toEqual(next[0])
  })

  test('goes back to its beginning', () => {
    const [first, other] = [after(make, 0), after(make, 5)]
    other.optimiser.restore(first.optimiser.state())
    for (const path of ['weight', 'bias'] as const) other.layer[path].value = first.layer[path].value
    for (let call = 0; call < 3; call++) for (const { run } of [first, other]) run(...batch(call))
    expect(bitsOf(other.layer)).toEqual(bitsOf(first.layer))
  })

  test('refuses what is not its own, and keeps what it has', () => {
    const { layer, optimiser } = after(make, 3)
    const state = optimiser.state()
    const slot = Object.keys(state).find(name => name.startsWith('weight.'))!
    const { [slot]: taken, ...lacking } = state
    expect(taken).toBeDefined()
    // biome-ignore format: a table
    const refused: [state: unknown, message: RegExp][] = [
      [undefined, /\.restore: the state is undefined\. Give what state\(\) gave$/],
      [{ ...state, optimiser: 'Other' }, /\.restore: the state is of 'Other'\. Give one that state\(\) of/],
      [{ ...state, steps: -1 }, /\.restore: the steps are -1/],
      [{ ...state, rate: 0.1 }, /\.restore: the rate of the state is 0\.1, and here it is a schedule\. Make/],
      [{ ...state, 'groups.0.rate': 'fast' }, /\.restore: the groups\.0\.rate of the state is 'fast', and here it is a number/],
      [{ ...state, 'weight.strange': f64([1]) }, /\.restore: the state has weight\.strange\. Of weight there is kept /],
      [{ ...state, [slot]: f64([1]) }, new RegExp(`\\.restore: ${slot} is float64\\[1\\], but float64\\[2, 3\\] is needed`)],
      [{ ...state, [slot]: 3 }, new RegExp(`\\.restore: ${slot} is 3`)],
    ]
    for (const [wrong, message] of refused) expect(() => optimiser.restore(wrong as State)).toThrow(message)
    if (Object.keys(lacking).some(name => name.startsWith('weight.'))) {
      expect(() => optimiser.restore(lacking)).toThrow(new RegExp(`the state lacks ${slot}`))
    }
    expect(optimiser.steps).toBe(3)
    for (let call = 3; call < 20; call++) stepOf(layer, optimiser)(...batch(call))
    expect(bitsOf(layer)).toEqual(whole())
  })
})

const names = (state: State) => Object.keys(state).sort()

describe('a state', () => {
  test('does not change with later steps', () => {
    const { optimiser, run } = after(options => new AdamW(options as never) as never, 3, true)
    const state = optimiser.state()
    const before = values(state['weight.mean'] as Tensor)
    run(...batch(4))
    expect(values(state['weight.mean'] as Tensor)).toEqual(before)
  })

  test('goes on where other parameters of the module move first than when it was taken', () => {
    const weight = f64([1, 2, 3, 4, 5, 6], [2, 3])
    const continued = (resume: boolean) => {
      const layer = layerOf()
      const first = new SGD({ rate: 1, momentum: 0.5 })
      first.update(layer, ones)
      const sgd = resume ? new SGD({ rate: 1, momentum: 0.5 }) : first
      if (resume) sgd.restore(first.state())
      sgd.update(layer, { weight })
      sgd.update(layer, { weight, ...ones })
      return bitsOf(layer)
    }
    expect(continued(true)).toEqual(continued(false))
  })

  test('has a rate that was changed by hand', () => {
    const [sgd, other] = [new SGD({ rate: 1 }), new SGD({ rate: 0.5 })]
    sgd.rate = 0.25
    other.restore(sgd.state())
    expect(other.rate).toBe(0.25)
  })

  test('is refused where parameters of two modules have one path', () => {
    const sgd = new SGD({ rate: 1, momentum: 0.5 })
    sgd.update(layerOf(1), ones)
    sgd.update(layerOf(2), ones)
    expect(() => sgd.state()).toThrow(
      /^SGD\.state: parameters of several modules are called bias, and their states would be one\. Use an optimiser for each/,
    )
  })

  test('of other parameters is refused when these come, and nothing has moved', () => {
    const saved = new SGD({ rate: 1, momentum: 0.5 })
    saved.update(layerOf(), ones)
    const [sgd, layer] = [new SGD({ rate: 1, momentum: 0.5 }), layerOf()]
    sgd.restore(saved.state())
    const before = bitsOf(layer)
    expect(() => sgd.update(new Sequential(layer), { 'layers.0.bias': ones.bias })).toThrow(
      /^SGD: the state that was restored has nothing of layers\.0\.bias; it has bias\. Restore/,
    )
    expect(() =>
      sgd.update(new Dense(3, 4, { key: key(1), dtype: 'float64' }), { bias: f64([1, 1, 1, 1]) }),
    ).toThrow(/^SGD\.restore: bias\.velocity is float64\[2\], but float64\[4\] is needed/)
    expect(bitsOf(layer)).toEqual(before)
    expect(sgd.steps).toBe(1)
  })
})

describe('groups of parameters', () => {
  /** How far each parameter of a pair of layers goes, with gradients of one. */
  const strides = (optimiser: Optimiser<never>) => {
    const model: Module<never, unknown> = pairOf(3)
    const parameters = [...model.parameters()]
    const before = parameters.map(([, { value }]) => value)
    const gradients = parameters.map(([path, { value }]) => [path, value.mul(0).add(1)])
    optimiser.update(model, Object.fromEntries(gradients))
    return parameters.map(([, { value }], i) => values(before[i]!.sub(value))[0]!)
  }
  const sgd = (...groups: object[]) =>
    new SGD({ rate: 1, groups: groups as never }) as unknown as Optimiser<never>

  test.each<[select: string | ((path: string) => boolean), moved: number[]]>([
    ['layers.0', [0.5, 0.5, 1, 1]],
    ['layers.1.bias', [1, 1, 1, 0.5]],
    ['layers.*.bias', [1, 0.5, 1, 0.5]],
    ['**.bias', [1, 0.5, 1, 0.5]],
    ['layers.*', [0.5, 0.5, 0.5, 0.5]],
    [path => path.endsWith('0.weight'), [0.5, 1, 1, 1]],
  ])('%s has its own rate', (select, moved) => {
    expect(gap(strides(sgd({ select, rate: 0.5 })), moved)).toBeLessThan(1e-15)
  })

  test('the first that selects a parameter has it', () => {
    expect(
      gap(
        strides(sgd({ select: 'layers.0', rate: 0.5 }, { select: '**.bias', rate: 0.25 })),
        [0.5, 0.5, 1, 0.25],
      ),
    ).toBeLessThan(1e-15)
  })

  test('their rates may be changed', () => {
    const optimiser = sgd({ select: '**.bias', rate: 0.5 })
    optimiser.groups[0]!.rate = 0.125
    expect(gap(strides(optimiser), [1, 0.125, 1, 0.125])).toBeLessThan(1e-15)
  })

  test('other settings are those of the optimiser unless said', () => {
    const muon = new Muon({ rate: 1, weightDecay: 0, groups: [{ select: '**', orthogonal: false }] })
    expect(gap(strides(muon as unknown as Optimiser<never>), [1, 1, 1, 1])).toBeLessThan(1e-7)
  })

  // biome-ignore format: a table
  const refused: readonly [what: string, call: () => unknown, message: RegExp][] = [
    ['one that selects nothing', () => strides(sgd({ select: 'layer.0' })), /^SGD: the group 0, 'layer\.0', selects no parameter\. There is layers\.0\.weight, layers/],
    ['one without a selector', () => sgd({ rate: 1 }), /^SGD: undefined selects nothing\. Give a path such as 'encoder'/],
    ['a pattern with a hole', () => sgd({ select: 'layers..bias' }), /^SGD: 'layers\.\.bias' selects nothing/],
    ['an unknown option', () => sgd({ select: '**', betas: [0, 0] }), /^SGD\.groups: there is no option betas/],
    ['an option out of range', () => sgd({ select: '**', momentum: 2 }), /^SGD: the momentum 2 does not lie in \[0, 1\)/],
    ['no list', () => new SGD({ rate: 1, groups: {} as never }), /^SGD: the groups are an object\. Give a list/],
    ['a selector that says neither', () => strides(sgd({ select: () => 1 })), /^select: the function said 1 of layers\.0\.weight\. It gives true or false$/],
    ['betas that are no pair', () => new AdamW({ rate: 1, betas: [0.9] as never }), /^AdamW: the betas an array are no pair of numbers in \[0, 1\)\. Give two such as \[0\.9, 0\.999\]$/],
    ['an epsilon of 0', () => new AdamW({ rate: 1, eps: 0 }), /^AdamW: the eps 0 is not ≥ 1e-30 and finite/],
    ['a misspelt option', () => new AdamW({ rate: 1, weight_decay: 0 } as never), /^AdamW: there is no option weight_decay\. There is rate, betas/],
    ['a listener that is none', () => sgd().onUpdate(1 as never), /^SGD\.onUpdate: the listener is 1\. Give a function/],
  ]
  test.each(refused)('refuse %s', (_, call, message) => {
    expect(call).toThrow(message)
  })
})

test.each<[pattern: string, path: string, is: boolean]>([
  ['a.b', 'a.b', true],
  ['a', 'a.b', true],
  ['a', 'ab', false],
  ['a.b', 'a', false],
  ['*', '', false],
  ['**', '', true],
  ['a.*', 'a.b.c', true],
  ['*.c', 'a.b.c', false],
  ['**.c', 'a.b.c', true],
  ['**.c', 'c', true],
  ['a.**.d', 'a.d', true],
  ['a.**.d', 'a.b.c.d', true],
  ['layer*', 'layers.0', true],
  ['l*r', 'layers', false],
  ['a+', 'aa', false],
])('the pattern %s at %s: %s', (pattern, path, is) => {
  expect(matches(pattern, path, undefined)).toBe(is)
})
