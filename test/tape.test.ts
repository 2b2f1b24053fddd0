/** The tape as a value: what is on it, how it reads, what it costs, what it keeps, and what cannot be recorded. */
import { cpu } from '@sensigrad/backend-cpu'
import {
  BackendError,
  describeValue,
  type Entry,
  type Expression,
  elementwise,
  GradientError,
  grad,
  isRecording,
  jvp,
  matmul,
  pullback,
  pushforward,
  record,
  ShapeError,
  sliceTape,
  split,
  Tape,
  type Tensor,
  tensor,
  ValueError,
  valueAndGrad,
  vjp,
  withScope,
} from '@sensigrad/core'
import { describe, expect, test } from 'vitest'
import { f64, numbers } from './support/backend.ts'

describe('a tape reads', () => {
  test('line by line: number, operation, type and shape, module', () => {
    const w = f64([[1, 2]])
    const tape = record(
      (x, b) => withScope('dense', () => x.matmul(w.transpose()).add(b).tanh()).sum(),
      f64([[3, 4]]),
      f64([5]),
    )
    expect(String(tape)).toMatchInlineSnapshot(`
      "%0  input 0                       float64[1, 2]
      %1  input 1                       float64[1]
      %2  matmul(%0, float64[2, 1])     float64[1, 1]  dense
      %3  broadcastTo(%1, shape=[1,1])  float64[1, 1]  dense
      %4  %2 + %3                       float64[1, 1]  dense
      %5  tanh(%4)                      float64[1, 1]  dense
      %6  sum(%5, axes=[0,1])           float64[]"
    `)
  })

  test('with fused expressions written out', () => {
    const swish = elementwise('swish', (e, x: Expression, b: Expression) => e.mul(x, e.sigmoid(e.mul(b, x))))
    expect(String(record(swish, f64(1), f64(2)))).toMatchInlineSnapshot(`
      "%0  input 0                float64[]
      %1  input 1                float64[]
      %2  %0 * sigmoid(%1 * %0)  float64[]"
    `)
  })

  test('with a constant by its type, and the attributes of an operation', () => {
    const tape = record(
      x =>
        x
          .mul(f64([1, 2]))
          .slice([1, 2])
          .broadcastTo([3, 1]),
      f64([3, 4]),
    )
    expect(String(tape)).toMatchInlineSnapshot(`
      "%0  input 0                                    float64[2]
      %1  %0 * float64[2]                            float64[2]
      %2  slice(%1, start=[1], step=[1], shape=[1])  float64[1]
      %3  broadcastTo(%2, shape=[3,1])               float64[3, 1]"
    `)
  })

  test('when the output is an input', () => {
    expect(String(record((x, _) => x, f64(1), f64([2])))).toMatchInlineSnapshot(`
      "%0  input 0  float64[]
      %1  input 1  float64[1]"
    `)
  })

  test('when it is longer than a stack is deep', () => {
    const { inputs, outputs, entries } = record(x => x.neg(), f64(1))
    const long = new Tape(inputs, outputs, Array(200_000).fill(entries[1]))
    expect(String(long).split('\n').length).toBe(200_000)
  })
})

