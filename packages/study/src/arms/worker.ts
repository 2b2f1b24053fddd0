/** One run of a study of arms on a worker thread. The study is loaded from its own file. */

import type { RecordPlace } from '../recording/place.ts'
import { seldom, type Task, task } from '../task.ts'
import type { ArmRun } from './experiment.ts'
import type { AnyStudy } from './plan.ts'

export interface Input {
  /** The address of the file whose default export the study is. */
  file: string
  arm: string
  seed: number
  settings: object
  /** Where the run is recorded, if it is. */
  record?: RecordPlace | undefined
}

/** Iterations done. */
export type Message = number

const work: Task<Input, ArmRun, Message> = task(
  async ({ file, arm, seed, settings, record }, { post, stopped }) => {
    const { default: study }: { default: AnyStudy } = await import(file)
    const isTime = seldom()
    const progress = (iteration: number) => {
      if (isTime()) post(iteration)
    }
    return study.run(arm, seed, settings, { stopped, progress, record })
  },
)

export default work
