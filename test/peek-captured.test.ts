/** Looking at a captured step: loops, variables, memory, and who is told when. */
import { cpu } from '@sensigrad/backend-cpu'
import { wasm } from '@sensigrad/backend-wasm'
import {
  type Backend,
  type BackendError,
  capture,
  checkpoint,
  DisposedError,
  fresh,
  grad,
  keep,
  type Peeked,
  peek,
  scan,
  setting,
  type Tensor,
  tensor,
  useBackend,
  Variable,
  zeros,
} from '@sensigrad/core'
import { activations, Dense, meanSquaredError, RNN, SGD, valueAndGrad } from '@sensigrad/nn'
import { key, normal } from 'sensigrad'
import { beforeEach, describe, expect, test } from 'vitest'
import { f64, numbers } from './support/backend.ts'

beforeEach(() => useBackend(cpu()))

/** The numbers that were told, and with what. */
function hearing() {
  const heard: number[][] = []
  const peekeds: Peeked[] = []
  return {
    heard,
    peekeds,
    receive(x: Tensor, peeked: Peeked) {
      heard.push(numbers(x))
      peekeds.push(peeked)
    },
  }
}

describe('a loop that is captured as one', () => {
  const [w, xs] = [f64([[0.5, -0.2], [0.1, 0.7]]), f64([[[1, 2]], [[3, 4]], [[5, 6]]])] // biome-ignore format: matrices
  const through = (look: (next: Tensor) => void, unroll: boolean) =>
    grad((w: Tensor) => {
      const step = (h: Tensor, x: Tensor) => {
        const next = h.matmul(w).add(x).tanh()
        look(next)
        return [next, []] as const
      }
      return scan(step, zeros([1, 2], { dtype: 'float64' }), xs, { unroll })[0].sum()
    })

  test('tells all steps at once, as they were', () => {
    const [eager, captured] = [hearing(), hearing()]
    const look =
      ({ receive }: ReturnType<typeof hearing>) =>
      (next: Tensor) =>
        peek(() => next.square(), receive)
    through(look(eager), false)(w)
    capture((w: Tensor) => through(look(captured), false)(w))(w)
    expect(eager.heard).toHaveLength(3)
    expect(captured.peekeds).toEqual([{ from: 'replayed-equal', steps: 3 }])
    expect(captured.heard).toEqual([eager.heard.flat()])
  })

  test('stays a loop of the same text', () => {
    const seen = capture((w: Tensor) =>
      through(
        next =>
          peek(
            () => next.exp(),
            () => {},
          ),
        false,
      )(w),
    )
    const unseen = capture((w: Tensor) => through(() => {}, false)(w))
    expect(numbers(seen(w))).toEqual(numbers(unseen(w)))
    expect(String(seen)).toBe(String(unseen))
    expect(String(seen)).toMatch(/^for t = 0 … 2:$/m)
  })

  test('tells each step where it is written out', () => {
    const { heard, peekeds, receive } = hearing()
    capture((w: Tensor) => through(next => peek(() => next, receive), true)(w))(w)
    expect(heard.map(({ length }) => length)).toEqual([2, 2, 2])
    expect(peekeds[0]).toEqual({ from: 'replayed-equal' })
  })

  test('may be looked at with what is the same at all steps', () => {
    const { heard, receive } = hearing()
    capture((w: Tensor) => through(() => peek(() => w.sum(), receive), false)(w))(f64([[1, 0], [0, 2]])) // biome-ignore format: a matrix
    expect(heard).toEqual([[3, 3, 3]])
  })
})

