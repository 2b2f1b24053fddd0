/** Keeps processes of one thread on one core, where the system can: their compilers and garbage collectors then have no other either. */

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/**
 * The command that runs a command on the last core that we may use; the same command where cores cannot be chosen, or
 * where it has more threads than one.
 */
export function pinned(command: readonly string[], threads: number): readonly string[] {
  if (threads > 1) return command
  core ??= lastCore()
  return core === '' ? command : ['taskset', '--cpu-list', core, ...command]
}

/** Its number, once it was looked for; empty where a process cannot be kept on a core. */
let core: string | undefined

function lastCore(): string {
  if (process.platform !== 'linux' || spawnSync('taskset', ['--version']).status !== 0) return ''
  const allowed = /^Cpus_allowed_list:.*?(\d+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))
  return allowed?.[1] ?? ''
}
