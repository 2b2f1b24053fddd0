/** A captured step gives what the step itself gives, for whatever it computes, takes and returns; or it says why not. */
import { fc, test as property } from '@fast-check/vitest'
import { cpu } from '@sensigrad/backend-cpu'
import { wasm } from '@sensigrad/backend-wasm'
import {
  argMax,
  argSort,
  BackendError,
  bernoulli,
  type Captured,
  type CaptureOptions,
  capture,
  categorical,
  concat,
  DTypeError,
  equal,
  grad,
  hvp,
  jvp,
  key,
  maskedSelect,
  nonZero,
  normal,
  outsideCapture,
  permutation,
  ShapeError,
  type SynchronousBackend,
  setting,
  type Tensor,
  type TensorTree,
  tensor,
  truncatedNormal,
  uniform,
  ValueError,
  Variable,
  valueAndGrad,
  where,
  zeros,
} from '@sensigrad/core'
import { arbitraries } from '@sensigrad/testing'
import { useBackend } from 'sensigrad'
import { beforeEach, describe, expect, test } from 'vitest'
import { f64, numbers } from './support/backend.ts'
import { capturedPartings, nudged, partings } from './support/capture.ts'

const patience = 60_000
const backends = [cpu(), await wasm()].map(backend => [backend.name, backend] as const)

