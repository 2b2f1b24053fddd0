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

export default defineConfig({
  resolve: { conditions: [source, ...defaultClientConditions] },
  ssr: { resolve: { conditions: [source, ...defaultServerConditions] } },
  test: {
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
          exclude: ['**/node_modules/**', 'test/browser/**', 'test/dist/**'],
        },
      },
      {
        extends: true,
        server: { headers: isolation },
        optimizeDeps: { entries: ['test/browser/**/*.test.ts'] }, // found before the first test, not by reloading
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
