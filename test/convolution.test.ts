/** Convolutions and pooling of random shapes, against loops written plainly, and the laws that tie them together. */
import { fc, test } from '@fast-check/vitest'
import {
  averagePool1d,
  averagePool2d,
  conv1d,
  conv2d,
  convTranspose1d,
  convTranspose2d,
  grad,
  jvp,
  matmul,
  maxPool1d,
  maxPool2d,
  mul,
  overlapAdd,
  sum,
  type Tensor,
  tensor,
  vjp,
  windows,
} from '@sensigrad/core'
import { gradcheck, indicesOf } from '@sensigrad/testing'
import { describe, expect } from 'vitest'
import { draw, f64, gap, numbers, read } from './support/backend.ts'

/** Milliseconds that a test may take while other programs keep the machine busy. */
const patience = 60_000
const inner = (a: Tensor, b: Tensor) => numbers(sum(mul(a, b)))[0]!

/** How a window moves along one axis. */
interface Axis {
  readonly length: number
  readonly size: number
  readonly stride: number
  readonly dilation: number
  readonly padding: readonly [number, number]
}

const spanOf = ({ size, dilation }: Axis) => dilation * (size - 1) + 1
const countOf = (axis: Axis) =>
  Math.floor((axis.length + axis.padding[0] + axis.padding[1] - spanOf(axis)) / axis.stride) + 1

/** Axes into which their window fits at least once. */
function axes(most = { size: 3, padding: 2 }): fc.Arbitrary<Axis> {
  const small = fc.integer({ min: 1, max: 3 })
  const widths = fc.integer({ min: 0, max: most.padding })
  return fc
    .record({
      length: fc.integer({ min: 1, max: 6 }),
      size: fc.integer({ min: 1, max: most.size }),
      stride: small,
      dilation: small,
      padding: fc.tuple(widths, widths),
    })
    .filter(axis => countOf(axis) > 0)
}

interface Case {
  readonly along: readonly Axis[]
  readonly batch: number
  readonly groups: number
  readonly channels: number
  readonly outputs: number
}

/** Convolutions along one axis or two; channels and outputs are those of each group. */
const cases: fc.Arbitrary<Case> = fc.record({
  along: fc.array(axes(), { minLength: 1, maxLength: 2 }),
  batch: fc.integer({ min: 0, max: 2 }),
  groups: fc.integer({ min: 1, max: 3 }),
  channels: fc.integer({ min: 1, max: 2 }),
  outputs: fc.integer({ min: 1, max: 2 }),
})

const optionsOf = ({ along, groups }: Pick<Case, 'along' | 'groups'>) => ({
  stride: along.map(axis => axis.stride),
  dilation: along.map(axis => axis.dilation),
  padding: along.map(axis => axis.padding),
  groups,
})
const convolve = (x: Tensor, w: Tensor, given: Case, bias?: Tensor) =>
  (given.along.length === 1 ? conv1d : conv2d)(x, w, { ...optionsOf(given), bias })

const withoutGroups = ({ groups: _, ...options }: ReturnType<typeof optionsOf>) => options
const inputOf = ({ batch, groups, channels, along }: Case) =>
  draw(1, [batch, groups * channels, ...along.map(({ length }) => length)])
const weightOf = ({ groups, channels, outputs, along }: Case) =>
  draw(2, [groups * outputs, channels, ...along.map(({ size }) => size)])

/** The element of x at an index, or `outside` where there is none. */
function elementOf(x: Tensor, outside: number): (index: readonly number[]) => number {
  const values = read(x)
  return index => {
    const inside = index.every((at, axis) => at >= 0 && at < x.shape[axis]!)
    return inside ? values[index.reduce((place, at, axis) => place * x.shape[axis]! + at, 0)]! : outside
  }
}

/** Where the element k of window i lies along each axis. */
const placesOf = (along: readonly Axis[], i: readonly number[], k: readonly number[]) =>
  along.map(({ stride, dilation, padding }, axis) => stride * i[axis]! + dilation * k[axis]! - padding[0])

