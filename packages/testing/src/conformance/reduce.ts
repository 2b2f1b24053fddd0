/** Claims about reduce: the values, what NaN and empty axes give, and the same bits each time. */

import { isFloat, type Reduction } from '@sensigrad/core'
import fc from 'fast-check'
import { put, shapes, tameNumbers, views } from '../arbitraries/views.ts'
import { indicesOf } from '../indices.ts'
import { scalarReference } from '../reference.ts'
import { at, numberTypes, precisionOf, type Statement, state, sum, types } from './statement.ts'

const reductions: Record<Reduction, (values: readonly number[]) => number> = {
  sum,
  max: values => values.reduce((a, b) => Number(scalarReference.maximum(a, b, 0)), Number.NEGATIVE_INFINITY),
  min: values => values.reduce((a, b) => Number(scalarReference.minimum(a, b, 0)), Number.POSITIVE_INFINITY),
}

/** A shape and some of its axes: any, or the leading ones of a wide view, over which memory is better walked by rows. */
const reduced = (reduction: Reduction) => {
  const any = shapes().chain(shape =>
    fc.record({ shape: fc.constant(shape), axes: fc.subarray([...shape.keys()]) }),
  )
  const few = fc.integer({ min: 2, max: 3 })
  const wide = fc.record({
    shape: fc.tuple(few, few, fc.constant(10)),
    axes: fc.subarray([0, 1], { minLength: 1 }),
  })
  // The extremum of nothing does not exist.
  const exists = any.filter(({ shape, axes }) => reduction === 'sum' || axes.every(axis => shape[axis]! > 0))
  return fc.oneof(exists, wide) as fc.Arbitrary<{ shape: number[]; axes: number[] }>
}

const reductionsOverAxes = (['sum', 'max', 'min'] as const).flatMap(reduction =>
  state(
    {
      kernel: 'reduce',
      says: `takes the ${reduction} over any axes`,
      dtypes: reduction === 'sum' ? numberTypes : types,
    },
    dtype =>
      reduced(reduction)
        .chain(({ shape, axes }) => views(dtype, shape).map(view => ({ view, axes })))
        .map(({ view, axes }) => ({
          inputs: [view],
          run: (backend, [x]) => backend.reduce(reduction, x!, axes),
          expected: () => {
            const kept = view.shape.filter((_, axis) => !axes.includes(axis))
            const groups = new Map(indicesOf(kept).map(index => [index.join(), [] as number[]]))
            for (const index of indicesOf(view.shape)) {
              groups.get(index.filter((_, axis) => !axes.includes(axis)).join())!.push(at(view, index))
            }
            const rounding = reduction === 'sum' ? precisionOf(dtype) : 0
            const values = [...groups.values()].map(group => {
              const value = reductions[reduction](group)
              return dtype === 'int32' ? value | 0 : value
            })
            const tolerance = [...groups.values()].map(
              group => rounding * group.length * sum(group.map(Math.abs)),
            )
            return { dtype, shape: kept, values, ...(isFloat(dtype) && { tolerance }) }
          },
        })),
  ),
)

const repeats: Statement[] = [
  {
    kernel: 'reduce',
    dtypes: ['float32'],
    name: 'reduce: sums the same view to the same bits each time',
    holds: (backend, trials) =>
      fc.assert(
        fc.asyncProperty(views('float32', [3, 4, 5], tameNumbers(1000)), async host => {
          const view = put(backend, host)
          const sum = async () => {
            const shape = [3, 5]
            return backend.read({
              storage: backend.reduce('sum', view, [1]),
              dtype: 'float32',
              shape,
              strides: [5, 1],
              offset: 0,
            })
          }
          const [first, second] = [await sum(), await sum()]
          if (!first.every((value, i) => Object.is(value, second[i]))) throw new Error('other bits')
        }),
        { ...trials, numRuns: Math.min(20, trials.numRuns) },
      ),
  },
]

/** What reduces. */
export const reduces: readonly Statement[] = [...reductionsOverAxes, ...repeats]
