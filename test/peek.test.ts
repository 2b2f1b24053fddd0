/** Looking at what is computed: the values are those of the step, and the step is what it is when nobody looks. */
import { fc, test as property } from '@fast-check/vitest'
import { cpu } from '@sensigrad/backend-cpu'
import { wasm } from '@sensigrad/backend-wasm'
import {
  capture,
  type DType,
  grad,
  keep,
  onGradient,
  type Peeked,
  peek,
  scan,
  stack,
  type Tensor,
  type TensorTree,
  useBackend,
} from '@sensigrad/core'
import { meanSquaredError, SGD, valueAndGrad, valuesOf } from '@sensigrad/nn'
import { arbitraries } from '@sensigrad/testing'
import { beforeEach, describe, expect, test } from 'vitest'
import { f64, gap, numbers } from './support/backend.ts'
import { nudged, partings } from './support/capture.ts'

const patience = 60_000
const backends = [cpu(), await wasm()].map(backend => [backend.name, backend] as const)

/** What was told, in order: kept, since it would be released. */
function listener() {
  const told: { tensors: TensorTree; peeked: Peeked }[] = []
  const receive = (tensors: TensorTree, peeked: Peeked) => {
    for (const tensor of Object.values(tensors as Record<string, Tensor>)) keep(tensor)
    told.push({ tensors, peeked })
  }
  return { told, receive }
}

const bits = (...tensors: Tensor[]) =>
  numbers(...tensors).map(value => (Object.is(value, -0) ? '-0' : String(value)))