/** A convolution as its definition says it. */
function plainConvolution(x: Tensor, w: Tensor, { along, batch, groups, channels, outputs }: Case): number[] {
  const [xAt, wAt] = [elementOf(x, 0), elementOf(w, 0)]
  const kernel = indicesOf(along.map(({ size }) => size))
  return indicesOf([batch, groups * outputs, ...along.map(countOf)]).map(([b, o, ...i]) => {
    const group = Math.floor(o! / outputs)
    let sum = 0
    for (let c = 0; c < channels; c++) {
      for (const k of kernel)
        sum += wAt([o!, c, ...k]) * xAt([b!, group * channels + c, ...placesOf(along, i, k)])
    }
    return sum
  })
}

describe('a convolution', () => {
  test.prop([cases], { numRuns: 200 })('is what its definition says', given => {
    const [x, w] = [inputOf(given), weightOf(given)]
    const y = convolve(x, w, given)
    expect(y.shape).toEqual([given.batch, given.groups * given.outputs, ...given.along.map(countOf)])
    expect(gap(numbers(y), plainConvolution(x, w, given))).toBeLessThan(1e-13)
  })

  test.prop([cases], { numRuns: 15 })(
    'has right derivatives of order 1 and 2 by input, weight and bias',
    given => {
      const bias = draw(3, [given.groups * given.outputs])
      gradcheck((x, w, b) => convolve(x!, w!, given, b!), [inputOf(given), weightOf(given), bias])
    },
    patience,
  )

  test.prop([cases], { numRuns: 100 })('has its transpose as its reverse rule, and as its adjoint', given => {
    const [x, w] = [inputOf(given), weightOf(given)]
    const y = convolve(x, w, given)
    const ȳ = draw(4, y.shape)
    const rest = given.along.map(
      axis =>
        axis.length - ((countOf(axis) - 1) * axis.stride + spanOf(axis) - axis.padding[0] - axis.padding[1]),
    )
    const fits = given.along.every(({ stride, dilation }, i) => rest[i]! < Math.max(stride, dilation))
    fc.pre(fits)
    const transposed = given.along.length === 1 ? convTranspose1d : convTranspose2d
    const back = transposed(ȳ, w, { ...optionsOf(given), outputPadding: rest })
    const [x̄] = vjp(x => convolve(x, w, given), x)[1](ȳ)
    expect(back.shape).toEqual(x.shape)
    expect(gap(numbers(back), numbers(x̄))).toBeLessThan(1e-13)
    expect(gap([inner(y, ȳ)], [inner(x, back)])).toBeLessThan(1e-12)
  })

  test.prop([cases], { numRuns: 15 })(
    'has a transpose with right derivatives of order 1 and 2',
    given => {
      const [x, w] = [inputOf(given), weightOf(given)]
      const y = convolve(x, w, given)
      const transposed = given.along.length === 1 ? convTranspose1d : convTranspose2d
      const { padding: _, ...options } = optionsOf(given)
      gradcheck((y, w) => transposed(y!, w!, options), [draw(4, y.shape), w])
    },
    patience,
  )

  test.prop([cases], { numRuns: 50 })('of one input is that of a batch of one', given => {
    const one = { ...given, batch: 1 }
    const [x, w] = [inputOf(one), weightOf(one)]
    const [whole, single] = [convolve(x, w, one), convolve(x.slice(0), w, one)]
    expect(single.shape).toEqual(whole.shape.slice(1))
    expect(numbers(single)).toEqual(numbers(whole))
  })

  test('with a kernel of one element is a product of matrices', () => {
    const [x, w] = [draw(1, [3, 4, 5]), draw(2, [2, 4, 1])]
    expect(numbers(conv1d(x, w))).toEqual(numbers(matmul(w.squeeze(-1), x)))
  })

  test.each([
    [1, 1],
    [2, 1],
    [3, 2],
    [4, 3],
  ])("keeps as many places as there are with the padding 'same': size %i, dilation %i", (size, dilation) => {
    const x = draw(1, [1, 2, 5, 6])
    const w = draw(2, [3, 2, size, size])
    const around = dilation * (size - 1)
    const widths = [Math.floor(around / 2), Math.ceil(around / 2)] as const
    const same = conv2d(x, w, { dilation, padding: 'same' })
    expect(same.shape).toEqual([1, 3, 5, 6])
    expect(numbers(same)).toEqual(numbers(conv2d(x, w, { dilation, padding: [widths, widths] })))
    expect(numbers(conv2d(x, w, { padding: 'valid' }))).toEqual(numbers(conv2d(x, w)))
  })

  test('is in float32 what it is in float64, rounded', () => {
    const [x, w] = [draw(1, [2, 3, 6, 5], [-2, 2], 'float32'), draw(2, [4, 3, 3, 2], [-2, 2], 'float32')]
    const narrow = conv2d(x, w, { padding: 1 })
    expect(narrow.dtype).toBe('float32')
    const wide = conv2d(x.cast('float64'), w.cast('float64'), { padding: 1 })
    expect(gap(numbers(narrow), numbers(wide))).toBeLessThan(1e-6)
  })
})

