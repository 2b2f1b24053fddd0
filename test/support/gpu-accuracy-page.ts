/** The table of docs/gpu-accuracy.md: a line for each operation, with its errors in each mode. */
import { type Measured, measuredNames, refused } from './gpu-accuracy.ts'

/** The modes, in the order of the table's columns. */
export const modes = ['webgl2', 'webgpu', 'webasm'] as const

/** What stands in the place of numbers where an operation is refused. */
const instead = (name: string) => (name === 'maskedSelect' ? 'look at values first' : 'on the host')

/** The table, in Markdown. */
export function accuracyTable(
  measured: Readonly<Record<(typeof modes)[number], readonly Measured[]>>,
): string {
  const rows = measuredNames().map(name => {
    const cells = modes.flatMap(mode => {
      if (Object.hasOwn(refused, name)) return [instead(name), '']
      const found = measured[mode].find(each => each.name === name)
      if (found === undefined) throw new Error(`${name} was not measured on ${mode}`)
      return [inDigits(found.value), found.gradient === undefined ? '' : inDigits(found.gradient)]
    })
    return `| \`${name}\` | ${cells.join(' | ')} |`
  })
  const head = modes.map(mode => `${mode}: value | gradient`)
  return [`| | ${head.join(' | ')} |`, `|---${'|---'.repeat(2 * modes.length)}|`, ...rows].join('\n')
}

/** An error with one digit, never rounded down. */
function inDigits(error: number): string {
  if (error === 0) return '0'
  const size = 10 ** Math.floor(Math.log10(error))
  return (Math.ceil(error / size) * size).toExponential(0)
}

/** The lines of the table on a page: the operation, and its errors. */
export function rowsOf(page: string): { name: string; values: number[]; gradients: number[] }[] {
  return [...page.matchAll(/^\| `(\w+)` \| (.*) \|$/gm)].map(([, name, rest]) => {
    const cells = rest!.split('|').map(cell => cell.trim())
    const numbers = (of: number) =>
      cells.filter((cell, i) => i % 2 === of && /^\d/.test(cell)).map(cell => Number(cell))
    return { name: name!, values: numbers(0), gradients: numbers(1) }
  })
}