describe('on a tape stands', () => {
  test('what leads from the inputs to the output, and nothing else', () => {
    const tape = record(x => {
      x.sin().mul(7) // leads nowhere
      const constant = f64(2).exp() // comes from nowhere
      return x.cos().mul(constant)
    }, f64(1))
    expect(names(tape)).toEqual(['alias', 'map', 'map'])
  })

  test('nothing that was computed from outer variables alone', () => {
    record(x => {
      const inner = record(z => z.mul(x.sin()), f64(1))
      expect(names(inner)).toEqual(['alias', 'map'])
      return inner.output
    }, f64(1))
  })

  test('each operation after those that it reads', () => {
    const tape = record(x => [x.sin(), x.cos(), x.exp()].reduce((a, b) => a.mul(b)), f64(1))
    const seen = new Set<Tensor>()
    for (const { inputs, outputs } of tape.entries.slice(1)) {
      expect(
        inputs.every(input => !tape.contains(input) || seen.has(input) || tape.inputs.includes(input)),
      ).toBe(true)
      for (const output of outputs) seen.add(output)
    }
  })

  test('every input, whether the output depends on it or not', () => {
    expect(names(record((x, _) => x.sin(), f64(1), f64(2)))).toEqual(['alias', 'alias', 'map'])
  })

  test('no operation whose result is no float', () => {
    const tape = record(x => x.less(0).cast('float64').mul(x), f64(1))
    expect(names(tape)).toEqual(['alias', 'map'])
  })

  test('the part from another tensor on, when it is cut there', () => {
    const hidden: Tensor[] = []
    grad((x: Tensor) => {
      hidden.push(x.sin().exp())
      const y = hidden[0]!.mul(x).cos()
      const tape = sliceTape([y], hidden)
      expect(names(tape)).toEqual(['map', 'map', 'map'])
      expect(numbers(pullback(tape, f64(1))[0]!)[0]).toBeCloseTo(-Math.sin(Math.exp(Math.sin(2)) * 2) * 2, 12)
      return y
    })(f64(2))
  })

  test('two inputs of which one depends on the other, each with a direction of its own', () => {
    grad((x: Tensor) => {
      const h = x.sin()
      const y = h.mul(x)
      const tape = sliceTape([y], [x, h])
      expect(numbers(...pushforward(tape, [f64(0), f64(1)]))).toEqual([2]) // ∂y/∂h = x, where x stands still
      expect(numbers(...pullback(tape, f64(1)))).toEqual([Math.sin(2), 2])
      return y
    })(f64(2))
  })

  test('nothing where no transform runs', () => {
    expect(isRecording()).toBe(false)
    expect(f64(1).mul(2).entry).toBeUndefined()
  })
})

describe('a tape costs', () => {
  test('its own length: an inner tape looks at no entry that is older than its inputs', () => {
    let inner: Tape | undefined
    record(x => {
      const older = repeat(5000, x, y => y.sin())
      older.entry = forbidden(older.entry!)
      inner = record(z => z.mul(older).sin(), f64(1))
      return x
    }, f64(1))
    expect(inner!.entries.length).toBe(3)
  })

  // Were either sweep quadratic, this would take minutes.
  test('no stack: 100,000 chained operations have a gradient and a tangent', { timeout: 60_000 }, () => {
    const tape = record(x => repeat(100_000, x, y => y.neg()), f64(1))
    expect(numbers(pullback(tape, f64(3))[0]!, ...pushforward(tape, [f64(2)]))).toEqual([3, 2])
  })

  test('sweeps that grow with its width and no faster: a tensor that is used often', () => {
    const tape = record(x => repeat(2000, x, y => y.add(x)), f64(1))
    expect(numbers(...pullback(tape, f64(1)), ...pushforward(tape, [f64(1)]))).toEqual([2001, 2001])
  })
})

