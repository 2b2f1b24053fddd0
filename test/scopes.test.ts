/** Scopes give back what nobody was promised, keep what somebody was, and cheat nobody with freed memory. */
import { fc, test } from '@fast-check/vitest'
import { cpu } from '@sensigrad/backend-cpu'
import { wasm } from '@sensigrad/backend-wasm'
import {
  type Backend,
  DisposedError,
  grad,
  keep,
  letGo,
  ones,
  pullback,
  record,
  scalar,
  scope,
  type Tensor,
  tensor,
  useBackend,
} from '@sensigrad/core'
import { Dense, Parameter, SAL, SGD, valueAndGrad } from '@sensigrad/nn'
import { key } from 'sensigrad'
import { afterAll, beforeEach, describe, expect } from 'vitest'

const backend = await wasm()
const buffers = () => backend.memory().buffers
beforeEach(() => useBackend(backend))
afterAll(() => useBackend(cpu()))

const x = tensor([1, 2, 3], { backend })
scalar(1, 'float32', backend) // the numbers below are made once, and stay
for (const number of [0, 0.1, 0.5, 0.9, 2]) scalar(number, 'float32', backend)

describe('live buffers are flat over', () => {
  test('10,000 eager steps that carry their state', async () => {
    let state = tensor([0.1, 0.2, 0.3])
    const before = buffers()
    for (let t = 0; t < 10_000; t++) state = scope(state => state.mul(x).tanh().add(0.1), state)
    expect(buffers()).toBe(before + 1) // the state; the first one was made outside
    expect([...(await state.data())].every(Number.isFinite)).toBe(true)
  })

  test('10,000 gradients', () => {
    let w = tensor([1, 1, 1])
    const step = (w: Tensor) => w.sub(grad((w: Tensor) => w.mul(x).sum().square())(w).mul(0.1))
    const before = buffers()
    for (let t = 0; t < 10_000; t++) w = scope(step, w)
    expect(buffers()).toBe(before + 1)
  })

  test('learning with momentum and SAL', () => {
    const layer = new Dense(3, 2, { key: key(1) })
    const optimiser = new SGD({ rate: 0.1, momentum: 0.9 })
    const sal = new SAL({ rate: 1e-3 }).attach(layer)
    const step = () => {
      const [, gradients] = valueAndGrad(layer, () =>
        layer
          .call(ones([4, 3]))
          .square()
          .mean(),
      )
      optimiser.update(layer, gradients)
      sal.adjust()
    }
    for (let t = 0; t < 3; t++) scope(step)
    const before = buffers()
    for (let t = 0; t < 300; t++) scope(step)
    expect(buffers()).toBe(before)
  })
})

interface Program {
  readonly scoped: boolean
  readonly parts: readonly Program[]
}
const program: fc.Arbitrary<Program> = fc.letrec<{ program: Program; parts: readonly Program[] }>(tie => ({
  parts: fc.oneof({ maxDepth: 3 }, fc.constant([]), fc.array(tie('program'), { maxLength: 3 })),
  program: fc.record({ scoped: fc.boolean(), parts: tie('parts') }),
})).program

function run({ scoped, parts }: Program, isScoping: boolean): Tensor {
  const body = () => parts.reduce((sum, part) => sum.add(run(part, isScoping)), x.mul(0.5).tanh())
  return scoped && isScoping ? scope(body) : body()
}

describe('a scope', () => {
  test.prop([program])('changes no value, and leaves only what it returns', async program => {
    const wanted = await run(program, false).data()
    const before = buffers()
    const given = scope(() => run(program, true))
    expect(buffers()).toBe(before + 1)
    expect(await given.data()).toEqual(wanted)
    backend.free(given.storage)
  })

  test('leaves what it returns in arrays, objects, maps, sets and views', async () => {
    const { list, found, view } = scope(() => ({
      list: [x.mul(2)],
      found: new Map([['y', new Set([x.mul(3)])]]),
      view: x.mul(4).reshape([3, 1]),
    }))
    for (const [factor, y] of [
      [2, list[0]!],
      [3, [...found.get('y')!][0]!],
      [4, view],
    ] as const) {
      expect([...(await y.data())]).toEqual([factor, 2 * factor, 3 * factor])
    }
  })

  test('leaves a tape whole', async () => {
    const tape = scope(() => record(x => x.tanh().mul(x.exp()).sum(), x))
    const [given] = pullback(tape, scalar(1, 'float32', backend))
    const wanted = grad((x: Tensor) => x.tanh().mul(x.exp()).sum())(x)
    expect(await given!.data()).toEqual(await wanted.data())
  })

  test('frees nothing that an outer gradient needs', async () => {
    const f = (x: Tensor) => scope(() => x.tanh().mul(x.exp())).sum()
    const wanted = grad((x: Tensor) => x.tanh().mul(x.exp()).sum())(x)
    expect(await scope(() => grad(f)(x)).data()).toEqual(await wanted.data())
  })

  test('hands what an inner one returns to the outer one', () => {
    const before = buffers()
    scope(() => {
      const inner = scope(() => x.exp().add(x))
      expect(buffers()).toBe(before + 1)
      return inner.add(1).shape
    })
    expect(buffers()).toBe(before)
  })

  test('that throws gives back all that it made, and leaves its arguments', async () => {
    const y = scope(() => x.mul(2))
    const before = buffers()
    const fail = (y: Tensor) => {
      y.exp()
      throw new Error('on purpose')
    }
    expect(() => scope(fail, y)).toThrow('on purpose')
    expect(buffers()).toBe(before)
    expect([...(await y.data())]).toEqual([2, 4, 6])
  })

  test('refuses what is no function, and what is asynchronous', () => {
    expect(() => scope(7 as never)).toThrow(/^scope: the function is 7/)
    expect(() => scope(async () => x)).toThrow(/^scope: the function is asynchronous/)
  })

  test('leaves numbers that were first used inside', async () => {
    scope(() => x.add(123))
    expect([...(await x.add(123).data())]).toEqual([124, 125, 126])
  })
})

