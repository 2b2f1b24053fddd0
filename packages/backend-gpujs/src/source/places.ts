/**
 * Where elements lie: from the flat place of an element to its index, and from an index to places in what is read.
 * Kernels count in float32, which is exact for integers up to 2²⁴; a quotient of two is not, so it is mended.
 */

import { collapse, contiguousStrides, type Shape, sizeOf, type View } from '@sensigrad/core'
import type { Job } from './job.ts'
import type { Text } from './text.ts'

/** What a kernel reads, and how it is walked. */
export interface Operand {
  readonly read: View | Job
  readonly shape: Shape
  readonly strides: readonly number[]
}

/** A view, to be read. */
export function viewed(view: View): Operand {
  return { read: view, shape: view.shape, strides: view.strides }
}

/** What another job gives, row-major, to be read. */
export function made(job: Job, shape: Shape): Operand {
  return { read: job, shape, strides: contiguousStrides(shape) }
}

/** Shading languages may miss a quotient by so many units in the last place (WGSL; GLSL ES says as much). */
const worstDivision = 2.5

/**
 * ⌊n/d⌋ for integers 0 ≤ n < bound ≤ 2²⁴.
 *
 * (n + ½)/d stands at least ½/d from the next integer, and the division is wrong by at most 2.5·2⁻²³·n/d, so below
 * 2²⁰ its floor is right. Above, the floor may be off by ⌈5/d⌉: it is lowered by as much, so that the remainder is
 * neither negative nor rounded, and raised again by comparing.
 */
export function quotient(text: Text, n: string, d: number, bound: number): string {
  if (d === 1) return n
  if (bound <= d) return '0'
  if (Number.isInteger(Math.log2(d))) return text.value(`Math.floor(${n} * ${1 / d})`) // exact
  if (bound <= 2 ** 20) return text.value(`Math.floor((${n} + 0.5) / ${d})`)
  const slack = Math.ceil((2 * worstDivision) / d)
  const low = text.value(`Math.max(Math.floor(${n} / ${d}) - ${slack}, 0)`)
  const rest = text.value(`${n} - ${low} * ${d}`)
  const steps = Array.from({ length: 2 * slack }, (_, i) => `(${rest} >= ${(i + 1) * d} ? 1 : 0)`)
  return text.value([low, ...steps].join(' + '))
}

/** The index of the element at a flat place of a row-major shape: the name of a coordinate for each axis. */
export function coordinates(text: Text, place: string, shape: Shape): string[] {
  const found = new Array<string>(shape.length)
  let rest = place
  let bound = sizeOf(shape)
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const length = shape[axis]!
    if (length === 1) {
      found[axis] = '0'
      continue
    }
    const above = quotient(text, rest, length, bound)
    found[axis] = above === '0' ? rest : text.value(`${rest} - ${above} * ${length}`)
    rest = above
    bound /= length
  }
  return found
}

/** ` + c₀·s₀ + c₁·s₁ …`, to be written behind where something begins. */
export function steps(coordinates: readonly string[], strides: readonly number[]): string {
  return coordinates
    .map((coordinate, axis) => {
      const stride = strides[axis]!
      if (coordinate === '0' || stride === 0) return ''
      const factor = Math.abs(stride) === 1 ? '' : ` * ${Math.abs(stride)}`
      return ` ${stride < 0 ? '-' : '+'} ${coordinate}${factor}`
    })
    .join('')
}

/** The element of read `i` at an index. */
export function elementAt(i: number, coordinates: readonly string[], strides: readonly number[]): string {
  return `a${i}[o${i}${steps(coordinates, strides)}]`
}

/** Operands that are walked together, with as few axes as their strides allow, but for one axis that stays what it is. */
export function collapsedAround(axis: number, shape: Shape, operands: readonly Operand[]) {
  const part = (from: number, to?: number) =>
    collapse(
      shape.slice(from, to),
      operands.map(({ strides }) => strides.slice(from, to)),
    )
  const [outer, inner] = [part(0, axis), part(axis + 1)]
  return {
    axis: outer.shape.length,
    shape: [...outer.shape, shape[axis]!, ...inner.shape],
    strides: operands.map(({ strides }, i) => [...outer.strides[i]!, strides[axis]!, ...inner.strides[i]!]),
  }
}

/** A shape, or strides, without an axis. */
export function without(list: readonly number[], axis: number): number[] {
  return list.filter((_, i) => i !== axis)
}

/** A shape, or strides, with another number at an axis. */
export function replaced(list: readonly number[], axis: number, value: number): number[] {
  return list.map((old, i) => (i === axis ? value : old))
}

/** An index with another coordinate at an axis. */
export function moved(index: readonly string[], axis: number, coordinate: string): string[] {
  return index.map((old, i) => (i === axis ? coordinate : old))
}
