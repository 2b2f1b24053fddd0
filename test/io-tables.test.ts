/** Tables and IDX files: what stands in them is what comes out, and what is wrong is said with its place. */
import { gzipSync } from 'node:zlib'
import { fc, test } from '@fast-check/vitest'
import { type Tensor, useBackend, ValueError } from '@sensigrad/core'
import { type CsvOptions, FileError, readCsv, readIdx } from '@sensigrad/io'
import { cpu } from 'sensigrad'
import { describe, expect } from 'vitest'
import { numbers } from './support/backend.ts'

useBackend(cpu())

const iris = 'width,species,height\n1.4,setosa,3\r\n-4.7e0,"versi\ncolor",+.5\r"6.",setosa,1E1'

test('numbers become a tensor, labels become classes', () => {
  const { columns, values, labels } = readCsv(iris, { labels: ['species'] })
  expect(columns).toEqual(['width', 'height'])
  expect(String(values)).toBe('float32[3, 2]')
  expect(numbers(values)).toEqual([1.4, 3, -4.7, 0.5, 6, 10].map(Math.fround))
  expect(labels.species!.classes).toEqual(['setosa', 'versi\ncolor'])
  expect(String(labels.species!.indices)).toBe('int32[3]')
  expect(numbers(labels.species!.indices)).toEqual([0, 1, 0])
  expect(labels.constructor).toBeUndefined()
})

test('columns come in the order that is asked for, and others are not looked at', () => {
  const { values } = readCsv(iris, { columns: ['height', 'width'], dtype: 'float64' })
  expect(numbers(values)).toEqual([3, 1.4, 0.5, -4.7, 10, 6])
})

