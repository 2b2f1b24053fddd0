/** What the study's figures show: each is drawn once a size, so that sizes stand side by side. */

import { colours, type Plot } from '@sensigrad/inspect/plot'
import { largest, median, quantiles, smallest } from '../statistics/spread.ts'
import { defaults, type Probe, type Run, unit } from './settings.ts'
import { arrival, criteria } from './summary.ts'

/** A figure: its parts stand side by side, one a size. */
export interface Figure {
  /** Its file name without an ending. */
  name: string
  title: string
  caption: string
  plots: Plot[]
}

const width = 360
const steps = { field: 'step', type: 'quantitative', scale: { nice: false } } as const
const stepAxis = { title: 'SAL steps', format: ',d', tickCount: 4, grid: false } as const
const guide = { strokeOpacity: 0.55, stroke: 'currentColor', strokeWidth: 1 } as const
const dashed = { ...guide, strokeDash: [5, 4] }

/** All figures of the study. Runs that were interrupted are drawn as far as they went but enter no median. */
export function figures(runs: readonly Run[]): Figure[] {
  const { target, layers } = runs[0]?.settings ?? defaults
  const sizes = [...new Set(runs.map(run => run.settings.size))].map(size => ({
    title: layers === 1 ? `N = ${size}` : `N = ${size}, ${layers} layers`,
    runs: runs.filter(run => run.settings.size === size),
  }))
  const nats = unit({ layers })
  const { at } = arrival({ target, layers })
  const points = runs.flatMap(run => run.probes)
  const seen = points.flatMap(probe => [probe.logSensitivity, probe.lyapunov]).filter(Number.isFinite)
  const whole: Range = [smallest([...seen, 0]) - 0.05, largest([...seen, 0]) + 0.05]
  const near: Range = [-0.2, Math.min(0.6, largest([...seen, 0.08]) + 0.02)]
  const tallest = largest([...points.flatMap(probe => probe.sensitivities).filter(Number.isFinite), target])
  const thin = 'Thin lines are single seeds, bold lines the median over the finished ones.'
  return [
    {
      name: 'trajectories',
      title: 'Log-sensitivity S and Lyapunov exponent λ while SAL acts',
      caption: thin,
      plots: sizes.map(({ title, runs }) => trajectories(title, runs, whole, at, nats)),
    },
    {
      name: 'edge',
      title: 'The same, enlarged around zero',
      caption: `${thin} The edge of chaos is λ = 0.`,
      plots: sizes.map(({ title, runs }) => trajectories(title, runs, near, at, nats)),
    },
    {
      name: 'identity',
      title: 'λ against S',
      caption: `One dot a probe, one line a seed. On the dashed line λ equals S; the grey band is ±${criteria.gap} around it.`,
      plots: sizes.map(({ title, runs }) => identity(title, runs, whole, nats)),
    },
    {
      name: 'neurons',
      title: 'Sensitivities of the single neurons',
      caption:
        'All neurons of all seeds: the line is their median, the dark band half of them, the light band all. The dashed line is the target.',
      plots: sizes.map(({ title, runs }) => neurons(title, runs, target, tallest)),
    },
  ]
}

type Range = [from: number, to: number]

const measures = [
  { kind: 'log-sensitivity S', colour: colours.blue, read: (probe: Probe) => probe.logSensitivity },
  { kind: 'exponent λ', colour: colours.vermilion, read: (probe: Probe) => probe.lyapunov },
]

function trajectories(title: string, runs: Run[], range: Range, target: number, nats: string): Plot {
  const seeds = measures.flatMap(({ kind, read }) =>
    runs.flatMap(({ seed, probes }) =>
      probes.map(probe => ({ kind, seed, step: probe.step, value: read(probe) })),
    ),
  )
  const medians = measures.flatMap(({ kind, read }) =>
    byStep(finishedOrAll(runs)).map(([step, probes]) => ({ kind, step, value: median(probes.map(read)) })),
  )
  const y = {
    field: 'value',
    type: 'quantitative',
    scale: { domain: range, nice: false, zero: false },
    axis: { title: nats, tickCount: 6 },
  } as const
  const color = {
    field: 'kind',
    type: 'nominal',
    scale: { domain: measures.map(({ kind }) => kind), range: measures.map(({ colour }) => colour) },
  } as const
  const x = { ...steps, axis: stepAxis }
  return {
    title,
    width,
    height: 260,
    layer: [
      { data: { values: [{ value: 0 }] }, mark: { type: 'rule', ...guide }, encoding: { y } },
      ...(target === 0
        ? []
        : [
            {
              data: { values: [{ value: target }] },
              mark: { type: 'rule', ...dashed },
              encoding: { y },
            } as const,
          ]),
      {
        data: { values: finite(seeds, 'value') },
        mark: { type: 'line', clip: true, strokeWidth: 1, opacity: 0.55 },
        encoding: { x, y, color, detail: { field: 'seed' } },
      },
      {
        data: { values: finite(medians, 'value') },
        mark: { type: 'line', clip: true, strokeWidth: 2.6 },
        encoding: { x, y, color },
      },
    ],
  }
}

