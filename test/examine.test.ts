/** A captured step taken apart: its calls, their fates and their values, which are those of the step itself. */
import { test as property } from '@fast-check/vitest'
import { cpu } from '@sensigrad/backend-cpu'
import { wasm } from '@sensigrad/backend-wasm'
import {
  capture,
  examine,
  fresh,
  grad,
  peek,
  scan,
  type Tensor,
  tensor,
  useBackend,
  Variable,
  withScope,
  withSources,
  zeros,
} from '@sensigrad/core'
import { arbitraries } from '@sensigrad/testing'
import { beforeEach, describe, expect, test } from 'vitest'
import { f64, numbers } from './support/backend.ts'
import { nudged } from './support/capture.ts'

const patience = 60_000
const text = (...tensors: Tensor[]) => numbers(...tensors).map(String)
const backends = [cpu(), await wasm()].map(backend => [backend.name, backend] as const)

describe.each(backends)('on %s the replay of all values', (_, backend) => {
  beforeEach(() => useBackend(backend))

  property.prop([arbitraries.programs({ maxSteps: 12 })], { numRuns: 50 })(
    'gives those of the step itself, bit for bit, whatever was made of its program',
    ({ run, inputs }) => {
      const f = (...xs: Tensor[]) => run(...xs).add(1)
      const step = capture(f)
      step(...inputs)
      const others = nudged(inputs, 1)
      for (const [given, xs] of [
        [[], inputs],
        [others, others],
      ] as const) {
        let last: string[] = []
        const seen: string[] = []
        examine(step).replay(
          (value, { name, shape }) => {
            expect(value.shape).toEqual(shape)
            seen.push(name)
            last = text(value)
          },
          ...(given as Tensor[]),
        )
        expect(last).toEqual(text(f(...xs)))
        expect(seen).toEqual(examine(step).instructions.map(({ name }) => name))
      }
    },
    patience,
  )

  property.prop([arbitraries.programs({ maxSteps: 12 })], { numRuns: 40 })(
    'tells what is replayed from what is not',
    ({ run, inputs }) => {
      const step = capture((...xs: Tensor[]) => ({
        y: run(...xs),
        slope: grad((x: Tensor) => run(x, ...xs.slice(1)).sum())(xs[0]!),
      }))
      step(...inputs)
      const { instructions, traced, rewritten } = examine(step)
      const linesOf = (program: string) => program.split('\n').filter(line => line.includes(' = ')).length
      expect(linesOf(traced)).toBe(instructions.length)
      // What is kept is replayed, and so is what stands for several others.
      const kept = instructions.filter(({ fate }) => fate === 'kept').length
      expect(linesOf(rewritten)).toBeGreaterThanOrEqual(kept)
      expect(rewritten).toBe(String(step))
    },
    patience,
  )
})

