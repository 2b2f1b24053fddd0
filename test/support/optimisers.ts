/** Every optimiser with options that use all it has, and a small layer for them to move. */
import {
  Adagrad,
  Adam,
  AdamW,
  Dense,
  initialise,
  Lion,
  Muon,
  meanSquaredError,
  type Optimiser,
  type Rate,
  RMSprop,
  SGD,
  valueAndGrad,
} from '@sensigrad/nn'
import { activations, key, normal, type Tensor } from 'sensigrad'

/** What all optimisers take. */
export interface Common {
  readonly rate: Rate
  readonly clip?: { value?: number; norm?: number; globalNorm?: number }
  readonly guard?: boolean
  readonly groups?: readonly {
    select: string | ((path: string) => boolean)
    rate?: Rate
    weightDecay?: number
  }[]
}

/** Makes any optimiser, whatever its settings. */
export type Make = (options: Common) => Optimiser<never>

const makes = {
  SGD: (options: Common) => new SGD({ ...options, momentum: 0.9, nesterov: true, weightDecay: 0.01 }),
  RMSprop: (options: Common) => new RMSprop({ ...options, centered: true, momentum: 0.5, weightDecay: 0.01 }),
  Adagrad: (options: Common) => new Adagrad({ ...options, initialSum: 0.1, weightDecay: 0.01 }),
  Adam: (options: Common) => new Adam({ ...options, amsgrad: true, weightDecay: 0.01 }),
  AdamW: (options: Common) => new AdamW(options),
  Lion: (options: Common) => new Lion({ ...options, weightDecay: 0.1 }),
  Muon: (options: Common) => new Muon(options),
}

/** Every optimiser, by name. */
export const optimisers = Object.entries(makes) as unknown as [name: string, make: Make][]

/** A layer of tanh neurons. */
export function layerOf(seed = 1, dtype: 'float32' | 'float64' = 'float64'): Dense {
  const bias = initialise.gaussianOf(0.3)
  return new Dense(3, 2, { key: key(seed), dtype, activation: activations.tanh, bias })
}

/** One step of learning what is given. */
export function stepOf(layer: Dense, optimiser: Optimiser<never>) {
  return (x: Tensor, y: Tensor): Tensor => {
    const [loss, gradients] = valueAndGrad(layer, () => meanSquaredError(layer.call(x), y))
    optimiser.update(layer, gradients)
    return loss
  }
}

/** Inputs and targets that differ from call to call. */
export function batch(call: number): [x: Tensor, y: Tensor] {
  return [
    normal(key(100 + call), [5, 3], { dtype: 'float64' }),
    normal(key(900 + call), [5, 2], { dtype: 'float64' }),
  ]
}
