/** Measures every operation on WebGL2 and WebGPU in a browser and as WebAssembly here, and writes docs/gpu-accuracy.md. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const vitest = [
  'node_modules/vitest/vitest.mjs',
  'run',
  '--project=browser',
  'test/browser/gpujs-operations.test.ts',
]
const here = ['--conditions=@sensigrad/source', '--import=tsx', 'test/support/measure-gpu-accuracy.ts']

for (const command of [vitest, here]) {
  const { status } = spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
