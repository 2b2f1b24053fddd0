/** `pnpm bench NAME …`: runs a benchmark from source, without a build. */
import { run } from './house.mjs'

const fromSource = ['--conditions=@sensigrad/source', '--import=tsx']
process.exitCode = await run(process.execPath, [
  ...fromSource,
  'packages/bench/src/bin.ts',
  ...process.argv.slice(2),
])
