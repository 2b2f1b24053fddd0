/** How the tests run: unit tests beside the sources, properties in test/, and a real browser; none needs a build. */
import { playwright } from '@vitest/browser-playwright'
import { defaultClientConditions, defaultServerConditions } from 'vite'
import { defineConfig } from 'vitest/config'
import { findBrowser } from './scripts/browser.mjs'

const source = '@sensigrad/source'

/** What a page must be sent with to have a SharedArrayBuffer. */
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
}

/** WebGL2 and WebGPU that every machine has: SwiftShader computes both on the processor, so results are everywhere the same. */
const softwareGpu = [
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
]

/** Tests of what is registered for good, such as operations, or of what else a file must find as it was loaded; and builds. */
const alone = [
  'bundling',
  'gradcheck',
  'io-files',
  'operations',
  'operations-page',
  'promises',
  'stranger',
  'tape',
  'wasm-bound',
].map(name => `test/${name}.test.ts`)

export default defineConfig({
  resolve: { conditions: [source, ...defaultClientConditions] },
  ssr: { resolve: { conditions: [source, ...defaultServerConditions] } },
  test: {
    maxWorkers: '100%',
    testTimeout: 30_000, // for what hangs: how long a test takes says nothing
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['packages/*/src/**/*.test.ts'] },
      },
      {
        extends: true,
        test: {
          name: 'properties',
          include: ['test/**/*.test.ts'],
          exclude: ['**/node_modules/**', 'test/browser/**', 'test/dist/**', ...alone],
          isolate: false, // the framework is loaded once for many files, which takes a fifth of the time
          setupFiles: ['test/support/usual-backend.ts'],
        },
      },
      {
        extends: true,
        test: { name: 'alone', include: alone },
      },
      {
        extends: true,
        server: { headers: isolation },
        // Found before the first test, not by reloading.
        optimizeDeps: {
          entries: ['test/browser/**/*.test.ts'],
          include: ['@sensigrad/backend-gpujs > gpu.js'],
        },
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            instances: [{ browser: 'chromium' }],
            provider: playwright({
              launchOptions: {
                ...executable(findBrowser()),
                args: [
                  '--no-sandbox',
                  '--no-first-run',
                  '--disable-quic',
                  '--disable-background-networking',
                  '--disable-component-update',
                  '--disable-sync',
                  ...softwareGpu,
                ],
              },
            }),
          },
        },
      },
    ],
  },
})

function executable(executablePath: string | undefined) {
  return executablePath ? { executablePath } : {}
}