describe('no old tape is kept', () => {
  /** How many entries can be reached from a tensor. */
  const reachable = (from: Tensor): number => {
    const seen = new Set<Entry>()
    const pending = [from]
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      if (next.entry === undefined || seen.has(next.entry)) continue
      seen.add(next.entry)
      pending.push(...next.entry.inputs)
    }
    return seen.size
  }

  test('by a state that is the input of a thousand steps', () => {
    let state = f64([1, 2])
    for (let step = 0; step < 1000; step++) {
      valueAndGrad((h: Tensor) => {
        state = h.mul(0.5).tanh()
        return state.sum()
      })(state)
    }
    expect(reachable(state)).toBeLessThan(10)
  })

  test('by a state that a thousand steps close over', () => {
    let [state, w] = [f64([1, 2]), f64([0.5, 0.5])]
    for (let step = 0; step < 1000; step++) {
      const [, gradient] = valueAndGrad((w: Tensor) => {
        state = state.mul(w).tanh()
        return state.sum()
      })(w)
      w = w.sub(gradient.mul(0.1))
    }
    expect(reachable(state)).toBeLessThan(10)
    expect(reachable(w)).toBe(0)
  })

  test('by a state that passes through a view in each step', () => {
    let state = f64([[1, 2]])
    for (let step = 0; step < 1000; step++) {
      grad((w: Tensor) => {
        state = state.transpose().reshape([1, 2]).mul(w)
        return state.sum()
      })(f64(0.9))
    }
    expect(reachable(state)).toBeLessThan(10)
  })

  test('at no cost to those who still have the tape', () => {
    const f = (a: Tensor) => {
      const [p, q] = split(a, [1, 2])
      return q!.mul(p!).sin().mul(q!)
    }
    const tape = record(f, f64([0.5, -1.2, 2]))
    const before = numbers(...pullback(tape, f64([1, 1])))
    grad((z: Tensor) => pullback(tape, z.slice([0, 2]))[0]!.sum())(f64([0.5, -1.2, 2]))
    expect(numbers(...pullback(sliceTape(tape.outputs, tape.inputs), f64([1, 1])))).toEqual(before)
  })

  test('by the numbers that programs use again and again', () => {
    grad((x: Tensor) => x.mul(2))(f64(1))
    const tape = record(x => x.mul(2), f64(1))
    expect(tape.entries[1]!.inputs[1]!.entry).toBeUndefined()
  })
})

describe('what cannot be differentiated is refused', () => {
  const x = f64([1, 2])

  test('an asynchronous function', () => {
    const asynchronous = (async (x: Tensor) => x) as unknown as (x: Tensor) => Tensor
    expect(() => record(asynchronous, x)).toThrow(GradientError)
    expect(() => grad(asynchronous)(x)).toThrow(/^grad: the function is asynchronous\. Read values \(await\)/)
  })

  test('an asynchronous function, whose own failure disturbs nobody', async () => {
    const failing = (async () => {
      throw new Error('late')
    }) as unknown as (x: Tensor) => Tensor
    expect(() => vjp(failing, x)).toThrow(/^vjp: the function is asynchronous/)
    await new Promise(resolve => setTimeout(resolve, 5)) // an unhandled rejection would fail the run
  })

  test.each([undefined, 3, 'text', null])('a function that returns %s', value => {
    expect(() => grad((_: Tensor) => value as unknown as Tensor)(x)).toThrow(
      `grad: the function returned ${describeValue(value)}. Return one tensor`,
    )
  })

  test.each(['int32', 'bool'] as const)('an input of %s', dtype => {
    const input = tensor([1, 0], { dtype })
    expect(() => record(x => x, input)).toThrow(
      `record: the argument is ${dtype}[2], and only float tensors carry gradients`,
    )
    expect(() => grad((x: Tensor) => x.sum())(input)).toThrow(GradientError)
  })

  test.each([
    ['grad', () => grad((x: Tensor) => x.sum().less(0))(x)],
    ['vjp', () => vjp((x: Tensor) => x.less(0), x)],
    ['jvp', () => jvp((x: Tensor) => x.less(0), [x], [x])],
  ])('a result that is no float, by %s', (name, call) => {
    expect(call).toThrow(GradientError)
    expect(call).toThrow(`${name}: the function returned bool[`)
  })

  test('the gradient of several numbers', () => {
    expect(() => grad((x: Tensor) => x)(x)).toThrow(
      'grad: the function returned float64[2], and a gradient is that of one number. Reduce it (.sum(), .mean()), or use vjp, jvp or jacobian',
    )
  })

  test('a number where a tensor belongs, anywhere in the tree', () => {
    const tree = { layers: [{ w: x }, { w: 3 }] } as unknown as { layers: { w: Tensor }[] }
    expect(() => grad(({ layers }: typeof tree) => layers[0]!.w.sum())(tree)).toThrow(
      'grad: the argument at layers.1.w is 3. Give a tensor, or arrays and plain objects of tensors',
    )
  })

  test('an object of a class as a tree', () => {
    class Model {
      w = x
    }
    expect(() => grad((m: { w: Tensor }) => m.w.sum())(new Model() as unknown as { w: Tensor })).toThrow(
      'grad: the argument is a Model.',
    )
  })
})

