/** Ctrl-C once asks the work to stop and keeps what there is; once more, a moment later, ends the program at once. */

import { exitCodes } from './terminal.ts'

const signals = ['SIGINT', 'SIGTERM'] as const

/** One press can arrive twice, from the terminal and from the program that started us; within this it is one. */
const millisecondsOfOnePress = 500

/**
 * Listens for the signals that end a program.
 *
 * @param ask called at the first one
 * @returns   stops listening
 */
export function onInterrupt(ask: () => void): () => void {
  let askedAt: number | undefined
  const listener = () => {
    if (askedAt === undefined) {
      askedAt = performance.now()
      ask()
    } else if (performance.now() - askedAt > millisecondsOfOnePress) process.exit(exitCodes.interrupted)
  }
  for (const signal of signals) process.on(signal, listener)
  return () => {
    for (const signal of signals) process.off(signal, listener)
  }
}
