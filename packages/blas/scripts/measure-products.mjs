/** Measures matrix products and writes the table of docs/blas.md; takes some minutes, and needs koffi and a BLAS. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const fromSource = ['--conditions=@sensigrad/source', '--import=tsx']
// Fused multiply-add is behind a flag before Node 22. A command line may set it, which a library may not.
const relaxed = Number(process.versions.node.split('.')[0]) < 22 ? ['--experimental-wasm-relaxed-simd'] : []
const root = fileURLToPath(new URL('../../..', import.meta.url))

const program = 'test/support/measure-products.ts'
const { status } = spawnSync(process.execPath, [...fromSource, ...relaxed, program], {
  cwd: root,
  stdio: 'inherit',
})
process.exitCode = status ?? 1
