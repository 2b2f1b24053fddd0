/** What is seen of a network is what its gradients and sensitivities are, however small. */
import { key } from '@sensigrad/core'
import { initialise, valueAndGrad } from '@sensigrad/nn'
import 'sensigrad'
import { expect, test } from 'vitest'
import { parity } from './deep-300/study.ts'
import { equalPulses } from './lag-300/study.ts'
import { asTwin, DeepNetwork, type NetworkOptions, SequenceNetwork } from './networks.ts'
import { look } from './profile.ts'

const options = (inputs: number, outputs: number, gain: number): NetworkOptions => ({
  inputs,
  outputs,
  width: 6,
  key: key(3),
  weight: initialise.gaussian(gain),
  inputWeight: initialise.gaussian(gain),
  outputWeight: initialise.gaussian(0.3),
})

const deep = (layers: number, gain: number) => {
  const task = parity(3)
  const of = options(3, 2, gain)
  const [network, twin] = [new DeepNetwork(layers, of), new DeepNetwork(layers, asTwin(of))]
  return { network, task, seen: look(network, twin, task) }
}

test('a gradient that float32 cannot hold is seen', async () => {
  const { gradientNorms } = await deep(300, 0.3).seen
  expect(gradientNorms).toHaveLength(301)
  expect(gradientNorms[0]).toBeLessThan(1e-140)
  expect(gradientNorms[0]).toBeGreaterThan(0)
})

test('what arrives at the last layer is the gradient of its bias over its slope', async () => {
  const { network, task, seen } = deep(2, 0.01) // so small that the slope is 1
  const { x, y } = task.training
  const [, gradients] = valueAndGrad(network, () => task.loss(network.call(x), y))
  const { gradientNorms } = await seen
  // With slope 1 the gradients of all samples add up to that of the bias; by symmetry half the samples cancel the others.
  const weights = (await network.readout.weight.value.toArray()) as number[][]
  const apart = Math.hypot(...weights[0]!.map((w, i) => w - weights[1]![i]!)) / 2
  expect(gradientNorms.at(-1)).toBeCloseTo((apart * Math.sqrt(8)) / 8, 4)
  expect(await gradients['hidden.2.bias']!.abs().max().item()).toBeLessThan(1e-4)
})

test('the log-sensitivity of a layer without a signal is that of its weights', async () => {
  const { network, seen } = deep(4, 0.01)
  const weights = (await network.hidden[2]!.weight.value.toArray()) as number[][]
  const meanSquare = weights.flat().reduce((sum, w) => sum + w * w, 0) / weights.length
  expect((await seen).logSensitivity[2]).toBeCloseTo(0.5 * Math.log(meanSquare), 4)
})

test('a recurrent network is seen at every step', async () => {
  const of = options(2, 1, 0.3)
  const seen = await look(new SequenceNetwork(of), new SequenceNetwork(asTwin(of)), equalPulses(10))
  expect(seen.gradientNorms).toHaveLength(11)
  expect(seen.logSensitivity).toHaveLength(11)
  expect(seen.sensitivities[0]).toHaveLength(6)
  expect(seen.gradientNorms[0]! / seen.gradientNorms[10]!).toBeLessThan(1e-2)
})

test('looking leaves the network as it was', async () => {
  const { network, seen } = deep(2, 0.5)
  const before = await network.readout.weight.value.toArray()
  await seen
  expect(await network.readout.weight.value.toArray()).toEqual(before)
})
