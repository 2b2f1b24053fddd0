/** `pnpm build` and its like: turbo, without telemetry. */
import { turbo } from './house.mjs'

process.exitCode = await turbo(...process.argv.slice(2))
