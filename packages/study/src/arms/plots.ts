/** What the figures of a study of arms show: every arm beside the others, every seed among them. */

import { colours, type Plot } from '@sensigrad/inspect/plot'
import { largest, quantiles } from '../statistics/spread.ts'
import { guide, iterationAxis, quantitative } from './axes.ts'
import type { ArmRun } from './experiment.ts'
import { learning, profiles, type Shown, success } from './panels.ts'
import type { AnyStudy } from './plan.ts'
import type { ArmsResult } from './study.ts'
import type { ArmSummary } from './summary.ts'

/** A figure: its parts stand row by row. */
export interface Figure {
  /** Its file name without an ending. */
  name: string
  title: string
  caption: string
  plots: Plot[]
  columns: number
}

const columns = 3

/** All figures of the study. Runs that were interrupted are not drawn. */
export function figures(
  study: AnyStudy,
  { plan, runs }: ArmsResult,
  summaries: readonly ArmSummary[],
): Figure[] {
  const finished = runs.filter(run => run.status === 'finished')
  const shown: Shown[] = summaries
    .filter(({ seeds }) => seeds.length > 0)
    .map(summary => ({
      summary,
      runs: finished.filter(run => run.arm === summary.arm.id),
      isReference: summary.arm.id === study.reference,
    }))
  const most = study.iterations(plan.settings)
  const { along } = study
  const bands = 'Lines are medians over the seeds, bands the middle half of them.'
  const grid = (name: string, title: string, caption: string, plots: Plot[]): Figure[] =>
    plots.length === 0 ? [] : [{ name, title, caption, plots, columns: Math.min(columns, plots.length) }]
  return [
    {
      name: 'overview',
      title: 'Successes, and the iterations until then',
      caption:
        'Left: share of the seeds that succeeded, with Wilson’s 95 % interval. Right: one dot a seed, filled where it ' +
        'succeeded, hollow where it ended without; the bar is the Kaplan–Meier median, where half succeeded.',
      plots: shown.length === 0 ? [] : [shares(shown), iterations(shown, most)],
      columns: 2,
    },
    ...grid(
      'success',
      'Share of the seeds that have succeeded',
      'Kaplan–Meier estimates with their 95 % bands (log-log); the thin grey lines are the other arms.',
      shown.map(arm => success(arm, shown, most)),
    ),
    ...grid(
      'learning',
      'Loss while learning',
      'Thin lines are single seeds, with a dot where one succeeded; the bold line is the median and the band the middle half. ' +
        'A run that has ended counts on with its last loss.' +
        (study.chance === undefined ? '' : ' Dashed: the loss of guessing.'),
      shown.map(arm => learning(arm, shown, most, study.chance)),
    ),
    ...grid(
      'gradients',
      `Norm of the gradient, ${along} by ${along}`,
      `${bands} Mind the axes: they reach further down where gradients vanish. On the line 0 they are too small for float64.`,
      shown.flatMap(arm => profiles(arm, shown, along, 'gradientNorms')),
    ),
    ...grid(
      'sensitivities',
      `Log-sensitivity, ${along} by ${along}`,
      `${bands} At 0 the ${along} neither shrinks nor stretches the signal.`,
      shown.flatMap(arm => profiles(arm, shown, along, 'logSensitivity')),
    ),
    {
      name: 'neurons',
      title: 'Sensitivities of the single neurons',
      caption:
        'All neurons of all seeds, before anything was done and at the end: the thin line reaches over all of them, the bar ' +
        'over half, the tick stands at the median. At 1 a neuron neither shrinks nor stretches its input.',
      plots: neurons(shown),
      columns: 1,
    },
  ].filter(({ plots }) => plots.length > 0)
}

const row = (shown: readonly Shown[]) =>
  ({
    field: 'arm',
    type: 'nominal',
    sort: shown.map(labelOf),
    axis: { title: null, labelLimit: 320 },
  }) as const

const labelOf = ({ summary }: Shown): string => summary.arm.label

