/** Shapes, elements and strided views as fast-check draws and shrinks them: what backends must cope with. */

import type { Backend, DType, Shape, TypedArray, View } from '@sensigrad/core'
import fc from 'fast-check'

const arrays = { float32: Float32Array, float64: Float64Array, int32: Int32Array, bool: Uint8Array }

/** Which shapes are drawn. */
export interface ShapesOptions {
  /** At most so many axes: 4 unless said. */
  readonly maxRank?: number
  /** No axis is shorter: 0 unless said, which draws empty tensors as well. */
  readonly minSize?: number
}

/** Shapes of few elements, those without axes, with empty axes and with axes of one element included. */
export function shapes({ maxRank = 4, minSize = 0 }: ShapesOptions = {}): fc.Arbitrary<number[]> {
  return fc.array(fc.integer({ min: minSize, max: 4 }), { maxLength: maxRank })
}

/** Elements of a type, what is special about it included: NaN, infinities, both zeros; the ends of int32. */
export function elements(dtype: DType): fc.Arbitrary<number> {
  if (dtype === 'bool') return fc.integer({ min: 0, max: 1 })
  if (dtype === 'int32') {
    return fc.oneof(
      { weight: 3, arbitrary: fc.integer({ min: -9, max: 9 }) },
      fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    )
  }
  const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, 1, -1]
  return fc.oneof({ weight: 9, arbitrary: tameNumbers(8) }, fc.constantFrom(...special))
}

/** Numbers from [-bound, bound] on a fine grid, which float32 holds exactly. */
export function tameNumbers(bound: number): fc.Arbitrary<number> {
  const steps = 2 ** 12
  return fc.integer({ min: -bound * steps, max: bound * steps }).map(n => n / steps)
}

/** A view as it lies on the host, before any backend has it. */
export interface HostView {
  readonly dtype: DType
  readonly memory: TypedArray
  readonly shape: readonly number[]
  readonly strides: readonly number[]
  readonly offset: number
}

/** Views of a shape: axes in any order in memory, spread out, flipped, repeated, and not at its beginning. */
export function views(
  dtype: DType,
  shape: Shape,
  element: fc.Arbitrary<number> = elements(dtype),
): fc.Arbitrary<HostView> {
  const axes = [...shape.keys()]
  const perAxis = <T>(arbitrary: fc.Arbitrary<T>) => fc.tuple(...axes.map(() => arbitrary))
  const layout = fc.record({
    order: fc.shuffledSubarray(axes, { minLength: axes.length }),
    spread: perAxis(fc.constantFrom(1, 1, 1, 2, 3)),
    flipped: perAxis(fc.constantFrom(false, false, true)),
    repeated: perAxis(fc.constantFrom(false, false, false, true)),
    before: fc.constantFrom(0, 0, 2),
  })
  return layout.chain(({ order, spread, flipped, repeated, before }) => {
    const strides = axes.map(() => 0)
    let [size, offset] = [1, before]
    for (const axis of order) {
      if (repeated[axis]) continue
      const stride = size * spread[axis]!
      const reach = Math.max(shape[axis]! - 1, 0) * stride
      strides[axis] = flipped[axis] ? -stride : stride
      if (flipped[axis]) offset += reach
      size += reach
    }
    const length = before + size + 1
    return fc.array(element, { minLength: length, maxLength: length }).map(values => ({
      dtype,
      memory: arrays[dtype].from(values),
      shape: [...shape],
      strides,
      offset,
    }))
  })
}

/** A host view on a backend. */
export function put(backend: Backend, { memory, ...view }: HostView): View {
  return { ...view, storage: backend.upload(memory.slice() as TypedArray, view.dtype) }
}

/** Two shapes that broadcast, and the shape that they broadcast to. */
export function broadcastableShapes(): fc.Arbitrary<{ a: number[]; b: number[]; joint: number[] }> {
  return shapes({ maxRank: 3 }).chain(joint =>
    fc
      .record({
        narrow: fc.tuple(...joint.map(() => fc.constantFrom('neither', 'neither', 'a', 'b'))),
        shorter: fc.constantFrom('a', 'b'),
        missing: fc.integer({ min: 0, max: joint.length }),
      })
      .map(({ narrow, shorter, missing }) => {
        const shapeOf = (side: string) => {
          const shape = joint.map((length, axis) => (narrow[axis] === side ? 1 : length))
          return side === shorter ? shape.slice(missing) : shape
        }
        const [a, b] = [shapeOf('a'), shapeOf('b')]
        const rank = Math.max(a.length, b.length)
        const at = (shape: number[], axis: number) => shape[shape.length - rank + axis] ?? 1
        const wide = Array.from({ length: rank }, (_, axis) =>
          at(a, axis) === 1 ? at(b, axis) : at(a, axis),
        )
        return { a, b, joint: wide }
      }),
  )
}
