/** A BLAS of plain loops, as strict as a real one about what it is given, which also counts its products. */
import type { TypedArray } from '@sensigrad/core'
import type { Gemm, Library } from '../../packages/blas/src/library.ts'

const [rowMajor, asItIs, transposed] = [101, 111, 112]

/** A library, and how often it was called since last asked. */
export function loopLibrary(): { readonly library: Library; readonly calls: () => number } {
  let count = 0
  // biome-ignore format: as in cblas.h
  const gemm: Gemm = (order, flagA, flagB, m, n, k, alpha, a, leadingA, b, leadingB, beta, c, leadingC) => {
    count++
    if (order !== rowMajor || leadingC < Math.max(1, n)) throw new Error('gemm: illegal product')
    const x = elementOf(a, flagA, m, k, leadingA)
    const y = elementOf(b, flagB, k, n, leadingB)
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        let total = 0
        for (let p = 0; p < k; p++) total += x(i, p) * y(p, j)
        c[i * leadingC + j] = alpha * total + (beta === 0 ? 0 : beta * c[i * leadingC + j]!)
      }
  }
  const calls = () => {
    const since = count
    count = 0
    return since
  }
  return { library: { title: 'loops', gemm: { float32: gemm, float64: gemm } }, calls }
}

/** How an element is found; @throws Error where `xerbla` would end the process, and where a read is out of bounds */
function elementOf(values: TypedArray, flag: number, rows: number, columns: number, leading: number) {
  const length = flag === asItIs ? columns : rows
  if ((flag !== asItIs && flag !== transposed) || leading < Math.max(1, length)) {
    throw new Error(`gemm: illegal factor, leading dimension ${leading} of ${rows} × ${columns}`)
  }
  return (i: number, j: number) => {
    const value = values[flag === asItIs ? i * leading + j : j * leading + i]
    if (value === undefined) throw new Error('gemm: beyond the end')
    return value
  }
}
