/**
 * The text of a kernel, statement by statement. gpu.js reads a small part of JavaScript: every value is a float, loop
 * bounds are literals, and two variables never share a name, not even in neighbouring loops.
 */

import { BackendError, type View } from '@sensigrad/core'
import type { Job } from './job.ts'

/** The largest float32. Infinity is written as this: shading languages have no literal for it. */
export const largest = (2 - 2 ** -23) * 2 ** 127

/** What needs no name, since to write it twice costs nothing: a name, or a number. */
const plain = /^([\w.]+|\(-[\w.]+\))$/

/** A kernel's text in the making. */
export class Text {
  /** The place of the element that is asked for, as a float. */
  readonly element: string
  readonly #lines: string[] = []
  #names = 0

  constructor() {
    this.element = this.name()
    this.line(`const ${this.element} = this.thread.x;`)
  }

  /** Computes an expression here, once, and gives its name. */
  value(expression: string): string {
    if (plain.test(expression)) return expression
    const name = this.name()
    this.line(`const ${name} = ${expression};`)
    return name
  }

  /** A value that later lines change. */
  variable(start: string): string {
    const name = this.name()
    this.line(`let ${name} = ${start};`)
    return name
  }

  /** Lines that run `count` times, with the number of the round, from 0. */
  loop(count: number, body: (round: string) => void): void {
    const round = this.name()
    this.line(`for (let ${round} = 0; ${round} < ${count}; ${round}++) {`)
    body(round)
    this.line('}')
  }

  /** Lines that run where a condition holds. */
  when(condition: string, body: () => void): void {
    this.line(`if (${condition}) {`)
    body()
    this.line('}')
  }

  line(statement: string): void {
    this.#lines.push(statement)
  }

  /** The whole, with the expression that it gives, as a job. */
  job(result: string, length: number, reads: readonly (View | Job)[], numbers: readonly number[] = []): Job {
    const names = [...reads.flatMap((_, i) => [`a${i}`, `o${i}`]), ...numbers.map((_, i) => `n${i}`)]
    const source = `function(${names.join(', ')}) {\n${this.#lines.join('\n')}\nreturn ${result};\n}`
    return { source, length, reads, numbers }
  }

  name(): string {
    return `v${this.#names++}`
  }
}

/**
 * A number as kernels write it.
 *
 * @throws BackendError for NaN, which no shading language can write
 */
export function literal(value: number): string {
  if (Number.isNaN(value)) {
    throw new BackendError(
      'map',
      'an expression holds the constant NaN, which gpujs cannot write',
      'Use cpu() for it',
    )
  }
  const written = String(Math.min(Math.abs(value), largest))
  return value < 0 ? `(-${written})` : written
}
