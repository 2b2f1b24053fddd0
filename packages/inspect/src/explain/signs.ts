/** Signs for verdicts, and what stands for our signs where a terminal has ASCII only. */

import type { Tone } from '../text.ts'
import type { Verdict } from './judge.ts'

/** The sign of each verdict: what a colour says, a sign says too. */
export const signOf: Readonly<Record<Verdict, string>> = {
  right: '✓',
  wrong: '✗',
  noise: '~',
  'not-differentiable': '∅',
  'not-checked': '·',
}

/** How each verdict is coloured. */
export const toneOf: Readonly<Record<Verdict, Tone>> = {
  right: 'good',
  wrong: 'bad',
  noise: 'warning',
  'not-differentiable': 'warning',
  'not-checked': 'faint',
}

const replacements: readonly (readonly [sign: string, plain: string])[] = [
  ['x̄', 'dx'],
  ['ȳ', 'dy'],
  ['ā', 'da'],
  ['b̄', 'db'],
  ['²', '^2'],
  ['ᵀ', "'"],
  ['Σ', 'sum'],
  ['·', '*'],
  ['✓', 'ok'],
  ['✗', 'WRONG'],
  ['∅', 'none'],
  ['→', '->'],
  ['∞', 'Inf'],
  ['≤', '<='],
  ['…', '...'],
  ['×', 'x'],
  ['∨', 'or'],
  ['∧', 'and'],
]

/** A text without our signs beyond ASCII. Names keep theirs. */
export function plainSigns(text: string): string {
  return replacements.reduce((plain, [sign, instead]) => plain.replaceAll(sign, instead), text)
}
