/** Where a command writes and what it leaves behind. Results go to `out`, all talk to `err`. */

/** A stream that may be a terminal. */
export interface Sink {
  write(text: string): unknown
  isTTY?: boolean
  /** Its width, of a terminal. */
  columns?: number
}

export interface Terminal {
  out: Sink
  err: Sink
  exitCode: number
}

/** What an exit code says. */
export const exitCodes = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const

/** The terminal of this process. */
export const processTerminal = (): Terminal => ({
  out: process.stdout,
  err: process.stderr,
  exitCode: exitCodes.done,
})
