/**
 * The process of a runner. It is told in lines of JSON what to prepare and how often to run it, and answers in lines of
 * JSON; runners in Python speak the same way.
 */

import { createInterface } from 'node:readline'
import { readArrays, writeArrays } from './case.ts'
import type { Answer, Question } from './protocol.ts'
import type { LoadRunner, Prepared, Runner } from './runner.ts'

const runners: Readonly<Record<string, () => Promise<LoadRunner>>> = {
  cpu: async () => (await import('./runners/sensigrad.ts')).onCpu,
  wasm: async () => (await import('./runners/sensigrad.ts')).onWasm,
  simd: async () => (await import('./runners/sensigrad.ts')).onPlainSimd,
  'wasm-threads': async () => (await import('./runners/sensigrad.ts')).onThreads,
  hollow: async () => (await import('./runners/sensigrad.ts')).withoutKernels,
  loops: async () => (await import('./runners/loops.ts')).loops,
  limit: async () => (await import('./runners/limit.ts')).limit,
  'tfjs-cpu': async () => (await import('./runners/tfjs.ts')).tfjsOnCpu,
  'tfjs-wasm': async () => (await import('./runners/tfjs.ts')).tfjsOnWasm,
  'jax-js': async () => (await import('./runners/jax-js.ts')).jaxJs,
}

/** Milliseconds of work between two turns of the event loop, in which freed memory is given back. */
const turnEvery = 5

console.log = console.error // libraries talk, and this stream is for answers
const answer = (line: Answer) => void process.stdout.write(`${JSON.stringify(line)}\n`)
const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

const prepared = new Map<string, Prepared>()
const runner = await load(process.argv[2]!)
if (runner) {
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      answer(await follow(runner, JSON.parse(line)))
    } catch (error) {
      answer({ error: reasonOf(error) })
    }
  }
}

async function load(name: string): Promise<Runner | undefined> {
  try {
    const found = await (await runners[name]!())()
    answer({ version: found.version, modes: found.modes })
    return found
  } catch (error) {
    answer({ missing: reasonOf(error) })
    return undefined
  }
}

async function follow({ prepare }: Runner, question: Question): Promise<Answer> {
  if (question.ask === 'prepare') {
    const { id, kind, sizes, mode, inputs, results } = question
    const ready = await prepare({ kind, sizes, inputs: readArrays(inputs) }, mode)
    prepared.set(id, ready)
    return { results: writeArrays(results, await ready.result()) }
  }
  return { seconds: await timed(prepared.get(question.id)!, question.repeats) }
}

async function timed({ run }: Prepared, repeats: number): Promise<number> {
  const start = performance.now()
  let lastTurn = start
  for (let i = 0; i < repeats; i++) {
    const done = run()
    if (done instanceof Promise) await done
    if (performance.now() - lastTurn < turnEvery) continue
    await new Promise(resolve => setImmediate(resolve))
    lastTurn = performance.now()
  }
  return (performance.now() - start) / 1000
}
