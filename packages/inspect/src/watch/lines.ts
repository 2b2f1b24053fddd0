/**
 * A recording as lines of JSON: a header, and then a line for each point, so that what was written before a crash is whole.
 * What is read is checked, since anybody may have written it.
 */

import { describeValue } from '@sensigrad/core'
import { checkGiven } from '../checks.ts'
import { type Check, number, object, oneOf, readingFor, text, whole, wrong } from '../record/check.ts'
import { provenances, statistics } from '../record/tensor-json.ts'
import { type HistogramPoint, limits, type Recording, type ScalarPoint, type Series } from './recording.ts'

/** How many older points of a series are not kept. */
interface Dropped {
  readonly kind: 'dropped'
  readonly of: 'scalar' | 'histogram'
  readonly name: string
  readonly count: number
}

type Point = ScalarPoint | HistogramPoint

/** The longest line, in characters. */
const longest = 2 ** 20

/** The first line of a recording. */
export const headerLine = JSON.stringify({ format: 'sensigrad.recording', version: 1 })

/** A line without its end. Numbers that JSON has not stand there as texts. */
export function lineOf(point: Point | Dropped): string {
  return JSON.stringify(point, (_, part: unknown) => {
    if (typeof part !== 'number') return part
    return Object.is(part, -0) ? '-0' : Number.isFinite(part) ? part : String(part)
  })
}

/**
 * A recording as text, a line for each point; `readRecording` gives it back.
 *
 * @throws ValueError for what is no recording
 * @example writeFileSync('run.jsonl', recordingLines(await recorder.read()))
 */
export function recordingLines(recording: Recording): string {
  checkGiven('recordingLines', 'recording', recording, ['scalars', 'histograms'], 'recorder.read()')
  const { scalars, histograms } = recording
  const linesOf = (of: Dropped['of'], all: ReadonlyMap<string, Series<Point>>) =>
    [...all].flatMap(([name, { points, dropped }]) => [
      ...(dropped > 0 ? [lineOf({ kind: 'dropped', of, name, count: dropped })] : []),
      ...points.map(lineOf),
    ])
  const lines = [headerLine, ...linesOf('scalar', scalars), ...linesOf('histogram', histograms)]
  return `${lines.join('\n')}\n`
}

const name = text(limits.name)
const step = whole(0, Number.MAX_SAFE_INTEGER)
const from = oneOf(provenances)

const kinds: Readonly<Record<string, Check<Point | Dropped>>> = {
  scalar: object<ScalarPoint>({ kind: oneOf(['scalar']), name, step, value: number, from }),
  histogram: object<HistogramPoint>({ kind: oneOf(['histogram']), name, step, statistics, from }),
  dropped: object<Dropped>({
    kind: oneOf(['dropped']),
    of: oneOf(['scalar', 'histogram']),
    name,
    count: whole(1, Number.MAX_SAFE_INTEGER),
  }),
}

/** Parses a line; a text that is no JSON gives `undefined`. */
function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined // also where it nests more deeply than the engine goes
  }
}

/**
 * A recording from its lines. A last line that was torn, as by a crash, is left out and noted.
 *
 * @throws TapeFileError, which names the line, for anything else that is no recording
 * @example const recording = readRecording(readFileSync('run.jsonl', 'utf8'))
 */
export function readRecording(lines: string): Recording {
  return readingFor(
    'readRecording',
    'Write the file again with recordingLines(await recorder.read())',
    () => {
      if (typeof lines !== 'string') wrong('', `the lines are ${describeValue(lines)}, not a text`)
      return read(lines)
    },
  )
}

function read(lines: string): Recording {
  const found = new Found()
  let number = 0
  for (let start = 0; start < lines.length; ) {
    const at = lines.indexOf('\n', start)
    const end = at < 0 ? lines.length : at
    number++
    const place = `line ${number}`
    if (end - start > longest) wrong(place, `is longer than ${longest} characters`)
    const value = parsed(lines.slice(start, end))
    start = end + 1
    if (number === 1) checkHeader(value)
    else if (value !== undefined) found.take(value, `${place}: `)
    else if (at < 0) found.note(`the last line, ${number}, was torn and is left out`)
    else wrong(place, 'is no JSON')
  }
  if (number === 0) checkHeader(undefined)
  return found.recording
}

function checkHeader(value: unknown): void {
  const header = typeof value === 'object' && value !== null ? value : {}
  const { format, version } = header as { format?: unknown; version?: unknown }
  if (format !== 'sensigrad.recording') wrong('line 1', 'is not the header of a recording')
  if (version !== 1) {
    wrong('line 1', `is of version ${describeValue(version)}, and this program reads version 1`)
  }
}

/** What was read so far. */
class Found {
  readonly #series = { scalar: new Map<string, Kept>(), histogram: new Map<string, Kept>() }
  readonly #notes: string[] = []

  note(sentence: string): void {
    this.#notes.push(sentence)
  }

  take(value: unknown, place: string): void {
    const kind = typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined
    const check = typeof kind === 'string' && Object.hasOwn(kinds, kind) ? kinds[kind] : undefined
    if (check === undefined) wrong(`${place}kind`, `is none of ${Object.keys(kinds).join(', ')}`)
    const point = check(value, place)
    const of = point.kind === 'dropped' ? point.of : point.kind
    const kept = this.#keptOf(of, point.name, place)
    if (point.kind === 'dropped') {
      kept.dropped += point.count
      return
    }
    const last = kept.points.at(-1)
    if (last !== undefined && point.step < last.step) {
      wrong(`${place}step`, `goes back from ${last.step} to ${point.step}`)
    }
    kept.points.push(point)
  }

  #keptOf(of: Dropped['of'], name: string, place: string): Kept {
    const all = this.#series[of]
    const known = all.get(name)
    if (known !== undefined) return known
    if (all.size >= limits.names) wrong(`${place}name`, `is one of more than ${limits.names}`)
    const kept: Kept = { points: [], dropped: 0 }
    all.set(name, kept)
    return kept
  }

  get recording(): Recording {
    return {
      scalars: this.#series.scalar as Map<string, Series<ScalarPoint>>,
      histograms: this.#series.histogram as Map<string, Series<HistogramPoint>>,
      notes: this.#notes,
    }
  }
}

interface Kept {
  readonly points: Point[]
  dropped: number
}
