/**
 * Maps: numbers over rows and columns, as data. What is drawn on a terminal and what is drawn as SVG is the same grid, and
 * a grid that is larger than its picture is reduced here, so that nothing that matters is averaged away.
 */

import { describeValue, ValueError } from '@sensigrad/core'
import { checkGiven } from '../checks.ts'
import { printable } from '../text.ts'
import type { FlowRow, GradientFlow } from './gradient-flow.ts'
import type { LayerSensitivities } from './sensitivity-map.ts'

/** Numbers over rows and columns. */
export interface Grid {
  readonly title: string
  /** What the columns count. */
  readonly across: string
  /** What the rows are. */
  readonly down: string
  readonly rows: readonly string[]
  readonly columns: readonly number[]
  /** Row by row. NaN where nothing was measured; -∞ where the number whose logarithm is shown is exactly 0. */
  readonly values: readonly (readonly number[])[]
  readonly scale: Scale
}

/**
 * What the numbers mean: from one number to another, or around a middle, which is where nothing is to be seen. Ranges are
 * fixed and never follow the data, so that two maps can be compared.
 */
export type Scale =
  | { readonly kind: 'range'; readonly from: number; readonly to: number; readonly unit: string }
  | { readonly kind: 'around'; readonly middle: number; readonly reach: number; readonly unit: string }

/** What distinguishes a grid, and what makes one. */
export const gridParts = ['rows', 'columns', 'values', 'scale'] as const
export const gridMakers = 'flowGrid(flow), sensitivityGrid(layer) or histogramGrid(recording, name)'

/** A flow at one step of a training. */
export interface FlowAt {
  readonly step: number
  readonly flow: GradientFlow
}

/** What a map of a flow shows: the rms of gradients or of values, or by how much each layer changes the gradient. */
export type FlowMeasure = 'gradient' | 'value' | 'gain' | 'stretch'

const measures: Readonly<Record<FlowMeasure, { scale: Scale; read: (row: FlowRow) => number | undefined }>> =
  {
    gradient: {
      scale: { kind: 'range', from: -8, to: 2, unit: 'log10 of the gradient (rms)' },
      read: ({ gradient }) => gradient && Math.log10(gradient.rms),
    },
    value: {
      scale: { kind: 'range', from: -8, to: 2, unit: 'log10 of the output (rms)' },
      read: ({ value }) => Math.log10(value.rms),
    },
    gain: {
      scale: { kind: 'around', middle: 0, reach: 1, unit: 'log10 of the gain, backwards' },
      read: ({ gain }) => gain,
    },
    stretch: {
      scale: { kind: 'around', middle: 0, reach: 1, unit: 'log10 of the stretch, forwards' },
      read: ({ stretch }) => stretch,
    },
  }

/**
 * A flow as a map. Of a training: layers, and steps of time within them, over training steps. Of one pass: layers over
 * steps of time, where layers have such.
 *
 * @param flows  one flow, or those of several training steps
 * @throws ValueError for what is no flow, when there are none, or for an unknown measure
 * @example formatMap(flowGrid(flow, 'gain'))
 */
export function flowGrid(flows: GradientFlow | readonly FlowAt[], measure: FlowMeasure = 'gradient'): Grid {
  if (!Object.hasOwn(measures, measure)) {
    throw new ValueError(
      'flowGrid',
      `there is no measure ${describeValue(measure)}`,
      `There is ${Object.keys(measures).join(', ')}`,
    )
  }
  const { scale, read } = measures[measure]
  if (!isSeries(flows)) {
    checkFlow(flows)
    return ofOnePass(flows, scale, read)
  }
  if (flows.length === 0) throw new ValueError('flowGrid', 'there are no flows', 'Give one or more')
  for (const each of flows) {
    checkGiven('flowGrid', 'element', each, ['step', 'flow'], '{ step, flow: await gradientFlow(tape) }')
    checkFlow(each.flow)
  }
  const nameOf = ({ layer, step }: FlowRow) => (step === undefined ? layer : `${layer} · ${step}`)
  return {
    title: 'gradient flow',
    across: 'training step',
    down: 'layer',
    columns: flows.map(({ step }) => step),
    scale,
    ...tabulated(flows.map(({ flow }) => new Map(flow.rows.map(row => [nameOf(row), read(row)])))),
  }
}

const checkFlow = (flow: unknown) => checkGiven('flowGrid', 'flow', flow, ['rows'], 'gradientFlow(tape)')

const isSeries = (flows: GradientFlow | readonly FlowAt[]): flows is readonly FlowAt[] => Array.isArray(flows)

