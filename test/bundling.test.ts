/** Apps that import the published packages, bundled and minified for a browser: they work there, and carry only what they use. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type Browser, chromium } from 'playwright'
import { build, type Rolldown } from 'vite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findBrowser, missingBrowser } from '../scripts/browser.mjs'
import { build as buildPackages } from '../scripts/house.mjs'
import { losses } from './bundling/training.ts'
import { gap } from './support/backend.ts'
import { root } from './support/snippets.ts'

type Chunk = Rolldown.OutputChunk

/** What gpu.js says and nobody else, which no minifier takes out. */
const telltale = 'Error compiling fragment shader'
const html = '<!doctype html><body><script type="module" src="/app.js"></script>'
const flags = ['--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader']
/** One float32 gradient step apart at most, of numbers around 1, after five steps. */
const tolerance = 1e-4

let gpuApp: Chunk[]
let cpuApp: Chunk[]
let browser: Browser

beforeAll(async () => {
  const executablePath = findBrowser()
  if (!executablePath) throw new Error(missingBrowser())
  const choice = ['sensigrad', '@sensigrad/backend-gpujs'].map(name => `--filter=${name}`)
  if (await buildPackages(...choice)) throw new Error('the packages could not be built')
  gpuApp = await bundle('gpu-app.ts')
  cpuApp = await bundle('cpu-app.ts')
  browser = await chromium.launch({ executablePath, args: flags })
}, 120_000)
afterAll(() => browser?.close())

/** The chunks of an app, as a user's production build makes them from what is published; the first is the entry. */
async function bundle(app: string): Promise<Chunk[]> {
  const result = await build({
    configFile: false,
    logLevel: 'error',
    mode: 'production',
    root: join(root, 'test/bundling'),
    build: {
      write: false,
      minify: true,
      target: 'esnext',
      rollupOptions: { input: join(root, 'test/bundling', app), output: { entryFileNames: 'app.js' } },
    },
  })
  const { output } = result as Rolldown.RolldownOutput
  const chunks = output.filter(part => part.type === 'chunk')
  return chunks.sort((a, b) => Number(b.isEntry) - Number(a.isEntry))
}

/** What an app prints into its page, and what went wrong there. */
async function shown(chunks: readonly Chunk[]): Promise<{ text: string; errors: string[] }> {
  const server = await serve(chunks)
  const page = await browser.newPage()
  try {
    const errors: string[] = []
    page.on('pageerror', error => errors.push(error.message))
    page.on('requestfailed', request => errors.push(`${request.url()} failed`))
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    await page
      .waitForFunction(() => document.body.textContent, undefined, { timeout: 20_000 })
      .catch(() => {})
    return { text: (await page.textContent('body')) ?? '', errors }
  } finally {
    await page.close()
    server.close()
  }
}

function serve(chunks: readonly Chunk[]): Promise<Server> {
  const files = new Map(chunks.map(({ fileName, code }) => [`/${fileName}`, code]))
  const server = createServer((request, response) => {
    const code = files.get(request.url ?? '')
    response.setHeader('Content-Type', code === undefined ? 'text/html' : 'text/javascript')
    response.end(code ?? html)
  })
  return new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve(server)))
}

describe.each([
  ['on the GPU', () => gpuApp],
  ['on the CPU', () => cpuApp],
])('a bundled and minified app %s', (where, app) => {
  test('trains as it does from source', { timeout: 60_000 }, async () => {
    const { text, errors } = await shown(app())
    expect(errors).toEqual([])
    const { losses: found, info } = JSON.parse(text)
    expect(gap(found, await losses(5))).toBeLessThan(tolerance)
    if (where === 'on the GPU') expect(info.join('\n')).toMatch(/WebGL2Kernel/)
  })
})

/** The chunks that load before an app runs: its entry, and what that imports at once. */
function atOnce(chunks: readonly Chunk[], names = [chunks[0]!.fileName]): Chunk[] {
  const here = chunks.filter(({ fileName }) => names.includes(fileName))
  const next = here.flatMap(({ imports }) => imports).filter(name => !names.includes(name))
  return next.length > 0 ? atOnce(chunks, [...names, ...next]) : here
}

const texts = (chunks: readonly Chunk[]) => chunks.map(({ code }) => code).join('\n')

test('an app on the CPU carries no gpu.js', () => {
  expect(texts(gpuApp).includes(telltale)).toBe(true) // or it could not be missed
  expect(texts(cpuApp).includes(telltale)).toBe(false)
})

test('an app on the GPU loads gpu.js when it asks for the backend, not before', () => {
  expect(texts(atOnce(gpuApp)).includes(telltale)).toBe(false)
})

test('an app on the CPU stays small', async ({ annotate }) => {
  const code = texts(cpuApp)
  const size = gzipSync(code).length / 1024
  await annotate(`${Math.round(code.length / 1024)} kB minified, ${Math.round(size)} kB compressed`)
  expect(size).toBeLessThan(100)
})
