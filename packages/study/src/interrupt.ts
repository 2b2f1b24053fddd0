/** Ctrl-C once asks the work to stop and keeps what there is; twice ends the program at once. */

import { exitCodes } from './terminal.ts'

const signals = ['SIGINT', 'SIGTERM'] as const

/**
 * Listens for the signals that end a program.
 *
 * @param ask called at the first one
 * @returns   stops listening
 */
export function onInterrupt(ask: () => void): () => void {
  let asked = false
  const listener = () => {
    if (asked) process.exit(exitCodes.interrupted)
    asked = true
    ask()
  }
  for (const signal of signals) process.on(signal, listener)
  return () => {
    for (const signal of signals) process.off(signal, listener)
  }
}