function ofOnePass({ rows }: GradientFlow, scale: Scale, read: (row: FlowRow) => number | undefined): Grid {
  const steps = [...new Set(rows.map(({ step = 0 }) => step))].sort((a, b) => a - b)
  const columns = steps.map(at => {
    const here = rows.filter(({ step = 0 }) => step === at)
    return new Map(here.map(row => [row.layer, read(row)]))
  })
  const order = new Map(rows.map(({ layer }) => [layer, undefined]))
  return {
    title: 'gradient flow',
    across: 'step of time',
    down: 'layer',
    columns: steps,
    scale,
    ...tabulated(columns, [...order.keys()]),
  }
}

/** Columns of named numbers as rows, in the order in which the names are first met. */
function tabulated(
  columns: readonly ReadonlyMap<string, number | undefined>[],
  names: readonly string[] = [...new Set(columns.flatMap(column => [...column.keys()]))],
): Pick<Grid, 'rows' | 'values'> {
  const values = names.map(name => columns.map(column => column.get(name) ?? Number.NaN))
  return { rows: names.map(printable), values }
}

/**
 * The sensitivities of a layer as a map: neurons over firings, ln s around the logarithm of a target.
 *
 * @param target  the sensitivity in the middle, such as SAL's; 1 unless said
 * @throws ValueError for what is no layer of a map, or a target that is not above 0
 * @example formatMap(sensitivityGrid((await map.read()).layers[0]!))
 */
export function sensitivityGrid(sensitivities: LayerSensitivities, target = 1): Grid {
  checkGiven(
    'sensitivityGrid',
    'layer',
    sensitivities,
    ['layer', 'neurons', 'columns'],
    '(await map.read()).layers',
  )
  const { layer, neurons, columns } = sensitivities
  if (!(Number.isFinite(target) && target > 0)) {
    throw new ValueError(
      'sensitivityGrid',
      `the target is ${describeValue(target)}`,
      'Give a sensitivity above 0',
    )
  }
  return {
    title: printable(layer),
    across: 'firing',
    down: 'neuron',
    rows: Array.from({ length: neurons }, (_, neuron) => String(neuron)),
    columns: columns.map(({ at }) => at),
    values: Array.from({ length: neurons }, (_, neuron) => columns.map(({ logS }) => logS[neuron]!)),
    scale: { kind: 'around', middle: Math.log(target), reach: Math.log(8), unit: 'sensitivity s' },
  }
}

/**
 * The grid with at most so many rows and columns: of what falls together, the number that is farthest from the middle of
 * the scale is shown, so that one dead neuron among a hundred stays in sight.
 *
 * @throws ValueError for what is no grid, or a size that is no number
 * @example reduced(grid, 40, 120)
 */
export function reduced(grid: Grid, rows: number, columns: number): Grid {
  checkGiven('reduced', 'grid', grid, gridParts, gridMakers)
  for (const most of [rows, columns]) {
    if (typeof most === 'number' && !Number.isNaN(most)) continue
    throw new ValueError(
      'reduced',
      `${describeValue(most)} is no size`,
      'Give how many: reduced(grid, 40, 120)',
    )
  }
  const down = parts(grid.rows.length, rows)
  const across = parts(grid.columns.length, columns)
  if (down.length === grid.rows.length && across.length === grid.columns.length) return grid
  const worst = (all: readonly number[]) => worstOf(all, grid.scale)
  return {
    ...grid,
    rows: down.map(([from, to]) => nameOf(grid.rows, from, to)),
    columns: across.map(([from]) => grid.columns[from]!),
    values: down.map(([top, bottom]) =>
      across.map(([left, right]) =>
        worst(grid.values.slice(top, bottom).map(row => worst(row.slice(left, right)))),
      ),
    ),
  }
}

/** So many things in at most so many parts, even ones, from and to. */
function parts(length: number, most: number): [from: number, to: number][] {
  const count = Math.min(length, Math.max(Math.floor(most), 1))
  return Array.from({ length: count }, (_, i) => [
    Math.floor((i * length) / count),
    Math.floor(((i + 1) * length) / count),
  ])
}

const nameOf = (names: readonly string[], from: number, to: number): string =>
  to - from === 1 ? names[from]! : `${names[from]} … ${names[to - 1]}`

function worstOf(values: readonly number[], scale: Scale): number {
  const measured = values.filter(value => !Number.isNaN(value))
  if (measured.length === 0) return Number.NaN
  const middle = scale.kind === 'around' ? scale.middle : (scale.from + scale.to) / 2
  const distance = (value: number) => Math.abs(value - middle)
  return measured.reduce((worst, value) => (distance(value) > distance(worst) ? value : worst))
}
