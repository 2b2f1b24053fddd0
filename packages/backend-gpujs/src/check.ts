/** Checked mode: what a kernel gave is read back, and the first element that is not finite is named. */

import { largest, NonFiniteError } from '@sensigrad/core'
import type { Inspector } from './runner.ts'
import { madeIn } from './words.ts'

/** Where an infinity should be, many GPUs have the largest number. */
const tooLarge = largest('float32')

/** An inspector for one call of a kernel. */
export function inspectorFor(kernel: string, scope: string): Inspector {
  return values => {
    const i = values.findIndex(value => !(Math.abs(value) < tooLarge))
    if (i < 0) return undefined
    return madeIn(
      scope,
      () =>
        new NonFiniteError(
          kernel,
          `element ${i} of its ${values.length} became ${values[i]}, though all that it read was finite`,
          'Look at what is divided, exponentiated or summed there; without { check: true } the program goes on',
        ),
    )
  }
}
