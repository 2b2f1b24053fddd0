/** What a recorded run keeps of the flow of gradients and of sensitivities: two maps over the same steps, as data. */

import { flowGrid, type GradientFlow, type Grid, type LayerSensitivities, reduced } from '@sensigrad/inspect'
import { toJson } from '../json.ts'

/** The most rows of a map; more layers, steps of time or neurons fall together, and the extremes stay. */
export const mostRows = 256

/** One moment of a run. */
export interface Moment {
  readonly flow: Grid
  readonly sensitivities: Grid
  /** ln of the root mean square of s over all neurons. */
  readonly logSensitivity: number
  /** Neurons with s = 0. */
  readonly dead: number
}

/** The maps of a run. */
export interface RunMaps {
  readonly format: 'sensigrad.study-maps'
  readonly version: 1
  /** log₁₀ of the rms of the gradient at each layer, or step of time, by step of the run. */
  readonly flow: Grid
  /** ln s of the neurons, by step of the run. */
  readonly sensitivities: Grid
  readonly logSensitivity: readonly number[]
  readonly dead: readonly number[]
  /** How many neurons there are. */
  readonly neurons: number
  /** The parameters in the ledger. */
  readonly parameters: readonly string[]
  /** The one of them that the report shows. */
  readonly shown: string
  /** What a reader should know, a sentence each. */
  readonly notes: readonly string[]
}

/** A moment from what was measured. */
export function momentOf(flow: GradientFlow, layers: readonly LayerSensitivities[], target: number): Moment {
  const rows: string[] = [] // of several layers by the layer, of one by the neuron
  const values: number[][] = []
  let [squares, dead] = [0, 0]
  for (const { layer, columns, neurons } of layers) {
    const { logS, logSensitivity, dead: gone } = columns.at(-1)!
    squares += neurons * Math.exp(2 * logSensitivity)
    dead += gone
    for (const [neuron, value] of logS.entries()) {
      rows.push(layers.length === 1 ? String(neuron) : layer)
      values.push([value])
    }
  }
  const sensitivities: Grid = {
    title: 'sensitivities',
    across: 'step',
    down: layers.length === 1 ? 'neuron' : 'neurons, layer by layer',
    rows,
    columns: [0],
    values,
    scale: { kind: 'around', middle: Math.log(target), reach: Math.log(8), unit: 'sensitivity s' },
  }
  return {
    flow: reduced(flowGrid([{ step: 0, flow }]), mostRows, 1),
    sensitivities: reduced(sensitivities, mostRows, 1),
    logSensitivity: Math.log(squares / rows.length) / 2,
    dead,
  }
}

/** Moments side by side. */
export function mapsOf(
  moments: readonly { readonly step: number; readonly item: Moment }[],
  about: Pick<RunMaps, 'parameters' | 'shown' | 'notes' | 'neurons'>,
): RunMaps {
  const columns = moments.map(({ step }) => step)
  const grid = (which: 'flow' | 'sensitivities'): Grid => {
    const first = moments[0]!.item[which]
    return {
      ...first,
      across: 'step',
      columns,
      values: first.rows.map((_, row) => moments.map(({ item }) => readable(item[which].values[row]![0]!))),
    }
  }
  return {
    format: 'sensigrad.study-maps',
    version: 1,
    flow: grid('flow'),
    sensitivities: grid('sensitivities'),
    logSensitivity: moments.map(({ item }) => readable(item.logSensitivity)),
    dead: moments.map(({ item }) => item.dead),
    ...about,
  }
}

/** No eye sees more digits than these. */
const readable = (value: number): number => (Number.isFinite(value) ? Number(value.toPrecision(4)) : value)

/** As a file. */
export const mapsText = (maps: RunMaps): string => toJson(maps)

const words = new Map<unknown, number>([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
])

/** The maps in a file; `undefined` for what is none, or was written by another version. */
export function mapsFrom(text: string): RunMaps | undefined {
  try {
    const maps: unknown = JSON.parse(text, (_, value: unknown) => words.get(value) ?? value)
    return isMaps(maps) ? maps : undefined
  } catch {
    return undefined
  }
}

function isMaps(value: unknown): value is RunMaps {
  if (typeof value !== 'object' || value === null) return false
  const { format, version, flow, sensitivities, logSensitivity, parameters, notes } =
    value as Partial<RunMaps>
  const hasColumns = (grid: Grid | undefined) =>
    grid !== undefined &&
    grid.columns.length === logSensitivity!.length &&
    grid.values.length === grid.rows.length &&
    grid.values.every(row => row.length === grid.columns.length)
  return (
    format === 'sensigrad.study-maps' &&
    version === 1 &&
    Array.isArray(logSensitivity) &&
    Array.isArray(parameters) &&
    Array.isArray(notes) &&
    hasColumns(flow) &&
    hasColumns(sensitivities)
  )
}
