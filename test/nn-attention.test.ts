/** Attention and transformer encoders: PyTorch's numbers, who hears whom, and that no mask makes a NaN. */
import { fc, test } from '@fast-check/vitest'
import { arange, capture, grad, key, permutation, type Tensor, tensor, where } from '@sensigrad/core'
import {
  type AttentionMasks,
  activations,
  type Dense,
  MultiHeadAttention,
  meanSquaredError,
  SGD,
  sinusoidalPositions,
  TransformerEncoder,
  TransformerEncoderLayer,
  valueAndGrad,
  valuesOf,
} from '@sensigrad/nn'
import { describe, expect } from 'vitest'
import { draw, gap, numbers, read } from './support/backend.ts'
import { bits } from './support/neurons.ts'
import { inOrder, read64, readBool, reference, type Written, withWritten } from './support/reference.ts'
import { only } from './support/sal.ts'

const options = { key: key(7), dtype: 'float64' } as const
const inner = (a: Tensor, b: Tensor) => a.mul(b).sum()
const bools = (rows: readonly (readonly number[])[]) => tensor(rows.map(row => row.map(one => one === 1)))

describe('PyTorch computes the same, and the same gradients', () => {
  interface Case {
    readonly kind: 'attention' | 'layer' | 'stack'
    readonly given: readonly [size: number, heads: number]
    readonly options: { activation?: keyof typeof activations; layers: number }
    readonly masks: { mask?: Written; padding?: Written; causal?: boolean }
    readonly parameters: Readonly<Record<string, Written>>
    readonly inputs: readonly Written[]
    readonly output: Written
    readonly cotangent: Written
    readonly weights?: Written
    readonly gradients: Readonly<Record<string, Written>>
    readonly inputGradients: readonly Written[]
  }
  const { cases, waves } = reference<{ cases: Case[]; waves: Written }>('attention')

  /** The module of a case, and how it is called. */
  function moduleOf({ kind, given, options: { activation, ...rest } }: Case) {
    const made = { ...options, ...rest, ...(activation && { activation: activations[activation] }) }
    if (kind === 'attention') {
      const attention = new MultiHeadAttention(...given, made)
      const call = ([query, key, value]: Tensor[], masks: AttentionMasks) =>
        attention.call(query!, key, value, masks)
      return { module: attention, call }
    }
    const encoder =
      kind === 'layer' ? new TransformerEncoderLayer(...given, made) : new TransformerEncoder(...given, made)
    return { module: encoder, call: ([x]: Tensor[], masks: AttentionMasks) => encoder.call(x!, masks) }
  }

  const titled = cases.map(given => {
    const masks = Object.keys(given.masks).join(' and ') || 'no mask'
    return [`${given.kind}(${given.given}), ${JSON.stringify(given.options)}, with ${masks}`, given]
  })
  test.each(titled as [string, Case][])('of %s', (_, given) => {
    const { module, call } = moduleOf(given)
    withWritten(module, given.parameters)
    const { mask, padding, causal = false } = given.masks
    const masks = { causal, mask: mask && readBool(mask), padding: padding && readBool(padding) }
    const [inputs, cotangent] = [given.inputs.map(read64), read64(given.cotangent)]
    expect(gap(read(call(inputs, masks)), given.output.values)).toBeLessThan(1e-12)
    const [, gradients] = valueAndGrad(module, () => inner(call(inputs, masks), cotangent))
    const expected = Object.values(given.gradients).flatMap(({ values }) => values)
    expect(gap(numbers(...inOrder(gradients, given.gradients)), expected)).toBeLessThan(1e-11)
    const arriving = grad((inputs: Tensor[]) => inner(call(inputs, masks), cotangent))(inputs)
    const arrived = given.inputGradients.flatMap(({ values }) => values)
    expect(gap(numbers(...arriving), arrived)).toBeLessThan(1e-11)
    if (given.weights === undefined) return
    const { weights } = (module as MultiHeadAttention).attend(inputs[0]!, inputs[1], inputs[2], masks)
    expect(gap(read(weights), given.weights.values)).toBeLessThan(1e-13)
  })

  test('of the waves that say where', () => {
    const [time, size] = waves.shape as [number, number]
    const positions = sinusoidalPositions(time, size, { dtype: 'float64' })
    expect(gap(read(positions), waves.values)).toBeLessThan(1e-14)
  })
})

