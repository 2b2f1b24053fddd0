/** The element types of files: which of ours holds their values, and how their bytes become numbers. */

import type { DType, TypedArray } from '@sensigrad/core'
import { FileError, type Source } from './file-error.ts'

/** An element type of files. */
export interface ElementType {
  /** Bytes for each element. */
  readonly width: 1 | 2 | 4 | 8
  /** Our type, which holds every value that is read. */
  readonly dtype: DType
  /** The elements, or the first value that our type does not hold. */
  readonly read: (buffer: ArrayBuffer) => TypedArray | { readonly strange: number | bigint }
}

const int32 = { least: -(2 ** 31), most: 2 ** 31 - 1 }

/** A type of whole numbers, as int32 where they fit. */
function whole(
  width: ElementType['width'],
  view: (buffer: ArrayBuffer) => Iterable<number | bigint>,
): ElementType {
  return {
    width,
    dtype: 'int32',
    read: buffer => {
      const values = new Int32Array(buffer.byteLength / width)
      let at = 0
      for (const value of view(buffer)) {
        if (value < int32.least || value > int32.most) return { strange: value }
        values[at++] = Number(value)
      }
      return values
    },
  }
}

/** All of them, by our name. */
export const elementTypes = {
  float64: { width: 8, dtype: 'float64', read: buffer => new Float64Array(buffer) },
  float32: { width: 4, dtype: 'float32', read: buffer => new Float32Array(buffer) },
  float16: {
    width: 2,
    dtype: 'float32',
    read: buffer => Float32Array.from(new Uint16Array(buffer), float16),
  },
  bfloat16: {
    width: 2,
    dtype: 'float32',
    read: buffer => new Float32Array(Uint32Array.from(new Uint16Array(buffer), half => half << 16).buffer),
  },
  int64: whole(8, buffer => new BigInt64Array(buffer)),
  uint64: whole(8, buffer => new BigUint64Array(buffer)),
  int32: { width: 4, dtype: 'int32', read: buffer => new Int32Array(buffer) },
  uint32: whole(4, buffer => new Uint32Array(buffer)),
  int16: whole(2, buffer => new Int16Array(buffer)),
  uint16: whole(2, buffer => new Uint16Array(buffer)),
  int8: whole(1, buffer => new Int8Array(buffer)),
  uint8: whole(1, buffer => new Uint8Array(buffer)),
  bool: {
    width: 1,
    dtype: 'bool',
    read: buffer => {
      const values = new Uint8Array(buffer)
      const strange = values.find(value => value > 1)
      return strange === undefined ? values : { strange }
    },
  },
} as const satisfies Record<string, ElementType>

/** The value of a number of IEEE 754's binary16. */
function float16(bits: number): number {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023]
  const size = exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15)
  const value = exponent < 31 ? size : fraction === 0 ? Number.POSITIVE_INFINITY : Number.NaN
  return bits >> 15 === 0 ? value : -value
}

/** The order of the bytes of a number. */
export type ByteOrder = 'little' | 'big'

const hostOrder: ByteOrder = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? 'little' : 'big'

/**
 * The elements that some bytes stand for, in an array of its own.
 *
 * @param what  whose they are, for messages
 * @throws FileError for a value that our type does not hold
 */
export function elementsOf(
  source: Source,
  what: string,
  { width, dtype, read }: ElementType,
  bytes: Uint8Array,
  order: ByteOrder = 'little',
): TypedArray {
  const copy = new Uint8Array(bytes)
  if (order !== hostOrder) reverseEach(copy, width)
  const values = read(copy.buffer)
  if (ArrayBuffer.isView(values)) return values
  throw new FileError(
    source,
    `${what} holds ${values.strange}, which is no ${dtype}`,
    'Save it as float64, or as numbers that fit',
  )
}

/** The bytes of elements, the lowest of each first, which may be their own memory. */
export function bytesOf(values: TypedArray): Uint8Array {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
  if (hostOrder === 'little') return bytes
  const copy = new Uint8Array(bytes)
  reverseEach(copy, values.BYTES_PER_ELEMENT)
  return copy
}

/** Turns the bytes of each element round. */
function reverseEach(bytes: Uint8Array, width: number): void {
  for (let start = 0; start < bytes.length; start += width) {
    for (let low = start, high = start + width - 1; low < high; low++, high--) {
      const byte = bytes[low]!
      bytes[low] = bytes[high]!
      bytes[high] = byte
    }
  }
}
