/** A file that says it is a tape is believed in nothing: it is read, or refused in one line, in bounded time and room. */
import { fc, test as property } from '@fast-check/vitest'
import { record, type Tensor } from '@sensigrad/core'
import {
  formatTable,
  fromJSON,
  recordOf,
  TapeFileError,
  type TapeRecord,
  tableOf,
  toDot,
  toJSON,
  toMermaid,
} from '@sensigrad/inspect'
import { describe, expect, test } from 'vitest'
import { f64 } from './support/backend.ts'

type Json = Record<string, unknown>
type Change = (lines: Json[]) => void

const tape = record(
  (x, y) => x.mul(y).tanh().split(2)[1]!.sum(),
  f64([0.1, 0.2, 0.3, 0.4]),
  f64([1, 2, 3, 4]),
)
const text = toJSON(await recordOf(tape, { title: 'small' }))

/** The file, changed as data. */
function changed(change: Change): string {
  const lines = text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as Json)
  change(lines)
  return lines.map(line => JSON.stringify(line)).join('\n')
}

const set =
  (line: number, path: readonly (string | number)[], value: unknown): Change =>
  lines => {
    let at: Record<string | number, unknown> = lines[line - 1]!
    for (const step of path.slice(0, -1)) at = at[step] as Record<string | number, unknown>
    at[path.at(-1)!] = value
  }

/** x ↦ f(x, x) over and over: a short list that stands for 2¹⁰⁰ nodes. */
const bomb = [['input', 0], ...Array.from({ length: 100 }, (_, i) => ['add', i, i])]
const chain = [['input', 0], ...Array.from({ length: 1000 }, (_, i) => ['tanh', i])]

