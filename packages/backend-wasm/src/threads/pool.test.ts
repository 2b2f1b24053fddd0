/** Jobs are done whatever becomes of the threads, and what fails in one is said. */
import * as nodeThreads from 'node:worker_threads'
import { afterEach, expect, test, vi } from 'vitest'
import { start } from '../main-module.ts'
import { type Job, Pool } from './pool.ts'

const place = 2048

/** A pool over a memory of its own, and the threads that it started. */
async function poolOf(threads: number) {
  const started: nodeThreads.Worker[] = []
  class Known extends nodeThreads.Worker {
    constructor(...of: ConstructorParameters<typeof nodeThreads.Worker>) {
      super(...of)
      started.push(this)
    }
  }
  const { getBuiltinModule } = process
  vi.spyOn(process, 'getBuiltinModule').mockImplementation(((name: string) =>
    name === 'node:worker_threads'
      ? { Worker: Known }
      : getBuiltinModule(name)) as typeof process.getBuiltinModule)
  const machine = await start('simd', 1, 1, true)
  return { machine, pool: await Pool.start(threads, 1, machine), started }
}

afterEach(() => vi.restoreAllMocks())

/** A job of eight rows of one product each: what it is told to do, and slow enough for threads to come. */
const jobOf = (kernel: Job['kernel'], call: Job['call']): Job => ({
  call,
  kernel,
  numbers: [8, 1, 1, place, 4, place + 256, 4, place + 512],
  moves: [0, 0, 0, 4, 0, 0, 0, 4],
  divided: 0,
  each: 1,
  work: 1_000,
})

function linger() {
  const until = performance.now() + 2
  while (performance.now() < until);
}

test('threads do their part of a job', async () => {
  const { machine, pool } = await poolOf(2)
  const floats = new Float32Array(machine.memory.buffer, place, 256)
  floats.set([1, 2, 3, 4, 5, 6, 7, 8])
  floats[64] = 10
  let own = 8
  while (own === 8) {
    own = 0
    floats.fill(0, 128, 136)
    const job = jobOf('alongColumns_float32', (...numbers) => {
      own++
      linger()
      machine.main.alongColumns.float32(...numbers)
    })
    pool.run(job, 'contract')
    expect([...floats.subarray(128, 136)]).toEqual([10, 20, 30, 40, 50, 60, 70, 80])
  }
  await pool.stop()
})

test('a job is done without the threads that are gone', async () => {
  const { pool, started } = await poolOf(3)
  expect(started).toHaveLength(2)
  await Promise.all(started.map(thread => thread.terminate()))
  let parts = 0
  for (let i = 0; i < 3; i++)
    pool.run(
      jobOf('alongColumns_float32', () => void parts++),
      'contract',
    )
  expect(parts).toBe(3 * 8)
  await pool.stop()
})

test('what fails in a thread is one error, and the next job is done', async () => {
  const { machine, pool } = await poolOf(2)
  const broken = jobOf({ number: 0, module: new Uint8Array(8) }, linger)
  const untilAThreadComes = () => {
    for (;;) pool.run(broken, 'map')
  }
  expect(untilAThreadComes).toThrow(
    /^map: a thread failed: CompileError: .*\. Make a backend with threads: 1$/,
  )
  pool.run(jobOf('alongColumns_float32', machine.main.alongColumns.float32), 'contract')
  await pool.stop()
})

test('once stopped, the main thread does a job as a whole', async () => {
  const { pool } = await poolOf(2)
  await pool.stop()
  await pool.stop()
  const calls: number[][] = []
  const job = jobOf('alongColumns_float32', (...numbers) => void calls.push(numbers))
  pool.run(job, 'contract')
  expect(calls).toEqual([job.numbers])
})
