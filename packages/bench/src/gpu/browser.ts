/** The browser in which the page runs: the page as a production build makes it, and the GPU that is there. */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright'
import { build } from 'vite'
import { type BackendName, backends, gpus } from './workloads.ts'

/** What a browser needs to use a GPU that it does not know well, and for WebGPU under Linux. */
const realGpu = ['--ignore-gpu-blocklist', '--enable-unsafe-webgpu', '--enable-features=Vulkan']

/** Both on the processor, for machines without a GPU. */
const software = [
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
]

/** What a backend runs on, or why it cannot. */
export interface Device {
  readonly backend: BackendName
  readonly name: string
  readonly kind: 'processor' | 'GPU' | 'software' | 'missing'
}

/** A browser with its devices, and a page for each point. */
export interface Lab {
  readonly devices: readonly Device[]
  /** Has something done in a page of its own, on a backend. */
  on<Result>(backend: BackendName, work: (page: Page) => Promise<Result>): Promise<Result>
  close(): Promise<void>
}

/**
 * Opens the browser: with a GPU, or, where it finds none, with software in its place.
 *
 * @throws Error when there is no browser
 */
export async function openLab(): Promise<Lab> {
  const executablePath = process.env.CHROMIUM_PATH
  if (!executablePath) {
    throw new Error(
      'no browser to measure in. Run pnpm bench gpu, install Chromium or Chrome, or set CHROMIUM_PATH',
    )
  }
  const { url, close } = await serve(await bundle())
  const open = async (flags: readonly string[]) => {
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', ...flags] })
    return { browser, devices: await devicesOf(browser, url) }
  }
  let { browser, devices } = await open(realGpu)
  if (!devices.some(({ kind }) => kind === 'GPU')) {
    await browser.close()
    ;({ browser, devices } = await open(software))
  }
  return {
    devices,
    on: (backend, work) => inPage(browser, url, backend, work),
    async close() {
      await browser.close()
      close()
    },
  }
}

/** The page's code, minified and in one piece. */
async function bundle(): Promise<string> {
  const result = await build({
    configFile: false,
    logLevel: 'error',
    root: fileURLToPath(new URL('.', import.meta.url)),
    build: {
      write: false,
      target: 'esnext',
      modulePreload: false,
      rollupOptions: {
        input: fileURLToPath(new URL('./page.ts', import.meta.url)),
        output: { codeSplitting: false },
      },
    },
  })
  if (!('output' in result)) throw new Error('the page was not built')
  return result.output[0].code
}

async function serve(code: string): Promise<{ url: string; close: () => void }> {
  const html = '<!doctype html><title>pnpm bench gpu</title><script type="module" src="/page.js"></script>'
  const server = createServer(({ url }, response) => {
    const isCode = url === '/page.js'
    response.setHeader('Content-Type', isCode ? 'text/javascript' : 'text/html')
    response.end(isCode ? code : html)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => server.close(),
  }
}

async function inPage<Result>(
  browser: Browser,
  url: string,
  backend: BackendName,
  work: (page: Page, info: readonly string[]) => Promise<Result>,
): Promise<Result> {
  const page = await browser.newPage()
  try {
    await page.goto(url)
    await page.waitForFunction(() => 'sensigradBench' in globalThis)
    const info = await page.evaluate(name => sensigradBench.start(name), backend)
    return await work(page, info)
  } finally {
    await page.close()
  }
}

async function devicesOf(browser: Browser, url: string): Promise<Device[]> {
  const devices: Device[] = []
  for (const backend of backends) devices.push(await deviceOf(browser, url, backend))
  return devices
}

async function deviceOf(browser: Browser, url: string, backend: BackendName): Promise<Device> {
  try {
    const info = await inPage(browser, url, backend, async (_, info) => info)
    const [about = 'plain TypeScript', device = ''] = info.map(line => line.replace(/^\w+: /, ''))
    if (!gpus.includes(backend)) return { backend, name: about, kind: 'processor' }
    const [name = device, isSoftware] = device.split(/, (without a GPU)/)
    return { backend, name, kind: isSoftware ? 'software' : 'GPU' }
  } catch (error) {
    return { backend, name: reasonOf(error), kind: 'missing' }
  }
}

/** What went wrong, in the words of the page and without its stack. */
export function reasonOf(error: unknown): string {
  const { message } = error instanceof Error ? error : new Error(String(error))
  return message
    .split('\n')[0]!
    .replace(/^page\.evaluate: /, '')
    .replace(/^\w*Error: /, '')
}
