/**
 * Random layers and what they see, and four other ways to learn how sensitivity moves with their weights: two
 * orders of the tape, finite differences and the complex step. SAL's closed form must agree with all of them.
 */

import { fc } from '@fast-check/vitest'
import {
  type Activation,
  activation,
  activationOf,
  activations,
  type ByParameter,
  type Counted,
  Dense,
  type Firing,
  type Module,
  observe,
  RNN,
  sensitivity,
  sensitivityGradient,
  valueAndGrad,
  valuesOf,
  withParameters,
} from '@sensigrad/nn'
import { cpu, jvp, key, type Tensor, tensor } from 'sensigrad'

/** The elements of a tensor, row-major. */
export function values(x: Tensor): number[] {
  return Array.from(cpu().readSync(x))
}

/** The bytes of a tensor's elements: equal only where every bit is. */
export function bits(x: Tensor): string {
  const elements = cpu().readSync(x)
  return Buffer.from(elements.buffer, elements.byteOffset, elements.byteLength).toString('hex')
}

/** A float64 tensor; of one axis unless a shape is given. */
export function f64(elements: readonly number[], shape: readonly number[] = [elements.length]): Tensor {
  return tensor(Float64Array.from(elements), { shape })
}

/** How far `actual` lies from `expected`, as a share of the expected length, or of 1 where that is more. */
export function gap(actual: readonly number[], expected: readonly number[]): number {
  if (actual.length !== expected.length) return Number.NaN
  const distance = Math.hypot(...actual.map((value, i) => value - expected[i]!))
  return distance / Math.max(Math.hypot(...expected), 1)
}

/** Every activation that ships, a function of the user's own and an expression of the user's own. */
export const everyActivation: Readonly<Record<string, Activation>> = {
  ...activations,
  'a function of tensors': activationOf(u => u.div(u.square().add(1).sqrt())),
  'an expression': activation('bump', (e, u) => e.exp(e.neg(e.square(u)))),
}

/** Numbers that fast-check draws once and layers of any size then use up. */
export interface Numbers {
  /** `count` numbers from [-1.5, 1.5], none nearer to 0 than 0.3. */
  weights(count: number): number[]
  /** `count` numbers from [-1, 1]. */
  signals(count: number): number[]
}

/** A layer, what it does, and the sum over its neurons of their mean sensitivity, by definition and from the tape. */
export interface Scene {
  readonly layer: Dense | RNN
  readonly counted: Counted
  readonly firings: readonly Firing[]
  /** The parameters that count in ‖w‖, and the biases. */
  readonly paths: readonly string[]
  readonly total: () => Tensor
  /** A tensor of any direction for each of `paths`. */
  readonly direction: ByParameter
}

const largest = { inputs: 4, neurons: 3, batch: 3, steps: 3 }
const sizes = fc.record({
  inputs: fc.integer({ min: 1, max: largest.inputs }),
  neurons: fc.integer({ min: 1, max: largest.neurons }),
  batch: fc.integer({ min: 1, max: largest.batch }),
  steps: fc.integer({ min: 1, max: largest.steps }),
})
const numbers = fc
  .array(fc.integer({ min: -120, max: 120 }), { minLength: 100, maxLength: 100 })
  .map(drawn => {
    let next = 0
    const take = () => drawn[next++ % drawn.length]!
    const draw = (count: number, make: (n: number) => number) =>
      Array.from({ length: count }, () => make(take()))
    return {
      weights: (count: number) => draw(count, n => (n < 0 ? n / 100 - 0.3 : n / 100 + 0.3)),
      signals: (count: number) => draw(count, n => n / 120),
    } satisfies Numbers
  })

/** A dense layer that fires once, for a batch. */
export function denseScenes(f: Activation): fc.Arbitrary<Scene> {
  return fc.tuple(sizes, numbers).map(([{ inputs, neurons, batch }, draw]) => {
    const layer = denseOf(inputs, neurons, f, draw)
    const samples = Array.from({ length: batch }, () => f64(draw.signals(inputs)))
    const { firings } = observe(layer, () => layer.call(f64(samples.flatMap(values), [batch, inputs])))
    const total = () =>
      mean(samples.map(x => sum(neuronsOf(layer, j => sensitivity(x => layer.call(x).slice(j), x)))))
    return sceneOf(layer, 'all', firings, ['weight', 'bias'], total, draw)
  })
}

