/** Each example runs as `pnpm example NAME` runs it, and shows what it is there to show. */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { root } from './support/snippets.ts'

const timeout = 60_000

async function example(name: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'scripts/example.mjs'), name])
  return stdout
}

const numbersIn = (line: string) => line.match(/-?\d+(\.\d+)?(e[+-]?\d+)?/g)?.map(Number) ?? []

test.concurrent('neuron prints its tape, and SAL brings its sensitivity to 1', { timeout }, async () => {
  const printed = await example('neuron')
  expect(printed).toContain('tanh(%2)')
  const [, s, average] = numbersIn(printed.trim().split('\n').at(-1)!)
  expect(average).toBeGreaterThanOrEqual(1)
  expect(s).toBeLessThan(1.02)
})

test.concurrent('xor is learnt', { timeout }, async () => {
  const printed = await example('xor')
  const table = [...printed.matchAll(/(\d) xor (\d) ≈ (.*)/g)].map(([, ...columns]) => columns.map(Number))
  expect(table.map(([a, b, output]) => [a, b, Math.abs(Math.round(output!))])).toEqual([
    [0, 0, 0],
    [0, 1, 1],
    [1, 0, 1],
    [1, 1, 0],
  ])
})

test.concurrent('second-derivatives agree with the formulas to the last digits', { timeout }, async () => {
  const differences = [...(await example('second-derivatives')).matchAll(/off by (.*)/g)].map(([, off]) =>
    Number(off),
  )
  expect(differences).toHaveLength(15)
  expect(Math.max(...differences)).toBeLessThan(1e-14)
})

test.concurrent('names lists what sensigrad exports', { timeout }, async () => {
  expect((await example('names')).split('\n')).toEqual(expect.arrayContaining(['grad', 'SAL', 'tensor']))
})

test('every example has a line in the list of examples', () => {
  const list = readFileSync(join(root, 'examples/README.md'), 'utf8')
  const files = readdirSync(join(root, 'examples')).filter(file => file.endsWith('.ts'))
  expect(files.filter(file => !list.includes(`(${file})`))).toEqual([])
})
