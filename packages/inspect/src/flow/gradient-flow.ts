/**
 * Gradient flow: how large signals and gradients are at each layer and each step of time, and by how much each layer
 * shrinks or stretches what passes through it, backwards and forwards.
 */

import { cotangentsOf, type Key, type Tape, type Tensor } from '@sensigrad/core'
import type { AnyModule } from '@sensigrad/nn'
import { checkOptions } from '../checks.ts'
import type { Statistics } from '../record/record.ts'
import { statisticsOf } from '../record/statistics.ts'
import type { Passage } from './passages.ts'
import { layersOf, recorded } from './recorded.ts'
import { stretchOf } from './stretch.ts'

/** How `gradientFlow` goes. */
export interface FlowOptions {
  /** The cotangents of the tape's outputs; ones unless said, which makes the gradient of their sum. */
  readonly cotangents?: Tensor | readonly Tensor[]
  /** Tensors of a tape that are parameters: what is computed from them alone is no signal. Of a module they are known. */
  readonly parameters?: readonly Tensor[]
  /** How many names of a path count: at 1 `encoder.layers.3.attention` is part of `encoder`. All, unless said. */
  readonly depth?: number
  /** Sends so many random tangents through each layer, for `stretch`; each costs a forward pass. None unless said. */
  readonly tangents?: { readonly samples: number; readonly key: Key }
}

/** What one layer does at one step of time. */
export interface FlowRow {
  /** The path of the module. */
  readonly layer: string
  /** The step of time, from 0, of a layer that acts step by step. */
  readonly step?: number
  /** The shape of its first output. */
  readonly shape: readonly number[]
  /** Its outputs, all together. */
  readonly value: Statistics
  /** The cotangents at its outputs; missing where none arrived. */
  readonly gradient?: Statistics
  /**
   * log₁₀ of the rms of the gradient at its inputs over that at its outputs: below 0 the gradient shrinks on its way
   * back. -∞ where it vanishes here; missing where no input depends on the tape's inputs, or no gradient arrived, or it
   * was 0 already.
   */
  readonly gain?: number
  /** log₁₀ of the rms of J v over that of v, for random v: how much the layer stretches what comes in, over all directions. */
  readonly stretch?: number
}

/** The flow through all layers of a tape. */
export interface GradientFlow {
  /** In the order of the forward pass. */
  readonly rows: readonly FlowRow[]
}

/**
 * How signals and gradients flow through the layers of a tape. Layers are told apart by their scopes, those of modules
 * and of `withScope`; steps of time by the scopes of `scan`, or by a layer's repeating itself. A tensor that several
 * layers read has the sum of what they send back.
 *
 * @param tape     made by `record`
 * @param options  cotangents, parameters, depth, tangents
 * @throws ValueError when no entry was made in a module, and for an option that there is not; ShapeError for a cotangent that does not fit
 * @example
 * const flow = await gradientFlow(record(x => meanSquaredError(model.call(x), y), x))
 * console.log(formatFlow(flow))
 */
export function gradientFlow(tape: Tape, options?: FlowOptions): Promise<GradientFlow>
/**
 * The same, of a loss as a function of a module's parameters. What listens to the module, such as SAL, hears the pass.
 *
 * @example console.log(formatFlow(await gradientFlow(model, () => meanSquaredError(model.call(x), y))))
 */
export function gradientFlow(
  module: AnyModule,
  loss: () => Tensor,
  options?: FlowOptions,
): Promise<GradientFlow>
export async function gradientFlow(
  of: Tape | AnyModule,
  second?: FlowOptions | (() => Tensor),
  third?: FlowOptions,
): Promise<GradientFlow> {
  const { tape, parameters } = recorded('gradientFlow', of, second)
  const options = (typeof second === 'function' ? third : second) ?? {}
  checkOptions('gradientFlow', options, ['cotangents', 'parameters', 'depth', 'tangents'])
  const passages = layersOf('gradientFlow', tape, { parameters, ...options })
  const cotangents = cotangentsOf(tape, options.cotangents)
  const stretches = stretchOf(passages, options.tangents)
  return { rows: await Promise.all(passages.map((passage, i) => rowOf(passage, cotangents, stretches[i]))) }
}

async function rowOf(
  { layer, step, inputs, outputs }: Passage,
  cotangents: ReadonlyMap<Tensor, Tensor>,
  stretching: Promise<number> | undefined,
): Promise<FlowRow> {
  const arrived = (tensors: readonly Tensor[]) => tensors.flatMap(tensor => cotangents.get(tensor) ?? [])
  const [value, gradient, before, stretch] = await Promise.all([
    together(outputs),
    together(arrived(outputs)),
    together(arrived(inputs)),
    stretching,
  ])
  const gain = gradient && before && gradient.rms !== 0 ? Math.log10(before.rms / gradient.rms) : undefined
  return {
    layer,
    ...(step !== undefined && { step }),
    shape: outputs[0]!.shape,
    value: value!,
    ...(gradient && { gradient }),
    ...(gain !== undefined && { gain }),
    ...(stretch !== undefined && { stretch }),
  }
}

/** The statistics of the elements of some tensors as if they were one; `undefined` of none. */
async function together(tensors: readonly Tensor[]): Promise<Statistics | undefined> {
  if (tensors.length === 0) return undefined
  const parts = await Promise.all(tensors.map(tensor => tensor.data()))
  if (parts.length === 1) return statisticsOf(parts[0]!)
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return statisticsOf(all)
}