describe.each([
  ['wasm', backend],
  ['cpu', cpu()],
] as [string, Backend][])('on %s what is used after its scope', (_, here) => {
  const x = tensor([1, 2, 3], { backend: here })
  const released = (make: () => Tensor): Tensor => {
    let tensor: Tensor | undefined
    scope(() => {
      tensor = make()
    })
    return tensor!
  }

  test.each([
    ['is no operand', (y: Tensor) => y.add(1), /^map: float32\[3\] was released when the scope ended/],
    ['has no views', (y: Tensor) => y.reshape([3, 1]), /^reshape: float32\[3\] was released/],
    ['cannot be kept', (y: Tensor) => keep(y), /^keep: float32\[3\] was released .* keep\(…\) inside$/],
  ] as [string, (y: Tensor) => unknown, RegExp][])('%s', (_, use, message) => {
    const y = released(() => x.tanh())
    expect(() => use(y)).toThrow(DisposedError)
    expect(() => use(y)).toThrow(message)
    expect(y.released).toBe(true)
  })

  test('has no values', async () => {
    await expect(released(() => x.tanh()).data()).rejects.toThrow(/^data: float32\[3\] was released/)
  })

  test('says how it was made, where that is known', () => {
    const y = released(() => record(x => x.tanh(), x).output)
    expect(() => y.add(1)).toThrow('map: float32[3], made by tanh(float32[3]), was released')
  })
})

describe('what is kept', () => {
  test('stays, until something stands in its place', async () => {
    let last: Tensor | undefined
    const turn = () => {
      last = keep(x.mul(2), last)
    }
    scope(turn)
    const first = last!
    expect([...(await first.data())]).toEqual([2, 4, 6])
    const before = buffers()
    for (let t = 0; t < 10; t++) scope(turn)
    expect(buffers()).toBe(before)
    expect(first.released).toBe(true)
    expect(last!.released).toBe(false)
  })

  test('stays until it is let go', () => {
    let kept: Tensor | undefined
    const before = buffers()
    scope(() => {
      kept = keep(x.mul(2))
    })
    expect(kept!.released).toBe(false)
    scope(() => letGo(kept!))
    expect(kept!.released).toBe(true)
    expect(buffers()).toBe(before)
    expect(() => letGo(3 as never)).toThrow(/^letGo: the argument is 3/)
  })

  test('by two stays until neither holds it', () => {
    const [a, b] = [new Parameter(x), new Parameter(x)]
    scope(() => {
      a.value = x.mul(2)
      b.value = a.value
    })
    const { value } = a
    scope(() => {
      a.value = x.exp()
    })
    expect(value.released).toBe(false)
    scope(() => {
      b.value = x.exp()
    })
    expect(value.released).toBe(true)
  })

  test('and returned as well stays for whoever got it', async () => {
    const parameter = new Parameter(x)
    const turn = () => {
      parameter.value = parameter.value.mul(2)
      return parameter.value
    }
    const history = [scope(turn), scope(turn), scope(turn)]
    expect(await Promise.all(history.map(async each => (await each.data())[0]))).toEqual([2, 4, 8])
  })

  test('in an inner scope outlasts the outer one', () => {
    const parameter = new Parameter(x)
    scope(() =>
      scope(() => {
        parameter.value = x.mul(2)
      }),
    )
    expect(parameter.value.released).toBe(false)
  })

  test('and was made outside of scopes is never released', () => {
    const parameter = new Parameter(x)
    scope(() => {
      parameter.value = x.mul(2)
    })
    expect(x.released).toBe(false)
  })
})