function shares(shown: readonly Shown[]): Plot {
  const values = shown.map(({ summary, isReference }) => ({
    arm: summary.arm.label,
    share: summary.successes.length / summary.seeds.length,
    low: summary.interval?.[0],
    high: summary.interval?.[1],
    colour: isReference ? colours.blue : colours.vermilion,
  }))
  const x = (field: string) =>
    quantitative(field, [0, 1], { title: 'successes', format: '.0%', values: [0, 0.25, 0.5, 0.75, 1] })
  const color = { field: 'colour', type: 'nominal', scale: null, legend: null } as const
  return {
    width: 280,
    height: { step: 34 },
    data: { values },
    layer: [
      {
        mark: { type: 'rule', strokeWidth: 2 },
        encoding: { y: row(shown), x: x('low'), x2: { field: 'high' }, color },
      },
      {
        mark: { type: 'point', filled: true, size: 90, opacity: 1 },
        encoding: { y: row(shown), x: x('share'), color },
      },
    ],
  }
}

function iterations(shown: readonly Shown[], most: number): Plot {
  const dots = shown.flatMap(({ runs, isReference }, i) =>
    runs.map((run, lane) => ({
      arm: labelOf(shown[i]!),
      lane,
      iterations: run.iterations,
      success: run.success,
      colour: isReference ? colours.blue : colours.vermilion,
    })),
  )
  const medians = shown.flatMap(({ summary }) =>
    summary.survival.median === null ? [] : [{ arm: summary.arm.label, iterations: summary.survival.median }],
  )
  const x = iterationAxis('iterations', largest([most, ...dots.map(dot => dot.iterations)]), { tickCount: 5 })
  const y = { ...row(shown), axis: { title: null, labels: false, grid: true } }
  const encoding = {
    x,
    y,
    yOffset: { field: 'lane', type: 'ordinal' },
    color: { field: 'colour', type: 'nominal', scale: null, legend: null },
  } as const
  const dot = { type: 'point', size: 42, opacity: 0.85, clip: false } as const
  return {
    width: 420,
    height: { step: 34, for: 'position' },
    layer: [
      { data: { values: dots.filter(dot => dot.success) }, mark: { ...dot, filled: true }, encoding },
      { data: { values: dots.filter(dot => !dot.success) }, mark: { ...dot, filled: false }, encoding },
      {
        data: { values: medians },
        mark: { type: 'tick', thickness: 2, size: 26, color: 'currentColor', opacity: 0.8 },
        encoding: { x, y },
      },
    ],
  }
}

const moments = ['start', 'end'] as const

function neurons(shown: readonly Shown[]): Plot[] {
  const values = shown.flatMap(({ summary, runs }) =>
    moments.flatMap(moment => {
      const all = gathered(runs, moment)
      if (all.length === 0) return []
      const [min, low, middle, high, max] = quantiles(all, [0, 0.25, 0.5, 0.75, 1])
      return [{ arm: summary.arm.label, moment, min, low, middle, high, max }]
    }),
  )
  if (values.length === 0) return []
  const top = largest(values.map(({ max }) => max!).filter(Number.isFinite))
  const x = (field: string) =>
    quantitative(field, [0, Math.max(1.2, Math.min(top, 4))], { title: 'sensitivity s', tickCount: 6 })
  const encoding = {
    y: row(shown),
    yOffset: { field: 'moment', type: 'nominal', sort: [...moments], scale: { paddingInner: 0.2 } },
    color: {
      field: 'moment',
      type: 'nominal',
      scale: { domain: [...moments], range: [colours.sky, colours.vermilion] },
    },
  } as const
  const plot: Plot = {
    width: 640,
    height: { step: 34, for: 'position' },
    layer: [
      {
        data: { values: [{ one: 1 }] },
        mark: guide,
        encoding: { x: x('one') },
      },
      ...(
        [
          [1.2, 'min', 'max'],
          [8, 'low', 'high'],
        ] as const
      ).map(
        ([strokeWidth, from, to]) =>
          ({
            data: { values },
            mark: { type: 'rule', strokeWidth, clip: true },
            encoding: { ...encoding, x: x(from), x2: { field: to } },
          }) as const,
      ),
      {
        data: { values },
        mark: { type: 'tick', thickness: 2, size: 12, clip: true },
        encoding: { ...encoding, x: x('middle'), color: { value: 'currentColor' } },
      },
    ],
  }
  return [plot]
}

const gathered = (runs: readonly ArmRun[], moment: (typeof moments)[number]): number[] =>
  runs.flatMap(run => run.sensitivities[moment]).filter(Number.isFinite)
