/** Learning in a real browser on WebGL2 and WebGPU: as on the CPU, in flat memory, and again after the GPU was lost. */
import { cpu } from '@sensigrad/backend-cpu'
import { gpujs, type Mode } from '@sensigrad/backend-gpujs'
import { decodeCheckpoint, encodeCheckpoint } from '@sensigrad/io'
import {
  Adam,
  activations,
  type Backend,
  BackendError,
  capture,
  crossEntropy,
  Dense,
  initialise,
  key,
  Module,
  meanSquaredError,
  normal,
  Parameter,
  RNN,
  SAL,
  Sequential,
  SGD,
  scope,
  type Tensor,
  tensor,
  uniform,
  useBackend,
  valueAndGrad,
} from 'sensigrad'
import { afterEach, describe, expect, test } from 'vitest'
import { gap } from '../support/backend.ts'

/** Every operation is right to 10⁻⁶ there; after so many steps the curves are this near, relative to values above 1. */
const steps = 50
const near = 1e-5

const modes: readonly Mode[] = ['webgl2', 'webgpu']
/** So often a step is taken without more memory. */
const turns = 10_000
afterEach(() => useBackend(cpu()))

/** The smallest thing that learns: f(w) = Σ w², in a step of few kernels. */
class Bowl extends Module<[], Tensor> {
  readonly place = new Parameter(tensor([1, -2]))
  forward(): Tensor {
    return this.place.value.square().sum()
  }
}

/** The losses of a classifier of points in three classes, with Adam in a captured step. */
async function classifier(backend: Backend): Promise<number[]> {
  useBackend(backend)
  const model = new Sequential(
    new Dense(2, 16, { key: key(1), activation: activations.tanh }),
    new Dense(16, 3, { key: key(2) }),
  )
  const optimiser = new Adam({ rate: 0.02 })
  const step = capture((x: Tensor, y: Tensor) => {
    const [loss, gradients] = valueAndGrad(model, () => crossEntropy(model.call(x), y))
    optimiser.update(model, gradients)
    return loss
  })
  const labels = Array.from({ length: 24 }, (_, i) => i % 3)
  const centres = tensor(labels.map(label => [Math.cos(label), 2 * Math.sin(2 * label)]))
  const [x, y] = [
    normal(key(3), [24, 2], { deviation: 0.3 }).add(centres),
    tensor(labels, { dtype: 'int32' }),
  ]
  const losses: number[] = []
  for (let i = 0; i < steps; i++) losses.push(await step(x, y).item())
  return losses
}

/** The mean sensitivity that SAL sees at each step of the study's ring, in float32: 30 tanh neurons that hear each other. */
async function ring(backend: Backend): Promise<number[]> {
  useBackend(backend)
  const network = new RNN(0, 30, {
    key: key(4),
    recurrentWeight: initialise.gaussian(0.5),
    bias: initialise.gaussianOf(0.05),
  })
  const sal = new SAL({ rate: 0.02, decay: 0.75 }).attach(network)
  const step = capture((state: Tensor) => {
    const next = network.step(state)
    sal.adjust()
    return next
  })
  let state = uniform(key(5), [30], { low: -1, high: 1 })
  const found: number[] = []
  for (let i = 0; i < steps; i++) {
    state = step(state)
    found.push(await sal.of(network)!.average.mean().item(), await state.norm().item())
  }
  return found
}

describe.each(modes)('on %s', mode => {
  test('a classifier learns as on the CPU', async () => {
    const [found, wanted] = [await classifier(await gpujs({ mode })), await classifier(cpu())]
    expect(found.at(-1)).toBeLessThan(found[0]! / 3)
    expect(gap(found, wanted)).toBeLessThan(near)
  })

  test('SAL raises the sensitivities of a ring as on the CPU', async () => {
    const [found, wanted] = [await ring(await gpujs({ mode })), await ring(cpu())]
    expect(found.at(-2)).toBeGreaterThan(found[0]! + 0.1)
    expect(gap(found, wanted)).toBeLessThan(near)
  })

  test(`${turns} captured steps hold no more textures than ten`, { timeout: 120_000 }, async () => {
    const backend = await gpujs({ mode })
    useBackend(backend)
    const model = new Bowl()
    const optimiser = new SGD({ rate: 0.001 })
    const step = capture(() => {
      optimiser.update(model, valueAndGrad(model, () => model.call())[1])
    })
    const x = tensor([1])
    const after = async (count: number) => {
      for (let i = 0; i < count; i++) {
        scope(() => void step())
        if (i % 100 === 99) await x.data() // so that not all of them wait in a queue
      }
      await x.data()
      const { textures, bytes, compiled } = backend.counts()
      return { textures, bytes, compiled }
    }
    const early = await after(10)
    const [first] = await model.place.value.data()
    const late = await after(turns)
    const [last] = await model.place.value.data()
    expect(last).toBeLessThan(first! / 2)
    expect(late.compiled).toBe(early.compiled)
    expect(late.textures).toBeLessThanOrEqual(early.textures + 2) // the values that were read
    expect(late.bytes).toBeLessThanOrEqual(early.bytes + 16)
  })

  test('after the GPU was lost, all says so, and a training goes on from its last checkpoint', async () => {
    const begin = async () => {
      const lost: string[] = []
      const backend = await gpujs({ mode, onLost: reason => lost.push(reason) })
      useBackend(backend)
      const model = new Dense(3, 1, { key: key(9) })
      const optimiser = new Adam({ rate: 0.1 })
      const [x, y] = [normal(key(10), [8, 3]), normal(key(11), [8, 1])]
      const step = async () => {
        const [loss, gradients] = valueAndGrad(model, () => meanSquaredError(model.call(x), y))
        optimiser.update(model, gradients)
        return loss.item()
      }
      return { backend, lost, parts: { model, optimiser }, step }
    }
    const first = await begin()
    await first.step()
    const saved = await encodeCheckpoint(first.parts)
    const wanted = await first.step()

    lose(first.backend.native)
    const words = /the GPU was lost \(web\w+\), and all tensors on it\. Make another backend/
    const going = first.step()
    await expect(going).rejects.toThrow(BackendError)
    await expect(going).rejects.toThrow(words)
    await expect(first.parts.model.bias.value.data()).rejects.toThrow(words)
    expect(first.backend.isLost).toBe(true)
    await expect.poll(() => first.lost).toHaveLength(1)

    const second = await begin()
    decodeCheckpoint(saved, second.parts)
    expect(await second.step()).toBe(wanted)
  })
})

/** Takes the GPU away, as a crash of its driver does. */
function lose(native: unknown): void {
  const gpu = native as WebGL2RenderingContext & { destroy?(): void }
  if (gpu.destroy) gpu.destroy()
  else gpu.getExtension('WEBGL_lose_context')!.loseContext()
}
