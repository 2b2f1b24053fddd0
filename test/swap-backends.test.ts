/** The page of swap-backends in a browser: all backends give the same numbers, and one that cannot run says why. */
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright'
import { createServer, type ViteDevServer } from 'vite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findBrowser, missingBrowser } from '../scripts/browser.mjs'
import { root } from './support/snippets.ts'

/** WebGL2 on the processor, and no WebGPU. */
const flags = ['--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader']

let server: ViteDevServer
let browser: Browser
let page: Page
const errors: string[] = []

beforeAll(async () => {
  const executablePath = findBrowser()
  if (!executablePath) throw new Error(missingBrowser())
  server = await createServer({
    root: join(root, 'examples/swap-backends'),
    logLevel: 'error',
    server: { host: '127.0.0.1', port: 0 },
  })
  await server.listen()
  browser = await chromium.launch({ executablePath, args: flags })
  page = await browser.newPage()
  page.on('pageerror', error => errors.push(error.message))
  await page.goto(`http://127.0.0.1:${(server.httpServer!.address() as AddressInfo).port}/`)
  await page.waitForFunction(
    () => document.querySelector('[role=status]')?.textContent?.startsWith('Done'),
    undefined,
    { timeout: 120_000 },
  )
}, 150_000)
afterAll(async () => {
  await browser?.close()
  await server?.close()
})

const cellsOf = (name: string) => page.locator('tbody tr', { hasText: name }).locator('td').allInnerTexts()

test('cpu, wasm and WebGL2 come to the same loss, sensitivity and slope', async () => {
  const [wanted, ...others] = await Promise.all(['cpu', 'wasm', 'gpujs, webgl2'].map(cellsOf))
  for (const cells of others) {
    expect(cells).toHaveLength(5)
    for (const [i, cell] of cells.slice(0, 3).entries()) {
      expect(Math.abs(Number(cell) / Number(wanted![i]) - 1)).toBeLessThan(1e-2)
    }
  }
  expect(errors).toEqual([])
})

test('a row says what its GPU is', async () => {
  expect(await page.locator('tbody tr', { hasText: 'gpujs, webgl2' }).locator('small').textContent()).toMatch(
    /SwiftShader.*the processor does its work/,
  )
})

test('a backend that cannot run says why, in its row', async () => {
  expect(await cellsOf('gpujs, webgpu')).toEqual([
    "gpujs: webgpu cannot run here. Take { mode: 'webgl2' }, or a browser and GPU with WebGPU",
  ])
  expect(await page.locator('[role=status]').textContent()).toBe('Done: 3 of 4 ran.')
})

test('nothing is wider than a narrow screen', async () => {
  await page.setViewportSize({ width: 360, height: 800 })
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360)
})
