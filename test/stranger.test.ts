/** A project outside of this one proves its operations with the published package, in its own vitest. */
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from './support/snippets.ts'

const folder = join(root, 'test/dist/stranger') // where packages resolve as they do for the tests, and git does not look

const config = `
import { defaultServerConditions } from 'vite'
export default { ssr: { resolve: { conditions: ['@sensigrad/source', ...defaultServerConditions] } } }
`

const project = `
import { promises } from '@sensigrad/testing'
import { defineOp, type Tensor } from 'sensigrad'
import { test } from 'vitest'

const halving = (name: string, slope: number) => {
  const call = (x: Tensor): Tensor => op.apply([x], undefined)
  const op = defineOp<undefined>({
    name,
    forward: ([x]) => x!.stopGradient().div(2).stopGradient(),
    vjp: ({ g }) => [g.mul(slope)],
    jvp: ({ d: [d] }) => d?.mul(slope),
    samples: [],
    errors: [],
  })
  return { name, samples: [{ name: 'a row', shapes: [[3]], call, gives: 'float64[3]', value: x => i => x(i) / 2 }], errors: [] }
}

const right = promises(halving('half', 0.5))
const wrong = promises(halving('hoax', 0.7)).filter(({ name }) => name.includes('order 1 and 2'))

for (const { name, holds } of [...right, ...wrong]) test(name, holds)
`

interface Outcome {
  readonly title: string
  readonly status: string
  readonly failureMessages: readonly string[]
}

/** What the project's own vitest says of each test. */
async function outcomes(): Promise<Outcome[]> {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'vitest.config.mjs'), config)
  writeFileSync(join(folder, 'half.test.ts'), project)
  const { VITEST, VITEST_WORKER_ID, VITEST_POOL_ID, ...env } = process.env
  const run = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--root', folder, '--reporter', 'json']
  const printed = await new Promise<string>((resolve, reject) => {
    execFile(process.execPath, run, { env, cwd: folder }, (error, out, complaints) => {
      if (out.includes('{')) resolve(out)
      else reject(error ?? new Error(complaints))
    })
  })
  const report: { testResults: { message: string; assertionResults: Outcome[] }[] } = JSON.parse(
    printed.slice(printed.indexOf('{')),
  )
  const [file] = report.testResults
  if (!file || file.assertionResults.length === 0) throw new Error(file?.message ?? printed)
  return file.assertionResults
}

test('a right operation passes there and a wrong one fails, by its name', { timeout: 60_000 }, async () => {
  const all = await outcomes()
  const failed = all.filter(({ status }) => status !== 'passed')
  expect(all.filter(({ status }) => status === 'passed')).toHaveLength(9)
  expect(failed.map(({ title }) => title)).toEqual([
    'hoax: a row: has right derivatives of order 1 and 2 in both modes',
  ])
  expect(failed[0]!.failureMessages[0]).toMatch(/^Error: reverse gives .*, but finite differences /)
})
