/**
 * The runs of a study that are finished, one line each in `runs.jsonl`, written through to the disk as they finish:
 * whatever ends the program, no finished run is done twice.
 */

import {
  closeSync,
  existsSync,
  fdatasyncSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { OutputError } from '../errors.ts'
import { attempt } from '../output.ts'
import { type Versions, versions } from '../version.ts'
import type { ArmRun } from './experiment.ts'

export const logName = 'runs.jsonl'

/** What all lines of one file have in common. */
export interface LogIdentity {
  study: string
  /** Hash of the settings. */
  settings: string
}

interface Line extends LogIdentity {
  versions: Versions
  run: ArmRun
}

export interface RunLog {
  /** The runs that were there, in the order in which they finished. */
  readonly runs: readonly ArmRun[]
  /** Returns once the run is on the disk. */
  append(run: ArmRun): void
  close(): void
}

/**
 * Opens the log of a folder, or begins one. A last line that an interruption tore is dropped.
 *
 * @param fresh forgets what is there
 * @throws OutputError where the folder holds runs of other settings or versions, or something that is no log
 */
export function openLog(folder: string, identity: LogIdentity, { fresh = false } = {}): RunLog {
  const path = join(folder, logName)
  if (fresh) attempt(folder, () => rmSync(path, { force: true }))
  const runs = existsSync(path) ? readRuns(folder, path, identity) : []
  const file = attempt(folder, () => openSync(path, 'a'))
  return {
    runs,
    append: run =>
      attempt(folder, () => {
        writeSync(file, `${toLine({ ...identity, versions: versions(), run })}\n`)
        fdatasyncSync(file)
      }),
    close: () => closeSync(file),
  }
}

const remedy = 'Give another folder, or --fresh to do all runs again.'

function readRuns(folder: string, path: string, identity: LogIdentity): ArmRun[] {
  const text = attempt(folder, () => readFileSync(path, 'utf8'))
  const lines = text.split('\n')
  const ends = lines.at(-1) === '' ? lines.length - 1 : lines.length // a whole file ends in \n
  const runs: ArmRun[] = []
  let bytes = 0
  for (const [i, text] of lines.slice(0, ends).entries()) {
    const line = fromLine(text)
    if (line === undefined || i === lines.length - 1) {
      if (i < ends - 1) throw new OutputError(folder, `line ${i + 1} of ${logName} is not a run`, remedy)
      attempt(folder, () => truncateSync(path, bytes))
      break
    }
    refuseOthers(folder, line, identity)
    runs.push(line.run)
    bytes += Buffer.byteLength(text) + 1
  }
  return runs
}

function refuseOthers(folder: string, line: Line, { study, settings }: LogIdentity): void {
  if (line.study !== study) {
    throw new OutputError(folder, `it holds runs of the study ${line.study}`, remedy)
  }
  if (line.settings !== settings) {
    throw new OutputError(
      folder,
      'it holds runs with other settings, which would be mixed with these',
      remedy,
    )
  }
  const [then, now] = [line.versions, versions()].map(said)
  if (then !== now) {
    throw new OutputError(folder, `its runs were made by ${then}, and this is ${now}`, remedy)
  }
}

const said = ({ sensigrad, node, arch }: Versions) => `sensigrad ${sensigrad} on Node ${node} (${arch})`

/** JSON lacks these numbers; between braces they cannot be taken for words. */
const unusual = new Map([
  ['{NaN}', Number.NaN],
  ['{Infinity}', Number.POSITIVE_INFINITY],
  ['{-Infinity}', Number.NEGATIVE_INFINITY],
])

const unusualToWords = (_: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isFinite(value) ? `{${value}}` : value

const toLine = (line: Line): string => JSON.stringify(line, unusualToWords)

/** Whether two runs came to the same, as the log writes it. */
export function isSameRun(one: ArmRun, other: ArmRun): boolean {
  const written = (run: ArmRun) => JSON.stringify(run, unusualToWords)
  return written(one) === written(other)
}

function fromLine(text: string): Line | undefined {
  try {
    const line = JSON.parse(text, (_, value) => unusual.get(value) ?? value)
    return isLine(line) ? line : undefined
  } catch {
    return undefined
  }
}

function isLine(line: Partial<Line> | null): line is Line {
  const run = line?.run
  return (
    typeof line?.study === 'string' &&
    typeof line.settings === 'string' &&
    typeof line.versions === 'object' &&
    typeof run?.arm === 'string' &&
    Number.isInteger(run.seed) &&
    typeof run.success === 'boolean' &&
    typeof run.iterations === 'number' &&
    Array.isArray(run.curve) &&
    Array.isArray(run.profiles)
  )
}
