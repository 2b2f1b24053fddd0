/** The output folder: tried before the work starts, and written so that no file is ever half there. */

import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { OutputError } from './errors.ts'

/** File names and their contents. */
export type Files = Record<string, string>

/**
 * Makes the folder and writes into it once, so that a study does not find out at its end that it cannot.
 *
 * @param option  what named the folder on the command line
 * @throws OutputError with the system's reason
 */
export function prepareFolder(folder: string, option?: string): void {
  const prepare = () => {
    makeFolder(folder)
    writeWhole(join(folder, '.writable'), '')
    rmSync(join(folder, '.writable'))
  }
  attempt(folder, prepare, option)
}

/**
 * Writes all files, each under a passing name first. Nothing here waits, so a signal cannot come in between.
 *
 * @returns the paths of the files
 * @throws  OutputError with the system's reason
 */
export function writeFiles(folder: string, files: Files): string[] {
  return Object.entries(files).map(([name, content]) => {
    const path = join(folder, name)
    attempt(folder, () => writeWhole(path, content))
    return path
  })
}

/** mkdir with its parents. Node's own `recursive` never returns where the system makes no folders, as in /proc. */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder)
  } catch (error) {
    const code = codeOf(error)
    if (code === 'EEXIST' && statSync(folder).isDirectory()) return
    if (code !== 'ENOENT' || dirname(folder) === folder) throw error
    makeFolder(dirname(folder))
    mkdirSync(folder)
  }
}

function writeWhole(path: string, content: string): void {
  const passing = `${path}.${process.pid}.tmp`
  try {
    writeFileSync(passing, content)
    renameSync(passing, path)
  } catch (error) {
    rmSync(passing, { force: true })
    throw error
  }
}

const reasons: Record<string, [reason: string, remedy: string]> = {
  EACCES: ['it may not be written to', 'Give a folder of your own.'],
  EPERM: ['it may not be written to', 'Give a folder of your own.'],
  EROFS: ['it is on a read-only disk', 'Give a folder on another one.'],
  EEXIST: ['a file has this name', 'Give the name of a folder.'],
  ENOTDIR: ['a part of this path is a file', 'Give the name of a folder.'],
  EISDIR: ['a folder stands where a file of the report belongs', 'Give another folder.'],
  ENOSPC: ['the disk is full', 'Free some space, or give a folder on another one.'],
}

/**
 * Does something in the folder.
 *
 * @throws OutputError with the system's reason in words, where it fails
 */
export function attempt<Result>(folder: string, work: () => Result, option?: string): Result {
  try {
    return work()
  } catch (error) {
    const [reason, remedy] = reasons[codeOf(error)] ?? [
      `it cannot be written to (${error instanceof Error ? error.message : error})`,
      'Give another folder.',
    ]
    throw new OutputError(folder, reason, remedy, error, option)
  }
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : ''
