/** Loading the main module: which of the two the engine can run, and the memory and table that all kernels share. */

import type { DType } from '@sensigrad/core'
import { relaxedSimd, simd } from './generated/modules.ts'

/** Which instructions the kernels use: with relaxed SIMD a product and a sum are one. */
export type Variant = 'simd' | 'relaxed-simd'

type Kernel = (...numbers: number[]) => void

type ByType<Name extends string> = Record<`${Name}_${DType}`, Kernel>
type ByFloatType<Name extends string> = Record<`${Name}_${'float32' | 'float64'}`, Kernel>
type BySize<Name extends string> = Record<`${Name}${1 | 4 | 8}`, Kernel>
type Conversions = Record<`${DType}_to_${DType}`, Kernel>

/** What the main module exports, as in assembly/. */
export type MainModule = BySize<'move' | 'gather'> &
  ByFloatType<'panels' | 'rows' | 'dots'> &
  ByType<'runs' | 'reduceRows' | 'scatter' | 'settle' | 'keys' | 'recur'> &
  Record<`extremumAt_${DType}`, (largest: number, count: number, from: number, step: number) => number> &
  Conversions &
  Record<`invoke${0 | 1 | 2 | 3 | 4}`, Kernel> & {
    clear: Kernel
    sortByKeys(count: number, keys: number, order: number, spare: number): number
  }

/** The main module at work. */
export interface Machine {
  readonly variant: Variant
  readonly main: MainModule
  readonly memory: WebAssembly.Memory
  readonly table: WebAssembly.Table
}

const bytes: Readonly<Record<Variant, string>> = { simd, 'relaxed-simd': relaxedSimd }

/** Whether this engine runs a variant. */
export function runs(variant: Variant): boolean {
  return WebAssembly.validate(decode(bytes[variant]))
}

/** Compiles the main module around a new memory. Sizes are in pages of 64 KiB. */
export async function start(variant: Variant, initialPages: number, maximumPages: number): Promise<Machine> {
  const memory = new WebAssembly.Memory({ initial: initialPages, maximum: maximumPages })
  const table = new WebAssembly.Table({ element: 'anyfunc', initial: 1 })
  const { instance } = await WebAssembly.instantiate(decode(bytes[variant]), { env: { memory, table } })
  return { variant, main: instance.exports as unknown as MainModule, memory, table }
}

function decode(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), character => character.charCodeAt(0))
}