describe('a direction that does not fit is refused', () => {
  const tape = record(x => x.matmul(f64([[1], [2]])), f64([[1, 2]]))

  test('a cotangent of another shape', () => {
    expect(() => pullback(tape, f64([1, 2]))).toThrow(ShapeError)
    expect(() => pullback(tape, f64([1, 2]))).toThrow(
      'pullback: the cotangent is float64[2], but it belongs to float64[1, 1]. It must have the shape and type of that tensor',
    )
  })

  test('a cotangent of another type', () => {
    expect(() => pullback(tape, tensor([[1]]))).toThrow('pullback: the cotangent is float32[1, 1]')
  })

  test('a tangent of another shape', () => {
    expect(() => pushforward(tape, [f64([1, 2])])).toThrow(
      'pushforward: the tangent is float64[2], but it belongs to float64[1, 2]',
    )
  })

  test.each([0, 2])('%i tangents for one input', count => {
    const tangents = Array.from({ length: count }, () => f64([[1, 2]]))
    expect(() => pushforward(tape, tangents)).toThrow(ValueError)
    expect(() => pushforward(tape, tangents)).toThrow(
      `pushforward: ${count} tangents for 1 inputs. Give one for each`,
    )
  })
})

describe('two backends', () => {
  const [here, there] = [f64([1, 2]), tensor([1, 2], { dtype: 'float64', backend: cpu({ compile: false }) })]

  test.each([
    ['add', () => here.add(there)],
    ['matmul', () => matmul(here, there)],
  ])('do not meet in %s', (name, call) => {
    expect(call).toThrow(BackendError)
    expect(call).toThrow(
      `${name}: tensors live on two backends, cpu and cpu-interpreted. Move one: tensor(await x.data(), { shape: x.shape, backend })`,
    )
  })

  test('each keep what is computed on them', () => {
    expect(there.mul(2).sum().backend).toBe(there.backend)
    expect(grad((x: Tensor) => x.square().sum())(there).backend).toBe(there.backend)
  })
})

describe('the module scope', () => {
  test('is in the errors of what runs in it', () => {
    const product = () => matmul(f64([[1, 2, 3]]), f64([[4, 2]]))
    expect(() => withScope('layers.2', product)).toThrow(
      'matmul in layers.2: inner sizes differ: [1, 3] × [1, 2] (3 ≠ 1). Transpose one?',
    )
    expect(() => withScope('encoder', () => withScope('layers.2', product))).toThrow(
      'matmul in encoder.layers.2: ',
    )
  })

  test('is in the fields of the error', () => {
    const error = (() => {
      try {
        return withScope('dense', () => f64([1, 2]).add(f64([1, 2, 3])))
      } catch (error) {
        return error
      }
    })()
    expect(error).toMatchObject({ name: 'ShapeError', operation: 'add', scope: 'dense' })
  })

  test('is on the tape', () => {
    const tape = record(x => withScope('a', () => withScope('b', () => x.sin()).cos()).exp(), f64(1))
    expect(tape.entries.map(({ scope }) => scope)).toEqual(['', 'a.b', 'a', ''])
  })

  test('ends with an error', () => {
    expect(() =>
      withScope('a', () => {
        throw new Error('mine')
      }),
    ).toThrow('mine')
    expect(record(x => x.sin(), f64(1)).entries.at(-1)!.scope).toBe('')
  })

  test('without a name is none', () => {
    expect(
      withScope('a', () => withScope('', () => record(x => x.sin(), f64(1)))).entries.at(-1)!.scope,
    ).toBe('a')
  })
})

/** An entry of which nobody may ask how it came about. */
function forbidden(entry: Entry): Entry {
  return Object.defineProperty({ ...entry }, 'inputs', {
    get() {
      throw new Error('an older entry was looked at')
    },
  })
}

function names(tape: Tape): string[] {
  return tape.entries.map(({ op }) => op.name)
}

function repeat(times: number, x: Tensor, step: (y: Tensor) => Tensor): Tensor {
  let y = x
  for (let i = 0; i < times; i++) y = step(y)
  return y
}
