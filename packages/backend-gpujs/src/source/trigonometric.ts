/** Circular functions: an angle less a multiple of π/2, then a polynomial; their inverses likewise. */

import { fit, horner } from './fit.ts'
import { signed } from './hyperbolic.ts'
import type { Text } from './text.ts'

const quarter = Math.PI / 2

/** π/2 in three parts: multiples of the first two are exact for angles up to 10⁵. */
const first = 201 / 128
const second = Math.floor((quarter - first) * 2 ** 19) / 2 ** 19
const parts = [first, second, quarter - first - second]

const overRoot = (f: (x: number) => number) => (square: number) => f(Math.sqrt(square)) / Math.sqrt(square)

/** sin(r)/r and cos(r) in r², for |r| ≤ π/4; atan(y)/y in y² for |y| ≤ 1; asin(w)/w in w² for |w| ≤ ½. */
const sine = fit(overRoot(Math.sin), 0, 0.62, 4)
const cosine = fit(square => Math.cos(Math.sqrt(square)), 0, 0.62, 4)
const arcTangent = fit(overRoot(Math.atan), 0, 1, 10)
const arcSine = fit(overRoot(Math.asin), 0, 0.25, 7)

/** The sine and cosine of x less k·π/2, and k modulo 4. */
function reduced(text: Text, x: string): { s: string; c: string; turn: string } {
  const k = text.value(`Math.floor(${x} * ${1 / quarter} + 0.5)`)
  const rest = parts.reduce((rest, part) => `(${rest} - ${k} * ${part})`, x)
  // of angles so large that float32 does not tell their turns, anything within a turn
  const r = text.value(`Math.max(-0.786, Math.min(0.786, ${rest}))`)
  const square = text.value(`${r} * ${r}`)
  return {
    s: text.value(`${r} * ${horner(sine, square)}`),
    c: text.value(horner(cosine, square)),
    turn: text.value(`${k} - 4 * Math.floor(${k} * 0.25)`),
  }
}

function isOdd(text: Text, turn: string): string {
  return text.value(`${turn} - 2 * Math.floor(${turn} * 0.5)`)
}

export function sin(text: Text, x: string): string {
  const { s, c, turn } = reduced(text, x)
  const value = text.value(`${isOdd(text, turn)} > 0.5 ? ${c} : ${s}`)
  return text.value(`${turn} > 1.5 ? 0 - ${value} : ${value}`)
}

export function cos(text: Text, x: string): string {
  const { s, c, turn } = reduced(text, x)
  const value = text.value(`${isOdd(text, turn)} > 0.5 ? ${s} : ${c}`)
  return text.value(`${turn} > 0.5 && ${turn} < 2.5 ? 0 - ${value} : ${value}`)
}

export function tan(text: Text, x: string): string {
  const { s, c, turn } = reduced(text, x)
  const odd = isOdd(text, turn)
  return text.value(`(${odd} > 0.5 ? 0 - ${c} : ${s}) / (${odd} > 0.5 ? ${s} : ${c})`)
}

/** atan y for 0 ≤ y ≤ 1. */
function arc(text: Text, y: string): string {
  return text.value(`${y} * ${horner(arcTangent, text.value(`${y} * ${y}`))}`)
}

export function atan(text: Text, x: string): string {
  const a = text.value(`Math.abs(${x})`)
  const angle = arc(text, text.value(`${a} > 1 ? 1 / ${a} : ${a}`))
  return signed(text, x, text.value(`${a} > 1 ? ${quarter} - ${angle} : ${angle}`))
}

/** The angle of (x, y) = (b, a), 0 at the origin. */
export function atan2(text: Text, a: string, b: string): string {
  const [up, across] = [text.value(`Math.abs(${a})`), text.value(`Math.abs(${b})`)]
  const long = text.value(`Math.max(${up}, ${across})`)
  const angle = arc(text, text.value(`${long} > 0 ? Math.min(${up}, ${across}) / ${long} : 0`))
  const steep = text.value(`${up} > ${across} ? ${quarter} - ${angle} : ${angle}`)
  return signed(text, a, text.value(`${b} < 0 ? ${Math.PI} - ${steep} : ${steep}`))
}

/** Up to ½ the arc sine of w = |x|, beyond it that of w = √((1 - |x|)/2), which is half the arc cosine. */
function arcSineOf(text: Text, x: string): { far: string; arc: string } {
  const a = text.value(`Math.abs(${x})`)
  const far = text.value(`${a} > 0.5 ? 1 : 0`)
  const square = text.value(`${far} > 0 ? 0.5 - 0.5 * ${a} : ${a} * ${a}`)
  const w = text.value(`${far} > 0 ? Math.sqrt(${square}) : ${a}`)
  return { far, arc: text.value(`${w} * ${horner(arcSine, square)}`) }
}

export function asin(text: Text, x: string): string {
  const { far, arc } = arcSineOf(text, x)
  return signed(text, x, text.value(`${far} > 0 ? ${quarter} - 2 * ${arc} : ${arc}`))
}

export function acos(text: Text, x: string): string {
  const { far, arc } = arcSineOf(text, x)
  const beyond = text.value(`${x} < 0 ? ${Math.PI} - 2 * ${arc} : 2 * ${arc}`)
  return text.value(`${far} > 0 ? ${beyond} : ${quarter} - ${signed(text, x, arc)}`)
}
