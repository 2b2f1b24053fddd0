/** The tasks say what they are said to, and steps see every sample once an epoch. */
import { key, tensor } from '@sensigrad/core'
import 'sensigrad'
import { expect, test } from 'vitest'
import { parity } from './deep-300/study.ts'
import { equalPulses } from './lag-300/study.ts'
import { stepsOf, type Task } from './task.ts'

test('parity is odd where a single bit is one, and even where two are', async () => {
  const { x, y } = parity(2).training
  expect(await x.toArray()).toEqual([
    [-1, -1],
    [1, -1],
    [-1, 1],
    [1, 1],
  ])
  expect(await y.toArray()).toEqual([0, 1, 1, 0])
})

test('pulses come at the first step and halfway, and nothing else does', async () => {
  const { x, y } = equalPulses(4).training
  const [first, second] = [0, 1].map(input => x.slice(null, null, input))
  expect(await first!.toArray()).toEqual([[1, 1, -1, -1], ...Array(4).fill([0, 0, 0, 0])])
  expect(await second!.slice(2).toArray()).toEqual([1, -1, 1, -1])
  expect(await second!.abs().sum().item()).toBe(4)
  expect(await y.toArray()).toEqual([1, -1, -1, 1])
})

test('the logistic loss is small for right answers and ln 2 for none', async () => {
  const { loss, areRight, training } = equalPulses(4)
  const right = tensor([[9], [-9], [-9], [9]])
  expect(await loss(right, training.y).item()).toBeCloseTo(Math.log1p(Math.exp(-9)), 6)
  expect(await loss(right.mul(0), training.y).item()).toBeCloseTo(Math.LN2, 6)
  expect(await areRight(right.neg(), training.y).cast('int32').sum().item()).toBe(0)
})

test('batches go through all samples in an order that the key decides, and again in another', async () => {
  const task: Task = { ...parity(3), batch: 4 }
  const epoch = async (next: () => { y: { size: number }; x: { toArray(): Promise<unknown> } }) =>
    [await next().x.toArray(), await next().x.toArray()].flat() as number[][]
  const next = stepsOf(task, key(1))
  const [first, second] = [await epoch(next), await epoch(next)]
  const all = (await task.training.x.toArray()) as number[][]
  expect([...first].sort()).toEqual([...all].sort())
  expect([...second].sort()).toEqual([...all].sort())
  expect(second).not.toEqual(first)
  expect(await epoch(stepsOf(task, key(1)))).toEqual(first)
})
