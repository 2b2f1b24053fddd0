/** Files of strangers: what breaks a rule of its format is refused with the reason, soon, and without much memory. */
import { gzipSync } from 'node:zlib'
import { fc, test } from '@fast-check/vitest'
import { tensor, useBackend, ValueError } from '@sensigrad/core'
import {
  decodeNpy,
  decodeSafetensors,
  encodeNpy,
  encodeSafetensors,
  FileError,
  readCsv,
  readIdx,
} from '@sensigrad/io'
import { cpu } from 'sensigrad'
import { describe, expect } from 'vitest'

useBackend(cpu())

/** A safetensors file with this header. */
function file(header: unknown, data = 0, length?: bigint): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header))
  const bytes = new Uint8Array(8 + text.length + data)
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(text.length), true)
  bytes.set(text, 8)
  return bytes
}

const nest = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`
const f32 = (shape: unknown, begin: unknown, end: unknown) => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
})
const one = f32([1], 0, 4)
const oneText = JSON.stringify(one)

describe('a safetensors file is refused', () => {
  test.each<[string, Uint8Array, RegExp]>([
    ['that is empty', new Uint8Array(0), /0 bytes are too few for a header/],
    ['that ends in the length', new Uint8Array(7), /7 bytes are too few/],
    [
      'whose header is cut off',
      file({ a: one }, 4).subarray(0, 20),
      /is said to be \d+ bytes long, and 12 follow/,
    ],
    ['whose header would be huge', file({}, 0, 2n ** 63n), /is said to be 9223372036854775808 bytes long/],
    [
      'whose header would be negative',
      file({}, 0, 2n ** 64n - 1n),
      /is said to be 18446744073709551615 bytes/,
    ],
    [
      'whose header is not in UTF-8',
      file({}).map(byte => (byte === 0x7d ? 0xff : byte)),
      /no JSON object in UTF-8/,
    ],
    ['whose header is no JSON', file('{"a":'), /no JSON object in UTF-8/],
    ['whose header is a list', file('[]'), /no JSON object in UTF-8/],
    ['whose header begins with a space', file(' {}'), /no JSON object in UTF-8/],
    ['whose header begins with a byte order mark', file('\ufeff{}'), /no JSON object in UTF-8/],
    ['that nests deeply', file(`{"a":${nest(1e5)}}`), /"a" is not described by|no JSON object/],
    ['that nests deeply in a shape', file({ a: f32([[[[]]]], 0, 0) }), /has the shape \[\[\[\[\]\]\]\]/],
    [
      'with a tensor that is no object',
      file({ a: null }),
      /"a" is not described by data_offsets, dtype, shape/,
    ],
    ['with a field too many', file({ a: { ...one, extra: 1 } }, 4), /is not described by/],
    [
      'with an unknown type',
      file({ a: { ...one, dtype: 'F8_E4M3' } }, 4),
      /is of the type "F8_E4M3"\. There is F64, /,
    ],
    [
      'with a type of objects',
      file({ a: { ...one, dtype: 'constructor' } }, 4),
      /is of the type "constructor"/,
    ],
    ['with a negative size', file({ a: f32([-1], 0, 4) }, 4), /has the shape \[-1\]/],
    ['with half a size', file({ a: f32([0.5], 0, 2) }, 2), /has the shape \[0\.5\]/],
    [
      'with sizes beyond all numbers',
      file('{"a":{"dtype":"F32","shape":[1e999],"data_offsets":[0,4]}}', 4),
      /the shape/,
    ],
    [
      'whose size overflows',
      file({ a: f32([2 ** 32, 2 ** 32, 2 ** 32], 0, 0) }),
      /needs 3\.16\d+e\+29 bytes, and there are 0/,
    ],
    [
      'whose shape does not fit its bytes',
      file({ a: f32([3], 0, 8) }, 8),
      /of shape \[3\] needs 12 bytes, and there are 8/,
    ],
    ['that ends before it begins', file({ a: f32([1], 4, 0) }, 4), /needs 4 bytes, and there are -4/],
    ['with offsets that are none', file({ a: f32([1], 0, '4') }, 4), /has the offsets \[0,"4"\]/],
    ['with a tensor beyond the end', file({ a: f32([2], 0, 8) }, 4), /take 8 bytes of data, and there are 4/],
    ['with bytes left over', file({ a: one }, 5), /take 4 bytes of data, and there are 5/],
    [
      'with tensors that overlap',
      file({ a: one, b: f32([1], 2, 6) }, 6),
      /"b" begins at byte 2, where byte 4 is next/,
    ],
    ['with a gap', file({ a: one, b: f32([1], 8, 12) }, 12), /"b" begins at byte 8, where byte 4 is next/],
    ['with a name twice', file(`{"a":${oneText},"a":${oneText}}`, 4), /the name "a" is given twice/],
    [
      'with a name twice, once in disguise',
      file(`{"a":${oneText},"\\u0061":${oneText}}`, 4),
      /"a" is given twice/,
    ],
    [
      'with a field twice',
      file('{"a":{"dtype":"F32","shape":[2],"shape":[1],"data_offsets":[0,4]}}', 4),
      /"shape" is given twice/,
    ],
    ['with metadata twice', file('{"__metadata__":{},"__metadata__":{}}'), /"__metadata__" is given twice/],
    ['whose metadata is a list', file({ __metadata__: [] }), /the metadata is no object/],
    ['whose metadata is a number', file({ __metadata__: { step: 7 } }), /the metadata "step" is no text/],
    [
      'that reaches for the prototype',
      file(`{"__proto__":${oneText}}`, 4),
      /"__proto__" reaches for the prototype/,
    ],
    ['that reaches for it in a path', file(`{"a.__proto__.b":${oneText}}`, 4), /reaches for the prototype/],
    [
      'that reaches for it in the metadata',
      file('{"__metadata__":{"__proto__":""}}'),
      /reaches for the prototype/,
    ],
    [
      'with whole numbers too large',
      file({ a: { dtype: 'U32', shape: [1], data_offsets: [0, 4] } }, 4).fill(255, -4),
      /"a" holds 4294967295, which is no int32/,
    ],
    [
      'with bools that are none',
      file({ a: { dtype: 'BOOL', shape: [1], data_offsets: [0, 1] } }, 1).fill(2, -1),
      /"a" holds 2, which is no bool/,
    ],
  ])('%s', (_, bytes, message) => {
    const refused = () => decodeSafetensors(bytes)
    expect(refused).toThrow(FileError)
    expect(refused).toThrow(message)
    expect(refused).toThrow(/^decodeSafetensors: .{1,250}\. .{4,}$/s)
  })
})

test('names of every object are names like others', async () => {
  const { tensors, metadata } = decodeSafetensors(
    file({ constructor: one, __metadata__: { toString: 'x' } }, 4),
  )
  expect(Object.keys(tensors)).toEqual(['constructor'])
  expect(tensors.toString).toBeUndefined()
  expect(Object.entries(metadata)).toEqual([['toString', 'x']])
})

describe('an npy file is refused', () => {
  const npy = (header: string, data = 0, version = 1, length = header.length) => {
    const before = Uint8Array.of(0x93, ...Buffer.from('NUMPY'), version, 0, length & 255, length >> 8)
    const rest = version === 1 ? [] : [0, 0]
    return Uint8Array.from([...before, ...rest, ...Buffer.from(header), ...new Uint8Array(data)])
  }
  const header = (descr = "'<f4'", order = 'False', shape = '(1,)') =>
    `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }\n`
  test.each<[string, Uint8Array, RegExp]>([
    ['that is empty', new Uint8Array(0), /does not begin as npy files do/],
    ['of another kind', new Uint8Array(100), /does not begin as npy files do/],
    ['of a version to come', npy(header(), 4, 4), /of version 4\.0\. Versions 1\.0 to 3\.0/],
    ['whose header is cut off', npy(header(), 4, 1, 65535), /is said to be 65535 bytes long, and 62 follow/],
    ['whose header is no dictionary', npy('7777'), /is no dictionary/],
    [
      'whose header calls',
      npy("{'descr': exit(), 'fortran_order': False, 'shape': (1,)}", 4),
      /the header is/,
    ],
    [
      'with a field twice',
      npy("{'shape': (1,), 'shape': (1,), 'descr': '<f4', 'fortran_order': False}", 4),
      /the header is/,
    ],
    ['with a field missing', npy("{'descr': '<f4', 'shape': (1,)}", 4), /the header is/],
    [
      'with a field too many',
      npy("{'a': (), 'descr': '<f4', 'shape': (1,), 'fortran_order': False}", 4),
      /the header is/,
    ],
    ['of Python objects', npy(header("'|O'"), 4), /its elements are "'\|O'"\. There is f8, f4/],
    ['of records', npy(header("[('a', '<f4')]"), 4), /the header is/],
    ['without a byte order', npy(header("'|f4'"), 4), /its elements are/],
    ['whose order is no truth value', npy(header("'<f4'", "'False'"), 4), /the header is/],
    ['whose shape is none', npy(header("'<f4'", 'False', '(1 2)'), 4), /the header is/],
    ['whose size overflows', npy(header("'<f4'", 'False', `(${'9'.repeat(400)},)`), 4), /the header is/],
    ['that is cut off', npy(header(), 3), /of shape \[1\] needs 4 bytes, and there are 3/],
    ['with bytes left over', npy(header(), 5), /of shape \[1\] needs 4 bytes, and there are 5/],
  ])('%s', (_, bytes, message) => {
    expect(() => decodeNpy(bytes)).toThrow(FileError)
    expect(() => decodeNpy(bytes)).toThrow(message)
  })
})

describe('whatever becomes of a file, it is read or refused:', () => {
  type Change = readonly ['set' | 'remove' | 'insert' | 'cut', number, number]
  const changes = fc.array(
    fc.tuple(fc.constantFrom('set', 'remove', 'insert', 'cut' as const), fc.nat(400), fc.nat(255)),
    { minLength: 1, maxLength: 4 },
  )
  const changed = (bytes: Uint8Array, changes: readonly Change[]) => {
    const list = [...bytes]
    for (const [how, where, byte] of changes) {
      const at = where % Math.max(list.length, 1)
      if (how === 'set') list[at] = byte
      else if (how === 'cut') list.length = at
      else list.splice(at, how === 'remove' ? 1 : 0, ...(how === 'insert' ? [byte] : []))
    }
    return Uint8Array.from(list)
  }
  const x = tensor([[1, 2, 3]], { dtype: 'float64' })
  const mask = tensor([true, false])
  const idx = Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 3, 7, 8, 9)
  const readers: Record<string, [() => Promise<Uint8Array>, (bytes: Uint8Array) => unknown]> = {
    safetensors: [() => encodeSafetensors({ x, mask, 'layers.0.w': x }, { a: 'b' }), decodeSafetensors],
    npy: [() => encodeNpy(x), decodeNpy],
    IDX: [async () => idx, readIdx],
    'compressed IDX': [async () => gzipSync(idx), readIdx],
    CSV: [async () => Buffer.from('a,b\n1,2\n"3",4\n'), bytes => readCsv(bytes)],
  }

  for (const [name, [make, decode]] of Object.entries(readers)) {
    test.prop([changes], { numRuns: 300 })(name, async changes => {
      try {
        await decode(changed(await make(), changes))
      } catch (error) {
        expect(error).toBeInstanceOf(FileError)
      }
    })
  }

  test.prop([fc.uint8Array({ maxLength: 64 })])('any bytes', async bytes => {
    for (const [, decode] of Object.values(readers)) {
      await Promise.resolve(bytes)
        .then(decode)
        .catch(error => expect(error).toBeInstanceOf(FileError))
    }
  })

  test('what are no bytes', async () => {
    for (const decode of [decodeSafetensors, decodeNpy, readCsv]) {
      for (const given of [null, undefined, 7, {}, new ArrayBuffer(8)]) {
        expect(() => decode(given as never)).toThrow(ValueError)
      }
    }
    await expect(readIdx('7' as never)).rejects.toThrow(/^readIdx: the bytes are '7'\. Give a Uint8Array/)
  })
})

test('a file that unpacks to far more than its header says is refused early', async () => {
  const claims = new Uint8Array(64 * 2 ** 20)
  claims.set([0, 0, 8, 1, 0, 0, 0, 3])
  const bomb = gzipSync(claims)
  expect(bomb.length).toBeLessThan(2 ** 17)
  const before = process.memoryUsage().arrayBuffers
  await expect(readIdx(bomb)).rejects.toThrow(/holds more than the 11 bytes that its header says/)
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 2 ** 20)
})

test('long headers, quotes and numbers take time in proportion', () => {
  const long = 2e6
  const hostile: [() => unknown, RegExp][] = [
    [() => decodeSafetensors(file(`{"${'\\n'.repeat(long)}":1}`)), /is not described by/],
    [() => readCsv(`"${'""'.repeat(long)}`), /a quote is not closed/],
    [() => readCsv(`a\n${'1'.repeat(long)}x`), /no number/],
    [() => readCsv(`a\n${' '.repeat(long)}x`), /no number/],
    [() => readCsv(','.repeat(long / 10)), /two columns are named ""/],
  ]
  for (const [read, message] of hostile) expect(read).toThrow(message)
}, 5000)
