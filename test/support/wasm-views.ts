/** Views with plain numbers on any backend, and the WebAssembly backend in each of its variants. */
import { setFlagsFromString } from 'node:v8'
import { wasm } from '@sensigrad/backend-wasm'
import {
  allocate,
  type Backend,
  contiguousStrides,
  type DType,
  type Storage,
  sizeOf,
  type View,
} from '@sensigrad/core'

setFlagsFromString('--experimental-wasm-relaxed-simd') // Node 20 has it behind a flag, later ones always

/** The backend without fused multiply-add. */
export const plain = await wasm({ relaxed: false })
const best = await wasm()

/** Each variant that the engine has, by its name. */
export const variants = (best.variant === plain.variant ? [plain] : [plain, best]).map(
  backend => [backend.variant, backend] as const,
)

/** Whole numbers of both signs, or 0 and 1; the same for every backend. */
export function numbers(dtype: DType, size: number, seed = 0) {
  const values = allocate(dtype, size)
  for (let i = 0; i < size; i++)
    values[i] = dtype === 'bool' ? (i * 7 + seed) % 2 : (((i + seed) * 37) % 64) - 31
  return values
}

/** Row-major elements of a storage. */
export function dense(storage: Storage, dtype: DType, shape: readonly number[]): View {
  return { storage, dtype, shape, strides: contiguousStrides(shape), offset: 0 }
}

/** `numbers` as a dense view, or as one whose last two axes lie the other way round in memory. */
export function put(
  backend: Backend,
  dtype: DType,
  shape: readonly number[],
  seed = 0,
  turned = false,
): View {
  const storage = backend.upload(numbers(dtype, sizeOf(shape), seed), dtype)
  if (!turned) return dense(storage, dtype, shape)
  const swapped = <T>(list: readonly T[]) => [...list.slice(0, -2), list.at(-1)!, list.at(-2)!]
  return { ...dense(storage, dtype, shape), strides: swapped(contiguousStrides(swapped(shape))) }
}
