/** The average of a module's parameters over the way that learning takes, which often does better than where it ends. */

import {
  describeValue,
  outsideCapture,
  type State,
  type Stateful,
  type Tensor,
  ValueError,
  Variable,
  where,
  zeros,
} from '@sensigrad/core'
import { checkOptions } from '../check.ts'
import { copyOf, fitted } from '../fitting.ts'
import { type ByParameter, withParameters } from '../gradients.ts'
import { type AnyModule, checkModule } from '../module.ts'
import type { Parameter } from '../parameter.ts'

/** How a weight average is taken. */
export interface WeightAverageOptions {
  /** How much of an exponential moving average is kept at each update; the plain mean of all updates unless said. */
  readonly decay?: number
}

/**
 * The average of a module's parameters: with a decay β the exponential moving average a ← β a + (1 - β) w (Polyak and
 * Juditsky 1992), else the plain mean (stochastic weight averaging, Izmailov et al. 2018). It begins at the parameters of
 * the first update. Buffers, such as the statistics of a batch normalisation, are not averaged.
 *
 * @throws ValueError for no module, or a decay that does not lie in [0, 1)
 * @example
 * const average = new WeightAverage(model, { decay: 0.999 })
 * for (const [x, y] of batches) {
 *   train(x, y)
 *   average.update()
 * }
 * const accuracy = average.with(() => test(model))
 */
export class WeightAverage implements Stateful {
  readonly #module: AnyModule
  readonly #decay: number | undefined
  readonly #averages: ReadonlyMap<string, readonly [parameter: Parameter, average: Variable]>
  readonly #updates: Variable

  constructor(module: AnyModule, options: WeightAverageOptions = {}) {
    checkModule('WeightAverage', module)
    checkOptions('WeightAverage', options, ['decay'])
    const { decay } = options
    if (decay !== undefined && !(typeof decay === 'number' && decay >= 0 && decay < 1)) {
      throw new ValueError(
        'WeightAverage',
        `the decay ${describeValue(decay)} does not lie in [0, 1)`,
        'Give a number such as 0.999, or nothing for the plain mean',
      )
    }
    this.#module = module
    this.#decay = decay
    const parameters = [...module.parameters()]
    this.#averages = new Map(
      parameters.map(([path, parameter]) => {
        const average = new Variable(
          outsideCapture(() => copyOf(parameter.value)),
          'average',
        )
        return [path, [parameter, average]] as const
      }),
    )
    const backend = outsideCapture(() => parameters[0]?.[1].value.backend)
    this.#updates = new Variable(
      outsideCapture(() => zeros([], { dtype: 'int32', ...(backend && { backend }) })),
      'updates',
    )
  }

  /** Takes the parameters of now into the average. */
  update(): void {
    const before = this.#updates.value
    const isFirst = before.equal(0)
    const averages = [...this.#averages.values()].map(([parameter, average]) => {
      const [weight, held] = [parameter.value, average.value]
      return [average, where(isFirst, weight, this.#moved(held, weight, before))] as const
    })
    for (const [average, value] of averages) average.value = value
    this.#updates.value = before.add(1)
  }

  #moved(average: Tensor, weight: Tensor, before: Tensor): Tensor {
    if (this.#decay !== undefined) return average.mul(this.#decay).add(weight.mul(1 - this.#decay))
    // Halves: the difference of two numbers may be more than the type holds, that of their halves is not.
    const apart = weight.mul(0.5).sub(average.mul(0.5))
    return average.add(apart.div(before.cast(weight.dtype).add(1).mul(0.5)))
  }

  /** The averages, by path; the parameters as they were at first before the first update. */
  values(): ByParameter {
    return Object.fromEntries([...this.#averages].map(([path, [, average]]) => [path, average.value]))
  }

  /** Runs `body` with the averages in the parameters of the module, and puts the parameters back. */
  with<Result>(body: () => Result): Result {
    return withParameters(this.#module, this.values(), body)
  }

  /** The averages, as `path.average`, and the number of updates. */
  state(): State {
    const averages = [...this.#averages].map(([path, [, { value }]]) => [`${path}.average`, copyOf(value)])
    return { ...Object.fromEntries(averages), updates: copyOf(this.#updates.value) }
  }

  /** @throws ValueError or ShapeError when the state is not of a module like this one; then nothing has changed */
  restore(state: State): void {
    const variables = new Map<string, Variable>([
      ...[...this.#averages].map(([path, [, average]]) => [`${path}.average`, average] as const),
      ['updates', this.#updates],
    ])
    checkOptions('WeightAverage.restore', state, [...variables.keys()])
    const values = [...variables].map(([name, variable]) => {
      return [variable, fitted('WeightAverage.restore', name, state[name], variable.value)] as const
    })
    for (const [variable, value] of values) variable.value = value
  }
}
