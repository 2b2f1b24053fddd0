/** Calls of emitted kernels, their arguments written out: to spread them costs more than the call. */

/** Calls the kernel at a place of the table, with rows, elements of a row, and then addresses and steps. */
export type Invoke = (place: number, rows: number, count: number, ...numbers: number[]) => void

/**
 * Runs a kernel: `addresses` are where the output and then each input begins, `steps` how the rows of each input
 * advance, in bytes.
 */
export type Run = (
  invoke: Invoke,
  place: number,
  rows: number,
  count: number,
  addresses: readonly number[],
  steps: readonly number[],
) => void

/** By the number of inputs. */
// biome-ignore format: a table
export const runs: readonly Run[] = [
  (call, k, r, n, a) => call(k, r, n, a[0]!),
  (call, k, r, n, a, s) => call(k, r, n, a[0]!, a[1]!, s[0]!),
  (call, k, r, n, a, s) => call(k, r, n, a[0]!, a[1]!, s[0]!, a[2]!, s[1]!),
  (call, k, r, n, a, s) => call(k, r, n, a[0]!, a[1]!, s[0]!, a[2]!, s[1]!, a[3]!, s[2]!),
  (call, k, r, n, a, s) => call(k, r, n, a[0]!, a[1]!, s[0]!, a[2]!, s[1]!, a[3]!, s[2]!, a[4]!, s[3]!),
  (call, k, r, n, a, s) => call(k, r, n, a[0]!, a[1]!, s[0]!, a[2]!, s[1]!, a[3]!, s[2]!, a[4]!, s[3]!, a[5]!, s[4]!),
  (call, k, r, n, a, s) => call(
    k, r, n, a[0]!, a[1]!, s[0]!, a[2]!, s[1]!, a[3]!, s[2]!, a[4]!, s[3]!, a[5]!, s[4]!, a[6]!, s[5]!),
  (call, k, r, n, a, s) => call(
    k, r, n, a[0]!, a[1]!, s[0]!, a[2]!, s[1]!, a[3]!, s[2]!, a[4]!, s[3]!, a[5]!, s[4]!, a[6]!, s[5]!, a[7]!,
    s[6]!),
  (call, k, r, n, a, s) => call(
    k, r, n, a[0]!, a[1]!, s[0]!, a[2]!, s[1]!, a[3]!, s[2]!, a[4]!, s[3]!, a[5]!, s[4]!, a[6]!, s[5]!, a[7]!,
    s[6]!, a[8]!, s[7]!),
  (call, k, r, n, a, s) => call(
    k, r, n, a[0]!, a[1]!, s[0]!, a[2]!, s[1]!, a[3]!, s[2]!, a[4]!, s[3]!, a[5]!, s[4]!, a[6]!, s[5]!, a[7]!,
    s[6]!, a[8]!, s[7]!, a[9]!, s[8]!),
  (call, k, r, n, a, s) => call(
    k, r, n, a[0]!, a[1]!, s[0]!, a[2]!, s[1]!, a[3]!, s[2]!, a[4]!, s[3]!, a[5]!, s[4]!, a[6]!, s[5]!, a[7]!,
    s[6]!, a[8]!, s[7]!, a[9]!, s[8]!, a[10]!, s[9]!),
  (call, k, r, n, a, s) => call(
    k, r, n, a[0]!, a[1]!, s[0]!, a[2]!, s[1]!, a[3]!, s[2]!, a[4]!, s[3]!, a[5]!, s[4]!, a[6]!, s[5]!, a[7]!,
    s[6]!, a[8]!, s[7]!, a[9]!, s[8]!, a[10]!, s[9]!, a[11]!, s[10]!),
  (call, k, r, n, a, s) => call(
    k, r, n, a[0]!, a[1]!, s[0]!, a[2]!, s[1]!, a[3]!, s[2]!, a[4]!, s[3]!, a[5]!, s[4]!, a[6]!, s[5]!, a[7]!,
    s[6]!, a[8]!, s[7]!, a[9]!, s[8]!, a[10]!, s[9]!, a[11]!, s[10]!, a[12]!, s[11]!),
]