describe.each(backends)('on %s a captured function', (_, backend) => {
  beforeEach(() => {
    useBackend(backend)
  })
  const programs = arbitraries.programs({ maxSteps: 12 })
  const times = [0, 1, 2]

  property.prop([programs], { numRuns: 150 })(
    'gives the values of the function, call after call',
    ({ run, inputs }) => {
      expect(
        capturedPartings(
          run,
          times.map(n => nudged(inputs, n)),
        ),
      ).toEqual([])
    },
    patience,
  )

  property.prop([programs], { numRuns: 75 })(
    'gives them in float32, too',
    ({ run, inputs }) => {
      const narrow = inputs.map(x => x.cast('float32'))
      expect(capturedPartings(run, [narrow, nudged(narrow, 1)])).toEqual([])
    },
    patience,
  )

  property.prop([arbitraries.programs({ maxSteps: 8 })], { numRuns: 100 })(
    'gives the derivatives that are taken inside of it, in all modes',
    ({ run, inputs }) => {
      const f = (...xs: Tensor[]) => ({
        gradient: valueAndGrad((xs: Tensor[]) => run(...xs).sum())(xs),
        tangent: jvp(
          run,
          xs,
          xs.map(x => x.cos()),
        )[1],
        curvature: hvp((x: Tensor) =>
          run(x, ...xs.slice(1))
            .square()
            .sum(),
        )(xs[0]!, xs[0]!.sin()),
      })
      expect(capturedPartings(f, [[...inputs], nudged(inputs, 1)])).toEqual([])
    },
    patience,
  )

  const layouts: Readonly<Record<string, (x: Tensor) => Tensor>> = {
    flipped: x => (x.rank === 0 ? x : x.slice([-1, undefined, -1])),
    transposed: x =>
      concat([x.transpose().flatten()])
        .reshape([...x.shape].reverse())
        .transpose(),
    'spread out': x => concat([x.expandDims(-1), x.expandDims(-1)], -1).slice(...x.shape.map(() => null), 0),
    'one element everywhere': x => x.mean().broadcastTo(x.shape),
  }
  property.prop([programs, fc.constantFrom(...Object.keys(layouts))], { numRuns: 75 })(
    'does not notice how its arguments lie in memory',
    ({ run, inputs }, layout) => {
      const fast = capture(run)
      for (const call of times) {
        const plain = nudged(inputs, call)
        const laid = plain.map(call === 1 ? layouts[layout]! : x => x)
        expect(partings(fast(...laid), run(...laid))).toEqual([])
      }
      expect(fast.captures).toBe(1)
    },
    patience,
  )

  const whole = tensor([3, -1, 2], { dtype: 'int32', backend })
  // biome-ignore format: a table
  const outputs: readonly [what: string, f: (x: Tensor) => TensorTree | undefined][] = [
    ['a transposed view of what it computes', x => x.sin().transpose()],
    ['parts of what it computes', x => [x.sin().slice(1), x.sin().slice([0, 1])]],
    ['a broadcast view', x => x.sin().sum().broadcastTo([2, 2])],
    ['its argument', x => x],
    ['a view of its argument', x => x.transpose()],
    ['a constant that it closes over', () => whole],
    ['a view of a constant', () => whole.slice([-1, undefined, -1])],
    ['numbers that it makes', () => [zeros([2, 2]), tensor([1, 2, 3])]],
    ['one tensor twice', x => { const y = x.exp(); return { y, again: [y, y.transpose()] } }],
    ['nothing', () => undefined],
    ['a tree without tensors', () => []],
    ['bools', x => ({ positive: x.greater(0), both: x.greater(0).and(x.less(1)) })],
    ['whole numbers', x => [argMax(x, 1), argSort(x, 0), argMax(x, 1).add(1), x.cast('int32')]],
    ['several types', x => [x.greater(0), x.greater(0).cast('float32'), x.cast('bool').cast('int32')]],
    ['what has no elements', x => [x.slice([1, 1]), x.slice([1, 1]).sum(0), x.slice([1, 1]).exp()]],
    ['a constant expression', () => whole.cast('float64').exp().sum()],
  ]
  test.each(outputs)('may return %s', (_, f) => {
    const x = tensor(
      [
        [0.5, -2, 1.5],
        [3, 0.25, -0.75],
      ],
      { dtype: 'float64', backend },
    )
    expect(capturedPartings(f, [[x], [x.mul(-1)], [x.add(0.5)]])).toEqual([])
  })

  const empty: readonly [what: string, f: (x: Tensor) => TensorTree][] = [
    ['sums', x => [x.sum(), x.sum(0), x.sum(1)]],
    ['products', x => [x.matmul(x.transpose()), x.transpose().matmul(x)]],
    ['maps and joins', x => [x.exp().mul(2), concat([x, x.cos()], 1)]],
    ['gradients', x => grad((x: Tensor) => x.square().sum())(x)],
  ]
  test.each(empty)('may take what has no elements: %s', (_, f) => {
    const x = zeros([0, 3], { dtype: 'float64', backend })
    expect(capturedPartings(f, [[x], [x]])).toEqual([])
  })

  test('may take whole numbers and bools', () => {
    const f = (x: Tensor, at: Tensor, chosen: Tensor) => where(chosen, x.gather(at), x.gather(at).neg())
    const x = tensor([1, 2, 3, 4], { dtype: 'float64', backend })
    const [a, b] = [
      [3, 0],
      [1, 1],
    ].map(at => tensor(at, { dtype: 'int32', backend }))
    const [c, d] = [
      [true, false],
      [false, true],
    ].map(chosen => tensor(chosen, { backend }))
    expect(
      capturedPartings(f, [
        [x, a!, c!],
        [x, b!, d!],
      ]),
    ).toEqual([])
  })

  test('may take trees, with settings beside them', () => {
    const f = ({ a, b }: { a: Tensor; b: Tensor[] }, twice: boolean, power: number) => {
      const sum = b.reduce((sum, next) => sum.add(next), a)
      return [twice ? sum.mul(2) : sum, sum.pow(power)]
    }
    const of = (value: number) => tensor([value, 2 * value], { dtype: 'float64', backend })
    const tree = (value: number) => ({ a: of(value), b: [of(value + 1), of(value + 2)] })
    expect(
      capturedPartings(f, [
        [tree(1), true, 2],
        [tree(2), true, 2],
        [tree(2), false, 2],
        [tree(2), false, 3],
      ]),
    ).toEqual([])
  })

  test('gives tensors of their own, which later calls leave alone', () => {
    const fast = capture((x: Tensor) => [x, x.mul(2), x.mul(2).transpose(), whole])
    const first = fast(tensor([[1, 2]], { backend }))
    const before = numbers(...first)
    fast(tensor([[7, 8]], { backend }))
    expect(numbers(...first)).toEqual(before)
  })
})

