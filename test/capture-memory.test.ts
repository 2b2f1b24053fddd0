/** What a captured step takes of a memory that is counted: its own once, and then nothing but what it returns. */
import { wasm } from '@sensigrad/backend-wasm'
import { capture, scope, type Tensor, tensor, useBackend, Variable, zeros } from '@sensigrad/core'
import { activations, Dense, meanSquaredError, SAL, SGD, valueAndGrad } from '@sensigrad/nn'
import { key } from 'sensigrad'
import { describe, expect, test } from 'vitest'
import { numbers } from './support/backend.ts'

const backend = await wasm()
useBackend(backend)

/** A small step of training, with momentum and SAL. */
function training() {
  const model = new Dense(4, 3, { key: key(7), activation: activations.tanh })
  const optimiser = new SGD({ rate: 0.01, momentum: 0.9 })
  const sal = new SAL({ rate: 1e-4 }).attach(model)
  const step = capture((x: Tensor, y: Tensor) => {
    const [loss, gradients] = valueAndGrad(model, () => meanSquaredError(model.call(x), y))
    optimiser.update(model, gradients)
    sal.adjust()
    return { loss, output: sal.paused(() => model.call(x)) }
  })
  return { model, optimiser, step }
}

/** How many more blocks are in use after `body`, which must not yield, so that nothing is collected meanwhile. */
function blocksTakenBy(body: () => void): number {
  const before = backend.memory().buffers
  body()
  return backend.memory().buffers - before
}

describe('captured steps on a memory that is counted', () => {
  const x = tensor([[1, 2, 3, 4]])
  const y = zeros([1, 3])

  test('take nothing over 10,000 calls, when what they return is given back', () => {
    const { optimiser, step } = training()
    const run = (calls: number) => {
      for (let call = 0; call < calls; call++) {
        optimiser.rate = 0.01 / (1 + call) // a setting that changes is uploaded, and given back
        for (const { storage } of Object.values(step(x, y))) backend.free(storage)
      }
    }
    run(2)
    const { buffers, bytes } = backend.memory()
    run(10_000)
    expect(backend.memory()).toEqual({ buffers, bytes })
    expect(step.captures).toBe(1)
  })

  test('take one block for each tensor that they return', () => {
    const { step } = training()
    step(x, y)
    expect(
      blocksTakenBy(() => {
        for (let call = 0; call < 50; call++) step(x, y)
      }),
    ).toBe(100)
  })

  test('take nothing where they return nothing, and one block for a variable that is looked at', () => {
    const state = new Variable(zeros([100]))
    const step = capture(() => {
      state.value = state.value.add(1).tanh()
    })
    step()
    expect(
      blocksTakenBy(() => {
        for (let call = 0; call < 50; call++) step()
      }),
    ).toBe(0)
    expect(
      blocksTakenBy(() => {
        step()
        expect(state.value).toBe(state.value)
      }),
    ).toBe(1)
  })

  test('give all back that they took, on release and when they are captured for a seventeenth shape', () => {
    const double = capture((x: Tensor) => {
      x.mul(2).tanh().sum().add(x)
    })
    const inputs = Array.from({ length: 40 }, (_, size) => zeros([size + 1]))
    for (const input of inputs.slice(0, 20)) double(input)
    const held = blocksTakenBy(() => {
      for (const input of inputs.slice(20)) double(input)
    })
    expect(held).toBeLessThanOrEqual(0)
    const before = backend.memory().buffers
    double.release()
    expect(backend.memory().buffers).toBeLessThan(before)
    double.release()
    const released = backend.memory().buffers
    for (let round = 0; round < 5; round++) {
      for (const input of inputs) double(input)
      double.release()
    }
    expect(backend.memory().buffers).toBe(released)
  })
})

test('what a captured step took is given back by release, constants and what it closes over included', () => {
  const closedOver = scope(() => tensor([1, 2, 3]).mul(2))
  const make = () => {
    const step = capture((x: Tensor) => {
      const constant = tensor([[1, 2], [3, 4]]).mul(2).tanh() // biome-ignore format: a matrix
      return [x.mul(closedOver).sum(), constant, constant.sum()]
    })
    for (const { storage } of step(tensor([1, 2, 3]))) backend.free(storage)
    step.release()
  }
  make()
  const taken = blocksTakenBy(() => {
    for (let i = 0; i < 20; i++) make()
  })
  expect(taken).toBe(20) // the argument of each
})

test('a variable keeps a copy of what a captured step lends', () => {
  const lending = capture((x: Tensor) => x.mul(2), { reuseResults: true })
  const state = new Variable(tensor([0]))
  state.value = lending(tensor([1]))
  const reading = capture(() => state.value.add(1))
  expect(numbers(reading())).toEqual([3])
  lending(tensor([5]))
  expect(numbers(reading())).toEqual([3])
  const lent = lending(tensor([1]))
  expect(() => capture((x: Tensor) => x.add(lent))(tensor([1]))).toThrow(
    /^capture: the step closes over a tensor that another captured step lends/,
  )
})

test('a scope does not use up the value of a variable that it is given', () => {
  const state = new Variable(tensor([1]))
  scope(() => {
    state.value = state.value.add(1)
  })
  expect(
    numbers(
      scope(w => w.mul(2), state.value),
      state.value,
    ),
  ).toEqual([4, 2])
})
