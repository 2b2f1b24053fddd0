/** Losses: PyTorch's numbers for every reduction, finite derivatives at the extremes, and what is refused. */
import { fc, test } from '@fast-check/vitest'
import { grad, logSoftmax, type Tensor, tensor, valueAndGrad, zeros } from '@sensigrad/core'
import {
  binaryCrossEntropy,
  cosineDistance,
  cosineEmbedding,
  crossEntropy,
  hinge,
  huber,
  klDivergence,
  type LossOptions,
  meanAbsoluteError,
  meanSquaredError,
} from '@sensigrad/nn'
import { describe, expect } from 'vitest'
import { f64, gap, numbers } from './support/backend.ts'
import { reference, type Written } from './support/reference.ts'

interface Typed extends Written {
  readonly dtype: 'int32' | 'float64'
}
const named = {
  meanSquaredError,
  meanAbsoluteError,
  huber,
  crossEntropy,
  binaryCrossEntropy,
  klDivergence,
  cosineEmbedding,
} as const
interface Case {
  readonly loss: keyof typeof named
  readonly options: Readonly<Record<string, number | Typed>>
  readonly arguments: readonly Typed[]
  readonly reductions: Readonly<
    Record<'mean' | 'sum' | 'none', { value: Typed; gradients: readonly Typed[] }>
  >
}
const { cases } = reference<{ cases: Case[] }>('losses')
const read = ({ values, shape, dtype }: Typed) => tensor([...values].flat(), { dtype }).reshape([...shape])

describe.each(cases)('PyTorch computes the same: $loss of $options', torch => {
  const loss = named[torch.loss] as (...given: unknown[]) => Tensor
  const options = Object.fromEntries(
    Object.entries(torch.options).map(([name, value]) => [
      name,
      typeof value === 'number' ? value : read(value),
    ]),
  )
  test.each(Object.entries(torch.reductions))('reduced to %s', (reduction, { value, gradients }) => {
    const given = torch.arguments.map(read)
    const [moving, still] = [given.slice(0, gradients.length), given.slice(gradients.length)]
    const f = (moving: readonly Tensor[]) => loss(...moving, ...still, { ...options, reduction })
    expect(f(moving).shape).toEqual(value.shape)
    expect(gap(numbers(f(moving)), value.values)).toBeLessThan(1e-12)
    const found = grad((moving: readonly Tensor[]) => f(moving).sum())(moving)
    expect(
      gap(
        numbers(...found),
        gradients.flatMap(({ values }) => [...values]),
      ),
    ).toBeLessThan(1e-11)
  })
})

/** Logits, outputs and vectors at which naive formulas overflow, cancel or divide by zero. */
const extremes = fc.array(fc.constantFrom(0, 1, -1, 1e-150, 1e4, -1e4, 800, -800), {
  minLength: 6,
  maxLength: 6,
})
const labels = tensor(Int32Array.of(0, 2))
const shares = f64([0, 1, 0, 0.5, 0, 0.5], [2, 3])
const signs = f64([1, -1, 1, -1, 1, -1], [2, 3])
const losses: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  meanSquaredError: x => meanSquaredError(x, shares),
  meanAbsoluteError: x => meanAbsoluteError(x, shares),
  huber: x => huber(x, shares),
  'crossEntropy of labels': x => crossEntropy(x, labels),
  'crossEntropy of smoothed labels': x => crossEntropy(x, labels, { labelSmoothing: 0.1 }),
  'crossEntropy of probabilities': x => crossEntropy(x, shares),
  binaryCrossEntropy: x => binaryCrossEntropy(x, shares, { positiveWeight: 3 }),
  klDivergence: x => klDivergence(logSoftmax(x), shares),
  'klDivergence of its target': x => klDivergence(logSoftmax(shares), x.abs()),
  hinge: x => hinge(x, signs),
  cosineDistance: x => cosineDistance(x, shares),
  'cosineDistance of zeros': x => cosineDistance(x, zeros([2, 3], { dtype: 'float64' })),
  cosineEmbedding: x => cosineEmbedding(shares, x, f64([1, -1])),
}
describe.each(Object.entries(losses))('%s', (_, loss) => {
  test.prop([extremes], { numRuns: 40 })(
    'is finite, and so are its derivatives of first and second order',
    drawn => {
      const [value, slope] = valueAndGrad(loss)(f64(drawn, [2, 3]))
      const curvature = grad((x: Tensor) => grad(loss)(x).mul(signs).sum())(f64(drawn, [2, 3]))
      expect(numbers(value, slope, curvature).filter(number => !Number.isFinite(number))).toEqual([])
    },
  )
})

