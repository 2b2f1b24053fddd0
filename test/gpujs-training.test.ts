/** Learning on the GPU backend, here as WebAssembly: as on the CPU, captured as eager, in memory that does not grow. */
import { cpu } from '@sensigrad/backend-cpu'
import { gpujs } from '@sensigrad/backend-gpujs'
import { type Backend, capture, key, normal, scope, type Tensor, useBackend } from '@sensigrad/core'
import { decodeCheckpoint, encodeCheckpoint } from '@sensigrad/io'
import {
  Adam,
  activations,
  Dense,
  Module,
  meanSquaredError,
  RNN,
  SAL,
  SGD,
  valueAndGrad,
} from '@sensigrad/nn'
import { describe, expect, test } from 'vitest'

const gpu = await gpujs({ mode: 'webasm' })

class Recurrent extends Module<[Tensor], Tensor> {
  readonly rnn = new RNN(3, 6, { key: key(11) })
  readonly readout = new Dense(6, 2, { key: key(12) })
  forward(sequence: Tensor): Tensor {
    return this.readout.call(this.rnn.call(sequence).state)
  }
}

class Perceptron extends Module<[Tensor], Tensor> {
  readonly layers = [
    new Dense(4, 8, { key: key(1), activation: activations.tanh }),
    new Dense(8, 3, { key: key(2) }),
  ]
  forward(x: Tensor): Tensor {
    return this.layers.reduce((h, layer) => layer.call(h), x)
  }
}

/** A model that learns, and its step. */
interface Training {
  readonly parts: { readonly model: Module<[Tensor], Tensor>; readonly optimizer: Adam | SGD }
  readonly step: (x: Tensor, y: Tensor) => Tensor
}

function perceptron(): Training {
  const model = new Perceptron()
  const optimizer = new Adam({ rate: 0.01 })
  const step = (x: Tensor, y: Tensor) => {
    const [loss, gradients] = valueAndGrad(model, () => meanSquaredError(model.call(x), y))
    optimizer.update(model, gradients)
    return loss
  }
  return { parts: { model, optimizer }, step }
}

function recurrent(): Training {
  const model = new Recurrent()
  const optimizer = new SGD({ rate: 0.05, momentum: 0.9 })
  const sal = new SAL({ rate: 0.01, decay: 0.9 }).attach(model.rnn)
  const step = (x: Tensor, y: Tensor) => {
    const [loss, gradients] = valueAndGrad(model, () => meanSquaredError(model.call(x), y))
    optimizer.update(model, gradients)
    sal.adjust()
    return loss
  }
  return { parts: { model, optimizer }, step }
}

const trainings = {
  'a perceptron with Adam': { make: perceptron, x: [5, 4], y: [5, 3] },
  'an RNN with momentum and SAL': { make: recurrent, x: [6, 4, 3], y: [4, 2] },
}

/** The losses of so many steps on a backend, eager or captured. */
async function learn(
  backend: Backend,
  { make, x, y }: (typeof trainings)[keyof typeof trainings],
  steps: number,
  isCaptured = false,
): Promise<number[]> {
  useBackend(backend)
  const { step } = make()
  const run = isCaptured ? capture(step) : step
  const losses: number[] = []
  for (let call = 0; call < steps; call++) {
    const loss = run(normal(key(100 + call), x), normal(key(900 + call), y))
    losses.push(await loss.item())
  }
  return losses
}

// A scalar function errs by 1e-5, and thirty small steps add little to that.
const near = 1e-3

describe.each(Object.entries(trainings))('%s', (_, training) => {
  test('learns on the GPU backend as on the CPU', async () => {
    const [found, wanted] = [await learn(gpu, training, 30), await learn(cpu(), training, 30)]
    for (const [i, loss] of found.entries()) expect(Math.abs(loss / wanted[i]! - 1)).toBeLessThan(near)
  })

  test('learns captured as it does eagerly', async () => {
    const [found, wanted] = [await learn(gpu, training, 10, true), await learn(gpu, training, 10)]
    for (const [i, loss] of found.entries()) expect(Math.abs(loss / wanted[i]! - 1)).toBeLessThan(1e-5)
  })

  test('holds as many textures after 500 captured steps as after 5, and compiles nothing more', () => {
    useBackend(gpu)
    const step = capture(training.make().step)
    const [x, y] = [normal(key(1), training.x), normal(key(2), training.y)]
    const after = (calls: number) => {
      for (let call = 0; call < calls; call++) scope(() => void step(x, y))
      const { textures, bytes, compiled } = gpu.counts()
      return { textures, bytes, compiled }
    }
    const early = after(5)
    expect(after(500)).toEqual(early)
  })

  test('holds as many textures after 40 eager steps, each in a scope, as after 4', () => {
    useBackend(gpu)
    const { step } = training.make()
    const [x, y] = [normal(key(1), training.x), normal(key(2), training.y)]
    const after = (steps: number) => {
      for (let i = 0; i < steps; i++) scope(() => void step(x, y))
      return gpu.counts().textures
    }
    const early = after(4)
    expect(after(40)).toBe(early)
  })
})

test('a training goes on from its last checkpoint on another backend, as if nothing had happened', async () => {
  const begin = async () => {
    const backend = await gpujs({ mode: 'webasm' })
    useBackend(backend)
    const { parts, step } = perceptron()
    const batch = [normal(key(1), [5, 4]), normal(key(2), [5, 3])] as const
    const losses = async () => [await step(...batch).item(), await step(...batch).item()]
    return { backend, parts, losses }
  }
  const first = await begin()
  await first.losses()
  const saved = await encodeCheckpoint(first.parts)
  const wanted = await first.losses()
  await first.backend.stop()
  await expect(first.losses()).rejects.toThrow(
    /this gpujs backend was stopped\. Make another: await gpujs\(\)$/,
  )
  const second = await begin()
  decodeCheckpoint(saved, second.parts)
  expect(await second.losses()).toEqual(wanted)
})
