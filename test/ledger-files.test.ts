/** A ledger's file comes back as it was written, is read however it ends, and is refused with a reason where it is none. */
import { fc, test } from '@fast-check/vitest'
import { Ledger, type LedgerData, ledgerText, readLedger } from '@sensigrad/inspect'
import { Dense, key, normal, SGD, valueAndGrad } from 'sensigrad'
import { beforeAll, describe, expect } from 'vitest'
import { kept, plain, plans } from './support/ledger.ts'

describe('written and read again', () => {
  test.prop([plans, fc.constantFrom('norms', 'neurons', 'elements')], { numRuns: 12 })(
    'a ledger is what it was',
    async (plan, level) => {
      const { ledger } = await kept(plan, 3, { level, without: ['clip'], title: 'a “run” \u001b[31m' })
      const { header, steps } = ledger.data
      expect(readLedger(ledgerText(ledger.data))).toEqual({ header, steps, notes: [] })
    },
  )

  test('what is not finite, too, and by lines as by text', async () => {
    const { ledger } = await kept(plain, 1)
    const { header, steps } = ledger.data
    const [step] = steps
    const odd = [Number.NaN, Number.POSITIVE_INFINITY, -0].map((loss, i) => ({ ...step!, step: 2 + i, loss }))
    const data: LedgerData = { header, steps: [step!, ...odd], notes: [] }
    expect(readLedger(ledgerText(data))).toEqual(data)
    expect(readLedger(ledgerText(data).split('\n'))).toEqual(data)
    expect(readLedger(ledgerText(data).replaceAll('\n', '\r\n'))).toEqual(data)
  })

  test('a training that explodes, too', async () => {
    const layer = new Dense(3, 2, { key: key(1) })
    const optimiser = new SGD({ rate: 1e30 })
    const ledger = new Ledger({ level: 'elements' })
    ledger.attach(layer, optimiser)
    for (let i = 0; i < 4; i++) {
      const [, gradients] = valueAndGrad(layer, () =>
        layer
          .call(normal(key(2), [4, 3]))
          .square()
          .sum(),
      )
      optimiser.update(layer, gradients)
    }
    await ledger.flush()
    const { data } = ledger
    expect(data.steps.at(-1)!.parameters[0]!.net!.path).not.toBeLessThan(Number.POSITIVE_INFINITY)
    expect(readLedger(ledgerText(data))).toEqual(data)
  })

  test('a stream is told the same lines, as the steps close', async () => {
    const lines: string[] = []
    const { ledger } = await kept(plain, 4, { stream: line => lines.push(line), keep: 2 })
    expect(lines).toHaveLength(5)
    expect(readLedger(lines).steps.slice(2)).toEqual(ledger.data.steps)
  })

  test('a step that is too long for a line loses its elements, and says so', async () => {
    const { ledger } = await kept(plain, 1, { level: 'elements' })
    const { header, steps } = ledger.data
    const change = Array.from({ length: 30_000 }, () => 1 / 3)
    const elements = { before: change, after: change, parts: [{ name: 'gradient', change }] }
    const parameters = steps[0]!.parameters.map(({ neurons: _, ...each }) => ({
      ...each,
      shape: [30_000],
      elements,
    }))
    const read = readLedger(ledgerText({ header, steps: [{ ...steps[0]!, parameters }], notes: [] }))
    expect(read.steps[0]!.cut).toEqual(['elements'])
    expect(read.steps[0]!.parameters[0]!.elements).toBeUndefined()
    expect(read.notes).toEqual(['neurons or elements are left out of 1 step, too long for a line'])
  })
})

let whole = ''
beforeAll(async () => {
  const { ledger } = await kept(plain, 3, { level: 'elements' })
  whole = ledgerText(ledger.data)
})

