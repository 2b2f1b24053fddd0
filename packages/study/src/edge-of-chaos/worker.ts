/** One network of the study on a worker thread. Each (size, seed) is a task of its own. */

import type { RecordPlace } from '../recording/place.ts'
import { seldom, type Task, task } from '../task.ts'
import { runExperiment } from './experiment.ts'
import type { Probe, Run, Settings } from './settings.ts'

export interface Input {
  settings: Settings
  seed: number
  /** Where the run is recorded, if it is. */
  record?: RecordPlace | undefined
}

/** Where a run has got to, and its latest probe. */
export interface Message {
  step: number
  probe: Probe | null
}

const work: Task<Input, Run, Message> = task(async ({ settings, seed, record }, { post, stopped }) => {
  const isTime = seldom()
  let probe: Probe | null = null
  return runExperiment(settings, seed, {
    stopped,
    record,
    probe: latest => {
      probe = latest
    },
    progress: step => {
      if (isTime() || step === settings.steps) post({ step, probe })
    },
  })
})

export default work