describe('refused, with the place and the rule', () => {
  test.each<[string, string, string]>([
    ['nothing', '', 'fromJSON: the text is empty. '],
    ['no JSON', 'hello', 'fromJSON: line 1 is no JSON. Give a file that toJSON wrote'],
    ['other JSON', '{"format":"other"}', 'fromJSON: line 1: format is "other", not \'sensigrad.tape\'. '],
    [
      'another version',
      changed(set(1, ['version'], 2)),
      'line 1: version is 2, and only version 1 is known here. Read it with a newer sensigrad',
    ],
    [
      'a file that is cut off',
      text.slice(0, text.indexOf('{"id":5')),
      'the text ends after 5 of 6 entries. ',
    ],
    ['a line that is cut off', text.slice(0, -20), 'line 7 is no JSON. '],
    ['more than there is', `${text}{}\n`, 'line 8 follows 6 entries, which is all there are. '],
    [
      'a field that is unknown',
      changed(set(3, ['colour'], 1)),
      'line 3: has a field "colour", which version 1 does not know. ',
    ],
    ['a field that is missing', changed(([, , line]) => delete line!.role), 'line 3: lacks the field role. '],
    [
      'a prototype',
      text.replace('"id":0', '"__proto__":{"id":0},"id":0'),
      'line 2: has a field "__proto__", which',
    ],
    ['an id out of order', changed(set(3, ['id'], 4)), 'line 3: id is 4, but it is entry 1. '],
    ['a circle', changed(set(4, ['inputs', 0], 2)), 'line 4: inputs[0] is 2, which does not come before 2. '],
    ['an input from the future', changed(set(4, ['inputs', 1], 5)), 'line 4: inputs[1] is 5, which does not'],
    [
      'an output that is not there',
      changed(set(7, ['inputOutputs', 0], 2)),
      'line 7: inputOutputs[0] is 2, but entry 4 has 2 outputs. ',
    ],
    [
      'a constant that reads',
      changed(set(4, ['role'], 'constant')),
      'line 4: inputs has entries, although it is of role constant. ',
    ],
    [
      'a shape that is none',
      changed(set(2, ['outputs', 0, 'shape'], [-1])),
      'line 2: outputs[0].shape[0] is -1, not a whole number',
    ],
    [
      'a shape beyond all memory',
      changed(set(2, ['outputs', 0, 'shape'], [2 ** 30, 2 ** 30])),
      'line 2: outputs[0].shape stands for 115292150460684',
    ],
    [
      'a shape that does not fit its size',
      changed(set(2, ['outputs', 0, 'shape'], [5])),
      'line 2: outputs[0].bytes is 32, but 5 elements of float64 take 40. ',
    ],
    [
      'elements that do not fit',
      changed(set(2, ['outputs', 0, 'elements'], [1])),
      'line 2: outputs[0].elements has 1 elements, but the shape has 4. ',
    ],
    [
      'a type that there is not',
      changed(set(2, ['outputs', 0, 'dtype'], 'float16')),
      'dtype is "float16", which is none of float32, float64, int32, bool. ',
    ],
    [
      'counts that do not add up',
      changed(set(2, ['outputs', 0, 'value', 'exponents'], [9])),
      'value.exponents counts 9 elements of 4. ',
    ],
    [
      'a word for a number',
      changed(set(2, ['outputs', 0, 'value', 'mean'], 'many')),
      'value.mean is "many", not a number. ',
    ],
    [
      'a value that is said not to be kept',
      changed(set(2, ['outputs', 0, 'valueFrom'], 'not-kept')),
      'outputs[0].value is there, although it is said to be not-kept. ',
    ],
    [
      'a value that is said to be there',
      changed(([, line]) => delete (line!.outputs as Json[])[0]!.value),
      'outputs[0].value is missing, although it is said to be recorded. ',
    ],
    [
      'a scope without end',
      changed(set(3, ['scope'], 'a.'.repeat(300))),
      'line 3: scope is a text of 600 characters, of at most 512. ',
    ],
    ['depth without end', `${'['.repeat(1e6)}${']'.repeat(1e6)}`, 'line 1 nests deeper than 8 levels. '],
    [
      'a line without end',
      `{"format":"${'x'.repeat(2 ** 24)}"}`,
      'line 1 has 16777229 characters, of at most 16777216. Record fewer values',
    ],
    [
      'attributes of an operation that has none',
      changed(set(2, ['attributes'], { axis: 0 })),
      'line 2: attributes belongs to input, whose',
    ],
    [
      'attributes of another operation',
      changed(set(4, ['attributes'], { axis: 0 })),
      'line 4: attributes has a field "axis"',
    ],
    [
      'a function that there is not',
      changed(set(4, ['attributes', 'expression'], [['eval', 0]])),
      'expression[0] names "eval", which is no scalar function. ',
    ],
    [
      'a name from the prototype',
      changed(set(4, ['attributes', 'expression'], [['toString']])),
      'names "toString", which is no scalar function. ',
    ],
    [
      'an expression that reads ahead',
      changed(
        set(
          4,
          ['attributes', 'expression'],
          [
            ['input', 0],
            ['tanh', 1],
          ],
        ),
      ),
      'expression[1][1] is 1, not a whole number from 0 to 0. ',
    ],
    [
      'an expression that grows beyond measure',
      changed(set(4, ['attributes', 'expression'], bomb)),
      'expression stands for more than 20000 nodes. ',
    ],
    [
      'an expression without a bottom',
      changed(set(4, ['attributes', 'expression'], chain)),
      'expression nests deeper than 500 levels. ',
    ],
    [
      'an end that is nowhere',
      changed(set(1, ['outputs'], [[9, 0]])),
      'line 1: outputs[0] is %9.0, which there is not. ',
    ],
    ['an input that is none', changed(set(1, ['inputs'], [3])), 'line 1: inputs[0] is 3, of role op. '],
  ])('%s', (_, file, message) => {
    expect(() => fromJSON(file)).toThrow(TapeFileError)
    expect(() => fromJSON(file)).toThrow(message)
  })

  test('what is no text at all', () => {
    for (const given of [undefined, 7, {}])
      expect(() => fromJSON(given as never)).toThrow(/^fromJSON: the text is /)
  })

  test('the message stays short, whatever stands in the file', () => {
    const file = changed(set(2, ['outputs', 0, 'dtype'], 'x'.repeat(10_000)))
    expect(() => fromJSON(file)).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/^.{10,250}$/) }),
    )
  })
})

/** Reads what may be a tape. What is accepted is written and read again without a change, and can be shown. */
function isSafe(file: string): void {
  let read: TapeRecord
  try {
    read = fromJSON(file)
  } catch (error) {
    expect(error).toBeInstanceOf(TapeFileError)
    return
  }
  expect(fromJSON(toJSON(read))).toEqual(read)
  isShown(read)
}

/** Whatever the names say, they are text: no control characters, no more lines than there may be. */
function isShown(read: TapeRecord): void {
  const table = formatTable(tableOf(read), { lines: 40 })
  for (const shown of [
    table,
    formatTable(tableOf(read, { all: true })),
    formatTable(tableOf(read, { sort: 'grad' })),
  ]) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/)
  }
  expect(table.split('\n').length).toBeLessThanOrEqual(40)
  expect(toMermaid(read)).not.toContain('%%') // where Mermaid's comments and directives begin
  for (const line of toMermaid(read).trimEnd().split('\n').slice(1)) expect(line).toMatch(mermaidLine)
  for (const line of toDot(read).trimEnd().split('\n').slice(1, -1)) expect(line).toMatch(dotLine)
}

