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

test.concurrent('second-derivatives are those of the formulas, and its page shows its table', {
  timeout,
}, async () => {
  const printed = await example('second-derivatives')
  const rows = printed.trim().split('\n').slice(1)
  expect(rows).toHaveLength(14)
  for (const row of rows) {
    const [, , , , wide, , narrow] = row.split(/ {2,}/)
    expect(Number(wide)).toBeLessThan(1e-14)
    expect(Number(narrow)).toBeLessThan(1e-6)
  }
  expect(readFileSync(join(root, 'docs/second-derivatives.md'), 'utf8')).toContain(printed)
})

test.concurrent('custom-neuron brings every unit to its target', { timeout }, async () => {
  const rows = (await example('custom-neuron')).split('\n').filter(line => /^ *\d+ /.test(line))
  const [, ...averages] = numbersIn(rows.at(-1)!)
  expect(averages).toHaveLength(4)
  for (const average of averages) expect(average).toBeGreaterThanOrEqual(0.4)
})

test.concurrent('gru-gates raises all four sensitivities to their targets', { timeout }, async () => {
  const rows = (await example('gru-gates')).trim().split('\n')
  const [, reset, update, candidate, cell] = numbersIn(rows.at(-1)!)
  for (const gate of [reset!, update!]) expect(gate).toBeGreaterThan(0.28)
  for (const part of [candidate!, cell!]) expect(part).toBeGreaterThan(0.9)
})

test.concurrent('sensitivity-control reaches its goal sooner than what is left alone', {
  timeout,
}, async () => {
  const printed = await example('sensitivity-control')
  const mean = (arm: string) => {
    const rows = printed.split('\n').filter(line => line.startsWith(arm))
    return rows
      .flatMap(row => numbersIn(row).slice(1))
      .reduce((sum, steps) => sum + steps / (3 * rows.length), 0)
  }
  expect(mean('controlled')).toBeLessThan(0.8 * mean('left alone'))
})

test.concurrent('who-moved-this-weight tells task, clipping and SAL apart, and does a step again', {
  timeout,
}, async () => {
  const printed = await example('who-moved-this-weight')
  for (const who of ['task gradient', 'clipping took', 'SAL', 'rounding'])
    expect(printed).toContain(`  ${who} `)
  expect(printed).toContain('step 137 again, from step 101: replayed-equal')
})

test.concurrent('transfer-weights names weights as PyTorch does, and reads them back', {
  timeout,
}, async () => {
  const printed = await example('transfer-weights')
  expect(printed).toContain('ears.weight_hh_l1_reverse [12,4]')
  const [own, others, read] = printed
    .split('\n')
    .filter(line => /^(answer|of another|with the file) /.test(line))
    .map(numbersIn)
  expect(read).toEqual(own)
  expect(others).not.toEqual(own)
})

test.concurrent('swap-backends comes to the same numbers on each backend, and says why one is missing', {
  timeout,
}, async () => {
  const rows = (await example('swap-backends')).trim().split('\n')
  const [wanted, ...others] = ['cpu ', 'wasm ', 'gpujs, webasm '].map(name =>
    numbersIn(rows.find(row => row.startsWith(name))!),
  )
  expect(wanted).toHaveLength(5)
  for (const numbers of others) {
    for (const i of [0, 1, 2]) expect(Math.abs(numbers[i]! / wanted![i]! - 1)).toBeLessThan(1e-2)
  }
  expect(rows.at(-1)).toMatch(/^gpujs, headlessgl +(0\.|gpujs: headlessgl cannot run here\. )/)
})

test.concurrent('names lists what sensigrad exports', { timeout }, async () => {
  expect((await example('names')).split('\n')).toEqual(expect.arrayContaining(['grad', 'SAL', 'tensor']))
})

test('every example has a line in the list of examples', () => {
  const list = readFileSync(join(root, 'examples/README.md'), 'utf8')
  const files = readdirSync(join(root, 'examples')).filter(file => file.endsWith('.ts'))
  expect(files.filter(file => !list.includes(`(${file})`))).toEqual([])
})
