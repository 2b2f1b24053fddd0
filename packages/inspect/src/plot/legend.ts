/** What the colours of a map mean: a strip along its scale, and the axes that go by the same numbers. */

import type { Grid, Scale } from '../flow/grid.ts'
import { endsOf } from '../flow/share.ts'
import { type Cell, cellOf, range, sides, strength } from './cells.ts'
import type { Plot } from './vega.ts'

const indices = (length: number): number[] => Array.from({ length }, (_, i) => i)

/**
 * An axis along a scale, which says what stands at some of its ticks.
 *
 * @param every  names each so-many-th tick
 */
export function along(field: string, scale: Scale, every: number, axis: Readonly<Record<string, unknown>>) {
  const ends = endsOf(scale)
  const ticks = ticksOf(scale).filter((_, i) => i % every === 0)
  const between = ticks[1]!.at - ticks[0]!.at
  const labels = JSON.stringify(ticks.map(({ label }) => label))
  return {
    field,
    type: 'quantitative' as const,
    scale: { domain: ends, nice: false, zero: false },
    axis: {
      ...axis,
      values: ticks.map(({ at }) => at),
      labelExpr: `${labels}[round((datum.value - ${ends[0]}) / ${between})]`,
    },
  }
}

const zeroSign: Plot = {
  width: 18,
  height: 12,
  view: { stroke: 'currentColor', strokeOpacity: 0.35 },
  data: { values: [{ zero: 0 }] },
  encoding: {
    x: {
      field: 'zero',
      type: 'ordinal',
      axis: { title: null, labelExpr: "'exactly 0'", labelAngle: 0 },
    },
  },
  layer: [
    { mark: { type: 'rect', color: 'currentColor', opacity: 0.14 } },
    { mark: { type: 'text', text: '╱', color: 'currentColor', opacity: 0.8, fontSize: 11 } },
  ],
}

/** What the colours mean: a strip from one end of the scale to the other, and the sign of exact zeros where there are any. */
export function strip({ scale, values }: Grid): Plot {
  const hasZeros = values.some(row => row.includes(Number.NEGATIVE_INFINITY))
  const [low, high] = endsOf(scale)
  const steps = 60
  const at = (i: number) => low + ((high - low) * i) / steps
  const parts = indices(steps).map(i => ({
    ...cellOf((at(i) + at(i + 1)) / 2, 0, i, scale),
    from: at(i),
    to: at(i + 1),
  }))
  const x = along('from', scale, 1, { title: null, grid: false })
  const of = (kind: Cell['kind']) => ({ values: parts.filter(part => part.kind === kind) })
  const mark = { type: 'rect', stroke: null } as const
  return {
    spacing: 24,
    hconcat: [
      {
        title: { text: scale.unit, fontSize: 12.5, fontWeight: 'normal', offset: 6, dx: 0 },
        width: 240,
        height: 12,
        view: { stroke: 'currentColor', strokeOpacity: 0.35 },
        layer: [
          { data: of('range'), mark, encoding: { x, x2: { field: 'to' }, color: range } },
          ...(['below', 'above'] as const).map(
            side =>
              ({
                data: of(side),
                mark: { ...mark, color: sides[side] },
                encoding: { x, x2: { field: 'to' }, opacity: strength },
              }) as const,
          ),
        ],
      },
      ...(hasZeros ? [zeroSign] : []),
    ],
  }
}

/** Numbers along a scale, evenly, from its low end, and what stands there. */
export function ticksOf(scale: Scale): { readonly at: number; readonly label: string }[] {
  const [low, high] = endsOf(scale)
  if (scale.kind === 'range') {
    return indices((high - low) / 2 + 1).map(i => ({ at: low + 2 * i, label: minus(low + 2 * i) }))
  }
  const { middle, reach, unit } = scale
  if (unit !== 'sensitivity s') {
    return [-1, -0.5, 0, 0.5, 1].map(share => ({
      at: middle + share * reach,
      label: minus(middle + share * reach),
    }))
  }
  const fractions = ['1/8', '1/4', '1/2', '1', '2', '4', '8']
  return fractions.map((fraction, i) => {
    const s = Math.exp(middle) * 2 ** (i - 3)
    return { at: Math.log(s), label: middle === 0 ? fraction : String(Number(s.toPrecision(2))) }
  })
}

const minus = (value: number): string => String(value).replace('-', '−')
