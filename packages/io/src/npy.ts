/** The format of numpy.save: one tensor behind a header that is written as a Python dictionary. */

import { allocate, checkTensor, type DType, type Tensor, tensor } from '@sensigrad/core'
import { checkBytes, checkLength, isSize } from './check.ts'
import { type ByteOrder, bytesOf, type ElementType, elementsOf, elementTypes } from './elements.ts'
import { FileError, quoted, type Source } from './file-error.ts'
import { readFile, replaceFile } from './files.ts'

const magic = '\x93NUMPY'
const names: Readonly<Record<DType, string>> = { float64: '<f8', float32: '<f4', int32: '<i4', bool: '|b1' }
const typesByName: ReadonlyMap<string, ElementType> = new Map(
  Object.entries({
    f8: elementTypes.float64,
    f4: elementTypes.float32,
    f2: elementTypes.float16,
    i8: elementTypes.int64,
    u8: elementTypes.uint64,
    i4: elementTypes.int32,
    u4: elementTypes.uint32,
    i2: elementTypes.int16,
    u2: elementTypes.uint16,
    i1: elementTypes.int8,
    u1: elementTypes.uint8,
    b1: elementTypes.bool,
  }),
)

/**
 * A tensor as the bytes of an npy file, which `numpy.load` reads.
 *
 * @throws ValueError for what is no tensor
 * @example await encodeNpy(tensor([1, 2, 3]))
 */
export async function encodeNpy(x: Tensor): Promise<Uint8Array> {
  return encode('encodeNpy', x)
}

async function encode(operation: string, x: Tensor): Promise<Uint8Array> {
  checkTensor(operation, 'what is to be saved', x)
  const shape = `(${x.shape.join(', ')}${x.rank === 1 ? ',' : ''})` // a tuple, as Python writes it
  const dictionary = `{'descr': '${names[x.dtype]}', 'fortran_order': False, 'shape': ${shape}, }`
  const version = dictionary.length < 2 ** 16 - 64 ? 1 : 2
  const before = magic.length + 2 + 2 * version
  const start = Math.ceil((before + dictionary.length + 1) / 64) * 64 // the data is aligned for every machine
  const head = `${magic}${String.fromCharCode(version, 0)}`
  const data = bytesOf(await x.data())
  const bytes = allocate('bool', start + data.length).fill(0x20, 0, start)
  bytes.set(Array.from(head, character => character.charCodeAt(0)))
  const view = new DataView(bytes.buffer)
  if (version === 1) view.setUint16(head.length, start - before, true)
  else view.setUint32(head.length, start - before, true)
  bytes.set(new TextEncoder().encode(dictionary), before)
  bytes[start - 1] = 0x0a
  bytes.set(data, start)
  return bytes
}

/**
 * The tensor of an npy file, on the backend in use: versions 1 to 3, in C's or Fortran's order, of any byte order.
 * Float16 becomes float32, other whole numbers int32 where they fit.
 *
 * @throws FileError when the bytes break a rule of the format, or hold what is no number that fits
 * @example const x = decodeNpy(new Uint8Array(await response.arrayBuffer()))
 */
export function decodeNpy(bytes: Uint8Array): Tensor {
  return decode({ operation: 'decodeNpy' }, bytes)
}

function decode(source: Source, bytes: Uint8Array): Tensor {
  checkBytes(source.operation, bytes)
  const { type, order, isFortran, shape, data } = readHeader(source, bytes)
  checkLength(source, 'a tensor', shape, type.width, data.length)
  const values = elementsOf(source, 'it', type, data, order)
  if (!isFortran) return tensor(values, { shape, dtype: type.dtype })
  return tensor(values, { shape: [...shape].reverse(), dtype: type.dtype }).transpose()
}

/**
 * Writes a tensor to an npy file; needs Node. A file that is there is replaced whole, or stays as it is.
 *
 * @throws FileError when it cannot be written
 * @example await saveNpy('states.npy', states)
 */
