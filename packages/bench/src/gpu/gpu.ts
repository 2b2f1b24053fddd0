/** `pnpm bench gpu`: when does a GPU pay? The same steps on the processor and on the GPU of a browser, over sizes. */

import type { Benchmark, Outcome, RunOptions } from '../benchmark.ts'
import { duration } from '../text.ts'
import { type Lab, openLab, reasonOf } from './browser.ts'
import { crossover, fastest, type Timing } from './crossover.ts'
import { figureOf } from './figure.ts'
import type { Timed } from './page.ts'
// biome-ignore format: a list
import {
  deviceTable, type Fusion, fusionTable, type Paying, type Point, payingTable, timeTable,
} from './table.ts'
// biome-ignore format: a list
import {
  type BackendName, backends, chain, gpus, hosts, type Way, type WorkloadName, ways, workloads,
} from './workloads.ts'

const workloadNames = Object.keys(workloads) as readonly WorkloadName[]

export const gpu: Benchmark = {
  name: 'gpu',
  summary: 'when a GPU pays: steps on the processor, WebGL2 and WebGPU in a browser, over sizes',
  parts: {
    ...Object.fromEntries(workloadNames.map(name => [name, workloads[name].summary])),
    fusion: `kernels and time of ${chain.operations} elementwise operations, eager and captured`,
  },
  run,
}

/** After a run of so many seconds, larger sizes are left out. */
const patience = 1.5
/** So far results may be apart, relative to that on wasm: functions err by 10⁻⁵ on a GPU, and many are added up. */
const tolerance = 1e-2

async function run({ parts, quick, progress }: RunOptions): Promise<Outcome> {
  const lab = await openLab()
  try {
    for (const { backend, name, kind } of lab.devices) progress(`${backend}: ${kind}, ${name}`)
    const there = lab.devices.filter(({ kind }) => kind !== 'missing').map(({ backend }) => backend)
    const names = workloadNames.filter(name => parts.includes(name))
    const points: Point[] = []
    for (const name of names) points.push(...(await measureOver(lab, name, there, quick, progress)))
    const paying = names.flatMap(name => payingOf(name, points, there))
    const fusion = parts.includes('fusion') ? await fusionOf(lab, there, quick, progress) : []
    const measured = points.length > 0
    const tables = [
      deviceTable(lab.devices),
      ...names.map(name => `${name}: ${workloads[name].summary}\n\n${timeTable(name, points)}`),
      ...(measured ? [payingTable(paying)] : []),
      ...(fusion.length > 0 ? [fusionTable(fusion)] : []),
    ]
    const devices = lab.devices.map(({ backend, name, kind }) => `${backend} on ${name} (${kind})`)
    const label = `Milliseconds of a step against size: ${devices.join('; ')}`
    return {
      rows: points.map(point => ({ ...point })),
      findings: [
        ...lab.devices.map(({ backend, name, kind }) => ({ finding: 'device', backend, name, kind })),
        ...paying.map(each => ({ finding: 'crossover', ...each })),
        ...fusion.map(each => ({ finding: 'fusion', ...each })),
      ],
      text: `${tables.join('\n\n')}\n\n`,
      figures: measured ? { gpu: await figureOf(points, label) } : {},
    }
  } finally {
    await lab.close()
  }
}

/** A workload at every size, on every backend, until that is too slow; sizes are the outer loop, so that all share the noise. */
async function measureOver(
  lab: Lab,
  workload: WorkloadName,
  there: readonly BackendName[],
  quick: boolean,
  progress: RunOptions['progress'],
): Promise<Point[]> {
  const { sizes, unit } = workloads[workload]
  const points: Point[] = []
  const given = new Set(backends.filter(name => !there.includes(name)))
  for (const size of quick ? sizes.slice(0, 2) : sizes) {
    const results = new Map<BackendName, Record<Way, Timed>>()
    for (const backend of backends.filter(name => !given.has(name))) {
      const where = `${workload}, ${size} ${unit}, ${backend}`
      try {
        const found = await lab.on(backend, page =>
          page.evaluate(([name, size, quick]) => sensigradBench.measure(name, size, quick), [
            workload,
            size,
            quick,
          ] as const),
        )
        results.set(backend, found)
        progress(`${where}: ${ways.map(way => `${way} ${duration(found[way].seconds)}`).join(', ')}`)
        if (ways.some(way => found[way].seconds > patience)) given.add(backend)
      } catch (error) {
        progress(`${where}: ${reasonOf(error)}`)
        given.add(backend)
      }
    }
    checkAlike(`${workload}, ${size} ${unit}`, results)
    for (const backend of backends) {
      for (const way of ways) {
        points.push({ workload, way, size, backend, seconds: results.get(backend)?.[way].seconds ?? null })
      }
    }
  }
  return points
}

/** @throws Error when backends computed different things: then their times mean nothing */
function checkAlike(where: string, results: ReadonlyMap<BackendName, Record<Way, Timed>>): void {
  const wanted = results.get('wasm')?.captured.value
  for (const [backend, found] of results) {
    for (const way of ways) {
      const { value } = found[way]
      if (wanted === undefined || Math.abs(value - wanted) <= tolerance * Math.abs(wanted)) continue
      throw new Error(`${where}: ${backend}, ${way}, computes ${value}, and wasm ${wanted}`)
    }
  }
}

function payingOf(name: WorkloadName, points: readonly Point[], there: readonly BackendName[]): Paying[] {
  return ways.flatMap(way => {
    const curve = (backend: BackendName): Timing[] =>
      points.filter(point => point.workload === name && point.way === way && point.backend === backend)
    const host = fastest(hosts.map(curve))
    return gpus
      .filter(backend => there.includes(backend))
      .map(backend => ({ workload: name, way, backend, ...crossover(curve(backend), host) }))
  })
}

async function fusionOf(
  lab: Lab,
  there: readonly BackendName[],
  quick: boolean,
  progress: RunOptions['progress'],
): Promise<Fusion[]> {
  const rows: Fusion[] = []
  for (const backend of gpus.filter(name => there.includes(name))) {
    const found = await lab.on(backend, page => page.evaluate(quick => sensigradBench.fusion(quick), quick))
    for (const way of ways) rows.push({ backend, way, ...found[way] })
    progress(`fusion, ${backend}: kernels ${ways.map(way => `${way} ${found[way].kernels}`).join(', ')}`)
  }
  return rows
}
