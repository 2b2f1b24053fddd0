/** Claims about contract: products of matrices, of any batch and of empty ones. */

import fc from 'fast-check'
import { shapes, views } from '../arbitraries/views.ts'
import { indicesOf } from '../indices.ts'
import { at, floatTypes, precisionOf, state, sum } from './statement.ts'

/** What multiplies matrices. */
export const products = state(
  { kernel: 'contract', says: 'multiplies matrices of equal batches', dtypes: floatTypes },
  dtype =>
    fc
      .record({
        batch: shapes({ maxRank: 2 }),
        m: fc.integer({ min: 0, max: 4 }),
        k: fc.integer({ min: 0, max: 9 }),
        n: fc.integer({ min: 0, max: 4 }),
      })
      .chain(({ batch, m, k, n }) =>
        fc.record({
          k: fc.constant(k),
          shape: fc.constant([...batch, m, n]),
          a: views(dtype, [...batch, m, k]),
          b: views(dtype, [...batch, k, n]),
        }),
      )
      .map(({ a, b, k, shape }) => ({
        inputs: [a, b],
        run: (backend, [left, right]) => backend.contract(left!, right!),
        expected: () => {
          const terms = indicesOf(shape).map(index => {
            const [batch, i, j] = [index.slice(0, -2), index.at(-2)!, index.at(-1)!]
            return Array.from({ length: k }, (_, p) => at(a, [...batch, i, p]) * at(b, [...batch, p, j]))
          })
          return {
            dtype,
            shape,
            values: terms.map(sum),
            tolerance: terms.map(each => precisionOf(dtype) * k * sum(each.map(Math.abs))),
          }
        },
      })),
)
