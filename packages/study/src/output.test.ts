/** The output folder: checked before the work, and never left with half a file. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { prepareFolder, writeFiles } from './output.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sensigrad-'))
})

test('a folder is made along with its parents and left empty', () => {
  prepareFolder(join(folder, 'a', 'b'))
  expect(readdirSync(join(folder, 'a', 'b'))).toEqual([])
})

test('files are written whole and nothing else stays behind', () => {
  writeFileSync(join(folder, 'a.txt'), 'old and longer')
  const paths = writeFiles(folder, { 'a.txt': 'new', 'b.txt': 'λ' })
  expect(paths.map(path => readFileSync(path, 'utf8'))).toEqual(['new', 'λ'])
  expect(readdirSync(folder)).toEqual(['a.txt', 'b.txt'])
})

describe('a folder that cannot be used is refused with the reason', () => {
  test('a file has its name', () => {
    const file = join(folder, 'taken')
    writeFileSync(file, '')
    expect(() => prepareFolder(file)).toThrow(
      `output folder ${file}: a file has this name. Give the name of a folder.`,
    )
  })

  test('a part of its path is a file', () => {
    const file = join(folder, 'taken')
    writeFileSync(file, '')
    expect(() => prepareFolder(join(file, 'x'))).toThrow('a part of this path is a file.')
  })

  test.runIf(process.platform === 'linux')('the system makes no folders there', () => {
    expect(() => prepareFolder('/proc/sensigrad')).toThrow(
      'output folder /proc/sensigrad: it cannot be written to',
    )
  })

  test('a folder stands where a file belongs, and no half-written file is left', () => {
    mkdirSync(join(folder, 'report.html', 'x'), { recursive: true })
    expect(() => writeFiles(folder, { 'report.html': '' })).toThrow('a folder stands where a file')
    expect(readdirSync(folder)).toEqual(['report.html'])
  })
})