beforeEach(() => {
  useBackend(backends[0]![1])
})

describe('variables', () => {
  test('are read anew at each call, and written', () => {
    const state = new Variable(f64([1, 2]))
    const advance = capture((x: Tensor) => {
      state.value = state.value.mul(2).add(x)
    })
    advance(f64([1, 1]))
    advance(f64([0, 1]))
    expect(numbers(state.value)).toEqual([6, 11])
    state.value = f64([0, 0])
    advance(f64([5, 5]))
    expect(numbers(state.value)).toEqual([5, 5])
  })

  test('trade places in one step', () => {
    const [a, b] = [new Variable(f64([1, 2])), new Variable(f64([3, 4]))]
    const swap = capture(() => {
      const held = a.value
      a.value = b.value
      b.value = held
    })
    swap()
    expect(numbers(a.value, b.value)).toEqual([3, 4, 1, 2])
    swap()
    swap()
    expect(numbers(a.value, b.value)).toEqual([3, 4, 1, 2])
  })

  test('trade places through what is computed from both', () => {
    const [a, b] = [new Variable(f64([1, 2])), new Variable(f64([3, 4]))]
    const mix = () => {
      const [x, y] = [a.value, b.value]
      a.value = y.mul(2)
      b.value = x.add(1)
      return x.add(y)
    }
    const fast = capture(mix)
    for (let call = 0; call < 4; call++) fast()
    const [slowA, slowB] = [numbers(a.value), numbers(b.value)]
    a.value = f64([1, 2])
    b.value = f64([3, 4])
    for (let call = 0; call < 4; call++) mix()
    expect([slowA, slowB]).toEqual([numbers(a.value), numbers(b.value)])
  })

  test('one that follows another one reads its old value', () => {
    const [a, b, c] = [1, 2, 3].map(value => new Variable(f64([value])))
    const shift = capture(() => {
      const old = b!.value
      b!.value = a!.value.add(10)
      c!.value = old
      a!.value = c!.value.mul(1) // the new one, which is b's old one
    })
    shift()
    expect(numbers(a!.value, b!.value, c!.value)).toEqual([2, 11, 2])
    shift()
    expect(numbers(a!.value, b!.value, c!.value)).toEqual([11, 12, 11])
  })

  test('may be returned as they were and as they are', () => {
    const state = new Variable(f64([1, 2]))
    const step = capture(() => {
      const old = state.value
      state.value = old.mul(3)
      return { old, now: state.value, turned: old.slice([-1, undefined, -1]) }
    })
    step()
    const { old, now, turned } = step()
    expect(numbers(old, now, turned, state.value)).toEqual([3, 6, 9, 18, 6, 3, 9, 18])
  })

  test('may be written with a view of themselves', () => {
    const state = new Variable(f64([1, 2, 3]))
    const turn = capture(() => {
      state.value = state.value.slice([-1, undefined, -1])
    })
    turn()
    expect(numbers(state.value)).toEqual([3, 2, 1])
    turn()
    expect(numbers(state.value)).toEqual([1, 2, 3])
  })

  test('may be written with an argument, or with a constant', () => {
    const [a, b] = [new Variable(f64([0, 0])), new Variable(f64([0, 0]))]
    const constant = f64([7, 8])
    const put = capture((x: Tensor) => {
      a.value = x
      b.value = constant
    })
    put(f64([1, 2]))
    put(f64([3, 4]))
    expect(numbers(a.value, b.value)).toEqual([3, 4, 7, 8])
    b.value = f64([0, 0])
    put(f64([5, 6]))
    expect(numbers(a.value, b.value)).toEqual([5, 6, 7, 8])
  })

  test('two that hold one tensor are two', () => {
    const shared = f64([1])
    const [a, b] = [new Variable(shared), new Variable(shared)]
    const step = capture(() => {
      a.value = a.value.add(1)
      return b.value
    })
    step()
    expect(numbers(step(), a.value, b.value)).toEqual([1, 3, 1])
  })

  test('a value that was looked at before does not change later', () => {
    const state = new Variable(f64([1]))
    const double = capture(() => {
      state.value = state.value.mul(2)
    })
    const seen = [0, 1, 2].map(() => {
      double()
      return state.value
    })
    expect(numbers(...seen)).toEqual([2, 4, 8])
  })

  test('are shared by captured steps, and by the eager ones between', () => {
    const state = new Variable(f64([1]))
    const double = capture(() => {
      state.value = state.value.mul(2)
    })
    const increase = capture(() => {
      state.value = state.value.add(1)
      return state.value
    })
    double()
    increase()
    state.value = state.value.mul(10)
    double()
    expect(numbers(increase(), state.value)).toEqual([61, 61])
  })

  test('refuse another shape and another type inside of a step, as outside', () => {
    const state = new Variable(f64([1, 2]), 'state')
    const shape = capture((x: Tensor) => {
      state.value = x
    })
    expect(() => shape(f64([1]))).toThrow(ShapeError)
    expect(() => shape(f64([1, 2]).cast('float32'))).toThrow(DTypeError)
  })
})

