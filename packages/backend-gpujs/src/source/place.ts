/** Elements at a region of zeros. */

import { type Region, type Shape, sizeOf, type View } from '@sensigrad/core'
import type { Job } from './job.ts'
import { coordinates, elementAt, quotient } from './places.ts'
import { Text } from './text.ts'
import { zerosJob } from './zeros.ts'

/** Zeros of the given shape with the input's elements at a region of it. */
export function placeJob(input: View, shape: Shape, { start, step }: Region): Job {
  if (sizeOf(input.shape) === 0) return zerosJob(sizeOf(shape))
  const text = new Text()
  const index = coordinates(text, text.element, shape)
  const conditions: string[] = []
  const inner = index.map((coordinate, axis) => {
    const length = input.shape[axis]!
    const stride = Math.abs(step[axis]!)
    const first = start[axis]!
    // how far the coordinate lies from where the region begins, in the direction in which it goes
    const far = step[axis]! < 0 ? `${first} - ${coordinate}` : `${coordinate} - ${first}`
    const distance = coordinate === '0' ? String(Math.abs(first)) : text.value(`Math.max(${far}, 0 - 1)`)
    const place = text.value(`Math.max(${distance}, 0)`)
    const i = quotient(text, place, stride, shape[axis]! + stride)
    conditions.push(`${distance} >= 0`, `${distance} < ${(length - 1) * stride + 1}`)
    if (stride > 1) conditions.push(`${place} - ${i} * ${stride} === 0`)
    return length === 1 ? '0' : i
  })
  const result = text.variable('0')
  text.when(conditions.join(' && ') || '0 < 1', () => {
    text.line(`${result} = ${elementAt(0, inner, input.strides)};`)
  })
  return text.job(result, sizeOf(shape), [input])
}
