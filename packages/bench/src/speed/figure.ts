/** The times of a workload as a figure: a dot for each runner and mode, on a logarithmic axis, and a panel for each case. */

import { colours, drawRow, type Plot, standalone } from '@sensigrad/study'
import type { Measured } from './measure.ts'
import { byCase } from './table.ts'
import { nameOf, timeRatio } from './targets.ts'

const who = { ours: 'sensigrad', peer: 'others', limit: 'limit of WebAssembly' } as const
const palette = { ours: colours.blue, peer: colours.vermilion, limit: colours.green } as const
type Role = keyof typeof who
const [height, widthOfAll] = [18, 640]

/** A figure as SVG, light or dark as the reader's system asks. */
export async function figureOf(
  name: string,
  summary: string,
  measured: readonly Measured[],
): Promise<string> {
  const cases = byCase(measured)
  const order = [...cases[0]!].sort((a, b) => timeRatio(a, b) - 1).map(nameOf)
  const roles = Object.keys(who).filter(role =>
    measured.some(({ entrant }) => entrant.role === role),
  ) as Role[]
  const plots = cases.map((rows, i) => plotOf(rows, order, roles, widthOfAll / cases.length, i === 0))
  return standalone(await drawRow(plots, `speed-${name}`, `${summary}. Medians and ranges of each runner`))
}

function plotOf(
  rows: readonly Measured[],
  order: readonly string[],
  roles: readonly Role[],
  width: number,
  first: boolean,
): Plot {
  const values = rows.map(row => {
    const { entrant, median, min, max } = row
    return { runner: nameOf(row), who: who[entrant.role], median, min, max }
  })
  const { name, unit } = rows[0]!.case
  const y = {
    field: 'runner',
    type: 'nominal',
    sort: [...order],
    axis: { title: null, labels: first, labelLimit: 400, grid: true },
  } as const
  const x = {
    type: 'quantitative',
    scale: { type: 'log', nice: true },
    axis: { title: unit, format: '~g', tickCount: 4 },
  } as const
  const color = {
    field: 'who',
    type: 'nominal',
    scale: { domain: roles.map(role => who[role]), range: roles.map(role => palette[role]) },
  } as const
  return {
    title: name,
    width,
    height: height * order.length,
    data: { values },
    layer: [
      {
        mark: { type: 'rule', strokeWidth: 2, strokeOpacity: 0.5 },
        encoding: { y, x: { ...x, field: 'min' }, x2: { field: 'max' }, color },
      },
      {
        mark: { type: 'point', filled: true, size: 60, opacity: 1 },
        encoding: { y, x: { ...x, field: 'median' }, color },
      },
    ],
  }
}
