/** What a ledger says of the neurons of a parameter: whom SAL moved most, and one neuron's way. */

import type { LayerStep } from './data.ts'
import type { Entry } from './select-steps.ts'

/** What SAL knew of a neuron, and how far it moved it. */
export interface NeuronRow {
  readonly neuron: number
  /** How far SAL moved it, step by step. */
  readonly moved: number
  /** s at the first step and at the last. */
  readonly sensitivity: readonly [first: number, last: number]
}

/** A neuron at one step. */
export interface NeuronStep {
  readonly step: number
  readonly sensitivity: number
  readonly average: number
  readonly gate: number
  /** ‖w‖ after the step. */
  readonly weight: number
}

/** What is known of the neurons of a parameter. */
export interface NeuronReport {
  readonly units: number
  readonly target: number
  /** How many gates are open at the last step. */
  readonly open: number
  /** The neurons whose gate was never open, where that is kept. */
  readonly neverOpen: readonly number[] | undefined
  /** Those that SAL moved most, the farthest first, where that is kept. */
  readonly most: readonly NeuronRow[] | undefined
  /** Each step of the one that was asked for. */
  readonly way: readonly NeuronStep[] | undefined
}

/** `undefined` where SAL did not move the parameter. */
export function neuronsOf(entries: readonly Entry[], neuron: number | undefined): NeuronReport | undefined {
  const { path } = entries[0]!.moved
  const adjusted = entries.flatMap(entry => {
    const found = adjustmentIn(entry.step.layers, path)
    return found === undefined ? [] : [{ ...entry, adjustment: found }]
  })
  const last = adjusted.at(-1)
  if (last === undefined) return undefined
  const { units, target, open } = last.adjustment
  const kept = adjusted.filter(({ adjustment, moved }) => adjustment.neurons && moved.neurons)
  const indices = Array.from({ length: units }, (_, i) => i)
  const isKept = kept.length > 0 && kept.every(({ moved }) => moved.neurons!.weight.length === units)
  if (!isKept) return { units, target, open, neverOpen: undefined, most: undefined, way: undefined }
  const [first, final] = [kept[0]!, kept.at(-1)!]
  const farOf = (i: number) => kept.reduce((sum, entry) => sum + movedBySAL(entry, i), 0)
  return {
    units,
    target,
    open,
    neverOpen: indices.filter(i => kept.every(({ adjustment }) => adjustment.neurons!.gate[i] === 0)),
    most: indices
      .map(i => ({
        neuron: i,
        moved: farOf(i),
        sensitivity: [
          first.adjustment.neurons!.sensitivity[i]!,
          final.adjustment.neurons!.sensitivity[i]!,
        ] as const,
      }))
      .filter(({ moved }) => moved > 0)
      .sort((a, b) => b.moved - a.moved)
      .slice(0, 5),
    way:
      neuron === undefined
        ? undefined
        : kept.map(({ step, adjustment: { neurons }, moved }) => ({
            step: step.step,
            sensitivity: neurons!.sensitivity[neuron]!,
            average: neurons!.average[neuron]!,
            gate: neurons!.gate[neuron]!,
            weight: moved.neurons!.weight[neuron]!,
          })),
  }
}

function movedBySAL({ moved }: Entry, neuron: number): number {
  const part = moved.neurons?.step.parts.find(({ name }) => name === 'SAL')
  return part?.norm[neuron] ?? 0
}

/** What SAL knew of the layer when it moved a parameter last in a step. */
function adjustmentIn(layers: readonly LayerStep[], path: string): LayerStep['adjustment'] {
  const found = layers.filter(layer => layer.adjustment !== undefined && layer.parameters.includes(path))
  return found.at(-1)?.adjustment
}
