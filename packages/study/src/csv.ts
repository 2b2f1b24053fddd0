/** Tables as comma-separated text (RFC 4180), numbers to their last digit. */

export type Cell = string | number | null

/**
 * A table with a header line. Lines end in \n; null is an empty cell; numbers round-trip exactly, infinite ones
 * are written as -Infinity, which R and pandas read as a number.
 *
 * @example csv(['step', 'lyapunov'], [[0, -1.2]]) // 'step,lyapunov\n0,-1.2\n'
 */
export function csv(header: readonly string[], rows: Iterable<readonly Cell[]>): string {
  const lines = [header.map(quoted).join(',')]
  for (const row of rows) lines.push(row.map(quoted).join(','))
  return `${lines.join('\n')}\n`
}

function quoted(cell: Cell): string {
  const text = cell === null ? '' : String(cell)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
