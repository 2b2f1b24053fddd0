/** What the pages say of the house is so: the packages and arrows that they draw, the options that they name. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { main } from '../packages/study/src/cli.ts'
import { root } from './support/snippets.ts'

const page = readFileSync(join(root, 'docs/the-house.md'), 'utf8')
const packages = readdirSync(join(root, 'packages')).sort()

test('the house draws every arrow between packages, and no other', () => {
  const declared = packages.flatMap(name => {
    const manifest = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'))
    const needs = Object.keys(manifest.dependencies ?? {}).map(need => need.replace('@sensigrad/', ''))
    return needs.filter(need => packages.includes(need)).map(need => `${name} --> ${need}`)
  })
  const drawn = [...page.matchAll(/^ {2}(\S+ --> \S+)$/gm)].map(([, arrow]) => arrow!)
  expect(drawn.sort()).toEqual(declared.sort())
})

test('the house says of every package what it is for', () => {
  const told = [...page.matchAll(/^\| \[([\w-]+)\]\(\.\.\/packages\//gm)].map(([, name]) => name!)
  expect(told.sort()).toEqual(packages)
})

test('the pages name only options that the study has', async () => {
  const out: string[] = []
  const write = (text: string) => out.push(text)
  await main(['edge-of-chaos', '--help'], { out: { write }, err: { write }, exitCode: 0 })
  const optionsIn = (text: string): string[] => text.match(/(?<![\w-])--[a-z][a-z-]*/g) ?? []
  const named = optionsIn(readFileSync(join(root, 'docs/sensitivity-and-sal.md'), 'utf8'))
  const known = optionsIn(out.join(''))
  expect(known).toContain('--size')
  expect(named.filter(option => !known.includes(option))).toEqual([])
})
