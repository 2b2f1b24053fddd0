/** The colours of the figures: Okabe and Ito's, which the colour-blind tell apart. */

/**
 * The colours of the figures.
 *
 * @example colours.blue // '#0072B2'
 */
export const colours = { blue: '#0072B2', vermilion: '#D55E00', green: '#009E73', sky: '#56B4E9' } as const

const brighter = [
  [colours.blue, colours.sky],
  [colours.vermilion, '#EE7B35'],
] as const

/**
 * CSS for dark pages, where two of the colours are too dim.
 *
 * @example `@media(prefers-color-scheme:dark){${darkColours}}`
 */
export const darkColours: string = brighter
  .map(([from, to]) => `[stroke="${from}"]{stroke:${to}}[fill="${from}"]{fill:${to}}`)
  .join('')
