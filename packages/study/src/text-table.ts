/** Tables on a terminal: plain text, without colours or boxes. */

import CliTable from 'cli-table3'

const sides = ['top', 'bottom', 'left', 'right', 'mid'] as const
const joints = ['top-mid', 'top-left', 'top-right', 'bottom-mid', 'bottom-left', 'bottom-right'] as const
const crossings = ['left-mid', 'mid-mid', 'right-mid'] as const
const nothing = Object.fromEntries([...sides, ...joints, ...crossings].map(part => [part, '']))

/** Rows of cells, the first column to the left and the others to the right. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const table = new CliTable({
    chars: { ...nothing, middle: '  ' },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    colAligns: (rows[0] ?? []).map((_, column) => (column === 0 ? 'left' : 'right')),
  })
  table.push(...rows.map(row => [...row]))
  return table.toString()
}