describe('what a look reads', () => {
  test('is what variables hold at that point of the step, before and after they are written', () => {
    const { heard, receive } = hearing()
    const state = new Variable(f64([1]))
    const step = capture(() => {
      peek(() => state.value, receive)
      state.value = state.value.mul(2)
      peek(() => state.value, receive)
    })
    step()
    step()
    expect(heard).toEqual([[1], [2], [2], [4]])
    expect(numbers(state.value)).toEqual([4])
  })

  test('may be variables and settings that the step does not use, as they are at each call', () => {
    const { heard, receive } = hearing()
    const [used, unused, by] = [new Variable(f64([1])), new Variable(f64([10])), { factor: 2 }]
    const stepOf = (isSeen: boolean) =>
      capture((x: Tensor) => {
        if (isSeen) peek(() => unused.value.mul(setting(() => by.factor, 'float64')).add(x), receive)
        used.value = used.value.add(x)
        return x.mul(setting(() => 3, 'float64')).add(used.value)
      })
    const step = stepOf(true)
    step(f64([1]))
    unused.value = f64([20])
    by.factor = 3
    step(f64([2]))
    expect(heard).toEqual([[21], [62]])
    const plain = stepOf(false)
    plain(f64([1]))
    expect(String(step)).toBe(String(plain))
  })

  test('may be kept between calls in a variable that the second function writes', () => {
    const [total, last] = [new Variable(f64([0])), hearing()]
    const step = capture((x: Tensor) => {
      peek(
        () => total.value.add(x),
        next => {
          total.value = next
          last.receive(next, { from: 'recorded' })
        },
      )
    })
    for (const value of [1, 2, 3]) step(f64([value]))
    expect(last.heard).toEqual([[1], [3], [6]])
  })

  test('is part of no gradient, and no tape', () => {
    const { heard, receive } = hearing()
    const slope = grad((x: Tensor) => {
      const y = x.square()
      peek(
        () => y.mul(100),
        (seen, peeked) => {
          expect(seen.entry).toBeUndefined()
          receive(seen, peeked)
        },
      )
      return y.sum()
    })
    expect(numbers(slope(f64([1, 2])))).toEqual([2, 4])
    expect(heard).toEqual([[100, 400]])
  })

  test('is given the fresh tensors of the step', () => {
    const { heard, receive } = hearing()
    let count = 0
    const step = capture((x: Tensor) => {
      const noise = fresh(() => f64([count++]))
      peek(() => noise, receive)
      return x.add(noise)
    })
    const found = [1, 2, 3].map(value => numbers(step(f64([value])))[0])
    expect(heard).toEqual([[0], [1], [2]])
    expect(found).toEqual([1, 3, 5])
  })
})

test('nobody claims that a step came out the same where numbers cannot be compared at once', () => {
  const waiting: Backend = {
    ...cpu(),
    name: 'waiting',
    capabilities: { ...cpu().capabilities, synchronousRead: false },
  }
  const froms: string[] = []
  const step = capture((x: Tensor) => {
    peek(
      () => x.mul(2),
      (_, { from }) => froms.push(from),
    )
    return x.mul(3)
  })
  step(tensor([1, 2], { backend: waiting }))
  expect(froms).toEqual(['replayed-differs'])
})

describe('nobody is told twice', () => {
  test('of what a checkpoint computes again', () => {
    for (const run of [(f: (x: Tensor) => Tensor) => f, (f: (x: Tensor) => Tensor) => capture(f)]) {
      const { heard, receive } = hearing()
      const part = checkpoint((x: Tensor) => {
        const y = x.tanh()
        peek(() => y, receive)
        return y.square()
      })
      run(grad((x: Tensor) => part(x).sum()))(f64([0]))
      expect(heard).toEqual([[0]])
    }
  })

  test('and a variable is the same in a checkpoint, whether somebody looked at it before or not', () => {
    const [state, scale] = [new Variable(f64([3])), new Variable(f64([2]))]
    const stepOf = (isSeen: boolean) => {
      const part = checkpoint((x: Tensor) => {
        if (isSeen) {
          peek(
            () => state.value.mul(scale.value),
            () => {},
          )
        }
        const y = x.mul(state.value).mul(scale.value)
        return y.square()
      })
      return capture((x: Tensor) => grad((x: Tensor) => part(x).sum())(x))
    }
    const [seen, unseen] = [stepOf(true), stepOf(false)]
    expect(numbers(seen(f64([1])))).toEqual(numbers(unseen(f64([1]))))
    expect(String(seen)).toBe(String(unseen))
  })

  test('of a step that is compared with its replay', () => {
    const { heard, receive } = hearing()
    const step = capture(
      (x: Tensor) => {
        peek(() => x, receive)
        return x.mul(2)
      },
      { check: 1 },
    )
    step(f64([1]))
    step(f64([2]))
    expect(heard).toEqual([[1], [2]])
  })

  test('of what lies inside of a look', () => {
    const { heard, receive } = hearing()
    const seen = () => {
      peek(() => f64([7]), receive)
      return f64([1])
    }
    peek(seen, receive)
    capture((x: Tensor) => {
      peek(seen, receive)
      return x
    })(f64([0]))
    expect(heard).toEqual([[1], [1]])
  })
})

