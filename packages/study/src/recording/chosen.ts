/** Which parameters a ledger is about, of a network of many layers. */

import type { AnyModule } from '@sensigrad/nn'

/** The first, the middle and the last of some layers. */
export function someOf<Layer>(layers: readonly Layer[]): Layer[] {
  const places = [0, Math.floor(layers.length / 2), layers.length - 1]
  return [...new Set(places)].map(place => layers[place]!)
}

/** The paths in a network of the parameters of some of its layers, in its order. */
export function pathsOf(network: AnyModule, layers: readonly AnyModule[]): string[] {
  const wanted = new Set(layers.flatMap(layer => [...layer.parameters().values()]))
  return [...network.parameters()].filter(([, parameter]) => wanted.has(parameter)).map(([path]) => path)
}
