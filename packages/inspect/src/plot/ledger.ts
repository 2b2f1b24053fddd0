/** Who moved a parameter, as a picture: the shares of its change over the steps, and how long each part was. */

import { describeValue, ValueError } from '@sensigrad/core'
import { checkGiven } from '../checks.ts'
import type { LedgerData, ParameterStep } from '../ledger/data.ts'
import { type Entry, entriesOf, pathsIn, stepsOf } from '../ledger/select-steps.ts'
import { labelOf } from '../ledger/words.ts'
import { printable } from '../text.ts'
import { overSteps, reference } from './axes.ts'
import { colours } from './colours.ts'
import type { FigureOptions } from './flow.ts'
import { checkFigure } from './options.ts'
import { drawRow, type Plot } from './vega.ts'

/** What a figure of a ledger shows. */
export interface LedgerFigureOptions extends FigureOptions {
  /** The path of a parameter; the first that moved unless said. */
  readonly parameter?: string
  /** The first and the last step; all that the ledger holds unless said. */
  readonly steps?: readonly [first: number, last: number]
}

/** Steps that are drawn as one where there are more. */
const room = 80

/** What is below this share of all, and of the longest part, is not drawn. */
const least = 1e-3

/**
 * What each source did to a parameter over the steps: on the left its share of the change, which sums to 100% and is below
 * 0 where it worked against the others; on the right the length of its part, in each step. Where there are many steps,
 * neighbours are drawn as one: shares weigh each step by the square of its change, and lengths are means.
 *
 * @param data  of a ledger, or read from a file
 * @returns SVG; `standalone` makes a file of it
 * @throws ValueError for what is no ledger's data, an option that there is not, and for a parameter or steps that are not there, naming those that are
 * @example writeFileSync('ledger.svg', standalone(await plotLedger(ledger.data, { parameter: 'rnn.recurrentWeight' })))
 */
export function plotLedger(data: LedgerData, options: LedgerFigureOptions = {}): Promise<string> {
  checkGiven('plotLedger', 'ledger', data, ['header', 'steps'], 'ledger.data or readLedger(text)')
  checkFigure('plotLedger', options, ['parameter', 'steps'])
  const { parameter, steps: range, name = 'ledger', title } = options
  if (parameter !== undefined && typeof parameter !== 'string') {
    throw new ValueError('plotLedger', `the parameter is ${describeValue(parameter)}`, 'Give its path')
  }
  const steps = stepsOf(data, range)
  const path = parameter ?? pathsIn(steps)[0] ?? ''
  const points = stretchesOf(entriesOf(steps, path))
  const sources = visible(points)
  const names = sources.map(labelled)
  const color = {
    field: 'source',
    type: 'nominal',
    scale: { domain: names, range: sources.map(colourOf) },
  } as const
  const values = points
    .filter(({ source }) => sources.includes(source))
    .map(({ source, ...point }) => ({ ...point, source: labelled(source) }))
  const heading = title ?? printable(path)
  const plots: Plot[] = [
    {
      ...panel(`${heading}: shares of the change`),
      layer: [zero, lines(values, 'share', { format: '.0%' }, color)],
    },
    {
      ...panel('length of each part'),
      layer: [lines(values, 'length', { format: '~e', values: decades(values) }, color)],
    },
  ]
  return drawRow(
    plots,
    name,
    `${heading}: shares of the change and lengths of its parts by step, of ${names.join(', ')}`,
  )
}

interface Point {
  readonly step: number
  readonly source: string
  readonly share: number | null
  readonly length: number | null
}

/** Neighbouring steps as one, so that there are not more than can be seen. */
function stretchesOf(entries: readonly Entry[]): Point[] {
  const names = [...new Set(entries.flatMap(({ moved }) => moved.parts.map(({ name }) => name)))]
  const count = Math.min(entries.length, room)
  const at = (i: number) => Math.round((i * entries.length) / count)
  return Array.from({ length: count }, (_, i) => entries.slice(at(i), at(i + 1))).flatMap(stretch => {
    const moved = stretch.map(({ moved }) => moved)
    const step = stretch.at(-1)!.step.step
    const square = sum(moved.map(({ norm }) => norm ** 2))
    return names.map((source): Point => {
      const along = sum(moved.map(each => partOf(each, source)?.along ?? 0))
      const length = sum(moved.map(each => partOf(each, source)?.norm ?? 0)) / moved.length
      return { step, source, share: square > 0 ? along / square : null, length: length > 0 ? length : null }
    })
  })
}

const partOf = ({ parts }: ParameterStep, source: string) => parts.find(({ name }) => name === source)
const sum = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)

/** Sources that can be seen beside the largest. */
function visible(points: readonly Point[]): string[] {
  const names = [...new Set(points.map(({ source }) => source))]
  const most = (read: (point: Point) => number | null, of = points) =>
    of.reduce((most, point) => Math.max(most, Math.abs(read(point) ?? 0)), 0)
  const [share, length] = [most(point => point.share), most(point => point.length)]
  return names.filter(name => {
    const own = points.filter(({ source }) => source === name)
    return (
      most(point => point.share, own) > least * share || most(point => point.length, own) > least * length
    )
  })
}

const labelled = (source: string): string => labelOf(source)

/** Okabe and Ito's; each source has its own in every figure. */
const ofSources: Readonly<Record<string, string>> = {
  gradient: colours.blue,
  clipNorm: colours.vermilion,
  clipGlobalNorm: colours.vermilion,
  clipValue: colours.vermilion,
  decay: colours.sky,
  SAL: colours.green,
  isometry: '#CC79A7',
  earlier: '#E69F00',
}

const colourOf = (source: string): string =>
  Object.hasOwn(ofSources, source) ? ofSources[source]! : 'currentColor'

/** The powers of ten among the lengths, and one below. */
function decades(points: readonly Pick<Point, 'length'>[]): number[] {
  const exponents = points.flatMap(({ length }) => (length === null ? [] : [Math.floor(Math.log10(length))]))
  const [low, high] = [Math.min(...exponents), Math.max(...exponents) + 1]
  const every = Math.max(Math.ceil((high - low) / 6), 1)
  return exponents.length === 0
    ? []
    : Array.from({ length: Math.floor((high - low) / every) + 1 }, (_, i) => 10 ** (low + i * every))
}

const panel = (title: string) => ({ title, width: 340, height: 200 }) as const

const zero = {
  data: { values: [{ share: 0 }] },
  mark: reference,
  encoding: { y: { field: 'share', type: 'quantitative' } },
} as const

function lines(
  values: readonly object[],
  field: 'share' | 'length',
  axis: { readonly format: string; readonly values?: number[] },
  color: object,
): Extract<Plot, { layer: unknown }>['layer'][number] {
  return {
    data: { values: [...values] },
    mark: { type: 'line', strokeWidth: 2, clip: true },
    encoding: {
      x: overSteps,
      y: {
        field,
        type: 'quantitative',
        scale: field === 'length' ? { type: 'log' } : {},
        axis: { title: null, tickCount: 5, ...axis },
      },
      color,
    },
  }
}