describe('what throws in the second function', () => {
  /** A step that counts, and two who listen, of whom the first throws when it is told to. */
  function counting() {
    const { heard, receive } = hearing()
    const state = new Variable(f64([0]))
    const mood = { isBad: true }
    const step = capture((x: Tensor) => {
      state.value = state.value.add(x)
      peek(
        () => state.value,
        () => {
          if (mood.isBad) throw new Error('no')
        },
      )
      peek(() => state.value, receive)
      return state.value
    })
    return { heard, state, mood, step }
  }

  test('comes out of the call, when the step is done and everybody has been told', () => {
    const { heard, state, mood, step } = counting()
    expect(() => step(f64([1]))).toThrow('no')
    expect(numbers(state.value)).toEqual([1])
    expect(heard).toEqual([[1]])
    mood.isBad = false
    expect(numbers(step(f64([1])))).toEqual([2])
    expect(heard).toEqual([[1], [2]])
  })

  test('is the step that it is called from', () => {
    const messages: string[] = []
    const refused = (body: () => unknown) => {
      try {
        body()
      } catch (error) {
        messages.push((error as BackendError).message)
      }
    }
    const step = capture((x: Tensor): Tensor => {
      peek(
        () => x,
        () => {
          refused(() => step(f64([5])))
          refused(() => step.release())
        },
      )
      return x.mul(2)
    })
    expect(numbers(step(f64([1])))).toEqual([2])
    expect(messages).toHaveLength(2)
    expect(messages[0]).toMatch(/^capture: the step is called or released by somebody who is being told/)
  })
})

describe('memory', () => {
  test('of what is told lasts until the second function returns, or as long as it is kept', async () => {
    for (const backend of [cpu(), await wasm()]) {
      useBackend(backend)
      for (const run of [(f: (x: Tensor) => void) => f, (f: (x: Tensor) => void) => capture(f)]) {
        const told: Tensor[] = []
        const step = run((x: Tensor) => {
          peek(
            () => ({ a: x.mul(2), b: x.mul(3) }),
            ({ a, b }) => told.push(a, keep(b)),
          )
        })
        step(f64([1]))
        step(f64([2]))
        expect(told.map(({ released }) => released)).toEqual([true, false, true, false])
        expect(numbers(told[1]!, told[3]!)).toEqual([3, 6])
        expect(() => told[0]!.add(1)).toThrow(DisposedError)
      }
    }
  })

  test('can be read where that has to be waited for', async () => {
    const waiting: Promise<number>[] = []
    capture((x: Tensor) =>
      peek(
        () => x.mul(2),
        y => waiting.push(y.item()),
      ),
    )(f64([4]))
    expect(await Promise.all(waiting)).toEqual([8])
  })

  test('stays as it is over 1,000 captured steps that are looked at, loops included', async () => {
    const backend = await wasm()
    useBackend(backend)
    const model = new Dense(4, 3, { key: key(7), activation: activations.tanh })
    const rnn = new RNN(3, 4, { key: key(8) })
    const optimiser = new SGD({ rate: 0.01, momentum: 0.9 })
    const totals = new Variable(zeros([3]))
    let kept: Tensor | undefined
    const step = capture((x: Tensor, y: Tensor) => {
      const [loss, gradients] = valueAndGrad(model, () => {
        const { outputs } = rnn.call(x)
        peek(
          () => outputs.square(),
          () => {},
        )
        const found = model.call(outputs.slice([-1]).squeeze(0))
        peek(
          () => ({ found, next: totals.value.add(found.sum(0)) }),
          ({ next }) => {
            totals.value = next
          },
        )
        return meanSquaredError(found, y)
      })
      peek(
        () => ({ ...gradients }),
        ({ weight }) => {
          kept = keep(weight!, kept)
        },
      )
      optimiser.update(model, gradients)
      void loss
    })
    const [x, y] = [normal(key(2), [5, 2, 3]), normal(key(3), [2, 3])]
    const run = (calls: number) => {
      for (let call = 0; call < calls; call++) step(x, y)
    }
    run(3)
    const before = { ...backend.memory() }
    run(1000)
    expect(backend.memory()).toEqual(before)
    step.release()
    expect(kept!.released).toBe(false)
  })
})