/** A recurrent layer that runs over a sequence of batches. */
export function recurrentScenes(f: Activation, counted: Counted): fc.Arbitrary<Scene> {
  return fc.tuple(sizes, numbers).map(([{ inputs, neurons, batch, steps }, draw]) => {
    const layer = new RNN(inputs, neurons, {
      key: key(0),
      dtype: 'float64',
      activation: f,
      recurrentWeight: (_, [rows, columns]) => Float64Array.from(draw.weights(rows! * columns!)),
      inputWeight: (_, [rows, columns]) => Float64Array.from(draw.weights(rows! * columns!)),
      bias: (_, [rows]) => Float64Array.from(draw.signals(rows!)),
    })
    const sequence = f64(draw.signals(steps * batch * inputs), [steps, batch, inputs])
    const initial = f64(draw.signals(batch * neurons), [batch, neurons])
    const { firings } = observe(layer, () => layer.call(sequence, initial))
    const samplesOf = (x: Tensor) => x.reshape([-1, x.shape.at(-1)!])
    const seen = firings.flatMap(({ firing: { synapses, potential } }) =>
      Array.from({ length: potential.size / neurons }, (_, i) =>
        synapses.map(({ inputs }) => samplesOf(inputs).slice(i)),
      ),
    )
    const total = () =>
      mean(
        seen.map(([state, input]) =>
          sum(
            neuronsOf(layer, j =>
              counted === 'all'
                ? sensitivity(([state, input]) => layer.step(state!, input!).slice(j), [state!, input!])
                : sensitivity(state => layer.step(state, input!).slice(j), state!),
            ),
          ),
        ),
      )
    const paths = counted === 'all' ? ['recurrentWeight', 'inputWeight', 'bias'] : ['recurrentWeight', 'bias']
    return sceneOf(layer, counted, firings, paths, total, draw)
  })
}

function sceneOf(
  layer: Dense | RNN,
  counted: Counted,
  firings: readonly { firing: Firing }[],
  paths: readonly string[],
  total: () => Tensor,
  draw: Numbers,
): Scene {
  const held = valuesOf(layer)
  const direction = Object.fromEntries(
    paths.map(path => [path, f64(draw.signals(held[path]!.size), held[path]!.shape)]),
  )
  return { layer, counted, firings: firings.map(({ firing }) => firing), paths, total, direction }
}

/** A dense float64 layer of drawn weights. */
export function denseOf(inputs: number, neurons: number, f: Activation, draw: Numbers): Dense {
  return new Dense(inputs, neurons, {
    key: key(0),
    dtype: 'float64',
    activation: f,
    weight: () => Float64Array.from(draw.weights(neurons * inputs)),
    bias: () => Float64Array.from(draw.signals(neurons)),
  })
}

function neuronsOf(layer: Dense | RNN, of: (neuron: number) => Tensor): Tensor[] {
  return Array.from({ length: layer.neurons }, (_, j) => of(j))
}

const sum = (terms: readonly Tensor[]) => terms.reduce((a, b) => a.add(b))
const mean = (terms: readonly Tensor[]) => sum(terms).div(terms.length)

/** Whether no sample lies near a place where |f'| has a kink: f' does not jump or change its sign within 0.1. */
export function isSmooth({ firings }: Scene): boolean {
  return firings.every(({ activation: f, potential }) => {
    const slopesAt = (shift: number) => {
      const u = potential.add(shift)
      return values(f.slope(u, f(u)).sign())
    }
    return String(slopesAt(-0.1)) === String(slopesAt(0.1))
  })
}

/** ∇s by SAL's closed form, all of `paths` in one list. */
export function closedForm({ firings, counted }: Scene): number[] {
  const { weights, bias } = sensitivityGradient(firings, counted)
  return [...weights.map(({ weights, along, push }) => along.mul(weights).add(push)), bias].flatMap(values)
}

/** ∇s by reverse mode over reverse mode. */
export function reverseOverReverse({ layer, total, paths }: Scene): number[] {
  const [, gradients] = valueAndGrad(layer, total)
  return paths.flatMap(path => values(gradients[path]!))
}

/** How s moves along the scene's direction, by forward mode over reverse mode. */
export function forwardOverReverse({ layer, total, paths, direction }: Scene): number {
  const held = valuesOf(layer)
  const at = (...given: Tensor[]) =>
    withParameters(layer, Object.fromEntries(paths.map((path, i) => [path, given[i]!])), total)
  const [, tangent] = jvp(
    at,
    paths.map(path => held[path]!),
    paths.map(path => direction[path]!),
  )
  return values(tangent)[0]!
}

/** How s moves along the scene's direction, by central differences of fourth order. */
export function centralDifference({ layer, total, direction }: Scene, step = 1e-3): number {
  const at = (far: number) => values(moved(layer, direction, far * step, total))[0]!
  return (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * step)
}

/** What `body` gives with the parameters moved along a direction. */
export function moved<Result>(
  module: Module<never, unknown>,
  direction: ByParameter,
  far: number,
  body: () => Result,
): Result {
  const held = valuesOf(module)
  const there = Object.entries(direction).map(([path, along]) => [path, held[path]!.add(along.mul(far))])
  return withParameters(module, Object.fromEntries(there), body)
}

/** The slope of a gradient, a list as `closedForm` gives it, along the scene's direction. */
export function along(gradient: readonly number[], { paths, direction }: Scene): number {
  return paths.flatMap(path => values(direction[path]!)).reduce((sum, d, i) => sum + d * gradient[i]!, 0)
}
