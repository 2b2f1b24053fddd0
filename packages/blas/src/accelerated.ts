/** A backend whose matrix products go through BLAS, where it can take the views; the others go to the wrapped backend. */

import {
  type Backend,
  contiguousStrides,
  type Destination,
  isFloat,
  type Kernels,
  type Storage,
  type SynchronousBackend,
  sizeOf,
  type TypedArray,
  type View,
  walk,
} from '@sensigrad/core'
import type { Library } from './library.ts'

/** Where a storage lies in memory that the host has: bytes from the start of a buffer. */
export interface Place {
  readonly buffer: ArrayBufferLike
  readonly byteOffset: number
}

/** A backend whose storages lie where native code can reach them. */
export interface ReachableBackend extends SynchronousBackend {
  /**
   * Where a storage lies now: a memory that grows has another buffer afterwards. Where a backend lacks this, its
   * storages are typed arrays, which are their own places.
   */
  locate?(storage: Storage): Place
}

/** Constants of `cblas.h`. */
const rowMajor = 101
const [asItIs, transposed] = [111, 112]

/** Whether products of `[m, k] × [k, n]` are faster through BLAS. What is usual was measured: docs/blas.md. */
type Pays = (m: number, n: number, k: number) => boolean
const paysBesideLoops: Pays = (m, n, k) => m * n * k >= 4096
const paysBesideVectors: Pays = (m, n, k) => m * n * k >= 131072 && Math.min(m, n, k) >= 16

/** The largest size that BLAS can be given. */
const largest = 2 ** 31 - 1

/** How the matrices of a factor lie: the flag that says so, and the elements from one line to the next. */
interface Lie {
  readonly flag: number
  readonly leading: number
  /** Elements from the first to the last. */
  readonly extent: number
}

/** A product that BLAS can take. */
interface Product {
  readonly dtype: 'float32' | 'float64'
  readonly batch: readonly number[]
  readonly sizes: readonly [m: number, n: number, k: number]
  readonly left: Lie
  readonly right: Lie
}

/**
 * The backend, with products of at least `threshold` multiplications through a library, or, unless that is said, with
 * those for which that pays. Where there is no library, its kernels stay as they are, and `info()` says what is missing.
 */
export function accelerated<Wrapped extends ReachableBackend>(
  backend: Wrapped,
  library: Library | string,
  threshold?: number,
): Wrapped & { info: NonNullable<Backend['info']> } {
  const isMissing = typeof library === 'string'
  const line = isMissing ? `no BLAS (${library})` : `large ones through ${library.title}`
  const info = () => [...(backend.info?.() ?? []), `matrix products: ${line}`]
  if (isMissing) return { ...backend, info }

  const locate = (storage: Storage) => backend.locate?.(storage) ?? (storage as TypedArray)
  const usually = backend.locate === undefined ? paysBesideLoops : paysBesideVectors
  const pays: Pays = threshold === undefined ? usually : (m, n, k) => m * n * k >= threshold
  const contract: Kernels['contract'] = (a, b, into) => {
    const product = productOf(a, b, pays)
    if (product === undefined) return backend.contract(a, b, into)
    const { batch, dtype, sizes } = product
    const out = into ?? { storage: backend.allocate(dtype, sizeOf(batch) * sizes[0] * sizes[1]), offset: 0 }
    bound(library, locate, product, a, b, out)(0)
    return out.storage
  }
  const bind: NonNullable<Backend['bind']> = (kernel, ...of) => {
    const [a, b, out] = of as Parameters<Kernels['contract']>
    const product = kernel === 'contract' && out !== undefined ? productOf(a, b, pays) : undefined
    return product === undefined ? backend.bind!(kernel, ...of) : bound(library, locate, product, a, b, out!)
  }
  return { ...backend, name: `${backend.name}+blas`, info, contract, ...(backend.bind && { bind }) }
}

/** The call that multiplies. */
function bound(
  { gemm }: Library,
  locate: (storage: Storage) => Place,
  { dtype, batch, sizes: [m, n, k], left, right }: Product,
  ...[a, b, out]: [View, View, Destination]
): (step: number) => void {
  const multiply = gemm[dtype]
  const starts = [a, b, out]
  const strides = [a.strides, b.strides, contiguousStrides([...batch, m, n])]
  return step => {
    const places = starts.map(({ storage }) => locate(storage))
    const offsets = starts.map(({ offset, advance = 0 }) => offset + step * advance)
    walk(batch, strides, offsets, ([x, y, z]) => {
      // Arrays, not addresses, so that the garbage collector sees what is in use.
      const p = elements(dtype, places[0]!, x!, left.extent)
      const q = elements(dtype, places[1]!, y!, right.extent)
      const r = elements(dtype, places[2]!, z!, m * n)
      multiply(rowMajor, left.flag, right.flag, m, n, k, 1, p, left.leading, q, right.leading, 0, r, n)
    })
  }
}

/** The product of two views, unless BLAS cannot take it or it does not pay. */
function productOf(a: View, b: View, pays: Pays): Product | undefined {
  const { dtype } = a
  if (!isFloat(dtype) || b.dtype !== dtype) return undefined
  const [m, k] = a.shape.slice(-2) as [number, number]
  const n = b.shape.at(-1)!
  if (m * n * k === 0 || !pays(m, n, k)) return undefined
  const [left, right] = [lieOf(a), lieOf(b)]
  if (left === undefined || right === undefined) return undefined
  if (Math.max(m, n, k, left.leading, right.leading) > largest) return undefined
  return { dtype, batch: a.shape.slice(0, -2), sizes: [m, n, k], left, right }
}

/** How matrices lie, unless there are gaps between the elements of a line, or lines overlap or run backwards. */
function lieOf({ shape, strides }: View): Lie | undefined {
  const [rows, columns] = shape.slice(-2) as [number, number]
  const [down, across] = strides.slice(-2) as [number, number]
  return lines(asItIs, rows, down, columns, across) ?? lines(transposed, columns, across, rows, down)
}

/** Lines of so many elements, the first of each so far from that of the one before. */
function lines(flag: number, count: number, apart: number, length: number, step: number): Lie | undefined {
  if (step !== 1 && length > 1) return undefined
  const leading = count === 1 ? length : apart
  return leading < length ? undefined : { flag, leading, extent: (count - 1) * leading + length }
}

function elements(
  dtype: Product['dtype'],
  { buffer, byteOffset }: Place,
  from: number,
  length: number,
): TypedArray {
  return dtype === 'float32'
    ? new Float32Array(buffer, byteOffset + 4 * from, length)
    : new Float64Array(buffer, byteOffset + 8 * from, length)
}