describe('windows', () => {
  test.prop([axes({ size: 4, padding: 0 }), fc.integer({ min: 0, max: 2 })], { numRuns: 100 })(
    'and overlapAdd are adjoint: ⟨windows(x), y⟩ = ⟨x, overlapAdd(y)⟩, along every axis',
    ({ length, size, stride, dilation }, axis) => {
      const shape = [2, 3, 2].map((n, i) => (i === axis ? length : n))
      const x = draw(1, shape)
      const shown = windows(x, { size, stride, dilation, axis })
      const y = draw(2, shown.shape)
      const back = overlapAdd(y, { length, stride, dilation, axis })
      expect(back.shape).toEqual(shape)
      expect(gap([inner(shown, y)], [inner(x, back)])).toBeLessThan(1e-12)
    },
  )

  test('share the memory of what they show, and count axes from the back as well', () => {
    const x = f64([
      [1, 2, 3],
      [4, 5, 6],
    ])
    const shown = windows(x, { size: 2, axis: -2 })
    expect(shown.storage).toBe(x.storage)
    expect(shown.shape).toEqual([1, 3, 2])
    expect(numbers(shown)).toEqual([1, 4, 2, 5, 3, 6])
    expect(numbers(shown.reshape([3, 2]).add(0), shown.flatten())).toEqual([
      1, 4, 2, 5, 3, 6, 1, 4, 2, 5, 3, 6,
    ])
  })

  test('show whole numbers and bools as well, and overlapAdd counts them', () => {
    expect(numbers(windows(tensor([true, false, true]), { size: 2 }))).toEqual([1, 0, 0, 1])
    const counted = overlapAdd(windows(tensor(Int32Array.of(1, 2, 3)), { size: 2 }))
    expect(String(counted)).toBe('int32[3]')
    expect(numbers(counted)).toEqual([1, 4, 3])
  })
})

