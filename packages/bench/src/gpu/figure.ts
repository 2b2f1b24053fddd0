/** Times against size as a figure, a plot for each workload: captured steps as lines, eager ones dashed. */

import { colours, drawRow, type Plot, standalone } from '@sensigrad/study'
import type { Point } from './table.ts'
import { type BackendName, backends, type Way, type WorkloadName, ways, workloads } from './workloads.ts'

const palette: Readonly<Record<BackendName, string>> = {
  cpu: '#888888',
  wasm: colours.blue,
  webgl2: colours.green,
  webgpu: colours.vermilion,
}
const dashes: Readonly<Record<Way, number[]>> = { eager: [3, 3], captured: [1, 0] }
const [width, height] = [260, 260]

/** The figure as an SVG file, light or dark as the reader's system asks. */
export async function figureOf(points: readonly Point[], label: string): Promise<string> {
  const names = [...new Set(points.map(({ workload }) => workload))]
  return standalone(
    await drawRow(
      names.map(name => plotOf(name, points)),
      'gpu',
      label,
    ),
  )
}

function plotOf(name: WorkloadName, points: readonly Point[]): Plot {
  const values = points
    .filter(({ workload, seconds }) => workload === name && seconds !== null)
    .map(({ backend, way, size, seconds }) => ({ backend, way, size, milliseconds: seconds! * 1e3 }))
  return {
    title: { text: name, subtitle: 'dashed: eager, line: captured', subtitleColor: 'currentColor' },
    width,
    height,
    data: { values },
    mark: { type: 'line', strokeWidth: 2, point: { filled: true, size: 28 } },
    encoding: {
      x: {
        field: 'size',
        type: 'quantitative',
        scale: { type: 'log', nice: false },
        axis: {
          title: workloads[name].unit,
          values: [...workloads[name].sizes],
          format: ',d',
          labelOverlap: true,
          grid: false,
        },
      },
      y: {
        field: 'milliseconds',
        type: 'quantitative',
        scale: { type: 'log' },
        axis: { title: 'milliseconds', format: '~g', tickCount: 3 },
      },
      color: {
        field: 'backend',
        type: 'nominal',
        scale: { domain: [...backends], range: backends.map(name => palette[name]) },
        legend: { symbolType: 'stroke' },
      },
      strokeDash: {
        field: 'way',
        type: 'nominal',
        scale: { domain: [...ways], range: ways.map(way => dashes[way]) },
        legend: null, // its symbols would have no colour of their own
      },
    },
  }
}