describe('settings', () => {
  test('are asked for at each call', () => {
    const by = { factor: 2 }
    const scale = capture((x: Tensor) => x.mul(setting(() => by.factor, x.dtype)))
    const results = [2, 3, -0, Number.NaN].map(factor => {
      by.factor = factor
      return numbers(scale(f64([4])))[0]
    })
    expect(results).toEqual([8, 12, -0, Number.NaN])
    expect(scale.captures).toBe(1)
  })

  test('are the numbers themselves outside of a captured step', () => {
    expect(setting(() => 7, 'float32')).toBe(7)
  })
})

describe('captures', () => {
  const triple = () =>
    capture((x: Tensor, by?: number | string | boolean | null) => [x.mul(3), x.add(Number(by))])

  test('are counted, one for each shape, type and setting', () => {
    const f = triple()
    // biome-ignore format: a table
    const calls: readonly [Tensor, (number | string | boolean | null)?][] = [
      [f64([1])], [f64([2])], [f64([1, 2])], [f64([[1, 2]])], [f64([1]).cast('float32')], [f64([1]), 0], [f64([1]), -0],
      [f64([1]), '0'], [f64([1]), false], [f64([1]), null], [f64([1])], [f64([1]), 0],
    ]
    const counted = calls.map(call => {
      f(...call)
      return f.captures
    })
    expect(counted).toEqual([1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9])
  })

  test('are kept for the latest sixteen', () => {
    const f = triple()
    for (let size = 1; size <= 17; size++) f(zeros([size]))
    f(zeros([17]))
    f(zeros([2]))
    expect(f.captures).toBe(17)
    f(zeros([1]))
    expect(f.captures).toBe(18)
  })

  test('are made again after the memory was given back, and variables keep their values', () => {
    const state = new Variable(f64([1]))
    const double = capture(() => {
      state.value = state.value.mul(2)
      return state.value
    })
    double()
    double.release()
    expect(numbers(state.value)).toEqual([2])
    expect(numbers(double(), state.value)).toEqual([4, 4])
    expect(double.captures).toBe(2)
    double.release()
    double.release()
  })

  test('print the program that ran last, an instruction a line', () => {
    const f = capture((x: Tensor) => x.mul(2).tanh().sum())
    expect(String(f)).toBe('a step that has not been captured yet')
    f(f64([1, 2, 3]))
    expect(String(f).split('\n').at(-1)).toMatch(/^gives %\d+$/)
    expect(String(f)).toContain('tanh(input 0 * 2)')
    f.release()
    expect(String(f)).toBe('a step that has not been captured yet')
  })

  test('are not made inside of transforms: there the step itself runs and is differentiated', () => {
    const square = capture((x: Tensor) => x.mul(x).mul(x))
    expect(numbers(grad((x: Tensor) => square(x).sum())(f64([2, 3])))).toEqual([12, 27])
    expect(numbers(grad(grad((x: Tensor) => square(x)))(f64(2)))).toEqual([12])
    expect(square.captures).toBe(0)
  })

  test('of a step inside of another one are that one', () => {
    const inner = capture((x: Tensor) => x.mul(2))
    const outer = capture((x: Tensor) => inner(x).add(1))
    expect(numbers(outer(f64([1])), outer(f64([2])))).toEqual([3, 5])
    expect([inner.captures, outer.captures]).toEqual([0, 1])
  })
})