describe('pooling', () => {
  /** Axes whose padding is half of a window at most. */
  const pooled = axes({ size: 4, padding: 2 })
    .map((axis): Axis => {
      const half = Math.floor(spanOf(axis) / 2)
      return { ...axis, padding: [Math.min(axis.padding[0], half), Math.min(axis.padding[1], half)] }
    })
    .filter(axis => countOf(axis) > 0)
  const pools = fc.array(pooled, { minLength: 1, maxLength: 2 })
  const optionsFor = (along: readonly Axis[]) => ({
    ...withoutGroups(optionsOf({ along, groups: 1 })),
    size: along.map(({ size }) => size),
  })
  /** The elements of each window, `outside` where they lie in the padding. */
  const elementsOf = (x: Tensor, along: readonly Axis[], outside: number) => {
    const at = elementOf(x, outside)
    const window = indicesOf(along.map(({ size }) => size))
    return indicesOf([x.shape[0]!, ...along.map(countOf)]).map(([b, ...i]) =>
      window.map(k => at([b!, ...placesOf(along, i, k)])),
    )
  }
  const inputFor = (along: readonly Axis[]) => draw(1, [2, ...along.map(({ length }) => length)])
  const total = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)

  test.prop([pools], { numRuns: 200 })('of the largest is what its definition says', along => {
    const x = inputFor(along)
    const y = (along.length === 1 ? maxPool1d : maxPool2d)(x, optionsFor(along))
    const expected = elementsOf(x, along, Number.NEGATIVE_INFINITY).map(all => Math.max(...all))
    expect(y.shape).toEqual([2, ...along.map(countOf)])
    expect(numbers(y)).toEqual(expected)
  })

  test.prop([pools], { numRuns: 200 })('of the mean is what its definition says, both ways', dilated => {
    const along = dilated.map((axis): Axis => {
      const half = Math.floor(axis.size / 2)
      return {
        ...axis,
        dilation: 1,
        padding: [Math.min(axis.padding[0], half), Math.min(axis.padding[1], half)],
      }
    })
    fc.pre(along.every(axis => countOf(axis) > 0))
    const x = inputFor(along)
    const pool = along.length === 1 ? averagePool1d : averagePool2d
    const { size, stride, padding } = optionsFor(along)
    const counted = elementsOf(x, along, 0).map(all => total(all) / all.length)
    expect(gap(numbers(pool(x, { size, stride, padding })), counted)).toBeLessThan(1e-14)
    const inside = elementsOf(x, along, Number.NaN).map(all => all.filter(value => !Number.isNaN(value)))
    const uncounted = inside.map(all => total(all) / all.length)
    const given = pool(x, { size, stride, padding, countPadding: false })
    expect(gap(numbers(given), uncounted)).toBeLessThan(1e-14)
  })

  test.prop([pools], { numRuns: 15 })(
    'has right derivatives of order 1 and 2',
    along => {
      const lowest = elementsOf(inputFor(along), along, Number.NEGATIVE_INFINITY)
      fc.pre(lowest.every(all => Math.max(...all) > Number.NEGATIVE_INFINITY))
      const pool = along.length === 1 ? maxPool1d : maxPool2d
      gradcheck(x => pool(x!, optionsFor(along)), [inputFor(along)])
    },
    patience,
  )

  test('shares the gradient evenly among the largest, in both modes', () => {
    const x = f64([
      [3, 3],
      [1, 3],
    ])
    const third = 1 / 3
    const pool = (x: Tensor) => maxPool2d(x, { size: 2 })
    expect(numbers(grad((x: Tensor) => pool(x).sum())(x))).toEqual([third, third, 0, third])
    expect(
      numbers(
        jvp(
          pool,
          [x],
          [
            f64([
              [1, 0],
              [5, 0],
            ]),
          ],
        )[1],
      ),
    ).toEqual([third])
  })

  test('keeps negative elements at the edge, and its gradient free of NaN', () => {
    const x = f64([-3, -1, -2])
    const pool = (x: Tensor) => maxPool1d(x, { size: 3, stride: 2, padding: 1 })
    expect(numbers(pool(x))).toEqual([-1, -1])
    expect(numbers(grad((x: Tensor) => pool(x).sum())(x))).toEqual([0, 2, 0])
  })

  test('gives -∞ and a gradient of zeros where a spread out window meets nothing but padding', () => {
    const x = f64([5])
    const pool = (x: Tensor) => maxPool1d(x, { size: 2, dilation: 3, padding: 2, stride: 1 })
    expect(numbers(pool(x))).toEqual([Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY])
    expect(numbers(grad((x: Tensor) => pool(x).sum())(x))).toEqual([0])
  })

  test('of a NaN is NaN, in its windows alone', () => {
    const x = f64([1, Number.NaN, 2, 3])
    expect(numbers(maxPool1d(x, { size: 2 }))).toEqual([Number.NaN, 3])
    expect(numbers(averagePool1d(x, { size: 2 }))).toEqual([Number.NaN, 2.5])
  })
})
