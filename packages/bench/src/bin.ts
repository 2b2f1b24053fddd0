/** What `pnpm bench` starts. It is apart from `cli.ts` so that tests can load that without running it. */

import { main } from './cli.ts'

process.exitCode = await main(process.argv.slice(2))
