/** Finds a BLAS of the system, by the names that it usually has, and calls it through koffi, which is optional. */

import { BackendError, type TypedArray } from '@sensigrad/core'

/** C = α A B + β C of `cblas.h`: its arguments in their order. */
export type Gemm = (
  ...of: [
    ...[order: number, transposesA: number, transposesB: number],
    ...[m: number, n: number, k: number],
    ...[alpha: number, a: TypedArray, leadingA: number],
    ...[b: TypedArray, leadingB: number],
    ...[beta: number, c: TypedArray, leadingC: number],
  ]
) => void

/** A BLAS that is loaded. */
export interface Library {
  /** For people: where it was loaded from, and on how many threads it runs. */
  readonly title: string
  readonly gemm: { readonly float32: Gemm; readonly float64: Gemm }
}

/** What is needed of koffi. */
export interface Koffi {
  load(path: string): { func(declaration: string): (...of: never[]) => unknown }
}

/** Names of every system, the fastest first: those of other systems are not found. */
const usualNames = [
  '/System/Library/Frameworks/Accelerate.framework/Accelerate',
  ...['libopenblas.so.0', 'libopenblas.so', 'libopenblas.dll', 'openblas.dll'],
  ...['libmkl_rt.so.2', 'libmkl_rt.so', 'mkl_rt.2.dll', 'mkl_rt.dll'],
  'libblis.so.4',
]

const setsThreads = ['openblas_set_num_threads', 'MKL_Set_Num_Threads']

/**
 * The library of this name, or else the first that is found.
 *
 * @param threads  on how many threads it is to run
 * @param bring    brings koffi
 * @returns the library, or what is missing and how to get it, in a few words
 * @throws BackendError when a library was named and cannot be used
 */
export async function findLibrary(
  named: string | undefined,
  threads: number,
  bring: () => Promise<Koffi> = bringKoffi,
): Promise<Library | string> {
  let koffi: Koffi
  try {
    koffi = await bring()
  } catch (error) {
    const missing = whyNotBrought(error)
    if (named === undefined) return missing
    throw new BackendError(
      'blas',
      `the library ${named} is called through koffi, and ${missing}`,
      'Or leave library out',
    )
  }
  if (named !== undefined) return open(koffi, named, threads)
  for (const name of usualNames) {
    try {
      return open(koffi, name, threads)
    } catch {} // not on this system, or without cblas: the next one
  }
  return 'no OpenBLAS, MKL, BLIS or Accelerate is found: install OpenBLAS, or name a library'
}

async function bringKoffi(): Promise<Koffi> {
  return (await import('koffi')).default
}

function whyNotBrought(error: unknown): string {
  const { code = '', message = String(error) } = error as { code?: string; message?: string }
  if (code.endsWith('MODULE_NOT_FOUND')) return 'koffi is not installed: npm install koffi'
  return `koffi cannot be loaded (${message.split('\n')[0]}): npm install koffi`
}

/** @throws BackendError when the library cannot be loaded or lacks products of matrices */
function open(koffi: Koffi, name: string, threads: number): Library {
  try {
    const library = koffi.load(name)
    const gemm = {
      float32: library.func(declarationOf('cblas_sgemm', 'float')) as Gemm,
      float64: library.func(declarationOf('cblas_dgemm', 'double')) as Gemm,
    }
    const run = runsOn(library, threads)
      ? `${threads} thread${threads === 1 ? '' : 's'}`
      : 'threads of its choice'
    return { title: `${name} on ${run}`, gemm }
  } catch (error) {
    throw new BackendError(
      'blas',
      `the library ${name} cannot be used (${(error as Error).message})`,
      'Give the path of one that has cblas_sgemm and cblas_dgemm, or leave library out',
    )
  }
}

function declarationOf(name: string, type: 'float' | 'double'): string {
  const sizes = 'int order, int transA, int transB, int m, int n, int k'
  const factors = `${type} alpha, const ${type} *a, int lda, const ${type} *b, int ldb`
  return `void ${name}(${sizes}, ${factors}, ${type} beta, ${type} *c, int ldc)`
}

/** Tells the library on how many threads to run; whether that can be told. */
function runsOn(library: ReturnType<Koffi['load']>, threads: number): boolean {
  return setsThreads.some(name => {
    try {
      const set = library.func(`void ${name}(int threads)`) as (threads: number) => void
      set(threads)
      return true
    } catch {
      return false // it has another name for it, or none
    }
  })
}
