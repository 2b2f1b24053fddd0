/** Puts a study of arms into a folder: the numbers, the figures and the page. */

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { drawGrid, standalone } from '@sensigrad/inspect/plot'
import { type Files, writeFiles } from '../output.ts'
import { type RecordedRun, type RecordWords, recordSection } from '../recording/section.ts'
import { type AnyStudy, type ArmsPlan, armOf, recordPlace } from './plan.ts'
import { figures } from './plots.ts'
import { armsCsv, curvesCsv, neuronsCsv, profilesCsv, resultsJson, runsCsv } from './records.ts'
import { type Drawn, report } from './report.ts'
import type { ArmsResult } from './study.ts'
import { summarise } from './summary.ts'

const plotNames = ['overview', 'success', 'learning', 'gradients', 'sensitivities', 'neurons']

/**
 * Writes results.json, the tables as .csv, report.html and the figures as .svg. They replace the files of an earlier
 * study in the folder; other files stay. The same study gives the same bytes.
 *
 * @returns the paths of the files
 * @throws  OutputError when the folder cannot be written to
 */
export async function writeArms(
  study: AnyStudy,
  result: ArmsResult,
  folder: string,
  options: { plots?: boolean } = {},
): Promise<string[]> {
  const { plots = true } = options
  const { runs } = result
  const summaries = summarise(study, result)
  const files: Files = {
    'results.json': resultsJson(study, result),
    'arms.csv': armsCsv(summaries),
    'runs.csv': runsCsv(runs),
    'curves.csv': curvesCsv(runs),
    'profiles.csv': profilesCsv(study, runs),
    'neurons.csv': neuronsCsv(runs),
  }
  const drawn: Drawn[] = []
  if (plots) {
    for (const { name, title, caption, plots, columns } of figures(study, result, summaries)) {
      const drawing = await drawGrid(plots, columns, name, title)
      files[`${name}.svg`] = standalone(drawing)
      drawn.push({ title, caption, drawing })
    }
  }
  const recorded = await recordSection(
    recordedRuns(study, result.plan, folder),
    recordWords(study, result.plan),
    plots,
  )
  Object.assign(files, recorded?.files)
  files['report.html'] = report(study, result, summaries, drawn, recorded?.section)
  const stale = plotNames.map(name => `${name}.svg`).filter(name => !(name in files))
  for (const name of stale) rmSync(join(folder, name), { force: true })
  return writeFiles(folder, files)
}

/** The runs that may have been recorded, that of the reference first. */
function recordedRuns(study: AnyStudy, plan: ArmsPlan, folder: string): RecordedRun[] {
  const runs = plan.arms.flatMap(arm => {
    const place = recordPlace(plan, { arm, seed: plan.seeds[0]! }, folder)
    return place ? [{ place, label: armOf(study, arm).label, isOpen: arm === study.reference }] : []
  })
  return [...runs.filter(({ isOpen }) => isOpen), ...runs.filter(({ isOpen }) => !isOpen)]
}

function recordWords({ along }: AnyStudy, { seeds }: ArmsPlan): RecordWords {
  return {
    about:
      `One run of each arm was recorded, that with seed ${seeds[0]}. A single run is an example and no evidence. Steps ` +
      'are updates of the weights; below 0 are those before learning, in which only SAL or isometry acts.',
    flow:
      `The size (rms) of the gradient that arrives at the outputs of each ${along}: the first ${along} is above, the ` +
      'last one below.',
  }
}
