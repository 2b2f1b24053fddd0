/** What figures have in common: the axis of steps, and the line at a value that means something. */

/** Steps of a training from left to right, in the field `step`. */
export const overSteps = {
  field: 'step',
  type: 'quantitative',
  scale: { nice: false, zero: false },
  axis: { title: 'step', tickCount: 5, format: ',d', grid: false },
} as const

/** A line across the figure, such as where nothing changes. */
export const reference = { type: 'rule', stroke: 'currentColor', strokeOpacity: 0.55 } as const
