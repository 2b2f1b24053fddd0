/** The error function and its complement, whose tail keeps its relative accuracy. */

import { expressions } from '@sensigrad/core'
import { exp } from './exponential.ts'
import { fit, horner } from './fit.ts'
import { signed } from './hyperbolic.ts'
import type { Text } from './text.ts'

/** Below it a power series serves, above it the tail. */
const boundary = 0.5

/** erfc is denormal from here on. */
const end = 9.2

/** erf(x)/x in x², for |x| ≤ ½. */
const middle = fit(square => expressions.erf(Math.sqrt(square)) / Math.sqrt(square), 0, boundary ** 2, 4)

/** e^{x²}·erfc(x) in t = 1/(1 + x/2). */
const tail = fit(
  t => {
    const x = 2 / t - 2
    return Math.exp(x * x) * expressions.erfc(x)
  },
  1 / (1 + end / 2),
  1 / (1 + boundary / 2),
  8,
)

/** erf x where |x| is small, and erfc |x| where it is not. */
function branches(text: Text, x: string): { a: string; near: string; far: string } {
  const a = text.value(`Math.abs(${x})`)
  const small = text.value(`Math.min(${a}, ${boundary})`)
  const near = text.value(`${x} * ${horner(middle, text.value(`${small} * ${small}`))}`)
  const bounded = text.value(`Math.max(${boundary}, Math.min(${a}, ${end}))`)
  const bell = exp(text, text.value(`0 - ${bounded} * ${bounded}`))
  const t = text.value(`1 / (1 + 0.5 * ${bounded})`)
  const far = text.value(`${a} > ${end} ? 0 : ${bell} * ${horner(tail, t)}`)
  return { a, near, far }
}

export function erf(text: Text, x: string): string {
  const { a, near, far } = branches(text, x)
  const beyond = signed(text, x, text.value(`1 - ${far}`))
  return text.value(`${a} < ${boundary} ? ${near} : ${beyond}`)
}

export function erfc(text: Text, x: string): string {
  const { a, near, far } = branches(text, x)
  const beyond = text.value(`${x} < 0 ? 2 - ${far} : ${far}`)
  return text.value(`${a} < ${boundary} ? 1 - ${near} : ${beyond}`)
}
