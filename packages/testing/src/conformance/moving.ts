/** Claims about the kernels that move elements, and about reading: copy, place, concat, cast. */

import { type DType, isFloat } from '@sensigrad/core'
import fc from 'fast-check'
import { elements, put, shapes, tameNumbers, views } from '../arbitraries/views.ts'
import { indicesOf } from '../indices.ts'
import { keepWithin } from './rough-numbers.ts'
import { at, type Statement, state, types, valuesOf } from './statement.ts'

function replaced(list: readonly number[], at: number, value: number): number[] {
  return list.map((old, i) => (i === at ? value : old))
}

const anyView = (dtype: DType) => shapes().chain(shape => views(dtype, shape))

const copies = state(
  { kernel: 'copy', says: 'lays the elements of any view side by side', dtypes: types },
  dtype =>
    anyView(dtype).map(view => ({
      inputs: [view],
      run: (backend, [x]) => backend.copy(x!),
      expected: () => ({ dtype, shape: view.shape, values: valuesOf(view) }),
    })),
)

const reads: Statement[] = [
  {
    kernel: 'read',
    dtypes: ['float32'],
    name: 'read: gives the elements of any view, in an array that is the reader’s own',
    holds: (backend, trials) =>
      fc.assert(
        fc.asyncProperty(anyView('float32'), async host => {
          keepWithin(backend.capabilities.numbers, host)
          const view = put(backend, host)
          const first = await backend.read(view)
          const values = valuesOf(host)
          if (!values.every((value, i) => Object.is(first[i], value))) throw new Error('other elements')
          first.fill(7)
          const second = await backend.read(view)
          if (!values.every((value, i) => Object.is(second[i], value)))
            throw new Error('the reader wrote to it')
        }),
        trials,
      ),
  },
]

/** A shape, and a region of it with steps of either sign. */
const regions = shapes({ maxRank: 3 }).chain(shape =>
  fc
    .tuple(
      ...shape.map(length =>
        fc.record({
          step: fc.constantFrom(1, 2, 3, -1, -2),
          before: fc.integer({ min: 0, max: 2 }),
          after: fc.integer({ min: 0, max: 2 }),
          length: fc.constant(length),
        }),
      ),
    )
    .map(axes => ({
      shape,
      outer: axes.map(({ step, before, after, length }) => {
        return before + Math.max(length - 1, 0) * Math.abs(step) + Math.min(length, 1) + after
      }),
      step: axes.map(({ step }) => step),
      start: axes.map(({ step, before, length }) =>
        step > 0 ? before : before + Math.max(length - 1, 0) * -step,
      ),
    })),
)

const places = state(
  { kernel: 'place', says: 'puts the elements at a region of zeros', dtypes: types },
  dtype =>
    regions.chain(({ shape, outer, start, step }) =>
      views(dtype, shape).map(view => ({
        inputs: [view],
        run: (backend, [x]) => backend.place(x!, outer, { start, step }),
        expected: () => {
          const values = indicesOf(outer).map(index => {
            const inner = index.map((i, axis) => (i - start[axis]!) / step[axis]!)
            const inside = inner.every((i, axis) => Number.isInteger(i) && i >= 0 && i < shape[axis]!)
            return inside ? at(view, inner) : 0
          })
          return { dtype, shape: outer, values }
        },
      })),
    ),
)

const concats = state(
  { kernel: 'concat', says: 'lays views one after the other along an axis', dtypes: types },
  dtype =>
    shapes({ maxRank: 3 })
      .filter(shape => shape.length > 0)
      .chain(shape =>
        fc.record({
          shape: fc.constant(shape),
          axis: fc.integer({ min: 0, max: shape.length - 1 }),
          lengths: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 3 }),
        }),
      )
      .chain(({ shape, axis, lengths }) =>
        fc.tuple(...lengths.map(length => views(dtype, replaced(shape, axis, length)))).map(inputs => ({
          inputs,
          axis,
          shape: replaced(
            shape,
            axis,
            lengths.reduce((a, b) => a + b, 0),
          ),
        })),
      )
      .map(({ inputs, axis, shape }) => ({
        inputs,
        run: (backend, given) => backend.concat(given, axis),
        expected: () => {
          const values = indicesOf(shape).map(index => {
            let along = index[axis]!
            for (const view of inputs) {
              if (along < view.shape[axis]!) return at(view, replaced(index, axis, along))
              along -= view.shape[axis]!
            }
            throw new Error('unreachable')
          })
          return { dtype, shape, values }
        },
      })),
)

const casts = types.flatMap(to =>
  state(
    { kernel: 'cast', says: `gives the nearest value as ${to}`, dtypes: types, alsoNeeds: [to] },
    dtype => {
      // What lies outside of int32 or is no number has no nearest int32.
      const element = to === 'int32' && isFloat(dtype) ? tameNumbers(2 ** 18) : elements(dtype)
      return shapes()
        .chain(shape => views(dtype, shape, element))
        .map(view => ({
          inputs: [view],
          run: (backend, [x]) => backend.cast(x!, to),
          expected: () => ({
            dtype: to,
            shape: view.shape,
            values: valuesOf(view).map(value =>
              to === 'bool' ? Number(value !== 0) : to === 'int32' ? Math.trunc(value) + 0 : value,
            ),
          }),
        }))
    },
  ),
)

/** What moves elements. */
export const moving: readonly Statement[] = [...reads, ...copies, ...places, ...concats, ...casts]
