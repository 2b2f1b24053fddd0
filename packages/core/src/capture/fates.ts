/** What becomes of each value of a step when its program is rewritten. */

import type { Backend, Storage } from '../backend/contract.ts'
import type { Buffer, Program } from './program.ts'
import { type Fate, type RewriteOptions, stagesOf } from './rewrite/index.ts'

/** What became of the buffers that the rewritten program does not compute any more. */
export function fatesOf(program: Program, backend: Backend, options: RewriteOptions): Map<Buffer, Fate> {
  const fates = new Map<Buffer, Fate>()
  const taken = new Set<Storage>()
  let so = program
  for (const [rewrite, fate] of stagesOf(options)) {
    const next = rewrite(so, backend)
    const written = new Set(next.instructions.map(({ output }) => output))
    for (const { output } of so.instructions) if (!written.has(output)) fates.set(output, fate)
    for (const { storage } of [...next.instructions.flatMap(({ inputs }) => inputs), ...next.results]) {
      if (storage.fixed?.isOwn) taken.add(storage.fixed.storage!)
    }
    so = next
  }
  for (const storage of taken) backend.free(storage) // this program is never run
  return fates
}
