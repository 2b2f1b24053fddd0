/** Reports on a ledger answer who moved a weight: shares sum to one, whichever steps are asked for, and fit a terminal. */
import { fc, test } from '@fast-check/vitest'
import {
  formatLedger,
  formatLedgers,
  type LedgerData,
  type LedgerReport,
  ledgerReport,
  ledgerReports,
} from '@sensigrad/inspect'
import { describe, expect } from 'vitest'
import { kept, plain, plans } from './support/ledger.ts'

const shares = ({ rows }: LedgerReport) => rows.reduce((sum, { share }) => sum + share, 0)
const sizes = ({ rows }: LedgerReport) => rows.reduce((sum, { share }) => sum + Math.abs(share), 0)
const row = (report: LedgerReport, name: string) => report.rows.find(row => row.name === name)!

describe('shares', () => {
  test.prop([plans, fc.constantFrom('source', 'age'), fc.tuple(fc.integer({ min: 1, max: 5 }), fc.nat(4))], {
    numRuns: 20,
  })('sum to one, by source as by age, over any steps', async (plan, by, [first, more]) => {
    const { ledger } = await kept(plan, 6)
    const steps = [first, Math.min(first + more, 6)] as const
    for (const report of ledgerReports(ledger.data, { steps, by })) {
      expect(Math.abs(shares(report) - 1)).toBeLessThanOrEqual(1e-12 * sizes(report))
      expect(report.steps).toEqual({ first: steps[0], last: steps[1], count: steps[1] - steps[0] + 1 })
    }
  })

  test.prop([plans], { numRuns: 12 })(
    'of any steps are of the net change, where all elements are kept',
    async plan => {
      const { ledger } = await kept(plan, 6, { level: 'elements' })
      const whole = ledgerReport(ledger.data, { parameter: 'weight' })
      const { header } = ledger.data
      const asked: LedgerData = { ...ledger.data, header: { ...header, first: 0 } } // as if there were steps before
      const again = ledgerReport(asked, { parameter: 'weight' })
      for (const { name, share, net } of whole.rows) {
        expect(Math.abs(row(again, name).share - share)).toBeLessThanOrEqual(1e-10 * sizes(whole))
        expect(Math.abs(row(again, name).net! - net!)).toBeLessThanOrEqual(1e-10 * whole.net! * sizes(whole))
      }
    },
  )

  test('by age tell what momentum brings: nothing in the first step, most of it later', async () => {
    const { ledger } = await kept({ ...plain, order: 'no SAL' }, 20)
    const share = (step: number) =>
      row(ledgerReport(ledger.data, { parameter: 'weight', by: 'age', steps: [step, step] }), 'momentum')
        .share
    expect(Math.abs(share(1))).toBeLessThan(1e-12)
    expect(share(20)).toBeGreaterThan(0.5)
  })

  test('without the sum over all steps, are of the way, and the net change is not kept', async () => {
    const { ledger } = await kept(plain, 6, { net: false })
    const report = ledgerReport(ledger.data, { parameter: 'weight' })
    expect([report.net, ...report.rows.map(({ net }) => net)].every(net => net === undefined)).toBe(true)
    expect(shares(report)).toBeCloseTo(1, 12)
    expect(formatLedger(report)).toContain('the net change since the first of these steps is not kept')
  })
})

describe('a neuron', () => {
  test('has its own shares, and its way under SAL', async () => {
    const { ledger, layer } = await kept(plain, 6, { level: 'neurons' })
    const report = ledgerReport(ledger.data, { parameter: 'weight', neuron: 1 })
    expect(shares(report)).toBeCloseTo(1, 10)
    const way = report.neurons!.way!
    expect(way.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6])
    const weights = Array.from(await layer.weight.value.slice(1).data())
    expect(way.at(-1)!.weight).toBeCloseTo(Math.hypot(...weights), 12)
    expect(report.neurons!.most!.map(({ neuron }) => neuron).sort()).toEqual([0, 1])
  })

  test.each<[string, () => unknown, string]>([
    [
      'that is not there',
      () => ledgerReport(data, { parameter: 'weight', neuron: 2 }),
      'ledgerReport: weight has no neuron 2. Give a whole number from 0 to 1',
    ],
    [
      'of a ledger of norms',
      () => ledgerReport(norms, { parameter: 'weight', neuron: 0 }),
      "nothing is kept of the neurons of weight. Keep them: new Ledger({ level: 'neurons' })",
    ],
    [
      'by age',
      () => ledgerReport(data, { parameter: 'weight', neuron: 0, by: 'age' }),
      'the age of what moved one neuron is not kept',
    ],
    [
      'of no parameter',
      () => ledgerReport(data, { parameter: 'weigth' }),
      'the parameter weigth did not move in these steps. Those that did are weight, bias',
    ],
    [
      'in no step',
      () => ledgerReport(data, { steps: [7, 9] }),
      'there are no steps 7-9. The ledger holds 1-2',
    ],
    [
      'in steps that are no range',
      () => ledgerReport(data, { steps: [2, 1] }),
      'the steps are no range. Give the first and the last: [1, 200]',
    ],
    ['of an empty ledger', () => ledgerReport({ ...data, steps: [] }, {}), 'the ledger holds no steps'],
    [
      'with another option',
      () => ledgerReport(data, { step: 1 } as never),
      'there is no option step. There is parameter, neuron, steps, by',
    ],
    [
      'by another order',
      () => ledgerReport(data, { by: 'size' as never }),
      "by is 'size'. Give 'source' or 'age'",
    ],
  ])('%s is refused', (_, body, message) => {
    expect(body).toThrow(message)
  })
})
const { data } = (await kept(plain, 2, { level: 'neurons' })).ledger
const { data: norms } = (await kept(plain, 2)).ledger

