/**
 * Compiles assembly/ to the two main modules and writes them, as base64, to src/generated/. Run it after a change of
 * assembly/: `node packages/backend-wasm/scripts/build-kernels.mjs`. A test compares what is committed.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'

const root = fileURLToPath(new URL('..', import.meta.url))
export const target = fileURLToPath(new URL('../src/generated/modules.ts', import.meta.url))

/** @param {string[]} features */
async function compile(...features) {
  /** @type {Uint8Array | undefined} */
  let binary
  const { error, stderr } = await asc.main(
    [
      'assembly/index.ts',
      '--outFile=module.wasm',
      '--runtime=stub',
      '--importMemory',
      '--maximumMemory=65536',
      '--importTable',
      '-O3',
      '--noAssert',
      `--enable=${features.join()}`,
      `--baseDir=${root}`,
    ],
    {
      writeFile: (_, contents) => {
        if (typeof contents !== 'string') binary = contents
      },
    },
  )
  if (error || !binary) throw new Error(`${error?.message}\n${stderr}`)
  return Buffer.from(binary).toString('base64')
}

/** The text of the generated file. */
export async function generate() {
  return `/** Made by scripts/build-kernels.mjs from assembly/, so that the modules load wherever JavaScript does. */

/** The main module for every engine with SIMD. */
export const simd =
  '${await compile('simd')}'

/** The same with fused multiply-add, for engines with relaxed SIMD. */
export const relaxedSimd =
  '${await compile('simd', 'relaxed-simd')}'
`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(dirname(target), { recursive: true })
  writeFileSync(target, await generate())
}
