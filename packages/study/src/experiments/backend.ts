/** Where the experiments compute: on WebAssembly, which is several times as fast, where the engine has it. */

import { cpu } from '@sensigrad/backend-cpu'
import { wasm } from '@sensigrad/backend-wasm'
import { BackendError, type SynchronousBackend, useBackend } from '@sensigrad/core'
import 'sensigrad' // brings the built-in backend, which stays in use for all other studies

let fast: Promise<SynchronousBackend> | undefined

/**
 * Runs `body` with the fast backend in use, and puts the built-in one back: a thread runs one experiment at a time, but
 * may run others after it.
 */
export async function onFastBackend<Result>(body: () => Promise<Result>): Promise<Result> {
  fast ??= fastest()
  useBackend(await fast)
  try {
    return await body()
  } finally {
    useBackend(builtIn)
  }
}

const builtIn = cpu()

async function fastest(): Promise<SynchronousBackend> {
  try {
    return await wasm()
  } catch (error) {
    if (error instanceof BackendError) return builtIn // an engine without SIMD
    throw error
  }
}