function identity(title: string, runs: Run[], range: Range, nats: string): Plot {
  const dots = runs.flatMap(({ seed, probes }) =>
    probes.map(({ step, logSensitivity, lyapunov }) => ({ seed, step, logSensitivity, lyapunov })),
  )
  const values = finite(finite(dots, 'lyapunov'), 'logSensitivity')
  const scale = { domain: range, nice: false, zero: false }
  const x = {
    field: 'logSensitivity',
    type: 'quantitative',
    scale,
    axis: { title: `S, ${nats}`, tickCount: 5 },
  } as const
  const y = {
    field: 'lyapunov',
    type: 'quantitative',
    scale,
    axis: { title: `λ, ${nats}`, tickCount: 5 },
  } as const
  const line = range.map(value => ({
    logSensitivity: value,
    lyapunov: value,
    above: value + criteria.gap,
    below: value - criteria.gap,
  }))
  return {
    title,
    width,
    height: width,
    layer: [
      {
        data: { values: line },
        mark: { type: 'area', clip: true, color: 'currentColor', opacity: 0.08 },
        encoding: { x, y: { ...y, field: 'below' }, y2: { field: 'above' } },
      },
      { data: { values: line }, mark: { type: 'line', ...dashed }, encoding: { x, y } },
      { data: { values: [{ lyapunov: 0 }] }, mark: { type: 'rule', ...guide }, encoding: { y } },
      {
        data: { values },
        mark: { type: 'line', clip: true, strokeWidth: 1, opacity: 0.35, color: colours.green },
        encoding: { x, y, detail: { field: 'seed' }, order: { field: 'step' } },
      },
      {
        data: { values },
        mark: { type: 'point', clip: true, filled: true, size: 22, opacity: 0.7, color: colours.green },
        encoding: { x, y },
      },
    ],
  }
}

function neurons(title: string, runs: Run[], target: number, tallest: number): Plot {
  const bands = byStep(finishedOrAll(runs)).map(([step, probes]) => {
    const all = probes.flatMap(probe => probe.sensitivities)
    const [min, low, middle, high, max] = quantiles(all, [0, 0.25, 0.5, 0.75, 1])
    return { step, min, low, middle, high, max }
  })
  const x = { ...steps, axis: stepAxis }
  const scale = { domain: [0, tallest], nice: true }
  const axis = { title: 'sensitivity s', tickCount: 6 }
  const y = (field: string) => ({ field, type: 'quantitative', scale, axis }) as const
  const band = (from: string, to: string, opacity: number) =>
    ({
      mark: { type: 'area', color: colours.blue, opacity },
      encoding: { x, y: y(from), y2: { field: to } },
    }) as const
  return {
    title,
    width,
    height: 260,
    data: { values: bands },
    layer: [
      band('min', 'max', 0.18),
      band('low', 'high', 0.35),
      { mark: { type: 'line', color: colours.blue, strokeWidth: 2.2 }, encoding: { x, y: y('middle') } },
      { data: { values: [{ target }] }, mark: { type: 'rule', ...dashed }, encoding: { y: y('target') } },
    ],
  }
}

/** The probes of several runs, gathered where they were made at the same step. */
function byStep(runs: readonly Run[]): [step: number, probes: Probe[]][] {
  const gathered = new Map<number, Probe[]>()
  for (const probe of runs.flatMap(run => run.probes)) {
    const together = gathered.get(probe.step)
    if (together) together.push(probe)
    else gathered.set(probe.step, [probe])
  }
  return [...gathered].sort(([a], [b]) => a - b)
}

function finishedOrAll(runs: readonly Run[]): readonly Run[] {
  const finished = runs.filter(run => run.status === 'finished')
  return finished.length > 0 ? finished : runs
}

function finite<Row extends Record<string, unknown>>(rows: Row[], field: keyof Row): Row[] {
  return rows.filter(row => Number.isFinite(row[field]))
}
