/** The refusal of files: which file, what is wrong with it, and what to do. */

import { describeValue, SensigradError } from '@sensigrad/core'

/** Who reads or writes what. */
export interface Source {
  /** The function that was called, such as `loadNpy`. */
  readonly operation: string
  /** The path, where the bytes come from a file. */
  readonly file?: string
}

/** A file, or what is said to be the bytes of one, cannot be read, written or trusted. Nothing has changed then. */
export class FileError extends SensigradError {
  /** The path, or `undefined` for bytes. */
  readonly file: string | undefined

  /** @param cause  the error behind it, where there is one */
  constructor({ operation, file }: Source, problem: string, remedy: string, cause?: unknown) {
    super(operation, file === undefined ? problem : `${file}: ${problem}`, remedy)
    this.file = file
    if (cause !== undefined) this.cause = cause
  }
}

/** What a file says, short enough for a message whatever it says. */
export function quoted(value: unknown): string {
  const text = textOf(value)
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`
}

function textOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return describeValue(value) // it nests more deeply than the engine goes
  }
}
