/** The axes of the figures. */

export interface Axis {
  title: string | null
  format?: string
  values?: number[]
  tickCount?: number
  grid?: boolean
  labelExpr?: string
}

/** A number's place between two ends, neither rounded outwards nor drawn down to 0. */
export const quantitative = (field: string, domain: number[], axis: Axis) => ({
  field,
  type: 'quantitative' as const,
  scale: { domain, nice: false, zero: false },
  axis,
})

/** The dashed line of a number to compare with. */
export const guide = {
  type: 'rule' as const,
  stroke: 'currentColor',
  strokeOpacity: 0.55,
  strokeWidth: 1,
  strokeDash: [5, 4],
}

/** Iterations from 0 to a little beyond the end, so that what happens there is to be seen. */
export const iterationAxis = (field: string, most: number, axis: Omit<Axis, 'title'> = {}) =>
  quantitative(field, [0, 1.03 * most], { title: 'iterations', format: ',d', ...axis })
