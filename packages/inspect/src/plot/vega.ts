/** Plots as SVG text, drawn by Vega without a browser. Text and axes take the colour of the page around them. */

import { describeValue, ValueError } from '@sensigrad/core'
import type { Config, TopLevelSpec } from 'vega-lite'
import { darkColours } from './colours.ts'
import { escaped } from './escaped.ts'

/** One plot, or a row of plots side by side, as Vega-Lite describes it. */
export type Plot = Extract<TopLevelSpec, { hconcat: unknown }>['hconcat'][number]

const font = 'Inter, system-ui, "Segoe UI", "DejaVu Sans", sans-serif'
const ink = 'currentColor'

const config: Config = {
  background: 'transparent',
  aria: false, // one label for the whole drawing instead of one for each dot
  font,
  view: { stroke: null },
  axis: {
    domain: false,
    ticks: false,
    gridColor: ink,
    gridOpacity: 0.1,
    labelColor: ink,
    labelOpacity: 0.75,
    labelFontSize: 12,
    labelPadding: 6,
    labelFlush: false,
    titleColor: ink,
    titleFontSize: 12.5,
    titleFontWeight: 'normal',
    titlePadding: 10,
  },
  // The quantity stands above its axis, where it is read without tilting the head.
  axisY: { titleAngle: 0, titleAlign: 'left', titleAnchor: 'end', titleY: -14, titleX: -40 },
  legend: {
    orient: 'top',
    direction: 'horizontal',
    title: null,
    labelColor: ink,
    labelFontSize: 12.5,
    labelLimit: 400,
    symbolOpacity: 1,
    symbolStrokeWidth: 3,
    offset: 14,
    columnPadding: 18,
  },
  title: { anchor: 'start', color: ink, fontSize: 14, fontWeight: 600, offset: 12, dx: -40, frame: 'group' },
}

const shared = { scale: { color: 'shared' }, legend: { color: 'shared' } } as const

/**
 * Draws plots side by side; they share their colours and one legend.
 *
 * @param name  begins the ids in the drawing, so that several can stand in one page
 * @param label says in words what it is to a reader who cannot see it
 * @returns the drawing, SVG
 * @example writeFileSync('loss.svg', standalone(await drawRow([plot], 'loss', 'The loss falls')))
 */
export const drawRow = (plots: Plot[], name: string, label: string): Promise<string> =>
  draw({ config, spacing: 48, padding: 16, hconcat: plots, resolve: shared }, name, label)

/**
 * Draws plots row by row, so many in each; otherwise as `drawRow`.
 *
 * @example await drawGrid(plots, 3, 'arms', 'What each arm did')
 */
export const drawGrid = (plots: Plot[], columns: number, name: string, label: string): Promise<string> =>
  draw(
    { config, spacing: { row: 40, column: 32 }, padding: 16, concat: plots, columns, resolve: shared },
    name,
    label,
  )

/**
 * Draws plots one below the other, each with its own colours; otherwise as `drawRow`.
 *
 * @example await drawColumn([legend, map], 'flow', 'The gradient by layer and step')
 */
export const drawColumn = (plots: Plot[], name: string, label: string): Promise<string> =>
  draw({ config, spacing: 20, padding: 16, vconcat: plots, resolve: apart }, name, label)

const apart = { scale: { color: 'independent' } } as const

async function draw(spec: TopLevelSpec, name: string, label: string): Promise<string> {
  // Vega is large: it is loaded by those who draw, not by those who might.
  const [{ parse, View }, { compile }] = await Promise.all([import('vega'), import('vega-lite')])
  const view = new View(parse(compile(spec).spec), { renderer: 'none' })
  try {
    const svg = await view.toSVG()
    return renamed(svg, name).replace('<svg ', `<svg role="img" aria-label="${escaped(label)}" `)
  } finally {
    view.finalize()
  }
}

/** Vega counts its ids over everything that it ever drew; ours begin anew in each drawing. */
function renamed(svg: string, name: string): string {
  const names = new Map<string, string>()
  return svg.replace(/(?<=id="|url\(#)clip\d+/g, id => {
    if (!names.has(id)) names.set(id, `${name}-${names.size}`)
    return names.get(id)!
  })
}

const light = 'svg{color:#1c2024;background:#fff}'
const dark = `svg{color:#e6e8ea;background:#14171a}${darkColours}`
const style = `<style>${light}@media(prefers-color-scheme:dark){${dark}}</style>`

/**
 * A drawing as a file of its own, light or dark as the reader's system asks.
 *
 * @throws ValueError for what is no drawing, such as one that was not waited for
 * @example writeFileSync('flow.svg', standalone(await plotFlow(flow)))
 */
export function standalone(svg: string): string {
  if (typeof svg !== 'string' || !svg.startsWith('<svg ')) {
    throw new ValueError(
      'standalone',
      `the drawing is ${typeof svg === 'string' ? 'a text that is no SVG' : describeValue(svg)}`,
      (svg as unknown) instanceof Promise
        ? 'Await it: standalone(await …)'
        : 'Give what plotFlow and others draw',
    )
  }
  return `${svg.replace('>', `>${style}`)}\n`
}
