/** The log of finished runs: nothing finished is lost or done twice, and nothing is mixed that does not belong together. */
import { appendFileSync, mkdtempSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { logName, openLog } from './log.ts'
import toy, { runToy } from './toy.test-data.ts'

const never = { stopped: () => false, progress: () => {} }
const run = (arm: string, seed: number) => runToy(arm, seed, toy.defaults, never)
const identity = { study: 'toy', settings: 'abc' }

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sensigrad-'))
  path = join(folder, logName)
})

/** A log of these runs, written and closed. */
function written(...runs: ReturnType<typeof run>[]) {
  const log = openLog(folder, identity)
  for (const one of runs) log.append(one)
  log.close()
}

/** The runs that a new attempt finds. */
function found() {
  const log = openLog(folder, identity)
  log.close()
  return log.runs
}

test('what was appended is there at the next attempt, number for number', () => {
  const odd = run('sal', 1)
  odd.curve[0]!.loss = Number.NaN
  odd.gradientRatio.end = Number.POSITIVE_INFINITY
  odd.profiles[0]!.logSensitivity[0] = Number.NEGATIVE_INFINITY
  odd.profiles[0]!.gradientNorms[0] = Number.MIN_VALUE
  odd.note = 'NaN'
  written(odd, run('plain', 2))
  expect(found()).toEqual([odd, run('plain', 2)])
})

test.each([1, 20, 300])(
  'a line torn %i bytes before its end is dropped, and the log goes on after it',
  cut => {
    written(run('sal', 1), run('sal', 2))
    truncateSync(path, readFileSync(path).length - cut)
    written(run('sal', 3))
    expect(found().map(({ seed }) => seed)).toEqual([1, 3])
  },
)

test('a last line that is whole but not a run is dropped too', () => {
  written(run('sal', 1))
  appendFileSync(path, '\0\0\0\n')
  expect(found()).toHaveLength(1)
  expect(readFileSync(path, 'utf8')).not.toContain('\0')
})

describe('is refused', () => {
  const remedy = 'Give another folder, or --fresh to do all runs again.'

  test('a line before the last that is not a run', () => {
    written(run('sal', 1), run('sal', 2))
    writeFileSync(path, readFileSync(path, 'utf8').replace('{', ''))
    expect(found).toThrow(`output folder ${folder}: line 1 of runs.jsonl is not a run. ${remedy}`)
  })

  test('a folder with other settings', () => {
    written(run('sal', 1))
    expect(() => openLog(folder, { ...identity, settings: 'other' })).toThrow(
      `it holds runs with other settings, which would be mixed with these. ${remedy}`,
    )
  })

  test('a folder of another study', () => {
    written(run('sal', 1))
    expect(() => openLog(folder, { ...identity, study: 'other' })).toThrow('it holds runs of the study toy.')
  })

  test('a folder of another version', () => {
    written(run('sal', 1))
    writeFileSync(path, readFileSync(path, 'utf8').replace(/"node":"[^"]*"/, '"node":"1.2.3"'))
    expect(found).toThrow('its runs were made by sensigrad')
  })
})

test('a fresh log forgets all that, whatever it was', () => {
  writeFileSync(path, 'nonsense\nmore\n')
  const log = openLog(folder, identity, { fresh: true })
  log.append(run('sal', 1))
  log.close()
  expect(found()).toHaveLength(1)
})
