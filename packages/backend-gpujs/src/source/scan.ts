/**
 * Linear recurrences hᵢ = fᵢ hᵢ₋₁ + tᵢ along an axis, by doubling. Steps compose: after i - s comes
 * hᵢ = F hᵢ₋ₛ + T, and two such steps are one over twice the distance. The first job makes steps over `window`
 * elements in a loop, each further job doubles them, until they reach back to the beginning.
 */

import { type Shape, sizeOf, type View } from '@sensigrad/core'
import type { Job } from './job.ts'
import { collapsedAround, coordinates, elementAt, made, moved, viewed } from './places.ts'
import { largest, Text } from './text.ts'

/** Elements over which the first job goes one by one. */
const window = 64

/** The recurrence along an axis of two views of one shape, from h₀ = terms₀. */
export function scanJob(factors: View, terms: View, axis: number): Job {
  const layout = collapsedAround(axis, terms.shape, [viewed(factors), viewed(terms)])
  const length = layout.shape[layout.axis]!
  let job = windows(factors, terms, layout, length <= window)
  for (let distance = window; distance < length; distance *= 2) {
    job = doubled(job, layout.shape, layout.axis, distance, 2 * distance >= length)
  }
  return job
}

interface Layout {
  readonly axis: number
  readonly shape: Shape
  readonly strides: readonly (readonly number[])[]
}

/** Steps over a window that ends at each element: T, and unless T is all, F before it: `[2, ...shape]`. */
function windows(factors: View, terms: View, { axis, shape, strides }: Layout, isAll: boolean): Job {
  const text = new Text()
  const [which, ...index] = coordinates(text, text.element, isAll ? [1, ...shape] : [2, ...shape])
  const place = index[axis]!
  const count = Math.min(window, shape[axis]!)
  const state = text.variable('0')
  const factor = text.variable('1')
  text.loop(count, round => {
    const at = text.value(`${place} + ${round} - ${count - 1}`)
    text.when(`${at} >= 0`, () => {
      const f = text.value(elementAt(0, moved(index, axis, at), strides[0]!))
      const t = text.value(elementAt(1, moved(index, axis, at), strides[1]!))
      // the first factor has nothing to multiply, and need not be a number
      text.line(`${state} = ${at} > 0 ? ${state} * ${f} + ${t} : ${t};`)
      text.line(`${factor} = ${at} > 0 ? ${bounded(`${factor} * ${f}`)} : 0;`)
    })
  })
  const result = isAll ? state : `(${which} < 0.5 ? ${factor} : ${state})`
  return text.job(result, sizeOf(shape) * (isAll ? 1 : 2), [factors, terms])
}

/** Steps over twice the distance; at the end only what they lead to. */
function doubled(step: Job, shape: Shape, axis: number, distance: number, isLast: boolean): Job {
  const { strides } = made(step, [2, ...shape])
  const text = new Text()
  const [which, ...index] = coordinates(text, text.element, isLast ? [1, ...shape] : [2, ...shape])
  const size = sizeOf(shape)
  const read = (half: 0 | 1, at: readonly string[]) => {
    const place = elementAt(0, ['0', ...at], strides)
    return text.value(half === 0 ? place : place.replace('[o0', `[o0 + ${size}`))
  }
  const factor = text.variable(read(0, index))
  const state = text.variable(read(1, index))
  const before = text.value(`${index[axis]} - ${distance}`)
  text.when(`${before} >= 0`, () => {
    const at = moved(index, axis, before)
    text.line(`${state} = ${state} + ${factor} * ${read(1, at)};`)
    text.line(`${factor} = ${bounded(`${factor} * ${read(0, at)}`)};`)
  })
  const result = isLast ? state : `(${which} < 0.5 ? ${factor} : ${state})`
  return text.job(result, sizeOf(shape) * (isLast ? 1 : 2), [step])
}

/** An infinite factor would make NaN of a state that is 0. */
function bounded(product: string): string {
  return `Math.max(0 - ${largest}, Math.min(${largest}, ${product}))`
}
