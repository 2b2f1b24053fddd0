/** Puts a study into a folder: the numbers, the figures and the page. */

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { drawRow, standalone } from '@sensigrad/inspect/plot'
import { type Files, writeFiles } from '../output.ts'
import { figures } from './plots.ts'
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
  files['report.html'] = report(study, runs, summarise(runs), drawn)
  for (const name of plotNames.filter(name => !(name in files))) rmSync(join(folder, name), { force: true })
  return writeFiles(folder, files)
}
