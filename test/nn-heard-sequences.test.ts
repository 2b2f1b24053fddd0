/** A recurrent layer that is heard over a sequence says what all its steps did, at once, and stays a loop when captured. */
import { fc, test } from '@fast-check/vitest'
import {
  capture,
  type Firing,
  initialise,
  key,
  normal,
  RNN,
  SAL,
  stack,
  type Tensor,
  unstack,
  valueAndGrad,
  zeros,
} from 'sensigrad'
import { describe, expect } from 'vitest'

const dtype = 'float64'
const make = () =>
  new RNN(2, 4, {
    key: key(5),
    dtype,
    recurrentWeight: initialise.gaussian(0.9),
    bias: initialise.gaussianOf(0.3),
  })

/** What a layer announces while something runs. */
function heard(rnn: RNN, body: () => void): Firing[] {
  const firings: Firing[] = []
  const end = rnn.onFiring(firing => firings.push(firing))
  body()
  end()
  return firings
}

describe('a sequence that is heard', () => {
  test.prop([fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 3 })])(
    'is one firing, and that of its steps side by side',
    async (steps, batch) => {
      const rnn = make()
      const sequence = normal(key(steps), [steps, batch, 2], { dtype })
      const [whole, ...others] = heard(rnn, () => rnn.call(sequence))
      const each = heard(rnn, () => {
        let state = zeros([batch, 4], { dtype })
        for (const input of unstack(sequence)) state = rnn.step(state, input)
      })
      expect(others).toEqual([])
      const parts: ((firing: Firing) => Tensor)[] = [
        ({ potential }) => potential,
        ({ output }) => output,
        ({ synapses }) => synapses[0]!.inputs,
        ({ synapses }) => synapses[1]!.inputs,
      ]
      for (const part of parts) {
        expect(await part(whole!).toArray()).toEqual(await stack(each.map(part)).toArray())
      }
    },
  )

  test('may have a batch that only its first state has', async () => {
    const rnn = make()
    const sequence = normal(key(1), [3, 2], { dtype })
    const [whole] = heard(rnn, () => rnn.call(sequence, normal(key(2), [5, 4], { dtype })))
    expect(whole!.synapses.map(({ inputs }) => inputs.shape)).toEqual([
      [3, 5, 4],
      [3, 5, 2],
    ])
    expect(await whole!.synapses[1]!.inputs.slice(2, 4).toArray()).toEqual(await sequence.slice(2).toArray())
  })

  test('gives the same outputs as one that is not', async () => {
    const rnn = make()
    const sequence = normal(key(3), [7, 2, 2], { dtype })
    const quiet = await rnn.call(sequence).outputs.toArray()
    let loud: Tensor | undefined
    heard(rnn, () => {
      loud = rnn.call(sequence).outputs
    })
    expect(await loud!.toArray()).toEqual(quiet)
  })

  test('stays one loop in a captured step, learning and adjusted as it is without', async () => {
    const trained = () => {
      const rnn = make()
      const sal = new SAL({ rate: 1e-2, warn: () => {} }).attach(rnn)
      const step = (x: Tensor) => {
        const [, gradients] = valueAndGrad(rnn, () => rnn.call(x).state.square().mean())
        const weight = rnn.recurrentWeight
        weight.value = weight.value.sub(gradients.recurrentWeight!.mul(0.1))
        sal.adjust()
      }
      return { rnn, step }
    }
    const [eager, replayed] = [trained(), trained()]
    const captured = capture(replayed.step)
    const x = normal(key(9), [40, 2, 2], { dtype })
    for (let i = 0; i < 5; i++) {
      eager.step(x)
      captured(x)
    }
    expect(String(captured).match(/^for t = /gm)).toHaveLength(2)
    const [a, b] = [
      await eager.rnn.recurrentWeight.value.data(),
      await replayed.rnn.recurrentWeight.value.data(),
    ]
    for (const [i, value] of b.entries()) expect(value).toBeCloseTo(a[i]!, 12)
  })
})
