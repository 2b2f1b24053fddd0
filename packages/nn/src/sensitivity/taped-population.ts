/** Units of any kind as SAL sees them: sensitivities from the tape, computed anew from the inputs of their calls. */

import {
  concat,
  type Expression,
  elementwise,
  isCapturing,
  isFloat,
  ShapeError,
  sizeOf,
  stack,
  type Tensor,
  ValueError,
  vjp,
} from '@sensigrad/core'
import { unheard } from '../listeners.ts'
import type { Parameter } from '../parameter.ts'
import { areAlike, mapTensors, tensorsIn } from './inputs.ts'
import type { Units } from './neuron.ts'
import { checkAlone } from './one-alone.ts'
import { type Ascent, checkSameValues, Population } from './population.ts'
import { beginsWith, rowNorms } from './row-norms.ts'
import { type Layout, layoutOf, meanOfUnits, unitsOf } from './unit-axes.ts'

/** A call of the units. */
interface Pass {
  readonly inputs: readonly unknown[]
  /** The values of the parameters in the call. */
  readonly values: readonly Tensor[]
}

/** Calls that are computed together. */
interface Batch {
  readonly inputs: readonly unknown[]
  readonly layout: Layout
}

export class TapedPopulation extends Population<Pass> {
  readonly #units: Units<never, unknown>
  readonly #layouts = new Map<string, Layout>()
  #isChecked = false

  constructor(units: Units<never, unknown>) {
    super()
    this.#units = units
  }

  get name(): string {
    return this.#units.constructor.name
  }

  /** How many there are the first pass shows. */
  get units(): undefined {
    return undefined
  }

  get parameters(): readonly Parameter[] {
    return this.#units.moving
  }

  protected hear(listener: (pass: Pass) => void): () => void {
    return this.#units.onUnits(({ inputs }) =>
      listener({
        inputs: mapTensors(inputs, x => x.stopGradient()),
        values: this.parameters.map(({ value }) => value.stopGradient()),
      }),
    )
  }

  protected tensorsOf({ inputs, values }: Pass): readonly Tensor[] {
    return [...tensorsIn(inputs).map(({ tensor }) => tensor), ...values]
  }

  protected madeIn({ values }: Pass): Tensor {
    return values[0]!
  }

  protected ascentOf(passes: readonly Pass[]): Ascent {
    const { values } = passes.at(-1)!
    for (const pass of passes) checkSameValues('SAL.adjust', pass.values, values)
    const batches = this.#with(values, () => this.#batchesOf(passes))
    let recorded = values
    const mean = (given: readonly Tensor[]) => {
      recorded = given
      return this.#with(given, () => this.#meanOf(batches))
    }
    const [sensitivity, pull] = vjp(mean, values)
    const climb: Ascent['climb'] = step => {
      const [gradients] = this.#with(recorded, () => pull(step)) // a checkpoint computes with the parameters again
      const settled = isCapturing() ? movedWhereFinite : moved
      return this.parameters.map((parameter, i) => [parameter, value => settled(value, gradients[i]!)])
    }
    return { sensitivity, climb }
  }

  /** Runs `body` with these values in the parameters, while nobody listens. */
  #with<Result>(values: readonly Tensor[], body: () => Result): Result {
    const parameters = this.parameters
    const before = parameters.map(({ value }) => value)
    try {
      for (const [i, parameter] of parameters.entries()) parameter.value = values[i]!
      return unheard(body)
    } finally {
      for (const [i, parameter] of parameters.entries()) parameter.value = before[i]!
    }
  }

  /** s of each unit: the mean over the samples of all batches. */
  #meanOf(batches: readonly Batch[]): Tensor {
    const counts = batches.map(({ layout }) => sizeOf(layout.samples))
    const total = counts.reduce((sum, count) => sum + count)
    const means = batches.map(({ inputs, layout }, i) => {
      const norms = rowNorms(this.#compute, inputs, layout, path => this.#isCounted(inputs, path))
      return batches.length === 1
        ? meanOfUnits(norms, layout)
        : meanOfUnits(norms, layout).mul(counts[i]! / total)
    })
    return means.reduce((sum, mean) => sum.add(mean))
  }

  readonly #compute = (inputs: readonly unknown[]): Tensor => this.#units.compute(inputs)

  /** The passes, those that are alike as one. */
  #batchesOf(passes: readonly Pass[]): Batch[] {
    const groups: Pass[][] = []
    for (const pass of passes) {
      const group = groups.find(([first]) => areAlike(first!.inputs, pass.inputs))
      if (group === undefined) groups.push([pass])
      else group.push(pass)
    }
    return groups.flatMap(group => {
      const layout = this.#layoutOf(group[0]!.inputs)
      return group.length > 1 && canJoin(group, layout)
        ? [joined(group, layout)]
        : group.map(({ inputs }) => ({ inputs, layout }))
    })
  }

  /** The layout of the output for inputs, once for each combination of shapes. */
  #layoutOf(inputs: readonly unknown[]): Layout {
    const leaves = tensorsIn(inputs)
    const shapes = leaves.map(({ path, tensor }) => `${path}: ${tensor}`).join()
    const known = this.#layouts.get(shapes)
    if (known !== undefined && (this.#isChecked || isCapturing())) return known
    const output = this.#compute(inputs)
    const layout = layoutOf('SAL.adjust', output, this.#units.axesOf(output))
    this.#checkUnits(layout)
    this.#checkCounted(inputs, layout)
    this.#isChecked ||= checkAlone(this.#compute, inputs, output, layout)
    this.#layouts.set(shapes, layout)
    return layout
  }

  #isCounted(inputs: readonly unknown[], path: string): boolean {
    const { counted } = this.#units
    if (counted !== undefined) return counted.some(place => path === place || path.startsWith(`${place}.`))
    return tensorsIn(inputs).some(leaf => leaf.path === path && isFloat(leaf.tensor.dtype))
  }

  /** @throws ShapeError when there are not as many units as there were */
  #checkUnits(layout: Layout): void {
    const [first] = this.#layouts.values()
    if (first === undefined || unitsOf(first) === unitsOf(layout)) return
    throw new ShapeError(
      'SAL.adjust',
      `there are ${unitsOf(layout)} units, and there were ${unitsOf(first)}`,
      'Attach units whose number stays, or name the axis that changes position or component',
    )
  }

  /** @throws ValueError when no input counts, or one that is not there; ShapeError when one has not the samples */
  #checkCounted(inputs: readonly unknown[], { samples }: Layout): void {
    const leaves = tensorsIn(inputs)
    const there = leaves.map(({ path, tensor }) => `${path}, ${tensor}`).join('; ') || 'no tensor'
    const counted = leaves.filter(({ path }) => this.#isCounted(inputs, path))
    const places = this.#units.counted ?? []
    const missing = places.find(
      place => !leaves.some(({ path }) => path === place || path.startsWith(`${place}.`)),
    )
    if (missing !== undefined || counted.length === 0) {
      throw new ValueError(
        'SAL.adjust',
        missing === undefined
          ? 'none of the inputs counts'
          : `there is no tensor at ${missing} of the inputs`,
        `Name inputs of a float type by their place in the call. There is ${there}`,
      )
    }
    for (const { path, tensor } of counted) {
      if (!isFloat(tensor.dtype)) {
        throw new ValueError(
          'SAL.adjust',
          `the input at ${path} is ${tensor}, by which nothing can be differentiated`,
          `Name inputs of a float type. There is ${there}`,
        )
      }
      if (beginsWith(tensor.shape, samples)) continue
      throw new ShapeError(
        'SAL.adjust',
        `the input at ${path} is ${tensor}, and the samples of the output are [${samples.join(', ')}]`,
        'Inputs that count begin with the axes of the samples: broadcast it, leave it out of { inputs }, or name the axes of the output that are no samples',
      )
    }
  }
}

