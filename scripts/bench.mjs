/** `pnpm bench NAME …`: builds what users run, and runs a benchmark of it. */
import { findBrowser } from './browser.mjs'
import { build, run, stop } from './house.mjs'

// The benchmark itself is run from source; what it measures is not, since tsx puts a call around each closure.
const fromSource = ['--import=tsx']
// Fused multiply-add is behind a flag before Node 22. A command line may set it, which a library may not.
const relaxed = Number(process.versions.node.split('.')[0]) < 22 ? ['--experimental-wasm-relaxed-simd'] : []

// One benchmark needs a browser.
const browser = findBrowser()
if (browser) process.env.CHROMIUM_PATH = browser

if (await build()) stop('The build failed.')
process.exitCode = await run(process.execPath, [
  ...fromSource,
  ...relaxed,
  'packages/bench/src/bin.ts',
  ...process.argv.slice(2),
])
