/** Whole steps of learning, captured: N of them leave a model as N eager ones do, whatever is changed on the way. */

import { cpu } from '@sensigrad/backend-cpu'
import {
  capture,
  grad,
  key,
  NonFiniteError,
  normal,
  type Shape,
  type Tensor,
  useBackend,
  ValueError,
  zeros,
} from '@sensigrad/core'
import {
  activations,
  Dense,
  Module,
  meanSquaredError,
  NeuronLayer,
  RNN,
  type SAL,
  type SALMode,
  SGD,
  valueAndGrad,
  valuesOf,
} from '@sensigrad/nn'
import { describe, expect, test } from 'vitest'
import { f64, gap, numbers } from './support/backend.ts'
import { partings } from './support/capture.ts'
import { bitsOf, layerOf, neuron, pairOf, quietly } from './support/sal.ts'

const { tanh } = activations

useBackend(cpu())

const draws = (seed: number, ...shape: number[]): Tensor => normal(key(seed), shape, { dtype: 'float64' })
const parametersOf = (module: Module<never, unknown>) => numbers(...Object.values(valuesOf(module)))

/** A model, one step of its training, and what that step keeps besides the parameters. */
interface Training {
  readonly model: Module<never, unknown>
  readonly step: (x: Tensor, y: Tensor) => Tensor
  readonly optimiser: SGD
  readonly sal: SAL
}

/** An MLP that learns with momentum, while SAL holds its sensitivities. */
function perceptron(mode: SALMode = 'both', momentum = 0.9): Training {
  const model = pairOf(7)
  const optimiser = new SGD({ rate: 0.05, momentum })
  const sal = quietly({ rate: 0.01, decay: 0.9, mode }).attach(model)
  const step = (x: Tensor, y: Tensor) => {
    const [loss, gradients] = valueAndGrad(model, () => meanSquaredError(model.call(x), y))
    optimiser.update(model, gradients)
    sal.adjust()
    return loss
  }
  return { model, step, optimiser, sal }
}

class Recurrent extends Module<[Tensor], Tensor> {
  readonly rnn = new RNN(3, 6, { key: key(11), dtype: 'float64' })
  readonly readout = new Dense(6, 2, { key: key(12), dtype: 'float64' })
  forward(sequence: Tensor): Tensor {
    return this.readout.call(this.rnn.call(sequence).state)
  }
}

/** An RNN over eight steps of time that learns while SAL holds its recurrent sensitivities. */
function recurrent(): Training {
  const model = new Recurrent()
  const optimiser = new SGD({ rate: 0.05 })
  const sal = quietly({ rate: 0.01, decay: 0.9 }).attach(model.rnn)
  const step = (x: Tensor, y: Tensor) => {
    const [loss, gradients] = valueAndGrad(model, () => meanSquaredError(model.call(x), y))
    sal.adjust()
    optimiser.update(model, gradients)
    return loss
  }
  return { model, step, optimiser, sal }
}

/** A batch that differs from call to call. */
const batches = (x: Shape, y: Shape) => (call: number) =>
  [draws(100 + call, ...x), draws(900 + call, ...y)] as const
const perceptronBatch = batches([5, 3], [5, 2])
const sequenceBatch = batches([8, 4, 3], [4, 2])

/** How far the parameters of a captured training lie from those of an eager one after so many steps. */
function distance(
  make: () => Training,
  batchOf: ReturnType<typeof batches>,
  steps: number,
  meanwhile: (training: Training, call: number) => void = () => {},
): number {
  const [eager, captured] = [make(), make()]
  const fast = capture(captured.step)
  const losses = Array.from({ length: steps }, (_, call) => {
    const [x, y] = batchOf(call)
    meanwhile(eager, call)
    meanwhile(captured, call)
    return gap(numbers(fast(x, y)), numbers(eager.step(x, y)))
  })
  expect(fast.captures).toBe(1)
  return Math.max(...losses, gap(parametersOf(captured.model), parametersOf(eager.model)))
}

