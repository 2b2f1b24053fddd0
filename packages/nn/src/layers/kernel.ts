/** How a kernel lies over its input: what layers that have one are told, read and refused where they are made. */

import {
  describeValue,
  type Padding,
  type PerAxis,
  type Tensor,
  ValueError,
  type Widths,
} from '@sensigrad/core'
import type { Activation } from '../activation.ts'
import type { Initialiser } from '../initialise.ts'
import type { LayerOptions } from '../neuron-layer.ts'

/** What layers with a kernel have in common. Where there are two axes, one number is meant for both. */
export interface KernelLayerOptions extends LayerOptions {
  /** f; the identity unless said. Any elementwise function of tensors will do. */
  readonly activation?: Activation | ((potential: Tensor) => Tensor)
  /** The steps from one place of the kernel to the next: 1 unless said. */
  readonly stride?: PerAxis
  /** The steps from one element of the kernel to the next: 1 unless said. */
  readonly dilation?: PerAxis
  /** How many parts the channels fall into, of which each sees only itself: 1 unless said. */
  readonly groups?: number
  /** Initial weights; as in PyTorch unless said: even within 1/√n, n being the elements of weight[0]. */
  readonly weight?: Initialiser
  /** Initial biases; even within the same limit unless said, as in PyTorch. */
  readonly bias?: Initialiser
}

/** How a kernel moves, one entry for each axis: what the convolutions of core are told. */
export interface Sliding {
  readonly stride: readonly number[]
  readonly dilation: readonly number[]
  readonly padding: readonly Widths[]
  readonly groups: number
}

/** The options that every layer with a kernel has. */
export const kernelOptions = [
  ...['key', 'dtype', 'activation', 'weight', 'bias'],
  ...['stride', 'padding', 'dilation', 'groups'],
]

/**
 * How a kernel of a size moves.
 *
 * @param channels  how many of each sort fall into groups
 * @throws ValueError for a stride, dilation, padding or number of groups that is none
 */
export function slidingOf(
  layer: string,
  size: readonly number[],
  options: KernelLayerOptions & { readonly padding?: Padding },
  channels: Readonly<Record<string, number>>,
): Sliding {
  const stride = perAxis(layer, 'stride', options.stride ?? 1, size.length)
  const dilation = perAxis(layer, 'dilation', options.dilation ?? 1, size.length)
  const [groups] = perAxis(layer, 'number of groups', options.groups ?? 1, 1) as [number]
  for (const [sort, count] of Object.entries(channels)) {
    if (count % groups === 0) continue
    throw new ValueError(
      layer,
      `${groups} groups do not divide ${count} ${sort}`,
      'Give multiples of the number of groups',
    )
  }
  return { stride, dilation, padding: paddingPerAxis(layer, options.padding ?? 0, size.length), groups }
}

/**
 * One number for each axis.
 *
 * @throws ValueError unless they are whole numbers of `least` or more, one for all axes or one for each
 */
export function perAxis(layer: string, what: string, given: unknown, rank: number, least = 1): number[] {
  const list = listFor(given, rank)
  if (list.length === rank && list.every(each => isWhole(each, least))) return list as number[]
  const each = rank === 1 ? '' : `, or ${rank} of them`
  throw new ValueError(
    layer,
    `the ${what} is ${shown(given)}`,
    `Give a whole number, ${least} or more${each}`,
  )
}

/**
 * What lies before and after each axis.
 *
 * @throws ValueError unless they are whole numbers or pairs of them, zero or more, one for all axes or one for each
 */
export function paddingPerAxis(layer: string, given: unknown, rank: number): Widths[] {
  const pairs = listFor(given, rank).map(each => (Array.isArray(each) ? each : [each, each]))
  const arePairs = pairs.every(pair => pair.length === 2 && pair.every(width => isWhole(width, 0)))
  if (pairs.length === rank && arePairs) return pairs as unknown as Widths[]
  throw new ValueError(
    layer,
    `the padding is ${shown(given)}`,
    'Give a whole number, 0 or more, or for each axis a number or [before, after]',
  )
}

const listFor = (given: unknown, rank: number): unknown[] =>
  Array.isArray(given) ? given : Array<unknown>(rank).fill(given)

const isWhole = (value: unknown, least: number) => Number.isInteger(value) && Number(value) >= least

const shown = (given: unknown): string =>
  Array.isArray(given) ? `[${given.map(shown).join(', ')}]` : describeValue(given)
