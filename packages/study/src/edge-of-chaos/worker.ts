/** One network of the study on a worker thread. Each (size, seed) is a task of its own. */

import { type Task, task } from '../task.ts'
import { runExperiment } from './experiment.ts'
import type { Probe, Run, Settings } from './settings.ts'

export interface Input {
  settings: Settings
  seed: number
}

/** Where a run has got to, and its latest probe. */
export interface Message {
  step: number
  probe: Probe | null
}

/** A run may step thousands of times a second; nobody reads faster than this. */
const millisecondsBetweenMessages = 100

const work: Task<Input, Run, Message> = task(async ({ settings, seed }, { post, stopped }) => {
  let last = 0
  let probe: Probe | null = null
  return runExperiment(settings, seed, {
    stopped,
    probe: latest => {
      probe = latest
    },
    progress: step => {
      const now = performance.now()
      if (now - last < millisecondsBetweenMessages && step < settings.steps) return
      last = now
      post({ step, probe })
    },
  })
})

export default work