describe('as text', () => {
  test.prop([plans, fc.constantFrom('norms', 'neurons'), fc.boolean()], { numRuns: 10 })(
    'a report fits its columns, and in ASCII has no other sign',
    async (plan, level, ascii) => {
      const { ledger } = await kept(plan, 3, { level, without: ['clip'] })
      const texts = [
        ...ledgerReports(ledger.data).map(report => formatLedger(report, { ascii })),
        formatLedgers(ledgerReports(ledger.data), { ascii }),
      ]
      for (const line of texts.flatMap(text => text.split('\n'))) {
        expect(line.length).toBeLessThanOrEqual(100)
        if (ascii) expect(line).toMatch(/^[\u0020-\u007e]*$/)
      }
    },
  )

  test.each([40, 60, 80])('in %i columns a number is whole or not there', columns => {
    const report = { ...ledgerReport(data), parameter: 'a.rather.long.path.to.a.weight' }
    const rows = report.rows.map(({ share }) => `${share > 0 ? '+' : ''}${(100 * share).toFixed(1)}%`)
    for (const ascii of [false, true]) {
      const [one, all] = [
        formatLedger(report, { columns, ascii }),
        formatLedgers([report], { columns, ascii }),
      ]
      for (const line of `${one}${all}`.split('\n')) expect(line.length).toBeLessThanOrEqual(columns)
      if (columns < 60) continue // there a report is cut
      for (const share of rows) if (!/[+-]?0\.0%/.test(share)) expect(one).toContain(` ${share} `)
      const [, , head, cells] = all.split('\n')
      expect(cells!.split(/ {2,}/)).toHaveLength(head!.split(/ {2,}/).length)
      expect(cells).toMatch(/^a\.rather\.long\.path\.to\.a\.weight /)
    }
    if (columns === 60)
      expect(formatLedgers([report], { columns })).toMatch(/not shown, since there is no room: /)
  })

  test('says who moved the weight, beside the sum, and whether task and SAL help each other', async () => {
    const { ledger } = await kept({ ...plain, clip: { globalNorm: 0.1 } }, 6, {
      level: 'neurons',
      without: ['clip'],
    })
    const text = formatLedger(ledgerReport(ledger.data, { parameter: 'weight' }))
    for (const words of [
      'task gradient',
      'clipping took',
      'SAL',
      'rounding',
      '+100.0%',
      'task and SAL: cos',
      'SAL moved most: neuron',
      'gate: open for',
      'without clip the change would be',
      'numbers: recorded in 6 steps',
    ]) {
      expect(text).toContain(words)
    }
  })

  test('control characters in names are shown, not sent', async () => {
    const { ledger } = await kept(plain, 1)
    const [step] = ledger.data.steps
    const parameters = step!.parameters.map(each => ({
      ...each,
      path: `\u001b[2J${each.path}`,
      parts: each.parts.map(part => ({ ...part, name: `\u0007${part.name}` })),
    }))
    const hostile = {
      ...ledger.data,
      header: { ...ledger.data.header, title: '\u001b]0;' },
      steps: [{ ...step!, parameters }],
    }
    const text =
      ledgerReports(hostile)
        .map(report => formatLedger(report))
        .join('') + formatLedgers(ledgerReports(hostile))
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/)
    expect(text).toContain('\\u{1b}[2Jweight')
  })
})
