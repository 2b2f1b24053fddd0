/** `pnpm study NAME …`: builds what the studies need and runs one. */
import { study } from './house.mjs'

process.exitCode = await study(...process.argv.slice(2))