const scenes = fc.record({
  heads: fc.integer({ min: 1, max: 3 }),
  time: fc.integer({ min: 2, max: 5 }),
  batch: fc.array(fc.integer({ min: 1, max: 2 }), { maxLength: 2 }),
  seed: fc.nat(1000),
})
const quickly = { numRuns: 25 }
const attentionOf = (heads: number) => new MultiHeadAttention(6, heads, options)
const encoderOf = (heads: number, more: object = {}) =>
  new TransformerEncoder(6, heads, {
    ...options,
    layers: 2,
    feedForward: 8,
    dropout: 0.3,
    norm: true,
    ...more,
  })

/** A sequence with other places after t. */
const changedAfter = (x: Tensor, t: number, seed: number) =>
  where(arange(x.shape.at(-2)!).expandDims(1).lessEqual(t), x, draw(seed, x.shape))
const until = (x: Tensor, t: number) => x.gather(arange(t + 1), -2)

describe('attention', () => {
  test.prop([scenes], quickly)('hears a set: places in another order give outputs in that order', scene => {
    const { heads, time, batch, seed } = scene
    const [attention, x] = [attentionOf(heads), draw(seed, [...batch, time, 6])]
    const reordered = (x: Tensor) => x.gather(permutation(key(seed), time), -2)
    expect(gap(read(attention.call(reordered(x))), read(reordered(attention.call(x))))).toBeLessThan(1e-12)
  })

  test.prop([scenes, fc.nat()], quickly)('hears, when causal, nothing of what comes later', (scene, at) => {
    const { heads, time, batch, seed } = scene
    const [x, t] = [draw(seed, [...batch, time, 6]), at % (time - 1)]
    const changed = changedAfter(x, t, seed + 1)
    for (const hearing of [attentionOf(heads), encoderOf(heads).eval()]) {
      const call = (x: Tensor) =>
        hearing instanceof TransformerEncoder
          ? hearing.call(x, { causal: true })
          : hearing.call(x, x, x, { causal: true })
      expect(bits(until(call(changed), t))).toBe(bits(until(call(x), t)))
      expect(bits(call(changed))).not.toBe(bits(call(x)))
    }
  })

  test.prop([scenes], quickly)('hears nothing of padding, nor of a key that is masked', scene => {
    const { heads, time, batch, seed } = scene
    const [attention, x] = [attentionOf(heads), draw(seed, [...batch, time, 6])]
    const isLast = arange(time).equal(time - 1)
    const memory = changedAfter(x, time - 2, seed + 1)
    const padding = isLast.broadcastTo([...batch, time])
    const mask = isLast.broadcastTo([time, time])
    for (const masks of [{ padding }, { mask }, { mask: mask.broadcastTo([...batch, time, time]) }]) {
      const heard = [x, memory].map(heard => bits(attention.call(x, heard, heard, masks)))
      expect(heard[0]).toBe(heard[1])
    }
    expect(bits(attention.call(x, memory))).not.toBe(bits(attention.call(x)))
  })

  test.prop([scenes], quickly)('shares out one whole among the keys that are not masked', scene => {
    const { heads, time, batch, seed } = scene
    const x = draw(seed, [...batch, time, 6])
    const { weights } = attentionOf(heads).attend(x, x, x, { causal: true })
    expect(weights.shape).toEqual([...batch, heads, time, time])
    expect(gap(read(weights.sum(-1)), Array(weights.size / time).fill(1))).toBeLessThan(1e-14)
    expect(only(weights.triu(1).abs().max())).toBe(0)
  })

  test.prop([scenes], quickly)('is what its heads hear, projected', scene => {
    const { heads, time, batch, seed } = scene
    const [attention, x] = [attentionOf(heads), draw(seed, [...batch, time, 6])]
    const heard = attention.heads(x)
    expect(heard.shape).toEqual([...batch, time, heads, 6 / heads])
    const projected = attention.output.call(heard.reshape(x.shape))
    expect(bits(projected)).toBe(bits(attention.call(x)))
  })

  test('gives a query from which all is masked zeros, and no NaN in any gradient of two orders', () => {
    const [attention, x] = [attentionOf(2), draw(1, [2, 3, 6])]
    const mask = bools([
      [0, 0, 1],
      [1, 1, 1],
      [0, 1, 1],
    ])
    const call = (x: Tensor) => attention.heads(x, x, x, { mask })
    expect(only(call(x).slice(null, 1).abs().max())).toBe(0)
    expect(gap(read(attention.call(x, x, x, { mask }).slice(0, 1)), Array(6).fill(0))).toBe(0)
    const slope = grad((x: Tensor) => call(x).square().sum())
    const curvature = grad((x: Tensor) => slope(x).square().sum())
    expect(numbers(slope(x), curvature(x)).every(Number.isFinite)).toBe(true)
    expect(only(slope(x).abs().max())).toBeGreaterThan(0)
  })

  test.each(['float32', 'float64'] as const)('stays finite with scores of 1e12 in %s', dtype => {
    const attention = new MultiHeadAttention(4, 2, { key: key(1), dtype })
    const x = draw(1, [3, 4]).mul(1e6).cast(dtype)
    const f = (x: Tensor) => attention.call(x, x, x, { causal: true }).sum()
    expect(numbers(f(x), grad(f)(x)).every(Number.isFinite)).toBe(true)
  })

  test.each([
    [{}, Math.sqrt(6 / 256), Math.sqrt(6 / 256)],
    [{ kdim: 32 }, Math.sqrt(6 / 128), Math.sqrt(6 / 96)],
  ])('begins within the limits of PyTorch, with biases of zero: %j', (sizes, ofQueries, ofKeys) => {
    const { query, key, output } = new MultiHeadAttention(64, 4, { ...options, ...sizes })
    const most = (layer: Dense) => only(layer.weight.value.abs().max())
    expect(
      gap(
        [query, key, output].map(layer => most(layer as Dense)),
        [ofQueries, ofKeys, 1 / 8],
      ),
    ).toBeLessThan(1e-3)
    expect([query, key, output].map(layer => only((layer as Dense).bias.value.abs().max()))).toEqual([
      0, 0, 0,
    ])
  })
})

