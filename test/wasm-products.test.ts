/** Matrix products on the WebAssembly backend: right for every size and layout, and the same bits row by row as together. */
import { fc, test as property } from '@fast-check/vitest'
import { cpu } from '@sensigrad/backend-cpu'
import { allocate, type Backend, type DType, type View } from '@sensigrad/core'
import { describe, expect } from 'vitest'
import { dense, put, variants } from './support/wasm-views.ts'

const reference = cpu()
const floats = fc.constantFrom<DType>('float32', 'float64')

/** How a matrix lies: row by row, column by column, or with gaps in both directions. */
const lie = fc.constantFrom('rows', 'columns', 'gaps')
type Lie = 'rows' | 'columns' | 'gaps'

/** A view of the given shape that lies so, with whole numbers, of which sums are exact. */
function matrix(on: Backend, dtype: DType, [batch, rows, columns]: Shape, lies: Lie, seed: number): View {
  if (lies !== 'gaps') return put(on, dtype, [batch, rows, columns], seed, lies === 'columns')
  const wide = put(on, dtype, [batch, rows, columns, 2], seed)
  return { ...wide, shape: [batch, rows, columns], strides: wide.strides.slice(0, 3), offset: 1 }
}
type Shape = readonly [number, number, number]

/** Numbers of any digits, from -1 to 1. */
function fractions(dtype: DType, size: number, seed: number) {
  const values = allocate(dtype, size)
  for (let i = 0; i < size; i++) values[i] = Math.sin(1 + i * 12.9898 + seed)
  return values
}

describe.each(variants)('products with %s', (_, backend) => {
  const side = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 10, max: 70 }))
  const sizes = fc.record({
    batch: fc.integer({ min: 1, max: 2 }),
    m: side,
    k: fc.oneof(side, fc.integer({ min: 250, max: 600 })),
    n: fc.oneof(side, fc.integer({ min: 100, max: 140 })),
  })

  property.prop([sizes, floats, lie, lie], { numRuns: 60 })(
    'are right for every size, however the factors lie',
    (size, dtype, left, right) => {
      const { batch, m, k, n } = size
      const [found, wanted] = [backend, reference].map(on => {
        const product = on.contract(
          matrix(on, dtype, [batch, m, k], left, 1),
          matrix(on, dtype, [batch, k, n], right, 2),
        )
        return on.readSync(dense(product, dtype, [batch, m, n])).map(value => value + 0) // -0 is 0
      })
      expect(found).toEqual(wanted)
    },
  )

  property.prop([sizes, floats, fc.constantFrom<Lie>('rows', 'columns'), lie], { numRuns: 60 })(
    'give the same bits for each row alone as for all rows together',
    ({ m, k, n }, dtype, left, right) => {
      const strides = left === 'rows' ? [k, 1] : [1, m]
      const a = { ...dense(backend.upload(fractions(dtype, m * k, 1), dtype), dtype, [m, k]), strides }
      const wide = { ...dense(backend.upload(fractions(dtype, k * n * 2, 2), dtype), dtype, [k, n]) }
      const lies = { rows: [n, 1], columns: [1, k], gaps: [2 * n, 2] }
      const b = { ...wide, strides: lies[right] }
      const together = backend.readSync(dense(backend.contract(a, b), dtype, [m, n]))
      const one = (i: number): View => ({ ...a, shape: [1, k], offset: i * strides[0]! })
      const alone = Array.from({ length: m }, (_, i) => [
        ...backend.readSync(dense(backend.contract(one(i), b), dtype, [1, n])),
      ])
      expect([...together]).toEqual(alone.flat())
    },
  )
})