export async function saveNpy(path: string, x: Tensor): Promise<void> {
  const operation = 'saveNpy'
  await replaceFile({ operation, file: path }, await encode(operation, x))
}

/**
 * The tensor of an npy file, as `decodeNpy` gives it; needs Node.
 *
 * @throws FileError when it cannot be read or breaks a rule of the format
 * @example const states = await loadNpy('states.npy')
 */
export async function loadNpy(path: string): Promise<Tensor> {
  const source = { operation: 'loadNpy', file: path }
  return decode(source, await readFile(source))
}

interface Header {
  readonly type: ElementType
  readonly order: ByteOrder
  readonly isFortran: boolean
  readonly shape: readonly number[]
  readonly data: Uint8Array
}

function readHeader(source: Source, bytes: Uint8Array): Header {
  const fail = (problem: string, remedy = 'It is damaged, or no npy file') =>
    new FileError(source, problem, remedy)
  if (bytes.length < 12 || String.fromCharCode(...bytes.subarray(0, 6)) !== magic) {
    throw fail('it does not begin as npy files do')
  }
  const [version, view] = [bytes[6]!, new DataView(bytes.buffer, bytes.byteOffset)]
  if (version < 1 || version > 3 || bytes[7] !== 0) {
    throw fail(`it is of version ${version}.${bytes[7]}`, 'Versions 1.0 to 3.0 are known')
  }
  const [length, before] = version === 1 ? [view.getUint16(8, true), 10] : [view.getUint32(8, true), 12]
  if (length > bytes.length - before) {
    throw fail(`the header is said to be ${length} bytes long, and ${bytes.length - before} follow`)
  }
  const text = new TextDecoder().decode(bytes.subarray(before, before + length))
  const { descr, fortran_order: fortran, shape: sizes, ...others } = parse(text, fail)
  const [, sign = '', code = ''] = /^'([<>|])(\w+)'$/.exec(descr ?? '') ?? []
  const type = typesByName.get(code)
  if (type === undefined || (sign === '|' && type.width > 1)) {
    throw fail(`its elements are ${quoted(descr)}`, `There is ${[...typesByName.keys()].join(', ')}`)
  }
  const shape = shapeOf(sizes)
  if (!/^(True|False)$/.test(fortran ?? '') || shape === undefined || Object.keys(others).length > 0) {
    throw fail(`the header is ${quoted(text)}`)
  }
  const order = sign === '>' ? 'big' : 'little'
  return { type, order, isFortran: fortran === 'True', shape, data: bytes.subarray(before + length) }
}

/** The entries of a Python dictionary of texts, truth values and tuples of sizes, as they are written. */
function parse(text: string, fail: (problem: string) => FileError): Record<string, string | undefined> {
  const [, inner] = /^\{(.*)\}\s*$/s.exec(text) ?? []
  if (inner === undefined) throw fail('the header is no dictionary')
  const entry = /\s*'(\w+)'\s*:\s*('[^']*'|True|False|\([\d\s,]*\))\s*(?:,\s*|$)/y
  const entries = new Map<string, string>()
  while (entry.lastIndex < inner.length) {
    const [, name = '', value = ''] = entry.exec(inner) ?? []
    if (name === '' || entries.has(name)) throw fail(`the header is ${quoted(text)}`)
    entries.set(name, value)
  }
  return Object.fromEntries(entries)
}

/** The sizes of a Python tuple: `(2, 3)`, `(3,)`, `()`. */
function shapeOf(tuple = ''): readonly number[] | undefined {
  const sizes = tuple
    .slice(1, -1)
    .split(',')
    .map(size => size.trim())
  if (sizes.at(-1) === '') sizes.pop()
  const shape = sizes.map(size => (/^\d+$/.test(size) ? Number(size) : Number.NaN))
  return tuple.startsWith('(') && shape.every(isSize) ? shape : undefined
}
