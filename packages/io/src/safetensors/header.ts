/** The header of a safetensors file, read as what a stranger wrote: nothing in it is believed before it was checked. */

import { checkLength, faultOf, isSize } from '../check.ts'
import { type ElementType, elementTypes } from '../elements.ts'
import { FileError, quoted, type Source } from '../file-error.ts'

/** The element types by their names in the format. */
export const typesByName: ReadonlyMap<string, ElementType> = new Map(
  Object.entries({
    F64: elementTypes.float64,
    F32: elementTypes.float32,
    F16: elementTypes.float16,
    BF16: elementTypes.bfloat16,
    I64: elementTypes.int64,
    U64: elementTypes.uint64,
    I32: elementTypes.int32,
    U32: elementTypes.uint32,
    I16: elementTypes.int16,
    U16: elementTypes.uint16,
    I8: elementTypes.int8,
    U8: elementTypes.uint8,
    BOOL: elementTypes.bool,
  }),
)

/** A tensor as the header describes it. */
export interface Described {
  readonly name: string
  readonly type: ElementType
  readonly shape: readonly number[]
  /** Where its bytes begin and end among the data. */
  readonly begin: number
  readonly end: number
}

/** What a file holds. */
export interface Contents {
  readonly described: readonly Described[]
  readonly metadata: Readonly<Record<string, string>>
  readonly data: Uint8Array
}

const damaged = 'It is damaged, or no safetensors file'
const unsafe = 'Do not trust it: a program that means well writes no such file'

/**
 * Reads the header, and proves that the tensors cover the data without gaps or overlaps.
 *
 * @throws FileError naming the first rule of the format that is broken
 */
export function readContents(source: Source, bytes: Uint8Array): Contents {
  const fail = (problem: string, remedy = damaged) => new FileError(source, problem, remedy)
  if (bytes.length < 8) throw fail(`${bytes.length} bytes are too few for a header`)
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true)
  if (length > bytes.length - 8) {
    throw fail(`the header is said to be ${length} bytes long, and ${bytes.length - 8} follow`)
  }
  const start = 8 + Number(length)
  const { text, header } = parse(bytes.subarray(8, start), fail)
  const { __metadata__: metadata = {}, ...tensors } = header
  if (!isRecord(metadata)) throw fail('the metadata is no object')
  for (const [name, value] of Object.entries(metadata)) {
    if (name === '__proto__') throw fail('the metadata reaches for the prototype of objects', unsafe)
    if (typeof value !== 'string') throw fail(`the metadata ${quoted(name)} is no text`)
  }
  const described = Object.entries(tensors).map(([name, entry]) => describe(source, name, entry))
  checkNames(text, header, fail)
  const data = bytes.subarray(start)
  checkCover(described, data.length, fail)
  return { described, metadata: metadata as Record<string, string>, data }
}

type Fail = (problem: string, remedy?: string) => FileError

function parse(bytes: Uint8Array, fail: Fail): { text: string; header: Record<string, unknown> } {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    const header: unknown = JSON.parse(text)
    if (text.startsWith('{') && isRecord(header)) return { text, header }
  } catch {} // no UTF-8, no JSON, or nested more deeply than the engine goes
  throw fail('the header is no JSON object in UTF-8')
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const fields = ['data_offsets', 'dtype', 'shape']

function describe(source: Source, name: string, entry: unknown): Described {
  const what = `the tensor ${quoted(name)}`
  const fail = (problem: string, remedy = damaged) => new FileError(source, `${what} ${problem}`, remedy)
  const fault = faultOf(name)
  if (fault !== undefined) throw fail(fault, unsafe)
  if (!isRecord(entry) || String(Object.keys(entry).sort()) !== String(fields)) {
    throw fail(`is not described by ${fields.join(', ')}`)
  }
  const { dtype, shape, data_offsets: offsets } = entry
  const type = typeof dtype === 'string' ? typesByName.get(dtype) : undefined
  if (type === undefined) {
    throw fail(`is of the type ${quoted(dtype)}`, `There is ${[...typesByName.keys()].join(', ')}`)
  }
  if (!Array.isArray(shape) || !shape.every(isSize)) throw fail(`has the shape ${quoted(shape)}`)
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) {
    throw fail(`has the offsets ${quoted(offsets)}`)
  }
  const [begin, end] = offsets as [number, number]
  checkLength(source, what, shape, type.width, end - begin)
  return { name, type, shape, begin, end }
}

/** @throws FileError for a name that is written twice: of two values, each reader keeps another one */
function checkNames(text: string, header: Record<string, unknown>, fail: Fail): void {
  const spare = new Map<string, number>()
  for (const name of namesIn(text)) spare.set(name, (spare.get(name) ?? 0) + 1)
  for (const record of [header, ...Object.values(header)]) {
    for (const name of Object.keys(record as object)) spare.set(name, spare.get(name)! - 1)
  }
  for (const [name, count] of spare) {
    if (count > 0) throw fail(`the name ${quoted(name)} is given twice`, unsafe)
  }
}

/** The names of all objects in a JSON text, each as often as it is written. */
function* namesIn(text: string): Generator<string> {
  for (let start = text.indexOf('"'); start >= 0; ) {
    let end = start + 1
    while (text[end] !== '"') end += text[end] === '\\' ? 2 : 1
    let next = end + 1
    while (/\s/.test(text[next] ?? '')) next++
    if (text[next] === ':') yield JSON.parse(text.slice(start, end + 1)) as string
    start = text.indexOf('"', next)
  }
}

/** @throws FileError unless the tensors lie one behind the other, from the first byte of the data to the last */
function checkCover(described: readonly Described[], length: number, fail: Fail): void {
  const inOrder = [...described].sort((a, b) => a.begin - b.begin || a.end - b.end)
  let reached = 0
  for (const { name, begin, end } of inOrder) {
    if (begin !== reached) {
      throw fail(`the tensor ${quoted(name)} begins at byte ${begin}, where byte ${reached} is next`)
    }
    reached = end
  }
  if (reached !== length) throw fail(`the tensors take ${reached} bytes of data, and there are ${length}`)
}