const field = fc.oneof(
  fc.string({ unit: 'binary' }).filter(text => !/\p{Surrogate}/u.test(text)),
  fc.stringMatching(/^[a",\r\n]{0,8}$/),
)
const number = fc.double({ noNaN: false })
const table = fc
  .integer({ min: 1, max: 4 })
  .chain(width =>
    fc.array(fc.array(number, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 5 }),
  )

test.prop([
  table,
  fc.constantFrom('\n', '\r\n', '\r'),
  fc.constantFrom(',', ';', '\t', '|', ']', '^', '😀'),
  fc.boolean(),
])('numbers written to their last digit are read to it', (rows, end, separator, isEnded) => {
  const write = (value: number) => (Object.is(value, -0) ? '-0' : String(value))
  const text = rows.map(row => row.map(write).join(separator)).join(end) + (isEnded ? end : '')
  const { values } = readCsv(text, { header: false, dtype: 'float64', separator })
  expect(values.shape).toEqual([rows.length, rows[0]!.length])
  expect(numbers(values)).toEqual(rows.flat())
})

test.prop([fc.array(field, { minLength: 1 })])('texts in quotes are read as they are', texts => {
  const quoted = texts.map(text => `"${text.replaceAll('"', '""')}"`)
  for (const text of [quoted.join('\n'), Buffer.from(quoted.join('\n'))]) {
    const { labels } = readCsv(text, { header: false, labels: ['1'] })
    const { classes, indices } = labels['1']!
    expect(numbers(indices).map(index => classes[index])).toEqual(texts)
    expect(classes).toEqual([...new Set(texts)].sort())
  }
})

test('a byte order mark is none of the text', () => {
  expect(readCsv('\ufeffa\n1').columns).toEqual(['a'])
  expect(readCsv(Buffer.from('\ufeffa\n1')).columns).toEqual(['a'])
})

test('a table may have no rows', () => {
  expect(String(readCsv('a,b\n').values)).toBe('float32[0, 2]')
})

describe('a table is refused', () => {
  test.each<[string, string | Uint8Array, CsvOptions, RegExp]>([
    ['that is empty', '', {}, /^readCsv: there is nothing in it\. /],
    ['that is ragged', 'a,b\n1,2\n3\n', {}, /^readCsv: line 3 has 1 fields, not 2\. /],
    [
      'that is ragged behind a long field',
      'a,b\n"\n\n1",2\n3\n',
      { columns: ['b'] },
      /^readCsv: line 5 has 1 fields/,
    ],
    ['with an empty line', 'a,b\n\n1,2\n', {}, /line 2 has 1 fields, not 2/],
    [
      'with a text among the numbers',
      'a,b\n1,2\n1,two\n',
      {},
      /line 3, column 2 \("b"\) is "two", which is no number\. Mend it/,
    ],
    ['with a missing number', 'a,b\n1,\n', {}, /line 2, column 2 \("b"\) is "", which is no number/],
    ['with a number in base 16', 'a\n0x10\n', {}, /is "0x10", which is no number/],
    ['with a number beyond float32', 'a\n1e39\n', {}, /is "1e39", which is too large for float32/],
    ['with half a whole number', 'a\n0.5\n', { dtype: 'int32' }, /is "0\.5", which is no int32/],
    ['with an infinite whole number', 'a\nInfinity\n', { dtype: 'int32' }, /which is no number/],
    [
      'with a quote that is not closed',
      'a,b\n1,"2\n',
      {},
      /line 2, column 2: a quote is not closed, or stands inside/,
    ],
    ['with a quote inside of a field', 'a\n1"2"\n', {}, /line 2, column 1: a quote/],
    ['with text behind a quote', 'a\n"1"2\n', {}, /line 2, column 1: a quote/],
    ['with a name twice', 'a,a\n1,2\n', {}, /two columns are named "a"/],
    ['that is no UTF-8', Uint8Array.of(0x61, 0x0a, 0xff), {}, /is no text in UTF-8/],
  ])('%s', (_, text, options, message) => {
    expect(() => readCsv(text, options)).toThrow(FileError)
    expect(() => readCsv(text, options)).toThrow(message)
  })

  test.each<[string, object | null, RegExp]>([
    [
      'a column that there is not',
      { columns: ['c'] },
      /^readCsv: there is no column "c"\. There is "a", "b"$/,
    ],
    ['labels that there are not', { labels: ['c'] }, /there is no column "c"/],
    ['one name for a list', { labels: 'a' }, /labels is 'a'\. Give names/],
    ['an unknown type', { dtype: 'bool' }, /dtype is 'bool'\. Give float32, float64, int32/],
    ['an unknown option', { heading: true }, /there is no option heading\. There is header, /],
    ['a header that is a name', { header: 'a' }, /header is 'a'/],
    ['a separator of two characters', { separator: '::' }, /separator is '::'/],
    ['a quote as separator', { separator: '"' }, /separator is '"'/],
    ['no options', null, /the options are null/],
  ])('for %s', (_, options, message) => {
    const wrong = () => readCsv('a,b\n1,2', options as CsvOptions)
    expect(wrong).toThrow(ValueError)
    expect(wrong).toThrow(message)
  })
})

describe('an IDX file', () => {
  const writers: Record<
    string,
    [code: number, width: number, write: (view: DataView, at: number, value: number) => void]
  > = {
    uint8: [0x08, 1, (view, at, value) => view.setUint8(at, value)],
    int8: [0x09, 1, (view, at, value) => view.setInt8(at, value)],
    int16: [0x0b, 2, (view, at, value) => view.setInt16(at, value)],
    int32: [0x0c, 4, (view, at, value) => view.setInt32(at, value)],
    float32: [0x0d, 4, (view, at, value) => view.setFloat32(at, value)],
    float64: [0x0e, 8, (view, at, value) => view.setFloat64(at, value)],
  }
  const shapes = fc.array(fc.nat(4), { maxLength: 3 })

  test.prop([fc.constantFrom(...Object.keys(writers)), shapes, fc.infiniteStream(fc.nat(127)), fc.boolean()])(
    'gives what is in it, packed or not',
    async (type, shape, values, isPacked) => {
      const [code, width, write] = writers[type]!
      const size = shape.reduce((a, b) => a * b, 1)
      const elements = [...values.take(size)]
      const bytes = new Uint8Array(4 + 4 * shape.length + width * size)
      const view = new DataView(bytes.buffer)
      bytes.set([0, 0, code, shape.length])
      for (const [axis, length] of shape.entries()) view.setUint32(4 + 4 * axis, length)
      for (const [i, value] of elements.entries()) write(view, 4 + 4 * shape.length + width * i, value)
      const x: Tensor = await readIdx(isPacked ? gzipSync(bytes) : bytes)
      expect(String(x)).toBe(`${type.startsWith('float') ? type : 'int32'}[${shape.join(', ')}]`)
      expect(numbers(x)).toEqual(elements)
    },
  )

  test.each<[string, Uint8Array, RegExp]>([
    ['that is empty', new Uint8Array(0), /0 bytes are too few for its header/],
    ['of another kind', Uint8Array.of(0x89, 0x50, 0x4e, 0x47), /does not begin as IDX files do/],
    ['of an unknown type', Uint8Array.of(0, 0, 7, 0), /does not begin as IDX files do/],
    ['whose header is cut off', Uint8Array.of(0, 0, 8, 255, 0), /5 bytes are too few for its header/],
    [
      'that is cut off',
      Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 1),
      /of shape \[2\] needs 2 bytes, and there are 1/,
    ],
    ['that is too long', Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 0, 1), /needs 0 bytes, and there are 1/],
    [
      'whose gzip is cut off',
      gzipSync(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 0)).subarray(0, 20),
      /cannot be unpacked/,
    ],
  ])('%s is refused', async (_, bytes, message) => {
    await expect(readIdx(bytes)).rejects.toThrow(FileError)
    await expect(readIdx(bytes)).rejects.toThrow(message)
  })
})
