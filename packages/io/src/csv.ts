/**
 * Tables as separated text (RFC 4180): columns of numbers as one tensor, columns of labels as classes. It reads strictly
 * and by itself, since what one needs to mend a table is the line and column of what is wrong with it.
 */

import { describeValue, type Tensor, tensor, ValueError } from '@sensigrad/core'
import { checkOptions } from './check.ts'
import { FileError, quoted, type Source } from './file-error.ts'
import { readFile } from './files.ts'

/** What is read from a table, and how. */
export interface CsvOptions {
  /** Whether the first line names the columns: true unless said. Without names they are called `'1'`, `'2'`, … */
  readonly header?: boolean
  /** The columns that are numbers, in the order that is wanted: all that are no labels unless said. */
  readonly columns?: readonly string[]
  /** The columns that are labels, one class for each different text; none unless said. */
  readonly labels?: readonly string[]
  /** The type of the numbers: `float32` unless said. */
  readonly dtype?: 'float32' | 'float64' | 'int32'
  /** What stands between fields: a comma unless said. */
  readonly separator?: string
}

/** A column of labels. */
export interface Labels {
  /** The different texts, sorted. */
  readonly classes: readonly string[]
  /** Which of them each row has, `int32[rows]`. */
  readonly indices: Tensor
}

/** A table. */
export interface Table {
  /** The names of the columns of numbers. */
  readonly columns: readonly string[]
  /** The numbers, `[rows, columns]`. */
  readonly values: Tensor
  /** The columns of labels, by name. The object has no prototype. */
  readonly labels: Readonly<Record<string, Labels>>
}

/**
 * Reads a table. Lines end in \n, \r\n or \r; fields may stand in quotes, which are doubled inside. Every row has as many
 * fields as the first one, and every field of a column of numbers is a number, `NaN` or `Infinity`.
 *
 * @param text  the table, or its bytes in UTF-8
 * @throws FileError naming the line and column of what is wrong; ValueError for a column that there is not
 * @example readCsv('width,species\n1.4,setosa\n4.7,versicolor\n', { labels: ['species'] })
 */
export function readCsv(text: string | Uint8Array, options: CsvOptions = {}): Table {
  return read({ operation: 'readCsv' }, text, options)
}

/**
 * As `readCsv`, from a file; needs Node.
 *
 * @throws FileError when the file cannot be read, too
 * @example const { values, labels } = await loadCsv('iris.csv', { labels: ['species'] })
 */
export async function loadCsv(path: string, options: CsvOptions = {}): Promise<Table> {
  const source = { operation: 'loadCsv', file: path }
  return read(source, await readFile(source), options)
}

const types = ['float32', 'float64', 'int32'] as const
const remedy = 'Mend it, or name the columns that are wanted: { columns: […], labels: […] }'

function read(source: Source, given: string | Uint8Array, options: CsvOptions): Table {
  const { operation } = source
  checkCsvOptions(operation, options)
  const { header = true, labels = [], dtype = 'float32', separator = ',' } = options
  const rows = rowsOf(source, textOf(source, given), separator)
  const { value: first } = rows.next()
  if (first === undefined) throw new FileError(source, 'there is nothing in it', 'Give a table')
  const names = header ? first.fields : first.fields.map((_, i) => String(i + 1))
  checkNames(source, names)
  const columns = options.columns ?? names.filter(name => !labels.includes(name))
  const numeric = placesOf(operation, columns, names)
  const labelled = placesOf(operation, labels, names)

  const numbers: number[] = []
  const texts: string[][] = labels.map(() => [])
  let count = 0
  const take = ({ fields, line }: Row) => {
    if (fields.length !== names.length) {
      throw new FileError(source, `line ${line} has ${fields.length} fields, not ${names.length}`, 'Mend it')
    }
    for (const place of numeric) {
      const value = numberOf(fields[place]!, dtype)
      if (typeof value === 'number') numbers.push(value)
      else {
        const where = `line ${line}, column ${place + 1} (${quoted(names[place])})`
        throw new FileError(source, `${where} is ${quoted(fields[place])}, which is ${value.fault}`, remedy)
      }
    }
    for (const [i, place] of labelled.entries()) texts[i]!.push(fields[place]!)
    count++
  }
  if (!header) take(first)
  for (const row of rows) take(row)

  const classes = Object.fromEntries(labels.map((name, i) => [name, labelsOf(texts[i]!)]))
  return {
    columns,
    values: tensor(Float64Array.from(numbers), { shape: [count, columns.length], dtype }),
    labels: Object.setPrototypeOf(classes, null),
  }
}

