/** `npm test`: everything a change must pass, from a fresh clone on; the last line counts it. Arguments go to vitest. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { build, install, read, root, run, say } from './house.mjs'

await install()
const { findBrowser, installBrowser, missingBrowser } = await import('./browser.mjs')

/** @type {string[]} */
const failures = []
await check('Lint and format', () => run('biome', ['check', '--error-on-warnings']))
await check('Types of sources, tests and examples', () => run('tsc', ['-p', 'test']))
await check('Build', build)
const browser = findBrowser() ?? (await installBrowser())
if (!browser) failures.push(missingBrowser())
const { passed, failed } = await vitest(browser ? [] : ['--project=!browser'])

for (const failure of failures) say(`Failed: ${failure}`)
console.log(`\n${passed} passed, ${failed + failures.length} failed`)
process.exitCode = failed || failures.length ? 1 : 0

/** @param {string} name @param {() => Promise<number>} step */
async function check(name, step) {
  say(name)
  if (await step()) failures.push(name)
}

/** Runs the tests and counts them; a file or a run that broke without a failed test counts as one. @param {string[]} projects */
async function vitest(projects) {
  say('Tests')
  const results = 'node_modules/.vitest/results.json'
  rmSync(join(root, results), { force: true })
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}`]
  const code = await run('vitest', ['run', ...projects, ...reporters, ...process.argv.slice(2)])
  const { numPassedTests = 0, numFailedTests = 0, testResults = [] } = JSON.parse(read(results) || '{}')
  const broken = testResults.filter(broke).length
  return { passed: numPassedTests, failed: numFailedTests + broken || (code ? 1 : 0) }
}

/** @param {{ status: string, assertionResults: { status: string }[] }} file */
function broke(file) {
  return file.status === 'failed' && file.assertionResults.every(({ status }) => status !== 'failed')
}
