/**
 * Plots of what was recorded, as SVG. They are drawn by Vega, without a browser or in one.
 *
 * @packageDocumentation
 */

// Draw figures of your own in the same style
export { colours, darkColours } from './colours.ts'
export { escaped } from './escaped.ts'
// What was recorded
export { type FigureOptions, type FlowFigureOptions, plotFlow } from './flow.ts'
export { type GridFigureOptions, plotGrid } from './grid.ts'
export { type LedgerFigureOptions, plotLedger } from './ledger.ts'
export { plotHistograms, plotScalars, type ScalarFigureOptions } from './recordings.ts'
export { plotSensitivities, type SensitivityFigureOptions } from './sensitivities.ts'
export { drawColumn, drawGrid, drawRow, type Plot, standalone } from './vega.ts'