describe('a transformer encoder', () => {
  test('drops at random in training, and nothing afterwards', () => {
    const [encoder, x] = [encoderOf(2), draw(1, [2, 4, 6])]
    expect(bits(encoder.call(x))).not.toBe(bits(encoder.call(x)))
    encoder.eval()
    expect(bits(encoder.call(x))).toBe(bits(encoder.call(x)))
  })

  test('does not begin with layers that are copies', () => {
    const values = valuesOf(encoderOf(2))
    expect(bits(values['layers.0.linear1.weight']!)).not.toBe(bits(values['layers.1.linear1.weight']!))
    const { linear1, linear2, attention } = encoderOf(2).layers[0]!
    const begins = [linear1, linear2, attention.query as Dense].map(layer => read(layer.weight.value)[0]!)
    expect(new Set(begins.map(w => w.toFixed(6))).size).toBe(3)
  })

  test.each([true, false])('learns in captured steps as in eager ones (normFirst: %j)', normFirst => {
    const [captured, eager] = [1, 2].map(() => {
      const encoder = encoderOf(2, { normFirst, activation: activations.tanh })
      const optimiser = new SGD({ rate: 0.1 })
      const step = (x: Tensor, y: Tensor) => {
        const [loss, gradients] = valueAndGrad(encoder, () =>
          meanSquaredError(encoder.call(x, { causal: true }), y),
        )
        optimiser.update(encoder, gradients)
        return loss
      }
      return { encoder, step }
    })
    const fast = capture(captured!.step)
    for (let call = 0; call < 4; call++) {
      const [x, y] = [draw(call, [2, 3, 6]), draw(call + 50, [2, 3, 6])]
      expect(gap(read(fast(x, y)), read(eager!.step(x, y)))).toBeLessThan(1e-12)
    }
    const all = [captured!, eager!].map(({ encoder }) => numbers(...Object.values(valuesOf(encoder))))
    expect(gap(all[0]!, all[1]!)).toBeLessThan(1e-12)
  })
})

describe('the waves that say where', () => {
  test.prop([fc.nat(20), fc.nat(20)], quickly)(
    'turn by as much between any two places so far apart',
    (t, steps) => {
      const waves = sinusoidalPositions(50, 8, { dtype: 'float64' })
      const product = (t: number) => only(inner(waves.slice(t), waves.slice(t + steps)))
      expect(gap([product(t)], [product(0)])).toBeLessThan(1e-12)
    },
  )
})

