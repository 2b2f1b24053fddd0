/** What a captured step must not do, in the words in which it is told. */

import { BackendError } from '../errors.ts'

/** What refuses a tensor whose numbers change from call to call. */
export function closesOverLent(): BackendError {
  return new BackendError(
    'capture',
    'the step closes over a tensor that another captured step lends, whose numbers change',
    'Pass it as an argument, or capture that step without reuseResults',
  )
}

/** What refuses to look at values where there are none yet. */
export function looksInRead(): BackendError {
  return new BackendError(
    'peek',
    'the first function reads the values of a tensor, which do not exist while the step is captured',
    'Give the tensor, and look at its values in the second function',
  )
}

/** What refuses a variable that the step of a loop writes. */
export function writesInLoop(): BackendError {
  return new BackendError(
    'scan',
    'its step writes a variable, which in a captured step would happen once, not at every step of the loop',
    'Carry the value, and write the variable after scan; or use a loop of your own',
  )
}

/** What refuses a tensor that is made anew for each call in the step of a loop. */
export function freshInLoop(): BackendError {
  return new BackendError(
    'fresh',
    'the step of a captured loop asks for a fresh tensor, which would be the same at each step',
    'Make it for all steps beforehand and pass it to scan among xs, or write the loop out with { unroll: true }',
  )
}
