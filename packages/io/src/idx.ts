/** The IDX format of MNIST's files: one tensor, big-endian, often compressed by gzip. */

import { type Tensor, tensor } from '@sensigrad/core'
import { bytesFor, checkBytes, checkLength } from './check.ts'
import { type ElementType, elementsOf, elementTypes } from './elements.ts'
import { FileError, type Source } from './file-error.ts'
import { readFile } from './files.ts'

const typesByCode: ReadonlyMap<number, ElementType> = new Map([
  [0x08, elementTypes.uint8],
  [0x09, elementTypes.int8],
  [0x0b, elementTypes.int16],
  [0x0c, elementTypes.int32],
  [0x0d, elementTypes.float32],
  [0x0e, elementTypes.float64],
])

/**
 * The tensor of an IDX file, which may be compressed by gzip, on the backend in use; whole numbers are `int32`. A
 * compressed file that unpacks to more than its header says is refused as soon as it does.
 *
 * @throws FileError when the bytes break a rule of the format
 * @example const images = (await readIdx(bytes)).cast('float32').div(255)
 */
export async function readIdx(bytes: Uint8Array): Promise<Tensor> {
  return read({ operation: 'readIdx' }, bytes)
}

/**
 * As `readIdx`, from a file; needs Node.
 *
 * @throws FileError when the file cannot be read, too
 * @example const labels = await loadIdx('train-labels-idx1-ubyte.gz') // int32[60000]
 */
export async function loadIdx(path: string): Promise<Tensor> {
  const source = { operation: 'loadIdx', file: path }
  return read(source, await readFile(source))
}

async function read(source: Source, given: Uint8Array): Promise<Tensor> {
  checkBytes(source.operation, given)
  const isCompressed = given[0] === 0x1f && given[1] === 0x8b
  const bytes = isCompressed ? await unpack(source, given) : given
  const header = headerOf(source, bytes)
  if (header === undefined) {
    throw new FileError(
      source,
      `${bytes.length} bytes are too few for its header`,
      'It is cut off: fetch it again',
    )
  }
  const { type, shape, start } = header
  const data = bytes.subarray(start)
  checkLength(source, 'a tensor', shape, type.width, data.length)
  return tensor(elementsOf(source, 'it', type, data, 'big'), { shape, dtype: type.dtype })
}

interface Header {
  readonly type: ElementType
  readonly shape: readonly number[]
  /** Where the elements begin. */
  readonly start: number
  /** How many bytes there are, the header's included. */
  readonly length: number
}

/** Two zeros, the type, the number of axes, and their sizes; or `undefined` where that is not yet all there. */
function headerOf(source: Source, bytes: Uint8Array): Header | undefined {
  if (bytes.length < 4) return undefined
  const type = typesByCode.get(bytes[2]!)
  if (bytes[0] !== 0 || bytes[1] !== 0 || type === undefined) {
    throw new FileError(source, 'it does not begin as IDX files do', 'Give one, or its gzip')
  }
  const start = 4 + 4 * bytes[3]!
  if (bytes.length < start) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const shape = Array.from({ length: bytes[3]! }, (_, axis) => view.getUint32(4 + 4 * axis))
  return { type, shape, start, length: start + bytesFor(shape, type.width) }
}

/** Unpacks, as long as there is no more than the header says. */
async function unpack(source: Source, packed: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([new Uint8Array(packed)]).stream().pipeThrough(new DecompressionStream('gzip'))
  const reader = stream.getReader()
  const parts: Uint8Array[] = []
  let length = 0
  let header: Header | undefined
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      parts.push(next.value)
      length += next.value.length
      header ??= headerOf(source, joined(parts, length))
      if (header !== undefined && length > header.length) {
        throw new FileError(
          source,
          `it holds more than the ${header.length} bytes that its header says`,
          'Do not trust it',
        )
      }
    }
  } catch (error) {
    await reader.cancel().catch(() => {}) // the first error is the one to tell
    if (error instanceof FileError) throw error
    throw new FileError(source, 'it cannot be unpacked', 'It is damaged or cut off: fetch it again', error)
  }
  return joined(parts, length)
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
