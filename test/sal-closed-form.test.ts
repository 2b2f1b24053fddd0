/** SAL's closed form is the gradient of the gradient norm: the tape, differences and the complex step agree with it. */
import { test } from '@fast-check/vitest'
import { activations, type Dense, observe, sensitivities } from '@sensigrad/nn'
import { describe, expect } from 'vitest'
import * as complex from './support/complex.ts'
import {
  along,
  centralDifference,
  closedForm,
  denseScenes,
  everyActivation,
  forwardOverReverse,
  gap,
  isSmooth,
  recurrentScenes,
  reverseOverReverse,
  type Scene,
  values,
} from './support/neurons.ts'

const settings = { numRuns: 12 }

describe.each(Object.entries(everyActivation))('with %s', (_, f) => {
  const layers = {
    'a dense layer and a batch': denseScenes(f),
    'a recurrent layer and a sequence of batches, its own outputs counted': recurrentScenes(f, 'recurrent'),
    'a recurrent layer and a sequence of batches, all inputs counted': recurrentScenes(f, 'all'),
  }
  describe.each(Object.entries(layers))('for %s', (_, scenes) => {
    test.prop([scenes.filter(isSmooth)], settings)('the closed form is reverse over reverse', scene => {
      expect(gap(closedForm(scene), reverseOverReverse(scene))).toBeLessThan(1e-10)
    })

    test.prop([scenes.filter(isSmooth)], settings)('the closed form is forward over reverse', scene => {
      const slope = along(closedForm(scene), scene)
      expect(gap([slope], [forwardOverReverse(scene)])).toBeLessThan(1e-10)
    })

    test.prop([scenes.filter(isSmooth)], settings)(
      'the closed form is what central differences see',
      scene => {
        const slope = along(closedForm(scene), scene)
        expect(gap([slope], [centralDifference(scene)])).toBeLessThan(1e-9)
      },
    )
  })
})

const tanhScenes = denseScenes(activations.tanh)
test.prop([tanhScenes], settings)('the sensitivities of a firing can be differentiated in turn', scene => {
  const { layer, total } = scene
  const [x, batch] = [scene.firings[0]!.synapses[0]!.inputs, scene.firings[0]!.potential.shape[0]!]
  const untaped = () => {
    const { firings } = observe(layer, () => (layer as Dense).call(x))
    return sensitivities(firings[0]!.firing).sum().div(batch)
  }
  expect(
    gap(reverseOverReverse({ ...scene, total: untaped }), reverseOverReverse({ ...scene, total })),
  ).toBeLessThan(1e-10)
})

/** f' of a complex number. */
const slopes: Readonly<Partial<Record<keyof typeof activations, (u: complex.Complex) => complex.Complex>>> = {
  tanh: u => {
    const cosh = complex.mul([0.5, 0], complex.add(complex.exp(u), complex.exp(complex.sub([0, 0], u))))
    return complex.inverse(complex.mul(cosh, cosh))
  },
  sigmoid: u => complex.mul(sigmoid(u), sigmoid(complex.sub([0, 0], u))),
  softplus: sigmoid,
  sin: complex.cos,
  silu: u => {
    const s = sigmoid(u)
    return complex.add(s, complex.mul(u, complex.mul(s, complex.sub([1, 0], s))))
  },
}

function sigmoid(u: complex.Complex): complex.Complex {
  return complex.inverse(complex.add([1, 0], complex.exp(complex.sub([0, 0], u))))
}

describe.each(Object.entries(slopes))('with %s', (name, slope) => {
  const scenes = denseScenes(activations[name as keyof typeof activations])
  test.prop([scenes.filter(isSmooth)], { numRuns: 50 })(
    'the closed form is the complex step to the last digits',
    scene => {
      expect(gap(closedForm(scene), complexSteps(scene, slope))).toBeLessThan(1e-14)
    },
  )
})

/** ∇s of a dense layer, each neuron by itself, in the order of `closedForm`. */
function complexSteps({ firings }: Scene, slope: (u: complex.Complex) => complex.Complex): number[] {
  const { synapses, bias, potential } = firings[0]!
  const { weights, inputs } = synapses[0]!
  const [batch, neurons] = potential.shape as [number, number]
  const gradients = Array.from({ length: neurons }, (_, j) => {
    const sensitivity = (parameters: readonly complex.Complex[]) => {
      const [w, theta] = [parameters.slice(0, -1), parameters.at(-1)!]
      const norm = complex.sqrt(w.map(each => complex.mul(each, each)).reduce(complex.add))
      const terms = Array.from({ length: batch }, (_, b): complex.Complex => {
        const x = values(inputs.slice(b))
        const f = slope(w.map((each, i) => complex.mul(each, [x[i]!, 0])).reduce(complex.add, theta))
        return complex.mul([Math.sign(f[0]) / batch, 0], complex.mul(f, norm))
      })
      return terms.reduce(complex.add)
    }
    return complex.complexStep(sensitivity, [...values(weights.slice(j)), values(bias.value)[j]!])
  })
  return [
    ...gradients.flatMap(gradient => gradient.slice(0, -1)),
    ...gradients.map(gradient => gradient.at(-1)!),
  ]
}
