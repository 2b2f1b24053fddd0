/** Kernels that lay elements one after the other. */

import { type Shape, sizeOf, type View } from '@sensigrad/core'
import type { Job } from './job.ts'
import {
  collapsedAround,
  coordinates,
  elementAt,
  made,
  moved,
  type Operand,
  replaced,
  viewed,
} from './places.ts'
import { Text } from './text.ts'

/** WebGPU promises a kernel eight buffers, of which it writes one. */
export const mostReads = 7

/** Views of equal shapes but for `axis`, one after the other along it. */
export function concatJob(inputs: readonly View[], axis: number): Job {
  return joined(inputs.map(viewed), axis)
}

/** Operands of one shape, broadcast ones too, one after the other: `[count, ...shape]`. */
export function stackJob(operands: readonly Operand[], shape: Shape): Job {
  return joined(
    operands.map(({ read, strides }) => ({ read, shape: [1, ...shape], strides: [0, ...strides] })),
    0,
  )
}

function joined(all: readonly Operand[], axis: number): Job {
  const parts = all.filter(({ shape }) => shape[axis]! > 0)
  if (parts.length > mostReads) return joined(grouped(parts, axis), axis)
  const total = parts.reduce((sum, { shape }) => sum + shape[axis]!, 0)
  const whole = replaced(all[0]!.shape, axis, total)
  const layout = collapsedAround(axis, whole, parts)
  const text = new Text()
  const index = coordinates(text, text.element, layout.shape)
  const along = index[layout.axis]!
  const result = text.variable('0')
  let start = 0
  for (const [i, { shape }] of parts.entries()) {
    const end = start + shape[axis]!
    const from = start
    text.when(`${along} >= ${start} && ${along} < ${end}`, () => {
      const inside = text.value(`${along} - ${from}`)
      const at = moved(index, layout.axis, inside)
      text.line(`${result} = ${elementAt(i, at, layout.strides[i]!)};`)
    })
    start = end
  }
  return text.job(
    result,
    sizeOf(whole),
    parts.map(({ read }) => read),
  )
}

/** Groups of operands, each joined by a kernel of its own. */
function grouped(parts: readonly Operand[], axis: number): Operand[] {
  const groups: Operand[] = []
  for (let from = 0; from < parts.length; from += mostReads) {
    const group = parts.slice(from, from + mostReads)
    const length = group.reduce((sum, { shape }) => sum + shape[axis]!, 0)
    groups.push(made(joined(group, axis), replaced(group[0]!.shape, axis, length)))
  }
  return groups
}
