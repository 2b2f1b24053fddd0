/**
 * Writes the table of docs/gpu-accuracy.md from what the browser tests left in test/dist/gpu-accuracy, and from what it
 * measures here in the mode `webasm`. `node packages/backend-gpujs/scripts/measure-accuracy.mjs` runs both.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { gpujs } from '@sensigrad/backend-gpujs'
import { type Measured, measure, measuredNames, refused } from './gpu-accuracy.ts'
import { accuracyTable } from './gpu-accuracy-page.ts'

const page = new URL('../../docs/gpu-accuracy.md', import.meta.url)

const left = (mode: string): Measured[] =>
  JSON.parse(readFileSync(new URL(`../dist/gpu-accuracy/${mode}.json`, import.meta.url), 'utf8'))

const backend = await gpujs({ mode: 'webasm' })
const webasm: Measured[] = []
for (const name of measuredNames()) {
  if (!Object.hasOwn(refused, name)) webasm.push(await measure(name, backend))
}

const table = accuracyTable({ webgl2: left('webgl2'), webgpu: left('webgpu'), webasm })
const marks = ['<!-- measured -->\n', '\n<!-- /measured -->'] as const
const [before, rest] = readFileSync(page, 'utf8').split(marks[0]) as [string, string]
writeFileSync(page, before + marks[0] + table + marks[1] + rest.split(marks[1])[1])
