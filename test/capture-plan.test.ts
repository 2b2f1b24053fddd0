/** Where the buffers of a captured step lie: nothing is overwritten that is still needed, and not much is taken. */
import { fc, test as property } from '@fast-check/vitest'
import { cpu } from '@sensigrad/backend-cpu'
import { concat, grad, scan, type Tensor, useBackend, valueAndGrad } from '@sensigrad/core'
import { arbitraries } from '@sensigrad/testing'
import { describe, expect, test } from 'vitest'
import { plan } from '../packages/core/src/capture/plan.ts'
import { dropDead } from '../packages/core/src/capture/rewrite/dead.ts'
import { layOutFactors, shareFactors } from '../packages/core/src/capture/rewrite/factors.ts'
import { fuse } from '../packages/core/src/capture/rewrite/fuse.ts'
import { sumProducts } from '../packages/core/src/capture/rewrite/sums.ts'
import { draw } from './support/backend.ts'
import { clashesOf, type Traced, traced } from './support/captured-programs.ts'

const backend = cpu()
useBackend(backend)

const asItIs = ({ program }: Traced) => program
const rewritten = ({ program }: Traced) =>
  dropDead(fuse(shareFactors(layOutFactors(dropDead(sumProducts(program))))))

describe('no two buffers that are needed at one time overlap', () => {
  for (const [name, prepare] of Object.entries({ asItIs, rewritten })) {
    property.prop([arbitraries.programs()], { numRuns: 150 })(
      `in programs, ${name}`,
      ({ run, inputs }) => {
        const step = (...xs: Tensor[]) => {
          const [value, gradients] = valueAndGrad((xs: Tensor[]) => run(...xs).sum())(xs)
          return [value, ...(gradients as Tensor[])]
        }
        const found = traced(backend, step, inputs)
        expect(clashesOf(plan(prepare(found), found.given, []), found.given)).toEqual([])
      },
      60_000,
    )
  }

  const sizes = fc.record({
    steps: fc.integer({ min: 1, max: 5 }),
    batch: fc.integer({ min: 1, max: 3 }),
    neurons: fc.integer({ min: 1, max: 4 }),
  })
  property.prop([sizes, fc.boolean(), fc.boolean()], { numRuns: 60 })(
    'in loops and their gradients, whatever is read of them afterwards',
    ({ steps, batch, neurons }, readsAll, readsLast) => {
      const step = (w: Tensor, h: Tensor, xs: Tensor) => {
        const loss = (w: Tensor) => {
          const [last, all] = scan(
            (h: Tensor, x: Tensor) => {
              const next = h.matmul(w.transpose()).add(x).tanh()
              return [next, next.square()] as const
            },
            h,
            xs,
          )
          return (readsAll ? (all as Tensor).sum() : w.sum()).add(readsLast ? last.sum() : 0)
        }
        return [loss(w), grad(loss)(w)]
      }
      const inputs = [
        draw(1, [neurons, neurons], [-1, 1]),
        draw(2, [batch, neurons], [-1, 1]),
        draw(3, [steps, batch, neurons], [-1, 1]),
      ]
      const found = traced(backend, step as (...xs: Tensor[]) => Tensor[], inputs)
      expect(clashesOf(plan(found.program, found.given, []), found.given)).toEqual([])
    },
  )
})

describe('what is no longer needed is used again', () => {
  const sizeOf = (f: (...xs: Tensor[]) => Tensor | Tensor[], size = 64) => {
    const inputs = [draw(1, [size], [-1, 1])]
    const { program, given } = traced(backend, f, inputs)
    return plan(program, given, []).sizes.float64 - size // what the argument takes
  }

  test('a chain of maps writes over itself', () => {
    expect(
      sizeOf(x => {
        let y = x
        for (let i = 0; i < 50; i++) y = y.sin()
        return y
      }),
    ).toBe(64)
  })

  test('a chain that must not write over itself goes back and forth between two places', () => {
    expect(
      sizeOf(x => {
        let y = x.reshape([8, 8])
        for (let i = 0; i < 50; i++) y = y.matmul(y)
        return y
      }),
    ).toBe(128)
  })

  test('parts of a join are computed in it', () => {
    expect(sizeOf(x => concat([x.sin(), x.cos(), x.exp()]))).toBe(3 * 64)
  })

  test('results are kept apart', () => {
    expect(sizeOf(x => [x.sin(), x.cos(), x.exp()])).toBe(3 * 64)
  })
})

describe('what goes back to a variable is computed where it lies', () => {
  /** How many calls a plan makes for what one variable becomes. */
  const callsFor = (f: (...xs: Tensor[]) => Tensor[]) => {
    const inputs = [draw(1, [4, 4], [-1, 1]), draw(2, [4, 4], [-1, 1])]
    const { program, given } = traced(backend, f, inputs)
    const [value, ...results] = program.results
    const stores = [{ from: value!, into: given[0]! }]
    const planned = plan({ ...program, results }, given, stores)
    expect(clashesOf(planned, given)).toEqual([])
    return planned.calls.map(({ instruction: { kernel } }) => kernel)
  }

  test('by a map, though it reads the old value', () => {
    expect(callsFor(state => [state!.mul(2).sin()])).toEqual(['map', 'map'])
  })

  test('by a product that does not read it', () => {
    expect(callsFor((_, x) => [x!.matmul(x!)])).toEqual(['contract'])
  })

  test('but not by a product that reads it, or where it is read across', () => {
    expect(callsFor((state, x) => [state!.matmul(x!)])).toEqual(['contract', 'copy'])
    expect(callsFor((state, x) => [state!.transpose().add(x!)])).toEqual(['map', 'copy'])
  })

  test('but not where the old value is read afterwards, or returned', () => {
    expect(
      callsFor((state, x) => {
        const next = state!.add(x!)
        return [next, next.matmul(state!)]
      }),
    ).toEqual(['map', 'contract', 'copy'])
    expect(callsFor((state, x) => [state!.add(x!), state!])).toEqual(['map', 'copy'])
  })

  test('and may be returned from there', () => {
    expect(
      callsFor((state, x) => {
        const next = state!.add(x!)
        return [next, next, next.transpose()]
      }),
    ).toEqual(['map'])
  })
})
