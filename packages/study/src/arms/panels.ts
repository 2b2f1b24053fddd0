/** The panels of figures that show one arm each, drawn alike so that arms can be compared. */

import { colours, type Plot } from '@sensigrad/inspect/plot'
import { largest, quantiles, smallest } from '../statistics/spread.ts'
import { guide, iterationAxis, quantitative } from './axes.ts'
import type { ArmRun, Profile } from './experiment.ts'
import type { ArmSummary } from './summary.ts'

/** An arm with its finished runs. */
export interface Shown {
  summary: ArmSummary
  runs: readonly ArmRun[]
  isReference: boolean
}

const size = { width: 240, height: 180 } as const

const colourOf = ({ isReference }: Shown): string => (isReference ? colours.blue : colours.vermilion)

/** Share of the seeds that have succeeded, over iterations. */
export function success(arm: Shown, all: readonly Shown[], most: number): Plot {
  const x = iterationAxis('iteration', most, { tickCount: 3, grid: false })
  const y = (field: string) =>
    quantitative(field, [0, 1], { title: 'succeeded', format: '.0%', values: [0, 0.5, 1] })
  const others = all.filter(other => other !== arm)
  const step = { interpolate: 'step-after', clip: true } as const
  return {
    ...size,
    title: arm.summary.arm.label,
    layer: [
      {
        data: { values: others.flatMap(other => risen(other, most)) },
        mark: { type: 'line', ...step, stroke: 'currentColor', strokeWidth: 1, opacity: 0.25 },
        encoding: { x, y: y('share'), detail: { field: 'arm' } },
      },
      {
        data: { values: risen(arm, most) },
        mark: { type: 'area', ...step, color: colourOf(arm), opacity: 0.18 },
        encoding: { x, y: y('low'), y2: { field: 'high' } },
      },
      {
        data: { values: risen(arm, most) },
        mark: { type: 'line', ...step, color: colourOf(arm), strokeWidth: 2.6 },
        encoding: { x, y: y('share') },
      },
    ],
  }
}

/** The rising curve 1 − S from 0 to the end. Where nobody is left its band closes. */
function risen({ summary: { arm, survival } }: Shown, most: number) {
  const points = survival.steps.map(({ time, survival, interval }) => ({
    arm: arm.id,
    iteration: time,
    share: 1 - survival,
    low: 1 - (interval?.[1] ?? survival),
    high: 1 - (interval?.[0] ?? survival),
  }))
  const first = { arm: arm.id, iteration: 0, share: 0, low: 0, high: 0 }
  return [first, ...points, { ...(points.at(-1) ?? first), iteration: most }]
}

/** Loss over iterations: seeds, median and quartiles. */
export function learning(arm: Shown, all: readonly Shown[], most: number, chance = Number.NaN): Plot {
  const x = iterationAxis('iteration', most, { tickCount: 3, grid: false })
  const starts = all.flatMap(({ runs }) => runs.map(run => run.curve[0]?.loss ?? 0)).filter(Number.isFinite)
  const top = 1.5 * largest([...starts, Number.isNaN(chance) ? 0 : chance, 1e-9])
  const y = (field: string) => quantitative(field, [0, top], { title: 'loss', tickCount: 4 })
  const seeds = arm.runs.flatMap(({ seed, curve }) =>
    curve
      .filter(({ loss }) => Number.isFinite(loss))
      .map(({ iteration, loss }) => ({ seed, iteration, loss })),
  )
  const ends = arm.runs.flatMap(({ success, curve }) => (success ? curve.slice(-1) : []))
  const color = colourOf(arm)
  const bands = heldLosses(arm.runs)
  return {
    ...size,
    title: arm.summary.arm.label,
    layer: [
      ...(Number.isNaN(chance)
        ? []
        : [{ data: { values: [{ chance }] }, mark: guide, encoding: { y: y('chance') } }]),
      {
        data: { values: bands },
        mark: { type: 'area', clip: true, color, opacity: 0.18 },
        encoding: { x, y: y('low'), y2: { field: 'high' } },
      },
      {
        data: { values: seeds },
        mark: { type: 'line', clip: true, color, strokeWidth: 1, opacity: 0.5 },
        encoding: { x, y: y('loss'), detail: { field: 'seed' } },
      },
      {
        data: { values: bands },
        mark: { type: 'line', clip: true, color, strokeWidth: 2.6 },
        encoding: { x, y: y('middle') },
      },
      {
        data: { values: ends },
        mark: { type: 'point', clip: true, filled: true, size: 36, color, opacity: 1 },
        encoding: { x, y: y('loss') },
      },
    ],
  }
}

/** Quartiles of the loss at every iteration at which a run was probed; runs that have ended keep their last loss. */
function heldLosses(runs: readonly ArmRun[]) {
  const moments = [...new Set(runs.flatMap(({ curve }) => curve.map(({ iteration }) => iteration)))]
  return moments
    .sort((a, b) => a - b)
    .flatMap(iteration => {
      const losses = runs
        .map(({ curve }) => curve.filter(point => point.iteration <= iteration).at(-1)?.loss ?? Number.NaN)
        .filter(Number.isFinite)
      if (losses.length === 0) return []
      const [low, middle, high] = quantiles(losses, [0.25, 0.5, 0.75])
      return [{ iteration, low, middle, high }]
    })
}

const stages = ['start', 'prepared', 'end'] as const
const stageNames = { start: 'at the start', prepared: 'before learning', end: 'at the end' } as const
/** Later lines are thinner, so that an earlier one shows beneath. */
const stageWidths = [4.5, 3, 1.5]
const stageColours = [colours.sky, colours.green, colours.vermilion]