describe('refusals, each in one line', () => {
  const x = f64([1, 2])
  const step = (body: (x: Tensor) => unknown) => () =>
    (capture(body as never) as Captured<[Tensor], Tensor>)(x)
  let leaked: Tensor | undefined
  capture((x: Tensor) => {
    leaked = x.mul(2)
  })(x)
  const with_ = (options: unknown) => () => capture((x: Tensor) => x, options as CaptureOptions)
  const draws =
    'a captured step draws while it is captured and never again, so each call would see the same numbers'
  // biome-ignore format: a table
  const cases: readonly [what: string, call: () => unknown, kind: new (...of: never[]) => Error, message: string | RegExp][] = [
    ['no function', () => capture(7 as never), ValueError, /^capture: .*7/],
    ['an option that there is not', with_({ chek: 1 }), ValueError, 'capture: there is no option chek. There is check'],
    ['options that are none', with_(3), ValueError, 'capture: the options are 3'],
    ['a check every 0 calls', with_({ check: 0 }), ValueError, 'capture: check is 0. Give a whole number of calls, such as 100'],
    ['a check every 1.5 calls', with_({ check: 1.5 }), ValueError, 'capture: check is 1.5'],
    ['a look at values', step(x => { x.backend.read(x); return x }), BackendError, 'capture: the step reads the values'],
    ['a mask that selects', step(x => maskedSelect(x, x.greater(0))), BackendError, /^maskedSelect: /],
    ['places that are not zero', step(x => nonZero(x.greater(0))), BackendError, 'capture: the step reads the values of a tensor'],
    ['a promise', step(async x => x), BackendError, 'capture: the step is asynchronous. Read values (await) before or after it'],
    ['a number', step(() => 3), ValueError, /^capture: what the step returned is 3/],
    ['an argument that is no tensor', () => capture((x: Tensor) => x)(new Map() as never), ValueError, /^capture: argument 0 is a Map/],
    ['a tensor of another captured step', step(x => x.add(leaked!)), BackendError, /^capture: .*another captured step/],
    ['a variable of what the step computes', step(x => new Variable(x.mul(2), 'state').value), ValueError, 'state: its first value is computed by the step that is being captured. Make it before, or inside of outsideCapture(() => …)'],
    ['a draw: uniform', step(() => uniform(key(1), [2])), BackendError, `uniform: ${draws}. Draw anew for each call in fresh(() => …)`],
    ['a draw: normal', step(() => normal(key(1), [2])), BackendError, `normal: ${draws}`],
    ['a draw: truncatedNormal', step(() => truncatedNormal(key(1), [2])), BackendError, `truncatedNormal: ${draws}`],
    ['a draw: bernoulli', step(() => bernoulli(key(1), 0.5, [2])), BackendError, `bernoulli: ${draws}`],
    ['a draw: permutation', step(() => permutation(key(1), 2)), BackendError, `permutation: ${draws}`],
    ['a draw: categorical', step(x => categorical(key(1), x)), BackendError, `categorical: ${draws}`],
  ]
  test.each(cases)('%s', (_, call, kind, message) => {
    expect(call).toThrow(kind)
    expect(call).toThrow(message)
  })

  test.each([
    ['data', (x: Tensor) => x.data()],
    ['item', (x: Tensor) => x.sum().item()],
    ['toArray', (x: Tensor) => x.toArray()],
  ])('a look by %s, though nobody waits for it', (_, look) => {
    const f = capture((x: Tensor) => {
      look(x)
      return x.mul(2)
    })
    expect(() => f(x)).toThrow(/^capture: the step reads the values of a tensor/)
  })

  test('a look without waiting, by the backend of the tensor or by that of the step', () => {
    const reads = [
      (x: Tensor) => (x.backend as SynchronousBackend).readSync(x),
      (x: Tensor) => cpu().readSync(x),
    ]
    for (const read of reads) {
      const f = capture((x: Tensor) => {
        read(x.mul(2))
        return x
      })
      expect(() => f(x)).toThrow(BackendError)
    }
  })

  test('a step that was refused leaves nothing behind', () => {
    const f = capture((x: Tensor) => {
      if (x.shape[0] === 1) x.backend.read(x)
      return x.mul(2)
    })
    expect(() => f(f64([1]))).toThrow(BackendError)
    expect(numbers(f64([1]).add(1))).toEqual([2]) // nothing is being captured any more
    expect(numbers(f(f64([1, 2])))).toEqual([2, 4])
    expect(f.captures).toBe(1)
  })

  test('what is made once may be drawn outside of the capture', () => {
    let noise: Tensor | undefined
    const f = capture((x: Tensor) => {
      noise ??= outsideCapture(() => normal(key(3), [2], { dtype: 'float64' }))
      return x.add(noise)
    })
    expect(numbers(f(x))).toEqual(numbers(x.add(normal(key(3), [2], { dtype: 'float64' }))))
  })
})

