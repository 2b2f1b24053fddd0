/** The record of a captured step holds every value of it, says which of them the replay never has, and changes nothing. */
import { capture, key, record, type Tensor, tanh } from '@sensigrad/core'
import { formatTable, fromJSON, hashOf, recordOfCaptured, tableOf, toJSON } from '@sensigrad/inspect'
import { Dense, Module, meanSquaredError, SGD, valueAndGrad, valuesOf } from '@sensigrad/nn'
import { describe, expect, test } from 'vitest'
import { draw, read } from './support/backend.ts'

/** Two layers, the second without an activation. */
class Model extends Module {
  readonly layers = [
    new Dense(3, 4, { key: key(1), activation: tanh, dtype: 'float64' }),
    new Dense(4, 2, { key: key(2), dtype: 'float64' }),
  ]
  forward(x: Tensor): Tensor {
    return this.layers.reduce((at, layer) => layer.call(at), x)
  }
}

describe('the record of a captured step', () => {
  const model = new Model()
  const optimizer = new SGD({ rate: 0.1 })
  const [x, y] = [draw(1, [5, 3], [-1, 1]), draw(2, [5, 2], [-1, 1])]
  const train = capture((x: Tensor) => {
    const [loss, gradients] = valueAndGrad(model, () => meanSquaredError(model.call(x), y))
    optimizer.update(model, gradients)
    return loss
  })
  train(x)

  test('has every value that the step computes, and changes nothing', async () => {
    const before = Object.values(valuesOf(model)).map(each => hashOf(read(each)))
    const made = await recordOfCaptured(train, { title: 'a step', values: 'all' })
    expect(Object.values(valuesOf(model)).map(each => hashOf(read(each)))).toEqual(before)
    const eager = record(each => meanSquaredError(model.call(each), y), x)
    const potential = eager.entries.find(({ op, scope }) => op.name === 'matmul' && scope === 'layers.1')!
    const values = made.entries.map(({ outputs }) => outputs[0]!.value!.hash)
    expect(values).toContain(hashOf(read(potential.outputs[0]!)))
    expect(values).toContain(hashOf(read(eager.output)))
    expect(values).toContain(hashOf(read(train(x)))) // what the replayed program computes from the same parameters
    expect(new Set(made.entries.map(({ scope }) => scope))).toContain('layers.0')
  })

  test('says what the replayed program does not compute by itself, and reads like any other', async () => {
    const made = await recordOfCaptured(train, {}, x)
    expect(made.entries.some(({ text }) => text.endsWith(' · fused'))).toBe(true)
    expect(made.notes.join(' ')).toMatch(/Not computed by themselves in the replayed program: .*\d+ fused/)
    expect(fromJSON(toJSON(made))).toEqual(made)
    expect(formatTable(tableOf(made))).toContain('values replayed')
  })

  test('is refused of what is no captured step', async () => {
    await expect(recordOfCaptured((() => {}) as never)).rejects.toThrow(
      /^examine: a function is no captured step/,
    )
  })
})
