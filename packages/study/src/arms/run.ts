/** A study of arms from its folder's log to its report, with its progress on display: what every command does. */

import { SettingsError } from '../errors.ts'
import { prepareFolder } from '../output.ts'
import { type ProgressView, timeLeft } from '../progress.ts'
import { forgetRecords, prepareRecords } from '../recording/place.ts'
import { openLog } from './log.ts'
import { type AnyStudy, type ArmsPlan, armOf, checkPlan, settingsHash } from './plan.ts'
import { type ArmsProgress, type ArmsResult, runArms } from './study.ts'

export interface FolderOptions {
  folder: string
  workers: number
  /** Whether to do finished runs of the folder again. */
  fresh: boolean
  plots: boolean
  /** Whether the first seed of each arm is recorded. */
  record?: boolean
  signal?: AbortSignal
  view?: ProgressView
  /** Told once the plan and the folder are found to be in order, with the number of runs that are already there. */
  begin?: (plan: ArmsPlan, kept: number) => void
}

/**
 * Runs what the folder lacks of the plan and writes the report.
 *
 * @returns the result and the paths of the files; none where no run has anything to show
 * @throws  SettingsError, OutputError before any run
 */
export async function runInFolder(
  study: AnyStudy,
  asked: ArmsPlan,
  { folder, workers, fresh, plots, record = false, signal, view, begin }: FolderOptions,
): Promise<{ result: ArmsResult; files: string[] }> {
  const plan = checkPlan(study, asked)
  if (record && !study.canRecord) {
    throw new SettingsError('record', '', `${study.name} does not record its runs`, 'Leave it out.')
  }
  prepareFolder(folder)
  if (fresh) forgetRecords(folder)
  if (record) prepareRecords(folder)
  const log = openLog(folder, { study: study.name, settings: settingsHash(study, plan.settings) }, { fresh })
  try {
    const known = log.runs.filter(({ arm, seed }) => plan.arms.includes(arm) && plan.seeds.includes(seed))
    begin?.(plan, known.length)
    const progress = view && shown(study, view)
    const result = await runArms(study, plan, {
      workers,
      log,
      ...(record && { records: folder }),
      ...(signal && { signal }),
      ...(progress && { progress }),
    })
    view?.end()
    if (result.runs.every(({ curve }) => curve.length === 0)) return { result, files: [] }
    const { writeArms } = await import('./write.ts')
    return { result, files: await writeArms(study, result, folder, { plots }) }
  } finally {
    log.close()
  }
}

function shown(study: AnyStudy, view: ProgressView): (progress: ArmsProgress) => void {
  let left: ReturnType<typeof timeLeft> | undefined
  return ({ arm, seed, iteration, ended, runs, share, startShare }) => {
    left ??= timeLeft(startShare)
    const text = [
      `${ended} of ${runs} runs`,
      left(share),
      `${armOf(study, arm).label}, seed ${seed}: ${iteration}`,
    ]
    view.update(share, text.filter(part => part !== '').join('  '))
  }
}
