/** Jobs on worker threads: same results in the same order, whoever finishes first or dies. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test, vi } from 'vitest'
import { runJobs } from './pool.ts'
import { type Task, task } from './task.ts'

vi.setConfig({ testTimeout: 30_000 }) // generous: a busy machine is no failure

const jobs = (inputs: number[]) => inputs.map(input => ({ input, cost: input }))

/** A worker file, and a task that must not be called in its place. */
function crew(source: string) {
  const folder = mkdtempSync(join(tmpdir(), 'sensigrad-'))
  const file = join(folder, 'worker.mjs')
  writeFileSync(file, source)
  const unused: Task<number, number, number> = () => Promise.reject(new Error('not in a worker'))
  return { file: pathToFileURL(file), task: unused, marker: join(folder, 'marker') }
}

const double = 'export default async ({ input }) => ({ ok: true, result: 2 * input })'

describe('jobs on worker threads', () => {
  test.each([1, 2, 3])('come back in their own order from %i workers', async workers => {
    const outcomes = await runJobs(jobs([1, 3, 2]), crew(double), { workers })
    expect(outcomes).toEqual([2, 6, 4].map(result => ({ status: 'done', result })))
  })

  test('report what they post, with the job it came from', async () => {
    const source = `import { parentPort } from 'node:worker_threads'
      export default async ({ index, input }) => {
        parentPort.postMessage({ index, message: input + 0.5 })
        await new Promise(resolve => setTimeout(resolve, 50))
        return { ok: true, result: input }
      }`
    const heard: [number, number][] = []
    const message = (index: number, said: number) => heard.push([index, said])
    await runJobs(jobs([7, 8]), crew(source), { workers: 2, message })
    expect(heard.sort()).toEqual([
      [0, 7.5],
      [1, 8.5],
    ])
  })

  test('run again when their worker died', async () => {
    const { file, task, marker } = crew('')
    writeFileSync(
      file,
      `import { existsSync, writeFileSync } from 'node:fs'
      export default async ({ input }) => {
        if (input === 1 && !existsSync(${JSON.stringify(marker)})) {
          writeFileSync(${JSON.stringify(marker)}, '')
          process.exit(1)
        }
        return { ok: true, result: input }
      }`,
    )
    const outcomes = await runJobs(jobs([1, 2]), { file, task }, { workers: 2 })
    expect(outcomes).toEqual([1, 2].map(result => ({ status: 'done', result })))
  })

  test('that always kill their worker fail alone', async () => {
    const source = `export default async ({ input }) => {
      if (input === 1) process.exit(1)
      return { ok: true, result: input }
    }`
    const outcomes = await runJobs(jobs([1, 2]), crew(source), { workers: 2 })
    expect(outcomes).toMatchObject([
      { status: 'failed', error: { message: expect.stringContaining('worker exited') } },
      { status: 'done', result: 2 },
    ])
  })

  test('learn from the flag that they should stop, and no further job begins', async () => {
    const source = `import { parentPort } from 'node:worker_threads'
      export default async ({ index, stop }) => {
        parentPort.postMessage({ index, message: 0 })
        while (Atomics.load(stop, 0) === 0) {}
        return { ok: true, result: -1 }
      }`
    const stopping = new AbortController()
    const message = () => stopping.abort()
    const outcomes = await runJobs(jobs([2, 1]), crew(source), {
      workers: 1,
      message,
      signal: stopping.signal,
    })
    expect(outcomes).toEqual([{ status: 'done', result: -1 }, { status: 'not begun' }])
  })
})

describe('jobs without a worker', () => {
  const here = (work: Parameters<typeof task<number, number, number>>[0]) => ({
    file: new URL('none:'),
    task: task(work),
  })

  test('begin with the dearest', async () => {
    const begun: number[] = []
    const work = async (input: number) => begun.push(input)
    await runJobs(jobs([1, 3, 2]), here(work), { workers: 0 })
    expect(begun).toEqual([3, 2, 1])
  })

  test('turn an error into data with its name', async () => {
    const work = async () => {
      throw new RangeError('too large')
    }
    const [outcome] = await runJobs(jobs([1]), here(work), { workers: 0 })
    expect(outcome).toMatchObject({ status: 'failed', error: { name: 'RangeError', message: 'too large' } })
  })

  test('do not begin once stopped', async () => {
    const outcomes = await runJobs(
      jobs([1]),
      here(async input => input),
      { workers: 0, signal: AbortSignal.abort() },
    )
    expect(outcomes).toEqual([{ status: 'not begun' }])
  })
})
