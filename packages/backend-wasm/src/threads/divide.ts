/**
 * How calls of kernels are cut into parts: products by rows, or by columns where there is one row; maps by rows, or along
 * the one row that there is. Each element is computed as in the whole call, so the bits are the same.
 */

import type { Code } from '../kernels.ts'
import type { Job, Pool } from './pool.ts'

/** Parts of a row begin where whole vectors do, whatever the type: some functions look at all lanes of a vector. */
const vectorElements = 16

/** Products have a multiple of so many rows, as tiles do, or of so many columns. */
const [tileRows, tileColumns] = [4, 56]

/** A product: what a job has, and how its arguments move for each row, column and part. */
export interface Product extends Pick<Job, 'call' | 'kernel' | 'work'> {
  /** How many rows and columns it has: its first argument and its third. */
  readonly rows: number
  readonly columns: number
  readonly byRow: readonly number[]
  readonly byColumn: readonly number[]
  readonly byPart: readonly number[]
}

/** What runs a product with its arguments: threads, or the kernel itself where it cannot be cut. */
export function divideProduct(pool: Pool, product: Product): Job['call'] {
  const { call, kernel, work, rows, columns, byPart } = product
  const [whole, grain, by] =
    rows > 1 ? [rows, tileRows, product.byRow] : [columns, tileColumns, product.byColumn]
  const each = pool.eachOf(whole, grain)
  if (each === whole) return call
  const moves = by.map((step, i) => step * each + byPart[i]!)
  const divided = rows > 1 ? 0 : 2
  return (...numbers) => pool.run({ call, kernel, numbers, moves, divided, each, work }, 'contract')
}

/** Runs an emitted kernel on all threads, if that is worth while; tells whether it did. Arguments are those of `Run`. */
export function runMapDivided(
  pool: Pool,
  code: Code,
  rows: number,
  count: number,
  addresses: readonly number[],
  steps: readonly number[],
): boolean {
  const work = rows * count * code.weight
  if (work < pool.least) return false
  const isOneRow = rows === 1
  const [whole, grain, divided] = isOneRow ? [count, vectorElements, 1] : [rows, 1, 0]
  const each = pool.eachOf(whole, grain)
  const { inputBytes, outputBytes } = code
  if (each === whole || !pool.takes(3 + 2 * inputBytes.length, code)) return false
  const numbers = [rows, count, addresses[0]!]
  const moves = [0, 0, each * outputBytes * (isOneRow ? 1 : count)]
  for (let i = 0; i < inputBytes.length; i++) {
    numbers.push(addresses[i + 1]!, steps[i]!)
    moves.push(each * (isOneRow ? inputBytes[i]! : steps[i]!), 0)
  }
  pool.run({ call: code.call, kernel: code, numbers, moves, divided, each, work }, 'map')
  return true
}
