/** How measurements read: tables in plain text, and numbers with a unit that fits. */

import CliTable from 'cli-table3'

/** A table without colours or boxes; all columns but the first are aligned to the right. */
export function plainTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return table(head, rows, { ...nothing, middle: '  ' }, 1)
}

/**
 * A table that is Markdown as it stands, for a page, and reads well on a terminal.
 *
 * @param left  how many columns are aligned to the left
 */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  left: number,
): string {
  const rule = head.map((_, column) => (column < left ? '---' : '---:'))
  return table(head, [rule, ...rows], { ...nothing, left: '| ', middle: ' | ', right: ' |' }, left)
}

function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  chars: Readonly<Record<string, string>>,
  left: number,
): string {
  const drawn = new CliTable({
    chars,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    colAligns: head.map((_, column) => (column < left ? 'left' : 'right')),
  })
  drawn.push(...[head, ...rows].map(cells => [...cells]))
  return drawn.toString()
}

/** Seconds as people read them: `2.1 ms`. */
export const duration = (seconds: number | null): string =>
  scaled(seconds, [
    [1, 's'],
    [1e-3, 'ms'],
    [1e-6, 'µs'],
  ])

/** Bytes as people read them: `1.4 MB`. */
export const size = (bytes: number | null): string =>
  scaled(bytes, [
    [1e9, 'GB'],
    [1e6, 'MB'],
    [1e3, 'kB'],
    [1, 'B'],
  ])

/** Three digits and the largest unit that is not too large. */
function scaled(value: number | null, units: readonly (readonly [factor: number, unit: string])[]): string {
  if (value === null) return '–'
  const [factor, unit] = units.find(([factor]) => Math.abs(value) >= factor) ?? units.at(-1)!
  const scaled = value / factor
  return `${Number(scaled.toPrecision(3)).toLocaleString('en-US')} ${unit}`.replace('-', '−')
}

const sides = ['top', 'bottom', 'left', 'right', 'mid'] as const
const joints = ['top-mid', 'top-left', 'top-right', 'bottom-mid', 'bottom-left', 'bottom-right'] as const
const crossings = ['left-mid', 'mid-mid', 'right-mid'] as const
const nothing = Object.fromEntries([...sides, ...joints, ...crossings].map(part => [part, '']))
