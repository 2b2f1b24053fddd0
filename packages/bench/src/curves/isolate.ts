/** Has points measured in processes of their own, so that none inherits the heap, or the compiled code, of another. */

import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Measured } from './measure.ts'
import type { Answer, Point } from './worker.ts'

/** Compiled code that is thrown away between two looks at the memory would look like memory that was given back. */
const flags = ['--expose-gc', '--no-flush-bytecode']
const worker = fileURLToPath(new URL('./worker.ts', import.meta.url))

/**
 * Measures points one after the other.
 *
 * @param points  what to measure
 * @param found   called after each point
 * @param shared  one process for all of them, which is quicker and less exact
 * @throws Error naming the point whose process failed
 */
export async function measureApart(
  points: readonly Point[],
  found: (point: Point, measured: Measured) => void,
  shared: boolean,
): Promise<void> {
  const batches = shared ? [points] : points.map(point => [point])
  for (const batch of batches) {
    const child = fork(worker, [], { execArgv: [...process.execArgv, ...flags] })
    try {
      for (const point of batch) found(point, await ask(child, point))
    } finally {
      child.kill()
    }
  }
}

function ask(child: ChildProcess, point: Point): Promise<Measured> {
  const name = `${point.part}, ${point.series}, length ${point.length}`
  return new Promise((resolve, reject) => {
    const ended = (code: number | null, signal: string | null) =>
      reject(new Error(`${name}: its process ended with ${signal ?? `code ${code}`} before it answered`))
    child.once('exit', ended)
    child.once('message', (answer: Answer) => {
      child.off('exit', ended)
      if ('measured' in answer) resolve(answer.measured)
      else reject(new Error(`${name}: ${answer.error}`))
    })
    child.send(point)
  })
}