/** A quantity from the first layer (or time step) to the last, at each stage; nothing where it was not measured. */
export function profiles(
  arm: Shown,
  all: readonly Shown[],
  along: string,
  quantity: 'gradientNorms' | 'logSensitivity',
): Plot[] {
  const isNorm = quantity === 'gradientNorms'
  const read = (profile: Profile) => (isNorm ? profile.gradientNorms.map(Math.log10) : profile.logSensitivity)
  const shapes = (runs: readonly ArmRun[]) => stages.flatMap(stage => shape(runs, stage, read))
  const mine = shapes(arm.runs)
  if (mine.length === 0) return []
  const everyone = all.flatMap(({ runs }) => shapes(runs))
  const scale = isNorm ? decades(mine, everyone) : nats(everyone)
  const values = mine.map(({ low, middle, high, ...rest }) => {
    const [l, m, h] = [low, middle, high].map(value => Math.max(value, scale.domain[0]))
    return { ...rest, low: l, middle: m, high: h }
  })
  const places = [0, largest(everyone.map(({ place }) => place))]
  const x = quantitative('place', places, { title: along, tickCount: 4, format: 'd', grid: false })
  const title = isNorm ? 'gradient norm' : 'ln RMS s'
  const y = (field: string) => quantitative(field, scale.domain, { title, ...scale.axis })
  const names = stages.map(stage => stageNames[stage])
  const color = {
    field: 'stage',
    type: 'nominal' as const,
    scale: { domain: names, range: stageColours },
  }
  const guides = isNorm ? scale.floor : [0]
  return [
    {
      ...size,
      title: arm.summary.arm.label,
      data: { values },
      layer: [
        {
          data: { values: guides.map(value => ({ value })) },
          mark: guide,
          encoding: { y: y('value') },
        },
        {
          mark: { type: 'area', clip: true, opacity: 0.18 },
          encoding: { x, y: y('low'), y2: { field: 'high' }, color },
        },
        ...names.map((name, i) => ({
          data: { values: values.filter(({ stage }) => stage === name) },
          mark: { type: 'line' as const, clip: true, strokeWidth: stageWidths[i]! },
          encoding: { x, y: y('middle'), color },
        })),
      ],
    },
  ]
}

interface PlaceQuartiles {
  stage: string
  place: number
  low: number
  middle: number
  high: number
}

/** Places that are drawn of a long profile; between them nothing is to be seen. */
const drawnPlaces = 100

function shape(
  runs: readonly ArmRun[],
  stage: (typeof stages)[number],
  read: (profile: Profile) => number[],
): PlaceQuartiles[] {
  const lines = runs.flatMap(run => run.profiles.filter(profile => profile.stage === stage).map(read))
  const length = largest([...lines.map(line => line.length), 0])
  const stride = Math.max(1, Math.ceil(length / drawnPlaces))
  return Array.from({ length }, (_, place) => place)
    .filter(place => place % stride === 0 || place === length - 1)
    .flatMap(place => {
      const values = lines.map(line => line[place] ?? Number.NaN).filter(value => !Number.isNaN(value))
      if (values.length === 0) return []
      const [low, middle, high] = quantiles(values, [0.25, 0.5, 0.75]) as [number, number, number]
      return [{ stage: stageNames[stage], place, low, middle, high }]
    })
}

interface Scale {
  domain: [low: number, high: number]
  axis: { values?: number[]; labelExpr?: string; tickCount?: number }
  /** Where 0 stands on a logarithmic scale; nowhere when there is none. */
  floor: number[]
}

/** Decades between two ticks. */
const strides = [1, 2, 5, 10, 20, 50]

/** Powers of ten: alike in all panels as far as they go, further down where this one does. */
function decades(mine: PlaceQuartiles[], everyone: PlaceQuartiles[]): Scale {
  const extent = (shapes: PlaceQuartiles[]) =>
    shapes.flatMap(({ low, middle, high }) => [low, middle, high]).filter(Number.isFinite)
  const top = Math.ceil(largest([...extent(everyone), -2]) + 0.05)
  const lowest = Math.floor(smallest([...extent(mine), top - 5]))
  const stride = strides.find(stride => (top - lowest) / stride <= 5) ?? 100
  const first = Math.floor(top / stride) * stride
  const values = Array.from(
    { length: Math.floor((first - lowest) / stride) + 1 },
    (_, i) => first - i * stride,
  )
  const hasZero = mine.some(({ low }) => low === Number.NEGATIVE_INFINITY)
  const floor = hasZero ? [lowest - (top - lowest) / 8] : []
  const names = [...values.map(value => [value, `10${raised(value)}`]), ...floor.map(value => [value, '0'])]
  return {
    domain: [floor[0] ?? lowest, top],
    axis: {
      values: [...values, ...floor],
      labelExpr: names.reduceRight(
        (rest, [value, name]) => `datum.value === ${value} ? '${name}' : ${rest}`,
        "''",
      ),
    },
    floor,
  }
}

function nats(everyone: PlaceQuartiles[]): Scale {
  const seen = everyone.flatMap(({ low, high }) => [low, high]).filter(Number.isFinite)
  return {
    domain: [smallest([...seen, -0.1]) - 0.05, largest([...seen, 0.1]) + 0.05],
    axis: { tickCount: 5 },
    floor: [],
  }
}

const superscripts: Record<string, string> = { '-': '⁻', ...Object.fromEntries([...'⁰¹²³⁴⁵⁶⁷⁸⁹'].entries()) }

const raised = (value: number): string => [...String(value)].map(digit => superscripts[digit]).join('')