const mermaidLine =
  /^ +(n\d+(\(\[|\[\/|\[\[|\[)"([^"<`\\{]|<br>)*"(\]\)|\/\]|\]\]|\])|subgraph s\d+\["[^"<`\\{]*"\]|end|more\(\("[^"]*"\)\)|(n\d+|more) --> (n\d+|more))$/
const dotLine =
  /^ +((n\d+|more) \[label="([^"\\]|\\.)*", shape=\w+\]|subgraph cluster_s\d+ \{|label="([^"\\]|\\.)*"|node \[fontname="monospace"\]|\}|(n\d+|more) -> (n\d+|more))$/

const names = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.constantFrom(
    '\u001b[2J',
    '\u202eabc',
    '"];evil',
    '<img src=x onerror=alert(1)>',
    '%%{init: {}}%%',
    'end',
    '\\"',
    'a.b.c',
    '..',
    '$(rm)',
  ),
)

describe('never anything but read or refused', () => {
  property.prop([fc.json({ maxDepth: 10 })])('random JSON', isSafe)
  property.prop([fc.string({ unit: 'binary' })])('random text', isSafe)

  property.prop([
    fc.array(fc.record({ at: fc.nat(text.length - 1), length: fc.nat(20), by: fc.string() }), {
      minLength: 1,
      maxLength: 3,
    }),
  ])('a tape with other characters in it', changes => {
    let file = text
    for (const { at, length, by } of changes) file = file.slice(0, at) + by + file.slice(at + length)
    isSafe(file)
  })

  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom(
      -1,
      0,
      1,
      2,
      1e6,
      2 ** 53,
      1e308,
      'NaN',
      'Infinity',
      '-0',
      [],
      {},
      null,
      true,
      'op',
      'sum',
      'recorded',
    ),
    names,
  )
  property.prop([fc.array(fc.tuple(fc.nat(1000), value), { minLength: 1, maxLength: 3 })], { numRuns: 500 })(
    'a tape with other values in it',
    changes => {
      isSafe(
        changed(lines => {
          for (const [n, by] of changes) {
            const places = placesIn(lines)
            const [holder, key] = places[n % places.length]!
            holder[key] = by
          }
        }),
      )
    },
  )

  property.prop([fc.array(names, { minLength: 5, maxLength: 5 })])('a tape with hostile names', given => {
    const [title, scope, text, op, note] = given.map(name => name.slice(0, 90)) as [
      string,
      string,
      string,
      string,
      string,
    ]
    isSafe(
      changed(lines => {
        Object.assign(lines[0]!, { title, notes: [note] })
        Object.assign(lines[1]!, { text, scope })
        for (const i of [3, 4]) Object.assign(lines[i]!, { scope, text, op })
        delete lines[3]!.attributes
        delete lines[4]!.attributes
      }),
    )
  })
})

/** Every place of parsed JSON at which something stands. */
function placesIn(lines: readonly Json[]): [holder: Json, key: string][] {
  const found: [Json, string][] = []
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    for (const key of Object.keys(node)) {
      found.push([node as Json, key])
      visit((node as Json)[key])
    }
  }
  for (const line of lines) visit(line)
  return found
}

describe('a tape that is large is still read and folded', () => {
  const like = JSON.parse(text.split('\n')[1]!) as Json
  const wide = (count: number, scopeOf: (i: number) => string): string => {
    const head = { ...JSON.parse(text.split('\n')[0]!), inputs: [0], outputs: [[0, 0]], entries: count }
    const lines = Array.from({ length: count }, (_, i) =>
      JSON.stringify({
        ...like,
        id: i,
        scope: scopeOf(i),
        ...(i > 0 && { role: 'op', op: 'sum', inputs: [i - 1] }),
      }),
    )
    return [JSON.stringify(head), ...lines].join('\n')
  }

  test.each<[string, (i: number) => string]>([
    ['without modules', () => ''],
    ['in as many modules', i => `layers.${i}`],
    ['in modules within modules', i => 'a.'.repeat(i % 250).slice(0, -1)],
    ['in modules of the same numbers', i => `${i % 7}.${i % 11}.${i}`],
  ])('%s', (_, scopeOf) => isShown(fromJSON(wide(3000, scopeOf))))
})

test('the names of a live tape are cut to what a file may hold', async () => {
  const { entries } = fromJSON(
    toJSON(
      await recordOf(
        record((...all: Tensor[]) => all.reduce((a, b) => a.add(b)), f64([1]), f64([2])),
        { title: 'x'.repeat(1000) },
      ),
    ),
  )
  expect(entries).toHaveLength(3)
})
