/** Kernels are kept up to a number, and run whether or not they are. */
import { expressions } from '@sensigrad/core'
import { expect, test } from 'vitest'
import { Kernels } from './kernels.ts'
import { start } from './main-module.ts'

const { e, input } = expressions
const place = 2048

test('a kernel that lost its place runs on, and the table does not grow', async () => {
  const machine = await start('simd', 1, 1)
  const kernels = new Kernels(machine, undefined, 3)
  const values = new Float32Array(machine.memory.buffer, place, 4)
  const made = Array.from({ length: 7 }, (_, i) =>
    kernels.get(e.add(input(0), i), [{ dtype: 'float32' }], [1], 'float32'),
  )
  for (const order of [made, made.slice().reverse(), made]) {
    for (const kernel of order) {
      values.fill(10)
      kernel.run(1, 4, [place + 64, place], [0])
      const added = new Float32Array(machine.memory.buffer, place + 64, 4)
      expect([...added]).toEqual(new Array(4).fill(10 + made.indexOf(kernel)))
    }
  }
  expect(machine.table.length).toBe(1 + 3)
})

test('a kernel is made once for as long as it is kept', async () => {
  const kernels = new Kernels(await start('simd', 1, 1), undefined, 2)
  const ask = (i: number) => kernels.get(e.mul(input(0), i), [{ dtype: 'float64' }], [1], 'float64')
  const first = ask(2)
  expect(ask(2)).toBe(first)
  ask(3)
  ask(4)
  expect(ask(2)).not.toBe(first)
})

test('kernels of many inputs are told apart by each of them', async () => {
  const kernels = new Kernels(await start('simd', 1, 1))
  const inputs = Array.from({ length: 18 }, () => ({ dtype: 'float32' as const }))
  const sum = inputs.reduce((sum, _, i) => e.add(sum, input(i)), e.mul(input(0), 2))
  const ask = (first: number) => kernels.get(sum, inputs, [first, ...new Array(17).fill(1)], 'float32')
  expect(ask(1)).toBe(ask(1))
  expect(ask(0)).not.toBe(ask(1))
})