/** Whether passes can be computed as one: all that has no samples is the same in each. */
function canJoin(passes: readonly Pass[], { samples, named }: Layout): boolean {
  if (samples.length === 0 && sizeOf(named) === 1) return false // one number of one sample needs no axis of samples
  const [first, ...rest] = passes.map(({ inputs }) => tensorsIn(inputs))
  return first!.every(
    ({ tensor }, i) =>
      beginsWith(tensor.shape, samples) || rest.every(leaves => leaves[i]!.tensor.storage === tensor.storage),
  )
}

/** Passes as one, sample behind sample; of passes without samples each becomes one. */
function joined(passes: readonly Pass[], layout: Layout): Batch {
  const { samples } = layout
  const leaves = passes.map(({ inputs }) => tensorsIn(inputs).map(({ tensor }) => tensor))
  let next = 0
  const inputs = mapTensors(passes[0]!.inputs, x => {
    const place = next++
    if (!beginsWith(x.shape, samples)) return x
    const parts = leaves.map(each => each[place]!)
    return samples.length === 0 ? stack(parts) : concat(parts)
  })
  const [first = 1, ...more] = samples
  return { inputs, layout: { ...layout, samples: [first * passes.length, ...more] } }
}

/** p + Δp; p itself where Δp is 0. */
const moved = elementwise('SAL.adjust', (e, p: Expression, change: Expression) =>
  e.where(e.equal(change, 0), p, e.add(p, change)),
)

/** The same, and p itself where Δp is not finite: in a captured step nobody can look, and what moves must stay finite. */
const movedWhereFinite = elementwise('SAL.adjust', (e, p: Expression, change: Expression) =>
  e.where(e.or(e.equal(change, 0), e.not(e.equal(e.mul(change, 0), 0))), p, e.add(p, change)),
)