describe('a file that is not whole', () => {
  test.prop([fc.double({ min: 0, max: 1, noNaN: true })], { numRuns: 60 })(
    'is read up to where it was torn off',
    share => {
      const end = Math.floor(share * whole.length)
      const cut = whole.slice(0, end)
      const lines = cut.split('\n').length - 1
      const isTorn =
        !cut.endsWith('\n') &&
        cut !==
          whole
            .split('\n')
            .slice(0, lines + 1)
            .join('\n')
      if (lines === 0) {
        expect(() => readLedger(cut)).toThrow(/the file is empty|the first line is no JSON/)
        return
      }
      const { steps, notes } = readLedger(cut)
      expect(steps.length).toBe(isTorn ? lines - 1 : cut.split('\n').filter(line => line !== '').length - 1)
      expect(notes).toEqual(
        isTorn ? [`line ${lines + 1} was torn off while it was written, and is left out`] : [],
      )
    },
  )
})

describe('a hostile file', () => {
  const change = (line: number, from: string | RegExp, to: string) =>
    whole
      .split('\n')
      .map((text, i) => (i === line - 1 ? text.replace(from, to) : text))
      .join('\n')

  test.each<[string, () => string, string]>([
    ['empty', () => '', 'readLedger: the file is empty. Give a file that a ledger wrote'],
    [
      'something else',
      () => '{"format":"sensigrad.tape","version":1}',
      'line 1 is no ledger: its format is "sensigrad.tape"',
    ],
    [
      'of another version',
      () => change(1, '"version":1', '"version":2'),
      'line 1 is a ledger of version 2, and 1 is known here',
    ],
    ['a null', () => 'null', 'line 1 is no ledger'],
    ['torn in the middle', () => change(2, /.{40}$/, ''), 'line 2 is no whole line of JSON'],
    ['out of order', () => change(3, '"step":2', '"step":1'), 'line 3 is step 1, and comes after 1'],
    [
      'with a step of no number',
      () => change(3, '"step":2', '"step":2.5'),
      'line 3: step is 2.5, not a whole number',
    ],
    [
      'with neurons that the shape has not',
      () => change(2, '"shape":[2,3]', '"shape":[3,2]'),
      'has neurons that are not 3, as its shape says',
    ],
    [
      'with elements that the shape has not',
      () => change(2, '"shape":[2,3]', '"shape":[2,4]'),
      'has elements that are not 8, as its shape says',
    ],
    [
      'with a hash that is none',
      () => change(2, /"hash":"[^"]*"/, '"hash":"../../../etc/pw"'),
      'line 2: hash is no hash of 16 hexadecimal digits',
    ],
    [
      'with a field of its own',
      () => change(2, '"hash"', '"__proto__":{"polluted":1},"hash"'),
      'line 2 has a field "__proto__", which version 1 does not know',
    ],
    [
      'that says where it comes from',
      () => change(2, '"from":"recorded"', '"from":"heaven"'),
      'line 2: from is "heaven", which is none of',
    ],
    [
      'with an endless line',
      () => `${whole}"${'a'.repeat(2 ** 20)}"`,
      'line 5 has 1048578 characters, of at most 1048576',
    ],
    ['that nests without end', () => `${whole}${'['.repeat(50_000)}`, 'line 5 nests deeper than 10 levels'],
    ['of quotes without end', () => `${whole}${'\\"'.repeat(400_000)}\n`, ''],
  ])('%s is refused in one line', (_, text, message) => {
    const started = performance.now()
    let said = ''
    try {
      readLedger(text())
    } catch (error) {
      said = (error as Error).message
    }
    expect(said).toContain(message)
    expect(said.split('\n')).toHaveLength(1)
    expect(performance.now() - started).toBeLessThan(5000)
  })

  test.prop([fc.nat(), fc.string({ minLength: 1, maxLength: 4, unit: 'binary' }), fc.nat(3)], {
    numRuns: 150,
  })('changed anywhere is read, or refused by a LedgerFileError, and nothing else', (at, put, remove) => {
    const place = at % whole.length
    const text = whole.slice(0, place) + put + whole.slice(place + remove)
    try {
      readLedger(text)
    } catch (error) {
      expect((error as Error).name).toBe('LedgerFileError')
    }
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })

  test.prop([fc.json({ maxDepth: 4 })], { numRuns: 60 })('any JSON behind the header is refused', json => {
    const [header] = whole.split('\n')
    expect(() => readLedger(`${header}\n${json.replaceAll('\n', ' ')}\n`)).toThrow('readLedger: line 2')
  })
})
