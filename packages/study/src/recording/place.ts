/** Where the records of a run stand, and how they are written. */

import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { basename, join } from 'node:path'
import { attempt, prepareFolder, writeFiles } from '../output.ts'

/** The folder of the records, in that of the study. */
const records = 'records'

/** What is recorded of a run: its file begins with the name of the run, and ends so. */
const endings = {
  /** Maps of the gradient's flow and of sensitivities. The last to be written: where it stands, all others do. */
  maps: '.maps.json',
  /** The ledger of updates; `sensigrad ledger` reads it. */
  ledger: '.ledger.jsonl',
  /** The tape of one step; `sensigrad tape` reads it. */
  tape: '.tape.json',
  /** Loss and accuracy; `readRecording` reads it. */
  numbers: '.numbers.jsonl',
} as const

/** What there is to read of a run. */
export type RecordKind = keyof typeof endings

/** A run that is recorded, as a worker can be told of it. */
export interface RecordPlace {
  /** The folder of the study. */
  readonly folder: string
  /** The run's name in file names: `sal-seed-1`. */
  readonly run: string
}

/** The path of a record in the folder of the study, with / on every system. */
export const fileOf = (run: string, kind: RecordKind): string => `${records}/${run}${endings[kind]}`

const pathOf = ({ folder, run }: RecordPlace, kind: RecordKind): string => join(folder, fileOf(run, kind))

/** Whether a run was recorded to its end. */
export const isRecorded = (place: RecordPlace): boolean => existsSync(pathOf(place, 'maps'))

/**
 * Makes the folder of the records, before workers write there.
 *
 * @param folder  that of the study
 * @throws OutputError with the system's reason
 * @example
 * prepareRecords('results/mine')
 * const result = await runArms(study, plan, { records: 'results/mine' })
 */
export const prepareRecords = (folder: string): void => prepareFolder(join(folder, records))

/** Removes all records of a folder, and nothing else that stands there. */
export function forgetRecords(folder: string): void {
  const place = join(folder, records)
  if (!existsSync(place)) return
  const known = Object.values(endings)
  for (const name of readdirSync(place)) {
    if (known.some(ending => name.endsWith(ending))) {
      attempt(folder, () => rmSync(join(place, name), { force: true }))
    }
  }
}

/** The text of a record; `undefined` where there is none. */
export function readRecord(place: RecordPlace, kind: RecordKind): string | undefined {
  const path = pathOf(place, kind)
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}

/** Writes a record as a whole. */
export function writeRecord(place: RecordPlace, kind: RecordKind, text: string): void {
  writeFiles(join(place.folder, records), { [basename(pathOf(place, kind))]: text })
}

/** A record that is written line by line while the run goes on, up to a size. */
export class LineFile {
  readonly #folder: string
  readonly #file: number
  readonly #limit: number
  #bytes = 0
  #isFull = false
  #isOpen = true

  /** @param limit  in bytes */
  constructor(place: RecordPlace, kind: RecordKind, limit: number) {
    this.#folder = place.folder
    this.#limit = limit
    this.#file = attempt(place.folder, () => openSync(pathOf(place, kind), 'w'))
  }

  /** Whether a line found no room. */
  get isFull(): boolean {
    return this.#isFull
  }

  /** Writes a line, which comes without its end; nothing more once a line found no room. */
  write(line: string): void {
    const text = `${line}\n`
    this.#bytes += Buffer.byteLength(text)
    this.#isFull ||= this.#bytes > this.#limit
    if (!this.#isFull) attempt(this.#folder, () => writeSync(this.#file, text))
  }

  close(): void {
    if (this.#isOpen) closeSync(this.#file)
    this.#isOpen = false
  }
}