const wrong = <Value>(value: unknown) => value as Value
const x = draw(1, [2, 3, 6])
const call = (masks: object) => attentionOf(2).call(x, x, x, masks)
// biome-ignore format: a table
const refused: readonly [what: string, call: () => unknown, message: RegExp][] = [
  ['heads that do not share the size', () => new MultiHeadAttention(6, 4, options), /^MultiHeadAttention: 4 heads do not share a size of 6 evenly/],
  ['no heads', () => new MultiHeadAttention(6, 0, options), /^MultiHeadAttention: 0 is no number of heads/],
  ['no size', () => new MultiHeadAttention(0, 1, options), /^MultiHeadAttention: 0 is no number of features/],
  ['keys without a size', () => new MultiHeadAttention(6, 2, { ...options, kdim: 0.5 }), /^MultiHeadAttention: 0\.5 is no number of features of a key/],
  ['no key', () => new TransformerEncoder(6, 2, wrong({ layers: 1 })), /^TransformerEncoder: there is no key/],
  ['a misspelt option', () => new MultiHeadAttention(6, 2, { ...options, ...{ dropOut: 0.1 } }), /^MultiHeadAttention: there is no option dropOut/],
  ['bias as a number', () => new MultiHeadAttention(6, 2, { ...options, bias: wrong(1) }), /^MultiHeadAttention: bias is 1\. Give true or false$/],
  ['a share above one', () => new MultiHeadAttention(6, 2, { ...options, dropout: 1.5 }), /^Dropout: the probability is 1\.5/],
  ['half a layer', () => new TransformerEncoder(6, 2, { ...options, layers: 0.5 }), /^TransformerEncoder: 0\.5 is no number of layers/],
  ['no neurons', () => new TransformerEncoderLayer(6, 2, { ...options, feedForward: 0 }), /^TransformerEncoderLayer: 0 is no number of neurons in the perceptron/],
  ['normFirst as a word', () => new TransformerEncoderLayer(6, 2, { ...options, normFirst: wrong('yes') }), /^TransformerEncoderLayer: normFirst is 'yes'/],
  ['a query of another size', () => attentionOf(2).call(draw(1, [3, 5])), /^MultiHeadAttention: the query is float64\[3, 5\], but the layer takes 6/],
  ['a query without time', () => attentionOf(2).call(draw(1, [6])), /^MultiHeadAttention: the query is float64\[6\]\. Give a sequence/],
  ['a list', () => attentionOf(2).call(wrong([1])), /^MultiHeadAttention: the query is an array/],
  ['a key without its value', () => attentionOf(2).call(x, x, draw(1, [2, 4, 6])), /^MultiHeadAttention: the key is float64\[2, 3, 6\], but the value float64\[2, 4, 6\]/],
  ['a mask of floats', () => call({ mask: draw(1, [3, 3]) }), /^MultiHeadAttention: the mask is float64\[3, 3\]\. Give bools/],
  ['a mask of other places', () => call({ mask: bools([[1, 0], [0, 1]]) }), /^MultiHeadAttention: the mask is bool\[2, 2\], but the scores/],
  ['a mask of one axis', () => call({ mask: bools([[1, 0, 0]]).reshape([3]) }), /^MultiHeadAttention: the mask is bool\[3\], but the scores/],
  ['padding of other places', () => call({ padding: bools([[1, 0, 0, 0]]) }), /^MultiHeadAttention: the padding is bool\[1, 4\], but the scores/],
  ['padding without its batch', () => call({ padding: bools([[1, 0, 0]]).reshape([3]) }), /^MultiHeadAttention: the padding is bool\[3\], but the scores/],
  ['a misspelt mask', () => call({ masks: 1 }), /^MultiHeadAttention: there is no option masks\. There is mask, causal, padding$/],
  ['causal as a number', () => call({ causal: 1 }), /^MultiHeadAttention: causal is 1\. Give true or false$/],
  ['half a place', () => sinusoidalPositions(0.5, 6), /^sinusoidalPositions: 0\.5 is no number of places/],
  ['waves of whole numbers', () => sinusoidalPositions(2, 6, { dtype: 'int32' }), /^sinusoidalPositions: waves have no 'int32'/],
]
test.each(refused)('%s is refused', (_, call, message) => {
  expect(call).toThrow(message)
})