describe('a check', () => {
  const remedy =
    'The step depends on something that is neither an argument nor a variable: pass it as an argument, keep it in a Variable, or use setting(() => …) for a number'

  test('finds a number that was frozen', () => {
    let factor = 2
    const f = capture((x: Tensor) => x.mul(factor), { check: 3 })
    f(f64([1, 2]))
    factor = 5
    f(f64([1, 2])) // not checked
    expect(() => f(f64([1, 2]))).toThrow(
      `capture: the replay parts from the step itself: element 0 of the result is 2, and the step gives 5. ${remedy}`,
    )
  })

  test('finds a tensor that was frozen', () => {
    let held = f64([1, 2])
    const f = capture((x: Tensor) => ({ sum: x.add(held) }), { check: 2 })
    f(f64([1, 2]))
    held = f64([1, 3])
    expect(() => f(f64([1, 2]))).toThrow('element 1 of the result at sum is 4, and the step gives 5')
  })

  test('finds a branch that was frozen', () => {
    let calls = 0
    const f = capture((x: Tensor) => (calls++ === 0 ? x.mul(2) : x.mul(3)), { check: 2 })
    f(f64([1]))
    expect(() => f(f64([1]))).toThrow(remedy)
  })

  test('finds a variable that is written otherwise', () => {
    let factor = 2
    const state = new Variable(f64([1, 1]), 'state')
    const f = capture(
      () => {
        state.value = state.value.mul(factor)
      },
      { check: 2 },
    )
    f()
    factor = 3
    expect(() => f()).toThrow(/element 0 of the variable .* is 4, and the step gives 6/)
  })

  test('finds whole numbers that differ, and what is not finite', () => {
    let add = 1
    const f = capture((x: Tensor) => x.cast('int32').add(add), { check: 2 })
    f(f64([1e9]))
    add = 2
    expect(() => f(f64([1e9]))).toThrow(
      'element 0 of the result is 1000000001, and the step gives 1000000002',
    )
    let bottom = 0
    const g = capture((x: Tensor) => concat([x.div(bottom), f64([1e300])]), { check: 2 })
    g(f64([1]))
    bottom = 1
    expect(() => g(f64([1]))).toThrow('element 0 of the result is Infinity, and the step gives 1')
  })

  test('is silent where nothing is frozen, and moves variables once', () => {
    const state = new Variable(f64([1]))
    const f = capture(
      (x: Tensor) => {
        state.value = state.value.mul(2).add(x)
        return [state.value, equal(x, x), x.div(0)]
      },
      { check: 1 },
    )
    f(f64([0]))
    f(f64([1]))
    expect(numbers(state.value)).toEqual([5])
  })

  test('runs every so many calls', () => {
    let runs = 0
    const f = capture(
      (x: Tensor) => {
        runs++
        return x
      },
      { check: 10 },
    )
    for (let call = 0; call < 30; call++) f(f64([1]))
    expect(runs).toBe(4) // captured once, checked three times
  })
})
