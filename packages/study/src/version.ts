/** What made a result: enough to know whether another machine should give the same numbers to the last bit. */

import { readFileSync } from 'node:fs'

const packageJson = new URL('../package.json', import.meta.url)

/** The version of this package. */
export const version: string = JSON.parse(readFileSync(packageJson, 'utf8')).version

export interface Versions {
  sensigrad: string
  node: string
  v8: string
  arch: string
}

export const versions = (): Versions => ({
  sensigrad: version,
  node: process.versions.node,
  v8: process.versions.v8,
  arch: process.arch,
})
