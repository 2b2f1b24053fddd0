#!/usr/bin/env node
/** The installed command. It stands here, not in dist, so that package managers can link it before a build. */

import { existsSync } from 'node:fs'

const cli = new URL('../dist/cli.js', import.meta.url)

if (existsSync(cli)) {
  // A reader such as `head` may leave early; that is no error of ours.
  process.stdout.on('error', error => process.exit(error.code === 'EPIPE' ? 0 : 1))
  const { main } = await import(cli.href)
  process.exitCode = await main(process.argv.slice(2))
} else {
  process.stderr.write('sensigrad is not built yet. Run: pnpm build\n')
  process.exitCode = 1
}
