/** A change and its parts while they are summed: of one step, or of all steps since the first. */

import type { ChangeRecord, NeuronChanges, PartRecord } from './data.ts'
import { add, dot, type Elements, norm, type Vector, zerosOf } from './vectors.ts'

/** The name of the part of the task. */
export const task = 'gradient'

/** Vectors that are summed by name. */
export class Sums {
  readonly #length: number
  readonly #sums = new Map<string, Vector>()

  constructor(length: number) {
    this.#length = length
  }

  add(name: string, x: Elements): void {
    let sum = this.#sums.get(name)
    if (sum === undefined) {
      sum = zerosOf(this.#length)
      this.#sums.set(name, sum)
    }
    add(sum, x)
  }

  addAll(sums: Sums): void {
    for (const [name, sum] of sums.all) this.add(name, sum)
  }

  get all(): ReadonlyMap<string, Vector> {
    return this.#sums
  }

  get(name: string): Vector {
    return this.#sums.get(name) ?? zerosOf(this.#length)
  }
}

/** The parts of a change, what momentum gave, and what the change would be without some stages. */
export class Changes {
  readonly parts: Sums
  readonly momentum: Vector
  readonly without: Sums

  constructor(length: number) {
    this.parts = new Sums(length)
    this.momentum = zerosOf(length)
    this.without = new Sums(length)
  }

  addAll(changes: Changes): void {
    this.parts.addAll(changes.parts)
    add(this.momentum, changes.momentum)
    this.without.addAll(changes.without)
  }

  /** @param change  the sum of the parts, as it was applied */
  record(change: Vector): ChangeRecord {
    const ofTask = this.parts.get(task)
    const part = (name: string, x: Vector): PartRecord => ({
      name,
      norm: norm(x),
      along: dot(x, change),
      withTask: dot(x, ofTask),
    })
    const all = (sums: Sums) => [...sums.all].map(([name, x]) => part(name, x))
    return {
      norm: norm(change),
      parts: all(this.parts),
      momentum: part('momentum', this.momentum),
      without: all(this.without),
    }
  }

  /** The same for each of some rows. */
  recordRows(change: Vector, rows: number): NeuronChanges {
    const parts = [...this.parts.all].map(([name, x]) => ({
      name,
      norm: rowNorms(x, rows),
      along: eachRow(x.length, rows, (from, to) => dot(x, change, from, to)),
    }))
    return { norm: rowNorms(change, rows), parts }
  }
}

/** The norm of each of some rows. */
export function rowNorms(x: Elements, rows: number): number[] {
  return eachRow(x.length, rows, (from, to) => norm(x, from, to))
}

function eachRow(length: number, rows: number, of: (from: number, to: number) => number): number[] {
  const width = rows === 0 ? 0 : length / rows
  return Array.from({ length: rows }, (_, row) => of(row * width, (row + 1) * width))
}