describe('a loss', () => {
  test('of probabilities 0 and 1 is that of the labels', () => {
    const [logits, sure] = [f64([1, -2, 0.5, 3, 0, 1], [2, 3]), f64([1, 0, 0, 0, 0, 1], [2, 3])]
    expect(gap(numbers(crossEntropy(logits, sure)), numbers(crossEntropy(logits, labels)))).toBe(0)
  })

  test('of a class that a logit of -∞ masks is 0 where that class is not wanted', () => {
    const logits = f64([0, Number.NEGATIVE_INFINITY, 0], [1, 3])
    expect(numbers(crossEntropy(logits, f64([0.5, 0, 0.5], [1, 3])))[0]).toBeCloseTo(Math.log(2), 14)
  })

  test('keeps its digits where it is tiny: log(1 + e⁻³⁰)', () => {
    const [found] = numbers(binaryCrossEntropy(f64([30]), f64([1])))
    expect(found! / Math.log1p(Math.exp(-30))).toBeCloseTo(1, 12)
  })

  test('of directions is 1 - cos of the angle, whatever the lengths', () => {
    const [a, b] = [f64([1e200, 0], [1, 2]), f64([1e-200, 1e-200], [1, 2])]
    expect(numbers(cosineDistance(a, b))[0]).toBeCloseTo(1 - Math.SQRT1_2, 14)
  })

  test('by a margin is 0 beyond it, and grows by the output before it', () => {
    const found = hinge(f64([2, 0.25, -1]), f64([1, 1, 1]), { reduction: 'none' })
    expect(numbers(found)).toEqual([0, 0.75, 2])
  })

  test('of two distributions is 0 where they are one', () => {
    expect(numbers(klDivergence(f64([0.25, 0.75]).log(), f64([0.25, 0.75])))[0]).toBeCloseTo(0, 15)
  })
})

/** Hands over what the types would refuse. */
const wrong = <Value>(value: unknown) => value as Value
const [x, y] = [zeros([2, 3]), zeros([2, 3])]
// biome-ignore format: a table
const refused: readonly [what: string, call: () => unknown, message: RegExp][] = [
  ['an unknown reduction', () => meanSquaredError(x, y, { reduction: wrong('average') }), /^meanSquaredError: there is no reduction 'average'\. Give 'mean', 'sum' or 'none'/],
  ['the name of a method of objects', () => huber(x, y, { reduction: wrong('toString') }), /^huber: there is no reduction 'toString'/],
  ['a misspelt option', () => crossEntropy(x, labels, wrong({ smoothing: 0.1 })), /^crossEntropy: there is no option smoothing\. There is reduction, labelSmoothing, classWeights/],
  ['a word for options', () => hinge(x, y, wrong('sum')), /^hinge: the options are 'sum'/],
  ['shapes that differ', () => meanAbsoluteError(x, zeros([3])), /^meanAbsoluteError: output float32\[2, 3\] and target float32\[3\] differ/],
  ['types that differ', () => binaryCrossEntropy(x, labels.broadcastTo([2]).expandDims(1).broadcastTo([2, 3])), /^binaryCrossEntropy: logits .* are not of one float type/],
  ['no tensor', () => meanSquaredError(wrong(1), y), /^meanSquaredError: the output is 1/],
  ['a delta of 0', () => huber(x, y, { delta: 0 }), /^huber: the delta 0 is not > 0 and finite/],
  ['a negative margin', () => hinge(x, y, { margin: -1 }), /^hinge: the margin -1 is not ≥ 0/],
  ['too much smoothing', () => crossEntropy(x, labels, { labelSmoothing: 2 }), /^crossEntropy: the labelSmoothing 2 does not lie in/],
  ['weights of other classes', () => crossEntropy(x, labels, { classWeights: zeros([2]) }), /^crossEntropy: the classWeights are float32\[2\], and there are 3/],
  ['weights of another type', () => crossEntropy(x, labels, { classWeights: zeros([3], { dtype: 'float64' }) }), /^crossEntropy: .* are mixed/],
  ['probabilities of other shape', () => crossEntropy(x, zeros([3, 3])), /^crossEntropy: logits .* and probabilities .* do not fit/],
  ['labels as floats', () => crossEntropy(x, zeros([2])), /^crossEntropy: the labels are float32\[2\]\. Give class numbers/],
  ['a label that is no class', () => crossEntropy(x, tensor(Int32Array.of(0, 3))), /^crossEntropy: the label 3 is none of 3 classes/],
  ['a weight as text', () => binaryCrossEntropy(x, y, { positiveWeight: wrong('2') }), /^binaryCrossEntropy: the positiveWeight is '2'/],
  ['distributions without an axis', () => klDivergence(zeros([]), zeros([])), /^klDivergence: float32\[\] has no axis/],
  ['a label for each element', () => cosineEmbedding(x, y, zeros([2, 3])), /^cosineEmbedding: pairs float32\[2\] and labels float32\[2, 3\] differ/],
]
test.each(refused)('%s is refused', (_, call, message) => {
  expect(call).toThrow(message)
})

test('sums are means times how many there are', () => {
  const of = (reduction: NonNullable<LossOptions['reduction']>) =>
    numbers(meanSquaredError(shares, signs, { reduction }))
  expect(of('sum')[0]).toBeCloseTo(6 * of('mean')[0]!, 13)
})