describe('many captured steps are as many eager ones', () => {
  test('of a perceptron with momentum and SAL', () => {
    expect(distance(perceptron, perceptronBatch, 300)).toBeLessThan(1e-11)
  })

  test.each(['raise', 'both', 'proportional', 'always'] as const)('whatever the mode of SAL: %s', mode => {
    expect(distance(() => perceptron(mode, 0), perceptronBatch, 50)).toBeLessThan(1e-12)
  })

  test('of a recurrent network with SAL', () => {
    expect(distance(recurrent, sequenceBatch, 200)).toBeLessThan(1e-11)
  })

  test('to the last bit, where no sum is taken in another order', () => {
    const [eager, captured] = [0, 1].map(() => {
      const layer = layerOf(3, 4, 7)
      const sal = quietly({ rate: 0.01, decay: 0.9, mode: 'both' }).attach(layer)
      const step = (x: Tensor) => {
        layer.call(x)
        sal.adjust()
      }
      return { layer, sal, step }
    })
    const fast = capture(captured!.step)
    for (let call = 0; call < 300; call++) {
      const x = draws(call, 5, 3)
      eager!.step(x)
      fast(x)
    }
    expect(bitsOf(captured!.layer)).toEqual(bitsOf(eager!.layer))
    const [a, b] = [captured, eager].map(one => numbers(...Object.values(one!.sal.of(one!.layer)!)))
    expect(a).toEqual(b)
  })

  test('of a dynamical system that drives itself, its state being passed on', () => {
    const [eager, captured] = [0, 1].map(() => {
      const rnn = new RNN(0, 8, { key: key(3), dtype: 'float64' })
      const sal = quietly({ rate: 0.01, decay: 0.9 }).attach(rnn)
      const step = (state: Tensor) => {
        const next = rnn.step(state)
        sal.adjust()
        return next
      }
      return { rnn, step }
    })
    const fast = capture(captured!.step)
    let [a, b] = [draws(5, 8), draws(5, 8)]
    for (let t = 0; t < 300; t++) {
      a = eager!.step(a)
      b = fast(b)
    }
    expect(gap(numbers(b), numbers(a))).toBeLessThan(1e-11)
    expect(gap(parametersOf(captured!.rnn), parametersOf(eager!.rnn))).toBeLessThan(1e-11)
  })
})

describe('what is changed between calls takes effect', () => {
  test('the rate of the optimiser', () => {
    const change = ({ optimiser }: Training, call: number) => {
      if (call === 20) optimiser.rate = 0.01
      if (call === 30) optimiser.rate = 0
    }
    expect(distance(perceptron, perceptronBatch, 40, change)).toBeLessThan(1e-12)
  })

  test('the rate and the target of SAL', () => {
    const change = ({ sal }: Training, call: number) => {
      if (call === 10) sal.rate = 0.03
      if (call === 20) sal.target = 0.4
    }
    expect(distance(perceptron, perceptronBatch, 40, change)).toBeLessThan(1e-12)
  })

  test('a parameter that is assigned to', () => {
    const change = ({ model }: Training, call: number) => {
      if (call % 7 !== 3) return
      const weight = model.parameters().get('layers.0.weight')!
      weight.value = weight.value.mul(0.5)
    }
    expect(distance(perceptron, perceptronBatch, 40, change)).toBeLessThan(1e-12)
  })

  test('wrong rates and targets are refused at the call, before anything moves', () => {
    const { model, step, optimiser, sal } = perceptron()
    const fast = capture(step)
    const [x, y] = perceptronBatch(0)
    fast(x, y)
    const before = bitsOf(model)
    optimiser.rate = Number.NaN
    expect(() => fast(x, y)).toThrow('SGD: the rate NaN is not ≥ 0 and finite')
    optimiser.rate = 0.1
    sal.target = -1
    expect(() => fast(x, y)).toThrow('SAL: the target -1 is not positive and finite')
    sal.target = 1
    sal.rate = 0
    expect(() => fast(x, y)).toThrow('SAL: the rate 0 is not positive and finite')
    expect(bitsOf(model)).toEqual(before)
  })
})