interface Row {
  readonly fields: readonly string[]
  /** The line on which it begins, from 1. */
  readonly line: number
}

/** The rows of a table, as texts. */
function* rowsOf(source: Source, text: string, separator: string): Generator<Row, undefined> {
  const between = `\\u{${separator.codePointAt(0)!.toString(16)}}`
  const pattern = `(?:"([^"]*(?:""[^"]*)*)"|([^"\\r\\n${between}]*))(${between}|\\r\\n|\\r|\\n|$)`
  const field = new RegExp(pattern, 'uy')
  let line = 1
  while (field.lastIndex < text.length) {
    const row = { fields: [] as string[], line }
    let end: string | undefined
    do {
      const found = field.exec(text)
      if (found === null) {
        throw new FileError(
          source,
          `line ${line}, column ${row.fields.length + 1}: a quote is not closed, or stands inside of a field`,
          'Quote the whole field, and double the quotes in it',
        )
      }
      const [whole, inQuotes, plain] = found
      end = found[3]
      row.fields.push(inQuotes?.replaceAll('""', '"') ?? plain!)
      if (end !== separator || inQuotes !== undefined) line += whole.match(/\r\n|\r|\n/g)?.length ?? 0
    } while (end === separator)
    yield row
  }
}

function textOf(source: Source, given: unknown): string {
  if (typeof given === 'string') return given.replace(/^\uFEFF/, '')
  if (!(given instanceof Uint8Array)) {
    throw new ValueError(source.operation, `the table is ${describeValue(given)}`, 'Give a text or its bytes')
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(given)
  } catch (error) {
    throw new FileError(source, 'it is no text in UTF-8', 'Save it as UTF-8', error)
  }
}

const decimal = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i
const special = /^([+-]?)(nan|inf|infinity)$/i

/** The number that a field stands for, or what is wrong with it. */
function numberOf(field: string, dtype: (typeof types)[number]): number | { readonly fault: string } {
  const text = field.trim()
  const [, sign, name] = special.exec(text) ?? []
  if (name !== undefined && dtype !== 'int32') {
    return /nan/i.test(name) ? Number.NaN : Number(`${sign}Infinity`)
  }
  if (!decimal.test(text)) return { fault: 'no number' }
  const value = Number(text)
  if (dtype === 'int32') return value === (value | 0) ? value : { fault: 'no int32' }
  const kept = dtype === 'float32' ? Math.fround(value) : value
  return Number.isFinite(kept) ? value : { fault: `too large for ${dtype}` }
}

function labelsOf(texts: readonly string[]): Labels {
  const classes = [...new Set(texts)].sort()
  const indexOf = new Map(classes.map((text, i) => [text, i]))
  return { classes, indices: tensor(Int32Array.from(texts, text => indexOf.get(text)!)) }
}

function placesOf(operation: string, chosen: readonly string[], names: readonly string[]): number[] {
  return chosen.map(name => {
    const place = names.indexOf(name)
    if (place >= 0) return place
    throw new ValueError(
      operation,
      `there is no column ${quoted(name)}`,
      `There is ${names.map(quoted).join(', ')}`,
    )
  })
}

function checkNames(source: Source, names: readonly string[]): void {
  const twice = names.find((name, i) => names.indexOf(name) < i)
  if (twice === undefined) return
  throw new FileError(
    source,
    `two columns are named ${quoted(twice)}`,
    'Rename one, or say { header: false }',
  )
}

function checkCsvOptions(operation: string, options: CsvOptions): void {
  checkOptions(operation, options, ['header', 'columns', 'labels', 'dtype', 'separator'])
  const isListOfNames = (list: unknown) => Array.isArray(list) && list.every(name => typeof name === 'string')
  const rules: Record<keyof CsvOptions, readonly [(value: never) => boolean, remedy: string]> = {
    header: [value => typeof value === 'boolean', 'Give true or false'],
    columns: [isListOfNames, "Give names: ['width', 'height']"],
    labels: [isListOfNames, "Give names: ['species']"],
    dtype: [value => types.includes(value), `Give ${types.join(', ')}`],
    separator: [
      value => typeof value === 'string' && /^[^"\r\n]$/u.test(value),
      "Give one character, such as ';' or '\\t'",
    ],
  }
  for (const [name, [holds, remedy]] of Object.entries(rules)) {
    const value = options[name as keyof CsvOptions]
    if (value === undefined || holds(value as never)) continue
    throw new ValueError(operation, `${name} is ${describeValue(value)}`, remedy)
  }
}
