/** Works out a formula as it is printed, so that what is printed can be held against what was computed. */
import { scalarReference } from '@sensigrad/testing'

/** What binds operands, from the loosest on. */
const levels: readonly Readonly<Record<string, (a: number, b: number) => number>>[] = [
  { '∨': (a, b) => Number(a !== 0 || b !== 0) },
  { '∧': (a, b) => Number(a !== 0 && b !== 0) },
  { '<': (a, b) => Number(a < b), '≤': (a, b) => Number(a <= b), '=': (a, b) => Number(a === b) },
  { '+': (a, b) => a + b, '-': (a, b) => a - b },
  { '*': (a, b) => a * b, '/': (a, b) => a / b },
]

/** The value of a formula over numbers: `-0.8026 * (1 - 0.1974²)`. */
export function evaluateFormula(text: string): number {
  const tokens = text.match(/\d+(?:\.\d+)?(?:e[+-]\d+)?|[A-Za-z]\w*|[^\s\w]/g) ?? []
  let place = 0
  const infix = (level: number): number => {
    if (level === levels.length) return signed()
    let value = infix(level + 1)
    for (let known = levels[level]![tokens[place]!]; known; known = levels[level]![tokens[place]!]) {
      place++
      value = known(value, infix(level + 1))
    }
    return value
  }
  const signed = (): number => {
    if (tokens[place] !== '-') return power()
    place++
    return -signed()
  }
  const power = (): number => {
    let value = primary()
    for (; tokens[place] === '²'; place++) value *= value
    return value
  }
  const primary = (): number => {
    const token = tokens[place++]!
    if (token === '(') return closed(infix(0))
    if (/^\d/.test(token) || token === 'NaN' || token === 'Infinity') return Number(token)
    const operands: number[] = []
    for (place++; tokens[place - 1] !== ')'; place++) operands.push(infix(0))
    const [a = 0, b = 0, c = 0] = operands
    return Number(scalarReference[token as keyof typeof scalarReference](a, b, c))
  }
  const closed = (value: number): number => {
    place++
    return value
  }
  return infix(0)
}