describe('captured steps of one model', () => {
  test('share its parameters: one trains, one evaluates, and eager code sees both', () => {
    const { model, step, sal } = perceptron()
    const train = capture(step)
    const [x, y] = perceptronBatch(0)
    const evaluate = capture((x: Tensor) => sal.paused(() => (model as ReturnType<typeof pairOf>).call(x)))
    const outputs = Array.from({ length: 10 }, () => {
      train(x, y)
      const eager = sal.paused(() => (model as ReturnType<typeof pairOf>).call(x))
      expect(partings(evaluate(x), eager)).toEqual([])
      return numbers(eager)[0]
    })
    expect(new Set(outputs).size).toBe(10)
  })

  test('leave values alone that were taken before', () => {
    const { model, step } = perceptron()
    const train = capture(step)
    const [x, y] = perceptronBatch(0)
    const taken = Array.from({ length: 4 }, () => {
      train(x, y)
      return valuesOf(model)
    })
    const first = numbers(...Object.values(taken[0]!))
    for (let call = 0; call < 5; call++) train(x, y)
    expect(numbers(...Object.values(taken[0]!))).toEqual(first)
    expect(new Set(taken.map(values => numbers(values['layers.0.weight']!)[0])).size).toBe(4)
  })

  test('go on after their memory was given back, and on batches of another size', () => {
    const [eager, captured] = [perceptron(), perceptron()]
    const fast = capture(captured.step)
    for (let call = 0; call < 12; call++) {
      const [x, y] = batches([call % 3 === 0 ? 2 : 5, 3], [call % 3 === 0 ? 2 : 5, 2])(call)
      if (call === 8) fast.release()
      fast(x, y)
      eager.step(x, y)
    }
    expect(fast.captures).toBe(4)
    expect(gap(parametersOf(captured.model), parametersOf(eager.model))).toBeLessThan(1e-12)
  })

  test('run as they stand inside of a gradient, and are differentiated', () => {
    const layer = layerOf(3, 2, 7)
    const loss = (x: Tensor) => layer.call(x).square().sum()
    const x = draws(1, 4, 3)
    expect(numbers(grad(capture(loss))(x))).toEqual(numbers(grad(loss)(x)))
  })

  test('pass the check when nothing is frozen, momentum and averages included', () => {
    const { step } = perceptron()
    const fast = capture(step, { check: 1 })
    const [x, y] = perceptronBatch(0)
    for (let call = 0; call < 20; call++) fast(x, y)
    expect(fast.captures).toBe(1)
  })
})

