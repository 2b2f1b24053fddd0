/** JSON that keeps the numbers which JSON lacks: -Infinity, Infinity and NaN become these words as strings. */

/** One line a top-level field would be too long and one a number too many, so objects indent and numbers do not. */
export function toJson(value: unknown): string {
  return `${write(value, '')}\n`
}

function write(value: unknown, indent: string): string {
  if (typeof value === 'number') return Number.isFinite(value) ? JSON.stringify(value) : `"${value}"`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const inner = `${indent}  `
  if (Array.isArray(value)) {
    if (value.every(item => item === null || typeof item !== 'object')) {
      return `[${value.map(item => write(item, inner)).join(', ')}]`
    }
    return block(
      '[',
      ']',
      value.map(item => write(item, inner)),
      indent,
    )
  }
  const fields = Object.entries(value).filter(([, field]) => field !== undefined)
  return block(
    '{',
    '}',
    fields.map(([key, field]) => `${JSON.stringify(key)}: ${write(field, inner)}`),
    indent,
  )
}

function block(open: string, close: string, items: string[], indent: string): string {
  return items.length === 0
    ? open + close
    : `${open}\n${items.map(item => `${indent}  ${item}`).join(',\n')}\n${indent}${close}`
}
