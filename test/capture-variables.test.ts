/** Captured steps read and write variables as the step itself would, and find what has changed between calls. */
import { cpu } from '@sensigrad/backend-cpu'
import { wasm } from '@sensigrad/backend-wasm'
import { capture, DTypeError, grad, ShapeError, setting, type Tensor, Variable, zeros } from '@sensigrad/core'
import { useBackend } from 'sensigrad'
import { beforeEach, describe, expect, test } from 'vitest'
import { f64, numbers } from './support/backend.ts'

const backends = [cpu(), await wasm()].map(backend => [backend.name, backend] as const)

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