describe.each(backends)('looking, on %s,', (_, backend) => {
  beforeEach(() => useBackend(backend))

  const pairs = fc.tuple(arbitraries.programs({ maxSteps: 6 }), arbitraries.programs({ maxSteps: 6 }))

  property.prop([pairs, fc.constantFrom<DType>('float64', 'float32')], { numRuns: 50 })(
    'shows in a captured step what the step itself shows, and leaves its program as it is',
    ([{ run, inputs }, { run: aside }], dtype) => {
      const { told, receive } = listener()
      const stepOf =
        (isSeen: boolean) =>
        (...xs: Tensor[]) => {
          const y = run(...xs)
          const slope = grad((x: Tensor) => run(x, ...xs.slice(1)).sum())(xs[0]!)
          if (isSeen) peek(() => ({ x: xs[0]!, y, slope, size: y.square().sum() }), receive)
          const z = y.tanh()
          if (isSeen) peek(() => ({ z, other: aside(...xs).sin() }), receive)
          return { z, slope }
        }
      const [seen, unseen] = [capture(stepOf(true)), capture(stepOf(false))]
      for (const at of [0, 1]) {
        const xs = nudged(inputs, at).map(x => x.cast(dtype))
        const start = told.length
        const found = seen(...xs)
        expect(bits(found.z, found.slope)).toEqual(bits(...Object.values(unseen(...xs))))
        expect(String(seen)).toBe(String(unseen))
        stepOf(true)(...xs)
        const [first, second, eagerFirst, eagerSecond] = told.slice(start)
        expect(partings(first!.tensors, eagerFirst!.tensors)).toEqual([])
        expect(partings(second!.tensors, eagerSecond!.tensors)).toEqual([])
        expect(eagerFirst!.peeked).toEqual({ from: 'recorded' })
        expect(first!.peeked.from).toMatch(/^replayed-(equal|differs)$/)
      }
    },
    patience,
  )

  property.prop([arbitraries.networks({ dtype: 'float32' }), fc.boolean()], { numRuns: 30 })(
    'does not change a bit of what is learnt, captured or not',
    ({ module, input }, isCaptured) => {
      const before = valuesOf(module)
      const learn = (isSeen: boolean) => {
        for (const [path, parameter] of module.parameters()) parameter.value = before[path]!
        const optimiser = new SGD({ rate: 0.1, momentum: 0.9 })
        const step = (x: Tensor) => {
          const [loss, gradients] = valueAndGrad(module, () => {
            const layers = module.layers
            if (isSeen)
              peek(
                () => layers.map(layer => Object.values(valuesOf(layer)).map(w => w.square())),
                () => {},
              )
            const y = module.call(x)
            if (isSeen)
              peek(
                () => ({ y: y.mean(), curve: grad((x: Tensor) => module.call(x).sum())(x) }),
                () => {},
              )
            return meanSquaredError(y, y.mul(0))
          })
          if (isSeen)
            peek(
              () => gradients as TensorTree,
              () => {},
            )
          optimiser.update(module, gradients)
          return loss
        }
        const run = isCaptured ? capture(step) : step
        const losses = [0, 1, 2, 3].map(() => numbers(run(input)))
        return {
          losses,
          values: bits(...Object.values(valuesOf(module))),
          text: isCaptured ? String(run) : '',
        }
      }
      expect(learn(true)).toEqual(learn(false))
    },
    patience,
  )

  property.prop(
    [
      arbitraries.programs({
        maxSteps: 5,
        shapes: [
          [2, 3],
          [2, 3],
        ],
      }),
    ],
    { numRuns: 25 },
  )(
    'shows all steps of a loop that is captured as one, in order, and what arrives at them in its gradient',
    ({ run, inputs }) => {
      /** What is told by a step in which every element of a sequence goes through the program. */
      const heard = (isCaptured: boolean) => {
        const told = { inner: [] as number[][], next: [] as number[][], gradient: [] as number[][] }
        const step = (h: Tensor, x: Tensor) => {
          const inner = run(h, x)
          const next = h.mul(0.5).add(x.mul(0.1)).add(inner.mean()).tanh()
          peek(
            () => ({ inner: inner.mean(), next }),
            seen => {
              told.inner.push(numbers(seen.inner))
              told.next.push(numbers(seen.next))
            },
          )
          return [onGradient(next, g => told.gradient.push(numbers(g))), []] as const
        }
        const slope = (xs: Tensor) => grad((xs: Tensor) => scan(step, inputs[0]!, xs)[0].sum())(xs)
        const xs = stack(nudged([inputs[1]!, inputs[0]!, inputs[1]!], 1), 0)
        const found = numbers((isCaptured ? capture(slope) : slope)(xs))
        return { ...told, found }
      }
      const [eager, captured] = [heard(false), heard(true)]
      const isRolled = captured.next.length === 1
      const inTime = isRolled ? [...eager.gradient].reverse() : eager.gradient
      expect(gap(captured.found, eager.found)).toBeLessThan(1e-9)
      expect(gap(captured.inner.flat(), eager.inner.flat())).toBeLessThan(1e-9)
      expect(gap(captured.next.flat(), eager.next.flat())).toBeLessThan(1e-9)
      expect(gap(captured.gradient.flat(), inTime.flat())).toBeLessThan(1e-9)
    },
    patience,
  )

  test('says whether the step came out the same beside it', () => {
    const froms: string[] = []
    const { receive, told } = listener()
    const whole = capture((x: Tensor) => {
      const y = x.exp().sum()
      peek(() => ({ y }), receive)
      return y
    })
    whole(f64([1, 2]))
    expect(told[0]!.peeked).toEqual({ from: 'replayed-equal' })
    // Between the two operations float32 rounds where somebody looks, and not where they are one kernel.
    const fused = capture((x: Tensor) => {
      const y = x.mul(1.1)
      peek(
        () => y,
        (_, { from }) => froms.push(from),
      )
      return y.exp().mul(x)
    })
    fused(f64(Array.from({ length: 100 }, (_, i) => i / 7)).cast('float32'))
    const isRoundedOnce = String(fused).split('\n').length === 2
    expect(isRoundedOnce).toBe(true)
    expect(froms).toEqual([backend.name === 'cpu' ? 'replayed-differs' : 'replayed-equal'])
  })
})
