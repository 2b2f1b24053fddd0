/**
 * Plots of what was recorded, as SVG.
 *
 * @packageDocumentation
 */

export {}
