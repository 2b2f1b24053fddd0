/** Puts a study into a folder: the numbers, the figures and the page. */

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { drawRow, standalone } from '@sensigrad/inspect/plot'
import { type Files, writeFiles } from '../output.ts'
import { type RecordedRun, type RecordWords, recordSection } from '../recording/section.ts'
import { ascending } from '../seeds.ts'
import { recordPlace } from './plan.ts'
import { figures } from './plots.ts'
import { horizon } from './recorded.ts'
import { neuronsCsv, probesCsv, resultsJson } from './records.ts'
import { type Drawn, report } from './report.ts'
import type { Study } from './study.ts'
import { summarise, summariseRun } from './summary.ts'

const plotNames = ['trajectories.svg', 'edge.svg', 'identity.svg', 'neurons.svg']

export interface WriteOptions {
  /** Whether to draw the figures, as files and in the page; default true. */
  plots?: boolean
}

/**
 * Writes results.json, probes.csv, neurons.csv, report.html and the figures as .svg. They replace the files of an
 * earlier study in the folder; other files stay. The same study gives the same bytes.
 *
 * @returns the paths of the files
 * @throws  OutputError when the folder cannot be written to
 */
export async function writeStudy(
  study: Study,
  folder: string,
  options: WriteOptions = {},
): Promise<string[]> {
  const { plots = true } = options
  const files: Files = {
    'results.json': resultsJson(study),
    'probes.csv': probesCsv(study.runs),
    'neurons.csv': neuronsCsv(study.runs),
  }
  const drawn: Drawn[] = []
  if (plots) {
    for (const { name, title, caption, plots } of figures(study.runs)) {
      files[`${name}.svg`] = standalone(await drawRow(plots, name, title))
      const drawings = await Promise.all(
        plots.map((plot, i) => drawRow([plot], `${name}-${i}`, `${title}, ${plot.title}`)),
      )
      drawn.push({ title, caption, drawings })
    }
  }
  const runs = study.runs.map(summariseRun)
  const recorded = await recordSection(recordedRuns(study, folder), recordWords(study), plots)
  Object.assign(files, recorded?.files)
  files['report.html'] = report(study, runs, summarise(runs), drawn, recorded?.section)
  for (const name of plotNames.filter(name => !(name in files))) rmSync(join(folder, name), { force: true })
  return writeFiles(folder, files)
}

function recordedRuns({ plan }: Study, folder: string): RecordedRun[] {
  const seed = Math.min(...plan.seeds)
  return ascending(plan.sizes).flatMap((size, i) => {
    const place = recordPlace(plan, { size, seed }, folder)
    return place ? [{ place, label: `N = ${size}`, isOpen: i === 0 }] : []
  })
}

const recordWords = ({ plan }: Study): RecordWords => ({
  about:
    `One run of each size was recorded, that with seed ${Math.min(...plan.seeds)}. A single run is an example and no ` +
    'evidence. Nothing is learned here, so SAL alone moves the weights.',
  flow:
    `The gradient (rms) of the sum of the state ${horizon} steps later, as it arrives at the outputs of each step ` +
    'before: the first step is above. Near the edge of chaos it neither vanishes nor explodes on its way back.',
})
