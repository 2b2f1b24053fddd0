/** Reading the tape that a command line names, or saying in one line why not. */

import { readFileSync, statSync } from 'node:fs'
import { SensigradError } from '@sensigrad/core'
import { fromJSON, printable, TapeFileError, type TapeRecord } from '@sensigrad/inspect'
import { SettingsError } from './errors.ts'
import { exitCodes, type Terminal } from './terminal.ts'

/** More than `fromJSON` reads: it need not be loaded to be refused. */
const mostBytes = 2 ** 30

/**
 * The record in a file.
 *
 * @throws TapeFileError for a file that is not there, cannot be read, or is no record of a tape
 */
export function readTape(file: string): TapeRecord {
  return fromJSON(textOf(file))
}

const reasons: Record<string, string> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'it may not be read',
  EPERM: 'it may not be read',
}

function textOf(file: string): string {
  try {
    const { size } = statSync(file)
    if (size > mostBytes) throw new TapeFileError('tape', '', `it has ${size} bytes, of at most ${mostBytes}`)
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof TapeFileError) throw error
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    const reason = reasons[code] ?? `it cannot be read (${error instanceof Error ? error.message : error})`
    throw new TapeFileError(
      'tape',
      '',
      reason,
      'Give a file that toJSON(await recordOf(tape)) was written to',
    )
  }
}

/**
 * Does something with a file that a command line names. What is wrong with it, or with what is asked of it, is one line
 * and the exit code of a wrong command line; what is wrong with an option names that, elsewhere.
 */
export async function withFile(
  file: string,
  terminal: Terminal,
  work: () => void | Promise<void>,
): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof SensigradError) || error instanceof SettingsError) throw error
    const message = error.message.slice(error.operation.length + 2) // the user called a command, not a function
    terminal.err.write(`error: ${printable(file)}: ${printable(message)}\n`)
    terminal.exitCode = exitCodes.usage
  }
}
