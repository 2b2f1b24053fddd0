/** How text looks on a terminal: its width, its colours, and whether it knows more than ASCII. */

import type { Look, Paint, Tone } from '@sensigrad/inspect'
import type { Sink } from './terminal.ts'

const codes: Record<Tone, string> = { heading: '1', faint: '2', good: '32', warning: '33', bad: '1;31' }
const begin = String.fromCharCode(27)

/** Colours by the codes that terminals know. */
export const coloured: Paint = (text, tone) => `${begin}[${codes[tone]}m${text}${begin}[0m`

type Environment = Readonly<Record<string, string | undefined>>

/**
 * How to write to a sink. NO_COLOR and FORCE_COLOR decide on colours, else whether it is a terminal; COLUMNS on the width,
 * else the terminal; a locale that is not UTF-8 asks for ASCII.
 *
 * @param ascii  whether ASCII was asked for
 */
export function lookOf(sink: Sink, ascii = false, env: Environment = process.env): Look {
  const isForced = env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false'
  const isForbidden = (env.NO_COLOR ?? '') !== '' || env.FORCE_COLOR === '0' || env.FORCE_COLOR === 'false'
  const isColoured = isForced || (!isForbidden && sink.isTTY === true && env.TERM !== 'dumb')
  const given = Number(env.COLUMNS ?? sink.columns)
  const columns = Number.isInteger(given) && given > 0 ? Math.max(given, 40) : 100
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || ''
  const isAscii = ascii || (locale !== '' && !/utf-?8/i.test(locale))
  return { columns, ascii: isAscii, ...(isColoured && { paint: coloured }) }
}
