/** The tape of a module's loss, from its parameters on: what `valueAndGrad` records, kept to be read. */

import { record, type Tape, type Tensor } from '@sensigrad/core'
import { type AnyModule, valuesOf, withParameters } from '@sensigrad/nn'

/**
 * Records a loss of a module. The inputs of the tape are the module's parameters, in the order of `module.parameters()`.
 *
 * @param module  whose parameters
 * @param loss    computes the loss with the module
 * @returns the tape; nothing in the module changes
 * @throws  ValueError for what is no module; as `record` for what is no function of tensors
 * @example const tape = tapeOf(model, () => meanSquaredError(model.call(x), y))
 */
export function tapeOf(module: AnyModule, loss: () => Tensor): Tape {
  const values = valuesOf(module)
  const paths = Object.keys(values)
  return record(
    (...inputs: readonly Tensor[]) =>
      withParameters(module, Object.fromEntries(paths.map((path, i) => [path, inputs[i]!])), loss),
    ...Object.values(values),
  )
}
