/** Loading the main module: which of the two the engine can run, and the memory and table that all kernels share. */

import type { DType } from '@sensigrad/core'
import { relaxedSimd, simd } from './generated/modules.ts'
import { runs as runsByInputs } from './invoke.ts'

/** Which instructions the kernels use: with relaxed SIMD a product and a sum are one. */
export type Variant = 'simd' | 'relaxed-simd'

/** A function of addresses, counts and steps in bytes. */
type Kernel = (...numbers: number[]) => void

const floatTypes = ['float32', 'float64'] as const
const types = ['float32', 'float64', 'int32', 'bool'] as const

/** What the main module offers, as in assembly/: a kernel for each type, or for each size of an element. */
function offers(kernels: Readonly<Record<string, unknown>>) {
  const get = <F = Kernel>(name: string) => kernels[name] as F
  const byType = <T extends DType, F = Kernel>(types: readonly T[], nameOf: (type: T) => string) =>
    Object.fromEntries(types.map(type => [type, get<F>(nameOf(type))])) as Record<T, F>
  const ofFloats = (name: string) => byType(floatTypes, type => `${name}_${type}`)
  const ofAll = <F = Kernel>(name: string) => byType<DType, F>(types, type => `${name}_${type}`)
  const bySize = (name: string) => ({ 1: get(`${name}1`), 4: get(`${name}4`), 8: get(`${name}8`) })
  return {
    clear: get('clear'),
    move: bySize('move'),
    gather: bySize('gather'),
    convert: Object.fromEntries(types.map(from => [from, byType(types, to => `${from}_to_${to}`)])) as Record<
      DType,
      Record<DType, Kernel>
    >,
    alongRows: ofFloats('alongRows'),
    alongColumns: ofFloats('alongColumns'),
    runs: ofAll('runs'),
    reduceRows: ofAll('reduceRows'),
    scatter: ofAll('scatter'),
    settle: ofAll('settle'),
    extremumAt: ofAll('extremumAt'),
    keys: ofAll('keys'),
    sortByKeys: get<(count: number, keys: number, order: number, spare: number) => number>('sortByKeys'),
    recur: ofAll('recur'),
    /** By the number of inputs of an emitted kernel, whose place in the table comes first. */
    invoke: runsByInputs.map((_, inputs) => get(`invoke${inputs}`)),
  }
}

/** The kernels of the main module. */
export type MainModule = ReturnType<typeof offers>

/** The main module at work. */
export interface Machine {
  readonly variant: Variant
  readonly module: WebAssembly.Module
  readonly main: MainModule
  readonly memory: WebAssembly.Memory
  readonly isShared: boolean
  readonly table: WebAssembly.Table
}

const bytes: Readonly<Record<Variant, string>> = { simd, 'relaxed-simd': relaxedSimd }

/** Whether this engine runs a variant. */
export function runs(variant: Variant): boolean {
  return WebAssembly.validate(decode(bytes[variant]))
}

/** Compiles the main module around a new memory. Sizes are in pages of 64 KiB. */
export async function start(
  variant: Variant,
  initialPages: number,
  maximumPages: number,
  isShared = false,
): Promise<Machine> {
  const memory = new WebAssembly.Memory({ initial: initialPages, maximum: maximumPages, shared: isShared })
  const table = new WebAssembly.Table({ element: 'anyfunc', initial: 1 })
  const code = decode(bytes[variant])
  const { module, instance } = await WebAssembly.instantiate(isShared ? overShared(code) : code, {
    env: { memory, table },
  })
  return { variant, module, main: offers(instance.exports), memory, isShared, table }
}

/** The same module over a shared memory: a bit in the import of the memory, which has a maximum already. */
function overShared(code: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const imported = [...'memory'].map(character => character.charCodeAt(0)).concat(2, 1)
  const at = code.findIndex((_, i) => imported.every((byte, j) => code[i + j] === byte))
  code[at + imported.length - 1] = 3
  return code
}

function decode(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), character => character.charCodeAt(0))
}
