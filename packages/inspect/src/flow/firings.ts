/** Listening to the neuron layers of a module: what each firing says is computed beside what the layer computes, and read. */

import { describeValue, peek, type Tensor, type TypedArray, ValueError } from '@sensigrad/core'
import { type AnyModule, type Firing, Module, NeuronLayer } from '@sensigrad/nn'
import type { Provenance } from '../record/record.ts'
import { Reading } from '../watch/reading.ts'

/** What is wanted of a firing: tensors, and what becomes of their elements. */
export interface Listener {
  read(firing: Firing): readonly Tensor[]
  /**
   * @param tensors  shaped as `read` gave them, or in the step of a captured loop with a first axis for its steps
   */
  take(layer: string, firing: Firing, elements: readonly TypedArray[], heard: Heard): void
}

/** How a firing was heard. */
export interface Heard {
  readonly from: Provenance
  /** In a captured loop: how many steps of time lie along a first axis of each tensor. */
  readonly steps: number | undefined
}

/** All neuron layers of a module, by path. The module itself, where it is one, is called by its class. */
export function neuronLayersOf(
  operation: string,
  module: AnyModule,
): Map<string, NeuronLayer<never, unknown>> {
  if (!(module instanceof Module)) {
    throw new ValueError(
      operation,
      `${describeValue(module)} is no module`,
      'Give a layer or a model, an instance of Module',
    )
  }
  const layers = new Map<string, NeuronLayer<never, unknown>>()
  for (const [path, layer] of (module as AnyModule).modules()) {
    if (layer instanceof NeuronLayer) layers.set(path === '' ? layer.constructor.name : path, layer)
  }
  if (layers.size > 0) return layers
  throw new ValueError(
    operation,
    `${(module as AnyModule).constructor.name} has no neuron layers`,
    'Give a module with layers of neurons f(w·x + θ), such as Dense or RNN',
  )
}

/** Listens until `stop` is called. Training is bit for bit what it is without. */
export class Ears {
  readonly #reading = new Reading()
  readonly #ends: (() => void)[]

  constructor(layers: ReadonlyMap<string, NeuronLayer<never, unknown>>, listener: Listener) {
    this.#ends = [...layers].map(([path, layer]) =>
      layer.onFiring(firing =>
        peek(
          () => listener.read(firing),
          (tensors, { from, steps }) =>
            this.#reading.read(tensors, elements => listener.take(path, firing, elements, { from, steps })),
        ),
      ),
    )
  }

  /** Waits for what is still to be read, on backends that cannot be read at once. */
  flush(): Promise<void> {
    return this.#reading.flush()
  }

  /** Hears nothing more. */
  stop(): void {
    for (const end of this.#ends.splice(0)) end()
  }
}
