/** Gradient flow as a picture: layers over training steps, or over steps of time. */

import type { GradientFlow } from '../flow/gradient-flow.ts'
import { type FlowAt, type FlowMeasure, flowGrid } from '../flow/grid.ts'
import { fitted, heat } from './heat.ts'
import { strip } from './legend.ts'
import { checkFigure } from './options.ts'
import { drawGrid } from './vega.ts'

/** How a figure is drawn. */
export interface FigureOptions {
  /** Begins the ids in the drawing, so that several can stand in one page. */
  readonly name?: string
  /** What stands above it. */
  readonly title?: string
}

/** What a figure of a flow shows. */
export interface FlowFigureOptions extends FigureOptions {
  /** The rms of gradients (unless said) or of values, or by how much each layer changes the gradient. */
  readonly measure?: FlowMeasure
}

/**
 * A flow as a heat map. Its range is fixed, so that figures can be compared; exact zeros have a sign of their own, and
 * a gain of 1 is the colour of the page.
 *
 * @param flows  of one pass, or of several training steps
 * @returns SVG; `standalone` makes a file of it
 * @throws ValueError as `flowGrid`, and for an option that there is not
 * @example writeFileSync('flow.svg', standalone(await plotFlow(flow, { measure: 'gain' })))
 */
export function plotFlow(
  flows: GradientFlow | readonly FlowAt[],
  options: FlowFigureOptions = {},
): Promise<string> {
  checkFigure('plotFlow', options, ['measure'])
  const { measure, name = 'flow', title } = options
  const grid = flowGrid(flows, measure)
  const plots = [strip(grid), heat(fitted(grid), title)]
  return drawGrid(
    plots,
    1,
    name,
    `${title ?? grid.title}: ${grid.scale.unit}, ${grid.down} by ${grid.across}`,
  )
}
