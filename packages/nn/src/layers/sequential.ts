/** Modules and functions one after another. */

import { describeValue, type Tensor, ValueError } from '@sensigrad/core'
import { Module } from '../module.ts'

/** What turns one tensor into another: a module, or a function without parameters such as `tanh`. */
export type Part = Module<[x: Tensor], Tensor> | ((x: Tensor) => Tensor)

/** Applies a part: a module within its scope, so that tapes and errors say where. */
export function apply(part: Part, x: Tensor): Tensor {
  return part instanceof Module ? part.call(x) : part(x)
}

/** @throws ValueError unless it is a module or a function */
export function checkPart(layer: string, what: string, part: unknown): asserts part is Part {
  if (part instanceof Module || typeof part === 'function') return
  throw new ValueError(
    layer,
    `${what} is ${describeValue(part)}`,
    'Give a module, or a function of a tensor such as tanh',
  )
}

/**
 * Parts one after another, each given what the one before it gave. Iterable; part i of it has the path `layers.i`.
 *
 * @throws ValueError for a part that is neither a module nor a function
 * @example new Sequential(new Dense(64, 32, { key: key(1) }), tanh, new Dense(32, 10, { key: key(2) }))
 */
export class Sequential extends Module implements Iterable<Part> {
  readonly layers: readonly Part[]

  constructor(...layers: readonly Part[]) {
    super()
    if (layers.length === 1 && Array.isArray(layers[0])) {
      throw new ValueError(
        'Sequential',
        'the parts are in a list',
        'Give them one by one: new Sequential(...parts)',
      )
    }
    for (const [i, layer] of layers.entries()) checkPart('Sequential', `part ${i}`, layer)
    this.layers = layers
  }

  /** How many parts there are. */
  get length(): number {
    return this.layers.length
  }

  /** A part; negative numbers count from the back. */
  at(index: number): Part | undefined {
    return this.layers.at(index)
  }

  [Symbol.iterator](): Iterator<Part> {
    return this.layers[Symbol.iterator]()
  }

  forward(x: Tensor): Tensor {
    return this.layers.reduce((signal, layer) => apply(layer, signal), x)
  }
}