describe('examining a captured step', () => {
  beforeEach(() => useBackend(cpu()))

  test('tells what became of each call', () => {
    const weight = f64([[1, 2], [3, 4]]) // biome-ignore format: a matrix
    const step = capture((x: Tensor) => {
      x.exp()
      const scaled = withScope('encoder', () => x.mul(2).add(1).tanh())
      const [a, b] = [scaled.matmul(weight), scaled.matmul(weight)]
      return a.add(b).mul(weight.sum().log())
    })
    step(f64([[1, 2]]))
    const { instructions } = examine(step)
    const fates = instructions.map(({ text, fate }) => [text.replace(/\[.*?\](\/\[.*?\])?/g, ''), fate])
    expect(fates).toEqual([
      ['exp(input 0)', 'dropped'],
      ['input 0 * 2', 'fused'],
      ['%1 + 1', 'fused'],
      ['tanh(%2)', 'kept'],
      ['contract(%3, constant)', 'kept'],
      ['contract(%3, constant)', 'shared'],
      ['%4 + %5', 'fused'],
      ['reduce(constant, reduction="sum", axes=)', 'constant'],
      ['log(%7)', 'constant'],
      ['%6 * %8', 'kept'],
    ])
    const [, , , tanh, product] = instructions
    expect(tanh).toMatchObject({
      kernel: 'map',
      inputs: [2],
      scope: 'encoder',
      shape: [1, 2],
      dtype: 'float64',
    })
    expect(product).toMatchObject({ kernel: 'contract', inputs: [3, 'constant'], scope: '' })
  })

  test('shows a loop that is captured as one by the stacks of its steps', () => {
    const xs = f64([[[1, 2]], [[3, 4]], [[5, 6]]])
    const w = f64([[0.5, -0.2], [0.1, 0.7]]) // biome-ignore format: a matrix
    const states: number[] = []
    const loss = (w: Tensor) => {
      const step = (h: Tensor, x: Tensor) => {
        const next = h.matmul(w).add(x).tanh()
        if (next.backend === w.backend && next.backend.name === 'cpu') states.push(...numbers(next))
        return [next, []] as const
      }
      return scan(step, zeros([1, 2], { dtype: 'float64' }), xs)[0].sum()
    }
    loss(w)
    const step = capture((w: Tensor) => grad(loss)(w))
    step(w)
    const stacks = new Map<string, number[]>()
    const { instructions, replay } = examine(step)
    replay((value, { name, steps, shape }) => {
      expect(value.shape).toEqual(steps === undefined ? shape : [steps, ...shape])
      stacks.set(name, numbers(value))
    })
    const tanh = instructions.find(({ text }) => text.startsWith('tanh'))!
    expect(tanh).toMatchObject({ steps: 3, shape: [1, 2], scope: 'steps' })
    expect(stacks.get(tanh.name)).toEqual(states)
    const carried = instructions.find(({ name }) => name === '%0[t+1]')!
    expect(stacks.get(carried.name)).toEqual(states)
  })

  test('disturbs nothing: variables, what is drawn, what comes next', () => {
    const run = (isExamined: boolean) => {
      const state = new Variable(f64([1]))
      let draws = 0
      const step = capture((x: Tensor) => {
        state.value = state.value.mul(x).add(fresh(() => f64([draws++])))
        return state.value.exp()
      })
      const seen: string[] = []
      for (const value of [2, 3]) {
        seen.push(...text(step(f64([value]))))
        if (isExamined) examine(step).replay(() => {})
        seen.push(...text(state.value), String(draws))
      }
      state.value = f64([0.5])
      if (isExamined) examine(step).replay(() => {}, f64([7]))
      seen.push(...text(step(f64([2])), state.value), String(draws), String(step))
      return seen
    }
    expect(run(true)).toEqual(run(false))
  })

  test('replays what variables hold now, with the fresh tensors of the last call', () => {
    const state = new Variable(f64([1]))
    let draws = 10
    const step = capture((x: Tensor) => {
      state.value = state.value.mul(x)
      return state.value.add(fresh(() => f64([draws++])))
    })
    step(f64([2]))
    step(f64([2])) // leaves 4, and has drawn 11
    const values = (...inputs: [Tensor] | []) => {
      const seen: number[][] = []
      examine(step).replay(value => seen.push(numbers(value)), ...inputs)
      return seen
    }
    expect(values()).toEqual([[8], [19]])
    expect(values(f64([3]))).toEqual([[12], [23]])
    state.value = f64([100])
    expect(values()).toEqual([[200], [211]])
  })

  test('leaves out what is only looked at', () => {
    const stepOf = (isSeen: boolean) =>
      capture((x: Tensor) => {
        const y = x.mul(2)
        if (isSeen)
          peek(
            () => y.exp(),
            () => {},
          )
        return y
      })
    const [seen, unseen] = [stepOf(true), stepOf(false)]
    for (const step of [seen, unseen]) step(f64([1]))
    expect(examine(seen).traced).toBe(examine(unseen).traced)
  })

  test('names the lines of the step that was captured in withSources', () => {
    const f = (x: Tensor) => x.mul(2)
    const [with_, without] = [capture(f), capture(f)]
    withSources(() => with_(f64([1])))
    without(f64([1]))
    expect(examine(with_).instructions[0]!.source).toMatch(/test\/examine\.test\.ts:\d+:\d+$/)
    expect(examine(without).instructions[0]!.source).toBeUndefined()
  })

  test('replays as often as it is asked to, each time with what it is given then', () => {
    const step = capture((x: Tensor, y: Tensor) => x.mul(10).add(y))
    step(f64([1]), f64([2]))
    const { replay } = examine(step)
    const valuesOf = (...inputs: [Tensor, Tensor] | []) => {
      const values: number[] = []
      replay(value => values.push(...numbers(value)), ...inputs)
      return values
    }
    expect(valuesOf(f64([3]), f64([4]))).toEqual([30, 34])
    expect(valuesOf(f64([5]), f64([6]))).toEqual([50, 56])
    expect(valuesOf()).toEqual([10, 12])
  })

  test('takes no memory that it does not give back', async () => {
    const backend = await wasm()
    useBackend(backend)
    const weight = tensor([[1, 2], [3, 4]]) // biome-ignore format: a matrix
    const step = capture((x: Tensor) => {
      x.matmul(weight.mul(3).tanh()).add(weight.sum().exp()).tanh()
      return x.matmul(weight.mul(3).tanh())
    })
    step(tensor([[1, 2]])) // biome-ignore format: a matrix
    const before = { ...backend.memory() }
    for (let i = 0; i < 20; i++) examine(step).replay(() => {})
    expect(backend.memory()).toEqual(before)
  })

  test('needs one that was called, and arguments like those of the last call', () => {
    const step = capture((x: Tensor) => x.mul(2))
    expect(() => examine(step)).toThrow('examine: the step has no program yet. Call it once before')
    expect(() => examine((x => x) as typeof step)).toThrow(
      'examine: a function is no captured step. Give what capture(step) gave',
    )
    expect(() => examine(3 as never)).toThrow(/^examine: 3 is no captured step/)
    step(f64([1]))
    expect(() => examine(step).replay(() => {}, f64([1, 2]))).toThrow(
      'examine: the arguments are not like those of the last call. Call the step with them before',
    )
    step.release()
    expect(() => examine(step)).toThrow(/^examine: the step has no program yet/)
  })
})
