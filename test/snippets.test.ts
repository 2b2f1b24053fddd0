/** What the pages show is true: their snippets have no type errors and print what the page says. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { cpu, useBackend } from 'sensigrad'
import { beforeEach, expect, test } from 'vitest'
import { pages, root, run, typeErrors } from './support/snippets.ts'

const all = pages()
const withSnippets = all.filter(({ blocks }) => blocks.length > 0)
const timeout = 60_000

beforeEach(() => useBackend(cpu())) // a page may end on another one

for (const page of withSnippets) {
  test(`the snippets of ${page.path} print what it says`, { timeout }, async () => {
    const printed = await run(page)
    const shown = (text: (block: number) => string | undefined) =>
      page.blocks.map(({ line }, block) => `${page.path}:${line}\n${text(block) ?? 'did not run'}`)
    expect(shown(block => printed[block])).toEqual(shown(block => page.blocks[block]?.says))
  })
}

test('the snippets have no type errors', { timeout }, () => {
  expect(typeErrors(withSnippets)).toEqual([])
})

for (const { path, text } of all) {
  test(`the links of ${path} lead somewhere`, () => {
    const prose = text.replaceAll(/^\s*```[\s\S]*?^\s*```$/gm, '')
    const targets = [...prose.matchAll(/\]\((?!\w+:|#)([^)#]+)/g)].map(([, target]) => target!)
    expect(targets.filter(target => !existsSync(join(root, dirname(path), target)))).toEqual([])
  })
}
