/** Claims about the kernels that work along one axis: gather, scatterAdd, argReduce, argSort and scan. */

import { type DType, type Extremum, isFloat } from '@sensigrad/core'
import fc from 'fast-check'
import { type HostView, shapes, tameNumbers, views } from '../arbitraries/views.ts'
import { indicesOf } from '../indices.ts'
import { at, numberTypes, precisionOf, type Statement, state, sum, types, valuesOf } from './statement.ts'

const resized = (shape: readonly number[], axis: number, size: number) =>
  shape.map((length, i) => (i === axis ? size : length))
const placed = (index: readonly number[], axis: number, i: number) => resized(index, axis, i)

/** A shape with an axis, and one for indices along that axis, of another length. */
const picks = (dtype: DType) =>
  shapes({ maxRank: 3 })
    .filter(shape => shape.length > 0)
    .chain(shape =>
      fc.record({
        shape: fc.constant(shape),
        axis: fc.nat(shape.length - 1),
        size: fc.integer({ min: 1, max: 5 }),
      }),
    )
    .chain(({ shape, axis, size }) =>
      fc.record({
        axis: fc.constant(axis),
        size: fc.constant(size),
        whole: views(dtype, resized(shape, axis, size)),
        picked: views(
          dtype,
          shape,
          tameNumbers(8).map(value => (isFloat(dtype) ? value : Math.trunc(value))),
        ),
        indices: views('int32', shape, fc.nat(size - 1)),
      }),
    )

const gathers = state(
  {
    kernel: 'gather',
    says: 'picks elements by their index along an axis',
    dtypes: types,
    alsoNeeds: ['int32'],
  },
  dtype =>
    picks(dtype).map(({ axis, whole, indices }) => ({
      inputs: [whole, indices],
      run: (backend, [x, i]) => backend.gather(x!, i!, axis),
      expected: () => ({
        dtype,
        shape: indices.shape,
        values: indicesOf(indices.shape).map(index => at(whole, placed(index, axis, at(indices, index)))),
      }),
    })),
)

const scatters = state(
  {
    kernel: 'scatterAdd',
    says: 'adds values at their index along an axis',
    dtypes: numberTypes,
    alsoNeeds: ['int32'],
  },
  dtype =>
    picks(dtype).map(({ axis, size, picked, indices }) => ({
      inputs: [picked, indices],
      run: (backend, [values, i]) => backend.scatterAdd(values!, i!, axis, size),
      expected: () => {
        const shape = resized(picked.shape, axis, size)
        const groups = new Map(indicesOf(shape).map(index => [index.join(), [] as number[]]))
        for (const index of indicesOf(picked.shape)) {
          groups.get(placed(index, axis, at(indices, index)).join())!.push(at(picked, index))
        }
        const all = [...groups.values()]
        const tolerance = all.map(group => precisionOf(dtype) * group.length * sum(group.map(Math.abs)))
        return { dtype, shape, values: all.map(sum), ...(isFloat(dtype) && { tolerance }) }
      },
    })),
)

/** A view with an axis, which is not empty; whole numbers often, so that elements tie. */
const lines = (dtype: DType) =>
  shapes({ maxRank: 3, minSize: 1 })
    .filter(shape => shape.length > 0)
    .chain(shape =>
      fc.record({
        axis: fc.nat(shape.length - 1),
        view: fc.oneof(views(dtype, shape), views(dtype, shape, fc.nat(1))),
      }),
    )

/** The elements of the line through an index along an axis. */
const lineAt = (view: HostView, axis: number, index: readonly number[]): number[] =>
  Array.from({ length: view.shape[axis]! }, (_, i) => at(view, placed(index, axis, i)))

/** Every line by the index at which it begins. */
const startsOf = ({ shape }: HostView, axis: number) => indicesOf(resized(shape, axis, 1))

/** Zeros of either sign tie, as they do for `===`. */
function placeOf(extremum: Extremum, line: readonly number[]): number {
  const nan = line.findIndex(Number.isNaN)
  return nan >= 0 ? nan : line.indexOf(Math[extremum](...line))
}

const extrema = (['max', 'min'] as const).flatMap(extremum =>
  state(
    {
      kernel: 'argReduce',
      says: `finds the ${extremum}, the first of those that tie, and NaN before all`,
      dtypes: types,
      alsoNeeds: ['int32'],
    },
    dtype =>
      lines(dtype).map(({ axis, view }) => ({
        inputs: [view],
        run: (backend, [x]) => backend.argReduce(extremum, x!, axis),
        expected: () => ({
          dtype: 'int32',
          shape: view.shape.filter((_, i) => i !== axis),
          values: startsOf(view, axis).map(index => placeOf(extremum, lineAt(view, axis, index))),
        }),
      })),
  ),
)

/** The places of the elements in order: each comes behind those that are less, or that tie and stand before it. */
function ranking(line: readonly number[], descending: boolean): number[] {
  const isBefore = (i: number, k: number): boolean => {
    const [a, b] = [line[i]!, line[k]!]
    if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) ? Number.isNaN(b) && i < k : true
    return a === b ? i < k : descending ? a > b : a < b
  }
  const places = [...line.keys()]
  const order = new Array<number>(line.length)
  for (const k of places) order[places.filter(i => i !== k && isBefore(i, k)).length] = k
  return order
}

const sorts = [false, true].flatMap(descending =>
  state(
    {
      kernel: 'argSort',
      says: `sorts ${descending ? 'down' : 'up'}, stably, NaN last`,
      dtypes: types,
      alsoNeeds: ['int32'],
    },
    dtype =>
      lines(dtype).map(({ axis, view }) => ({
        inputs: [view],
        run: (backend, [x]) => backend.argSort(x!, axis, descending),
        expected: () => ({
          dtype: 'int32',
          shape: view.shape,
          values: indicesOf(view.shape).map(
            index => ranking(lineAt(view, axis, index), descending)[index[axis]!]!,
          ),
        }),
      })),
  ),
)

const scans = state(
  {
    kernel: 'scan',
    says: 'runs a linear recurrence along an axis, from its first term',
    dtypes: numberTypes,
  },
  dtype =>
    shapes({ maxRank: 3 })
      .filter(shape => shape.length > 0)
      .chain(shape => {
        const element = isFloat(dtype) ? tameNumbers(2) : fc.integer({ min: -9, max: 9 })
        return fc.record({
          axis: fc.nat(shape.length - 1),
          factors: views(dtype, shape, element),
          terms: views(dtype, shape, element),
        })
      })
      .map(({ axis, factors, terms }) => ({
        inputs: [factors, terms],
        run: (backend, [a, b]) => backend.scan(a!, b!, axis),
        expected: () => {
          const state = (index: readonly number[], term: (index: readonly number[]) => number): number => {
            const i = index[axis]!
            if (i === 0) return term(index)
            const before = state(placed(index, axis, i - 1), term)
            return at(factors, index) * before + term(index)
          }
          const all = indicesOf(terms.shape)
          const size = Math.max(...valuesOf(factors).map(Math.abs), 1) ** Math.max(terms.shape[axis]!, 1)
          return {
            dtype,
            shape: terms.shape,
            values: all.map(index => state(index, each => at(terms, each))),
            ...(isFloat(dtype) && { tolerance: all.map(() => 64 * precisionOf(dtype) * size) }),
          }
        },
      })),
)

/** Along an axis. */
export const alongAxis: readonly Statement[] = [...gathers, ...scatters, ...extrema, ...sorts, ...scans]