describe('SAL in a captured step', () => {
  const captured = () => {
    const layer = layerOf(3, 4, 7)
    const sal = quietly({ rate: 0.01, decay: 0.9 }).attach(layer)
    const step = capture((x: Tensor) => {
      layer.call(x)
      sal.adjust()
    })
    return { layer, sal, step }
  }

  test('has no last adjustment before the first call, and that of the last call afterwards', () => {
    const { layer, sal, step } = captured()
    expect(sal.of(layer)).toBeUndefined()
    const averages = [1, 2, 3].map(seed => {
      step(draws(seed, 5, 3))
      return numbers(sal.of(layer)!.average)[0]
    })
    expect(new Set(averages).size).toBe(3)
    const { sensitivity, average } = sal.of(layer)!
    expect(numbers(sensitivity)).not.toEqual(numbers(average))
  })

  test('begins its average at the first sensitivity, and goes on from an eager one', () => {
    const { layer, sal, step } = captured()
    step(draws(1, 5, 3))
    const { sensitivity, average } = sal.of(layer)!
    expect(numbers(average)).toEqual(numbers(sensitivity))
    layer.call(draws(2, 5, 3))
    sal.adjust()
    const before = numbers(sal.of(layer)!.average)
    step(draws(3, 5, 3))
    const s = numbers(sal.of(layer)!.sensitivity)
    const expected = s.map((s, i) => 0.9 * before[i]! + (1 - 0.9) * s)
    expect(gap(numbers(sal.of(layer)!.average), expected)).toBeLessThan(1e-14)
  })

  test('leaves neurons alone that are not attached', () => {
    const layer = layerOf(3, 4, 7)
    const before = numbers(layer.weight.value)
    const sal = quietly({ rate: 0.01, mode: 'always' }).attach(layer, { neurons: [2] })
    const step = capture((x: Tensor) => {
      layer.call(x)
      sal.adjust()
    })
    for (let call = 0; call < 3; call++) step(draws(call, 5, 3))
    const moved = numbers(layer.weight.value).flatMap((w, i) => (w === before[i] ? [] : [Math.floor(i / 3)]))
    expect([...new Set(moved)]).toEqual([2])
    expect(numbers(sal.of(layer)!.gate)).toEqual([0, 0, 1, 0])
  })

  test('may be attached inside of the step, once', () => {
    const layer = layerOf(3, 4, 7)
    let sal: SAL | undefined
    const step = capture((x: Tensor) => {
      sal ??= quietly({ rate: 0.01 }).attach(layer, { neurons: [1, 3] })
      layer.call(x)
      sal.adjust()
    })
    step(draws(1, 5, 3))
    step(draws(2, 5, 3))
    expect(numbers(sal!.of(layer)!.gate).filter(gate => gate !== 0).length).toBeLessThanOrEqual(2)
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY])(
    'names what is not finite at the next look, and moves nothing meanwhile: %d',
    bad => {
      const { layer, sal, step } = captured()
      step(draws(1, 5, 3))
      const before = bitsOf(layer)
      step(draws(2, 5, 3).add(f64([0, bad, 0])))
      expect(bitsOf(layer)).toEqual(before)
      step(draws(3, 5, 3))
      expect(bitsOf(layer)).toEqual(before)
      expect(() => sal.of(layer)).toThrow(NonFiniteError)
      expect(() => sal.of(layer)).toThrow(
        'SAL.of: the sensitivity of neuron 0 in Dense is NaN. Its weights or its inputs were not finite in a captured step, and it has stayed as it was since. Find where that began, then detach and attach the layer',
      )
      layer.call(draws(4, 5, 3))
      expect(() => sal.adjust()).toThrow('SAL.adjust: the sensitivity of neuron 0 in Dense is NaN')
    },
  )

  test('moves the other neurons when one is not finite', () => {
    const model = layerOf(3, 2, 7)
    const sal = quietly({ rate: 0.01, mode: 'both' }).attach(model)
    const step = capture((x: Tensor) => {
      model.call(x)
      sal.adjust()
    })
    model.bias.value = f64([Number.NaN, 0])
    const before = numbers(model.weight.value)
    step(draws(1, 5, 3))
    const after = numbers(model.weight.value)
    expect(after.slice(0, 3)).toEqual(before.slice(0, 3))
    expect(after.slice(3)).not.toEqual(before.slice(3))
    expect(() => sal.of(model)).toThrow('neuron 0')
  })

  test('a check names it at once', () => {
    const layer = neuron(0.5, { activation: tanh })
    const sal = quietly({ rate: 0.01 }).attach(layer)
    const step = capture(
      (x: Tensor) => {
        layer.call(x)
        sal.adjust()
      },
      { check: 1 },
    )
    expect(() => step(f64([Number.NaN]))).toThrow('SAL.adjust: the sensitivity of neuron 0 in Dense is NaN')
  })

  test('refuses to adjust outside of the step what was heard inside, and the other way round', () => {
    const layer = layerOf(3, 4, 7)
    const sal = quietly({ rate: 0.01 }).attach(layer)
    const x = draws(1, 5, 3)
    capture((x: Tensor) => layer.call(x))(x)
    const said =
      /^SAL\.adjust: a forward pass of this Dense was made in a captured step, and this call stands outside of it, or the other way round\. Call adjust\(\) in the same step as the pass, wrap passes that are only for looking in paused\(\), and forget\(\) those that wait$/
    expect(() => sal.adjust()).toThrow(ValueError)
    expect(() => sal.adjust()).toThrow(said)
    sal.forget()
    layer.call(x)
    expect(() => capture(() => sal.adjust())()).toThrow(said)
    sal.forget()
    layer.call(x)
    expect(() => sal.adjust()).not.toThrow()
  })

  test('keeps nothing of a step for the eager passes after it', () => {
    /** Neurons whose weights are a constant, not a parameter. */
    class Fixed extends NeuronLayer {
      readonly neurons = 2
      readonly bias = layerOf(3, 2, 1).bias
      readonly weight = layerOf(3, 2, 1).weight
      readonly weights = f64([1, 2, 3, 4, 5, 6], [2, 3])
      forward(x: Tensor): Tensor {
        const { weights, weight, bias } = this
        const potential = x.matmul(weights.transpose()).add(bias.value)
        const synapses = [{ source: 'external', weight, weights, inputs: x }] as const
        return this.fire({ synapses, bias, potential, output: tanh(potential), activation: tanh })
      }
    }
    const layer = new Fixed()
    const sal = quietly({ rate: 1e-3 }).attach(layer)
    const body = (x: Tensor) => {
      layer.call(x)
      sal.adjust()
    }
    const step = capture(body)
    step(zeros([3], { dtype: 'float64' }))
    body(zeros([3], { dtype: 'float64' }))
    capture(body)(zeros([3], { dtype: 'float64' }))
    expect(numbers(sal.of(layer)!.gate)).toEqual([0, 0])
  })
})
