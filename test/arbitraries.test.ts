/** What fast-check draws for others is what it says: views within their memory, programs and networks as printed. */
import { fc, test } from '@fast-check/vitest'
import { key, type Tensor, uniform } from '@sensigrad/core'
import { activations, Dense, type Module, RNN, SAL, withParameters } from '@sensigrad/nn'
import { arbitraries, gradcheck, indicesOf } from '@sensigrad/testing'
import { describe, expect } from 'vitest'
import { numbers } from './support/backend.ts'

const { networks, programs, shapes, tensors, views } = arbitraries
const settings = { numRuns: 25 }
const anyView = shapes().chain(shape => views('int32', shape))
const drawnOnce = <T>(arbitrary: fc.Arbitrary<T>, numRuns = 100) => fc.sample(arbitrary, { numRuns, seed: 3 })

describe('a view', () => {
  test.prop([anyView])('lies within its memory', ({ memory, shape, strides, offset }) => {
    const places = indicesOf(shape).map(index => index.reduce((at, i, k) => at + i * strides[k]!, offset))
    expect(places.filter(place => place < 0 || place >= memory.length)).toEqual([])
  })

  test('is flipped, spread out, repeated, offset or empty in some draws', () => {
    const drawn = drawnOnce(anyView)
    const some = (holds: (view: (typeof drawn)[number]) => boolean) => expect(drawn.some(holds)).toBe(true)
    some(({ strides }) => strides.some(stride => stride < 0))
    some(({ strides }) => strides.length > 0 && Math.min(...strides) > 1)
    some(({ strides, shape }) => strides.some((stride, axis) => stride === 0 && shape[axis]! > 1))
    some(({ offset }) => offset > 0)
    some(({ shape }) => shape.includes(0))
  })
})

describe('tensors', () => {
  test.prop([tensors([2, 3], 0.5)])('keep to their shape and bound', x => {
    expect(String(x)).toBe('float64[2, 3]')
    expect(Math.max(...numbers(x).map(Math.abs))).toBeLessThanOrEqual(0.5)
  })
})

describe('a program', () => {
  test('takes inputs of the shapes that were asked for', () => {
    for (const { inputs } of drawnOnce(programs({ shapes: [[2], []] }), 5)) {
      expect(inputs.map(String)).toEqual(['float64[2]', 'float64[]'])
    }
  })

  test('prints its inputs and each step', () => {
    const [program] = drawnOnce(programs({ minSteps: 2, maxSteps: 2, shapes: [[2]] }), 1)
    expect(fc.stringify(program)).toMatch(
      /^inputs float64\[2\]: \[.*\](\n[\w ]+\(\d back, \d back, \d\)){2}$/,
    )
  })
})

describe('a network', () => {
  test.prop([networks()], settings)('has right derivatives by its input', ({ module, input }) => {
    gradcheck(x => module.call(x), [input])
  })

  test.prop([networks({ maxSize: 3 })], settings)('has right derivatives by each weight', network => {
    const { module, input } = network
    const weights = [...module.parameters()]
    gradcheck(
      (...values: Tensor[]) => {
        const byPath = Object.fromEntries(weights.map(([path], i) => [path, values[i]!]))
        return withParameters(module, byPath, () => module.call(input))
      },
      weights.map(([, { value }]) => value),
      { order: 1 },
    )
  })

  test.prop([networks()], settings)('maps time, batch and inputs to time, batch and neurons', network => {
    const { module, input } = network
    const { neurons } = module.layers.at(-1)!
    expect(module.call(input).shape).toEqual([...input.shape.slice(0, -1), neurons])
  })

  test.prop([networks()], settings)('can be attached to', ({ module, input }) => {
    const sal = new SAL({ rate: 1e-3 }).attach(module)
    module.call(input)
    sal.adjust()
    expect(module.layers.every(layer => sal.of(layer) !== undefined)).toBe(true)
  })

  test('prints the code that makes it', () => {
    const only = { maxLayers: 1, maxSize: 1, layers: ['Dense'], activations: [activations.relu] } as const
    const [drawn] = drawnOnce(networks(only), 1)
    const [, layerSeed, inputSeed] = /key\((\d+)\).*key\((\d+)\)/s.exec(fc.stringify(drawn))!
    const again = new Dense(1, 1, {
      key: key(Number(layerSeed)),
      activation: activations.relu,
      dtype: 'float64',
    })
    expect(fc.stringify(drawn)).toContain('new Dense(1, 1, { key: key(')
    expect(numbers(again.weight.value)).toEqual(numbers((drawn!.module.layers[0] as Dense).weight.value))
    const input = uniform(key(Number(inputSeed)), drawn!.input.shape, { low: -2, high: 2, dtype: 'float64' })
    expect(numbers(input)).toEqual(numbers(drawn!.input))
  })

  test('is made of the layers, sizes and types that were asked for', () => {
    const asked = { maxLayers: 2, maxSize: 3, layers: ['RNN'], dtype: 'float32' } as const
    const drawn = drawnOnce(networks(asked), 50)
    const layers = drawn.flatMap(({ module }) => module.layers)
    expect(layers.every(layer => layer instanceof RNN && layer.neurons <= 3)).toBe(true)
    expect(Math.max(...drawn.map(({ module }) => module.layers.length))).toBe(2)
    expect(new Set(drawn.map(({ module, input }) => (module as Module).call(input).dtype))).toEqual(
      new Set(['float32']),
    )
  })
})
