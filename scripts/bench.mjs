/** `pnpm bench NAME …`: runs a benchmark from source, without a build. */
import { run } from './house.mjs'

const fromSource = ['--conditions=@sensigrad/source', '--import=tsx']
// Fused multiply-add is behind a flag before Node 22. A command line may set it, which a library may not.
const relaxed = Number(process.versions.node.split('.')[0]) < 22 ? ['--experimental-wasm-relaxed-simd'] : []

process.exitCode = await run(process.execPath, [
  ...fromSource,
  ...relaxed,
  'packages/bench/src/bin.ts',
  ...process.argv.slice(2),
])
