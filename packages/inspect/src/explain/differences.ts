/**
 * Slopes by finite differences, of many functions of one number at once, together with how far each may be off: so that a
 * wrong derivative can be told from noise, from a kink, and from the edge of where a function is defined.
 */

/** What finite differences found of one function. */
export interface Slope {
  /** `kink`: the slopes on both sides differ. `edge`: the function has no finite value on one side. */
  readonly kind: 'smooth' | 'kink' | 'edge'
  readonly value: number
  /** How far the value may be off: its truncation error and its rounding error. */
  readonly tolerance: number
  /** The step at which it was taken. */
  readonly step: number
  /** How much the value changed when that step was halved. */
  readonly change: number
}

/** The values of functions at one place. */
export interface Values {
  readonly values: ArrayLike<number>
  /** How large the numbers are of which each value is made, by which its rounding errors are judged. */
  readonly magnitudes: ArrayLike<number>
}

/** Functions of one number, evaluated together. */
export interface Functions {
  /** The value of each function at t. */
  readonly at: (t: number) => Promise<Values>
  /** The distance from 1 to the next number in the type that they are computed in. */
  readonly precision: number
}

/**
 * The slope of each function at 0 by the five-point formula. At the step h = ε^(1/5) its truncation error h⁴φ⁽⁵⁾/30 and its
 * rounding error 3εφ/2h are both of the order ε^(4/5), 3e-13 in float64. Half the step measures the first; where a function
 * bends too much for that, or has a kink nearby, smaller steps follow.
 */
export async function slopesAtZero({ at, precision }: Functions): Promise<Slope[]> {
  const middle = await at(0)
  const slopes: Slope[] = Array.from(middle.values, () => unknown)
  const settled = new Array<boolean>(slopes.length).fill(false)
  const largest = 2 ** Math.round(Math.log2(precision ** (1 / 5)))
  for (let h = largest; h > precision ** 0.7 && settled.includes(false); h /= 16) {
    const right = [await at(h / 2), await at(h), await at(2 * h)] as const
    const left = [await at(-h / 2), await at(-h), await at(-2 * h)] as const
    const all = [middle, ...right, ...left]
    for (let k = 0; k < slopes.length; k++) {
      if (settled[k]) continue
      const near = {
        right: right.map(({ values }) => values[k]!),
        left: left.map(({ values }) => values[k]!),
        middle: middle.values[k]!,
        magnitude: all.reduce((most, { magnitudes }) => Math.max(most, magnitudes[k]!), 0),
      }
      const found = slopeOf(near, h, precision)
      const isBetter = found.kind !== slopes[k]!.kind || found.tolerance < slopes[k]!.tolerance
      if (isBetter) slopes[k] = found
      settled[k] = found.kind === 'smooth' && found.change < found.tolerance / 2
    }
  }
  return slopes
}

const unknown: Slope = {
  kind: 'edge',
  value: Number.NaN,
  tolerance: Number.POSITIVE_INFINITY,
  step: 0,
  change: Number.POSITIVE_INFINITY,
}

interface Neighbours {
  /** At half a step, a step and two steps. */
  readonly right: readonly number[]
  readonly left: readonly number[]
  readonly middle: number
  readonly magnitude: number
}

/** The slope at one step. */
function slopeOf({ right, left, middle, magnitude }: Neighbours, h: number, precision: number): Slope {
  const rise = (place: number) => right[place]! - left[place]!
  const coarse = (8 * rise(1) - rise(2)) / (12 * h)
  const value = (8 * rise(0) - rise(1)) / (6 * h)
  if (!Number.isFinite(coarse) || !Number.isFinite(value) || !Number.isFinite(middle)) return unknown
  const change = Math.abs(value - coarse)
  const rounding = (100 * precision * (magnitude + Math.abs(value))) / h
  // The slopes on both sides part by h·φ″ where φ is smooth, which halves with h, and stay apart at a kink.
  const gap = (place: number, step: number) => Math.abs(right[place]! - 2 * middle + left[place]!) / step
  const isKink = gap(0, h / 2) > 0.75 * gap(1, h) && gap(0, h / 2) > rounding
  return { kind: isKink ? 'kink' : 'smooth', value, tolerance: change + rounding, step: h / 2, change }
}
