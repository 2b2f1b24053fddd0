/**
 * The format of Hugging Face's safetensors: eight bytes for the length of a JSON header, the header, and the tensors'
 * bytes one behind the other. Nothing in such a file runs, so one can be read whoever wrote it.
 */

import {
  allocate,
  type DType,
  describeValue,
  leavesOf,
  type Tensor,
  type TensorTree,
  tensor,
  ValueError,
} from '@sensigrad/core'
import { checkBytes, faultOf, isRecord } from '../check.ts'
import { bytesOf, elementsOf } from '../elements.ts'
import { quoted, type Source } from '../file-error.ts'
import { readFile, replaceFile } from '../files.ts'
import { readContents } from './header.ts'

/** What a safetensors file holds. */
export interface Safetensors {
  /** The tensors by name, such as `layers.7.weight`. The object has no prototype. */
  readonly tensors: Readonly<Record<string, Tensor>>
  /** Texts by name, for whoever reads the file. */
  readonly metadata: Readonly<Record<string, string>>
}

const names: Readonly<Record<DType, string>> = { float64: 'F64', float32: 'F32', int32: 'I32', bool: 'BOOL' }
const widths: Readonly<Record<DType, number>> = { float64: 8, float32: 4, int32: 4, bool: 1 }

/**
 * Tensors as the bytes of a safetensors file. The same tensors give the same bytes, in whatever order they are given.
 *
 * @param tensors   a tree of tensors, which are named by their paths: `valuesOf(model)`, `{ layers: [{ weight }] }`
 * @param metadata  texts by name
 * @throws ValueError for what is no tensor or no text, and for names that files cannot hold
 * @example await encodeSafetensors(valuesOf(model), { task: 'iris' })
 */
export function encodeSafetensors(
  tensors: TensorTree,
  metadata: Readonly<Record<string, string>> = {},
): Promise<Uint8Array> {
  return encode('encodeSafetensors', tensors, metadata)
}

/** As `encodeSafetensors`, for whoever calls it. */
export async function encode(
  operation: string,
  tree: TensorTree,
  metadata: Readonly<Record<string, string>>,
): Promise<Uint8Array> {
  checkMetadata(operation, metadata)
  const leaves = leavesOf(operation, tree, 'what is to be saved')
  // The widest first, so that every element lies at a multiple of its width.
  leaves.sort((a, b) => widths[b.tensor.dtype] - widths[a.tensor.dtype] || (a.path < b.path ? -1 : 1))
  const header = new Map<string, unknown>()
  const texts = Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1))
  if (texts.length > 0) header.set('__metadata__', Object.fromEntries(texts))
  let end = 0
  for (const { path, tensor } of leaves) {
    checkName(operation, path, header)
    const begin = end
    end += tensor.size * widths[tensor.dtype]
    const { dtype, shape } = tensor
    header.set(path, { dtype: names[dtype], shape, data_offsets: [begin, end] })
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)))
  const start = 8 + Math.ceil(text.length / 8) * 8
  const data = await Promise.all(leaves.map(({ tensor }) => tensor.data())) // all asked for before anything can change
  const bytes = allocate('bool', start + end).fill(0x20, 8, start)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - 8), true)
  bytes.set(text, 8)
  let at = start
  for (const elements of data) {
    bytes.set(bytesOf(elements), at)
    at += elements.byteLength
  }
  return bytes
}

/**
 * The tensors of a safetensors file, on the backend in use. Float16 and bfloat16 become float32, other whole numbers
 * int32 where they fit.
 *
 * @throws FileError when the bytes break a rule of the format, or hold numbers that do not fit
 * @example const { tensors } = decodeSafetensors(new Uint8Array(await response.arrayBuffer()))
 */
export function decodeSafetensors(bytes: Uint8Array): Safetensors {
  return decode({ operation: 'decodeSafetensors' }, bytes)
}

/** As `decodeSafetensors`, for whoever calls it. */
export function decode(source: Source, bytes: Uint8Array): Safetensors {
  checkBytes(source.operation, bytes)
  const { described, metadata, data } = readContents(source, bytes)
  const tensors = Object.create(null) as Record<string, Tensor>
  for (const { name, type, shape, begin, end } of described) {
    const values = elementsOf(source, `the tensor ${quoted(name)}`, type, data.subarray(begin, end))
    tensors[name] = tensor(values, { shape, dtype: type.dtype })
  }
  return { tensors, metadata }
}

/**
 * Writes tensors to a safetensors file; needs Node. A file that is there is replaced whole, or stays as it is.
 *
 * @throws FileError when it cannot be written; ValueError as `encodeSafetensors`
 * @example await saveSafetensors('model.safetensors', valuesOf(model))
 */
export async function saveSafetensors(
  path: string,
  tensors: TensorTree,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const operation = 'saveSafetensors'
  await replaceFile({ operation, file: path }, await encode(operation, tensors, metadata))
}

/**
 * The tensors of a safetensors file, as `decodeSafetensors` gives them; needs Node.
 *
 * @throws FileError when it cannot be read or breaks a rule of the format
 * @example const { tensors, metadata } = await loadSafetensors('model.safetensors')
 */
export async function loadSafetensors(path: string): Promise<Safetensors> {
  const source = { operation: 'loadSafetensors', file: path }
  return decode(source, await readFile(source))
}

function checkMetadata(operation: string, metadata: unknown): void {
  if (!isRecord(metadata)) {
    throw new ValueError(
      operation,
      `the metadata is ${describeValue(metadata)}`,
      "Give texts: { task: 'iris' }",
    )
  }
  for (const [name, value] of Object.entries(metadata)) {
    checkName(operation, name)
    if (typeof value === 'string' && faultOf(value) !== undefined) {
      throw new ValueError(operation, `the metadata ${name} ${faultOf(value)}`, 'Give another text')
    }
    if (typeof value === 'string') continue
    throw new ValueError(
      operation,
      `the metadata ${name} is ${describeValue(value)}`,
      'Give a text: String(…)',
    )
  }
}

function checkName(operation: string, name: string, taken?: ReadonlyMap<string, unknown>): void {
  const fault = name === '__metadata__' ? 'is taken by the format' : faultOf(name)
  if (fault !== undefined)
    throw new ValueError(operation, `the name ${quoted(name)} ${fault}`, 'Give another name')
  if (!taken?.has(name)) return
  throw new ValueError(operation, `two tensors have the path ${quoted(name)}`, 'Name them apart')
}
