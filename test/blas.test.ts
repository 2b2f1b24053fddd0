/** Products through BLAS are those of the backend that is wrapped, whichever matrices they are of, and BLAS may be missing. */
import { fc, test as property } from '@fast-check/vitest'
import { cpu } from '@sensigrad/backend-cpu'
import { wasm } from '@sensigrad/backend-wasm'
import { blas } from '@sensigrad/blas'
import { allocate, capture, type DType, grad, sizeOf, type Tensor, tensor, type View } from '@sensigrad/core'
import { conformance, gradcheck } from '@sensigrad/testing'
import { describe, expect, test } from 'vitest'
import { accelerated, type ReachableBackend } from '../packages/blas/src/accelerated.ts'
import { findLibrary, type Koffi, type Library } from '../packages/blas/src/library.ts'
import { gap } from './support/backend.ts'
import { loopLibrary } from './support/gemm.ts'
import { dense, numbers, put } from './support/wasm-views.ts'

const loops = loopLibrary()
const found = await findLibrary(undefined, 1)
const system = typeof found === 'string' ? undefined : found
const fast = await wasm()

/** Tests, which are skipped where the machine has no such library. */
function withLibrary(title: string, library: Library | undefined, tests: (library: Library) => void): void {
  if (library === undefined) test.skip(`products through ${title}: ${found}`, () => {})
  else describe(`products through ${title}`, () => tests(library))
}

/** How a matrix lies: what BLAS can take, and what it cannot. */
const taken = ['rows', 'columns', 'rows with gaps behind', 'columns with gaps behind', 'one matrix'] as const
const refused = ['gaps', 'backwards', 'overlapping', 'one row'] as const
type Lie = (typeof taken)[number] | (typeof refused)[number]

/** A view `[batch, rows, columns]` that lies so, with whole numbers, of which sums are exact. */
function matrix(on: ReachableBackend, dtype: DType, shape: Shape, lie: Lie, seed: number): View {
  const [, rows, columns] = shape
  const [wide, tall] = [columns + 3, rows + 3]
  const layouts: Record<Lie, readonly [strides: readonly number[], offset: number]> = {
    rows: [[rows * columns, columns, 1], 2],
    columns: [[rows * columns, 1, rows], 2],
    'rows with gaps behind': [[rows * wide, wide, 1], 1],
    'columns with gaps behind': [[columns * tall, 1, tall], 1],
    'one matrix': [[0, columns, 1], 5],
    gaps: [[2 * rows * columns, 2 * columns, 2], 1],
    backwards: [[rows * columns, columns, -1], columns - 1],
    overlapping: [[rows + columns, 1, 1], 0],
    'one row': [[columns, 0, 1], 3],
  }
  const [strides, offset] = layouts[lie]
  const last =
    offset + shape.reduce((sum, length, axis) => sum + (length - 1) * Math.max(0, strides[axis]!), 0)
  const storage = on.upload(numbers(dtype, last + 1, seed), dtype)
  return { storage, dtype, shape, strides, offset }
}
type Shape = readonly [number, number, number]

const side = fc.integer({ min: 2, max: 40 })
const sizes = fc.record({ batch: fc.integer({ min: 1, max: 3 }), m: side, k: side, n: side })
const floats = fc.constantFrom<DType>('float32', 'float64')
const lies = fc.constantFrom<Lie>(...taken, ...refused)

describe.each([
  ['typed arrays', cpu()],
  ['a WebAssembly memory', fast],
] as const)('on %s,', (_, memory) => {
  const accelerate = (library: Library, threshold = 0) =>
    accelerated(memory as ReachableBackend, library, threshold)

  for (const [title, library] of [
    ['plain loops', loops.library],
    ['the BLAS of this system', system],
  ] as const) {
    withLibrary(title, library, library => {
      const backend = accelerate(library)
      for (const { name, holds } of conformance(backend)) test(name, holds)

      property.prop([sizes, floats, lies, lies], { numRuns: 150 })(
        'are those of the backend alone, and nothing else is written',
        ({ batch, m, k, n }, dtype, left, right) => {
          const [product, wanted] = [backend, memory].map(on => {
            const into = {
              storage: on.upload(allocate(dtype, batch * m * n + 4).fill(Number.NaN), dtype),
              offset: 2,
            }
            const a = matrix(on, dtype, [batch, m, k], left, 1)
            on.contract(a, matrix(on, dtype, [batch, k, n], right, 2), into)
            return [...on.readSync(dense(into.storage, dtype, [batch * m * n + 4]))].map(value => value + 0) // -0 is 0
          })
          expect(product).toEqual(wanted)
        },
      )

      test('have right derivatives', () => {
        const draw = (seed: number, ...shape: number[]) =>
          tensor(
            Float64Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(1 + 12.9898 * i + seed)),
            { shape, backend },
          )
        const net = (x: Tensor, v: Tensor, w: Tensor) => x.matmul(v).tanh().matmul(w.transpose()).tanh()
        gradcheck(net, [draw(1, 4, 3), draw(2, 3, 5), draw(3, 2, 5)], { order: 2 })
      })

      test('are the same in captured steps', async () => {
        const step = (w: Tensor) => grad((w: Tensor) => w.matmul(w.transpose()).tanh().matmul(w).sum())(w)
        const w = tensor(
          Float64Array.from({ length: 40 }, (_, i) => Math.cos(i)),
          { shape: [5, 8], backend },
        )
        expect(gap(await capture(step)(w).data(), await step(w).data())).toBeLessThan(1e-14)
      })

      test('have the same bits each time', () => {
        const values = Float32Array.from({ length: 6400 }, (_, i) => Math.sin(1 + 12.9898 * i))
        const a = dense(backend.upload(values, 'float32'), 'float32', [80, 80])
        const product = () => backend.readSync(dense(backend.contract(a, a), 'float32', [80, 80]))
        expect(product()).toEqual(product())
      })
    })
  }

  test('BLAS gets every matrix that it can take, and no other', () => {
    const backend = accelerate(loops.library)
    const callsFor = (lie: Lie) => {
      loops.calls()
      const a = matrix(backend, 'float32', [3, 4, 5], lie, 1)
      const b = matrix(backend, 'float32', [3, 5, 4], 'rows', 2)
      backend.contract(a, b)
      return loops.calls()
    }
    expect(taken.map(callsFor)).toEqual(taken.map(() => 3))
    expect(refused.map(callsFor)).toEqual(refused.map(() => 0))
  })

  test('products below the threshold stay with the backend', () => {
    const backend = accelerate(loops.library, 4 * 5 * 6)
    expect([isAccelerated(backend, 4, 5, 6), isAccelerated(backend, 4, 6, 4)]).toEqual([true, false])
  })
})

/** Whether BLAS gets a product. */
function isAccelerated(backend: ReachableBackend, ...[m, k, n]: Shape): boolean {
  loops.calls()
  backend.contract(put(backend, 'float32', [m, k]), put(backend, 'float32', [k, n]))
  return loops.calls() > 0
}

test('unless a threshold is said, BLAS gets the products for which that pays', () => {
  const besideLoops = accelerated(cpu(), loops.library)
  expect([isAccelerated(besideLoops, 1, 64, 64), isAccelerated(besideLoops, 15, 16, 16)]).toEqual([
    true,
    false,
  ])
  const besideVectors = accelerated(fast, loops.library)
  const shapes: Shape[] = [
    [16, 64, 128],
    [15, 128, 128],
    [128, 15, 128],
    [128, 128, 15],
    [32, 32, 127],
  ]
  expect(shapes.map(shape => isAccelerated(besideVectors, ...shape))).toEqual([
    true,
    false,
    false,
    false,
    false,
  ])
})

describe('a bound product', () => {
  const backend = accelerated(fast, loops.library, 0)

  test('moves on at each step, in a memory that has grown since', () => {
    const steps = 3
    const a = put(backend, 'float64', [steps, 2, 3], 1)
    const b = put(backend, 'float64', [3, 4], 2)
    const into = { storage: backend.allocate('float64', steps * 8), offset: 0, advance: 8 }
    const one = { ...a, shape: [2, 3], strides: [3, 1], advance: 6 }
    const call = backend.bind('contract', one, b, into)
    const before = new Uint8Array(backend.locate(a.storage).buffer)
    backend.free(backend.allocate('float64', 2 * before.byteLength))
    expect(before.byteLength).toBe(0) // the memory lies elsewhere now
    loops.calls()
    for (let step = 0; step < steps; step++) call(step)
    expect(loops.calls()).toBe(steps)
    const wide = { ...b, shape: [steps, 3, 4], strides: [0, 4, 1] }
    expect(backend.readSync(dense(into.storage, 'float64', [steps, 2, 4]))).toEqual(
      fast.readSync(dense(fast.contract(a, wide), 'float64', [steps, 2, 4])),
    )
  })

  test('of tensors that were freed is refused', () => {
    const a = put(backend, 'float32', [4, 4])
    backend.free(a.storage)
    expect(() => backend.contract(a, a)).toThrow(/the memory of a tensor was given back with free/)
  })

  test('is left to the backend where other kernels or no destination are meant', () => {
    const a = put(backend, 'float32', [4, 4])
    expect(() => backend.bind('contract', a, a)).toThrow('bind: contract was given no destination')
  })
})

describe('where something is missing', () => {
  const refusing = async (): Promise<never> => {
    throw Object.assign(new Error("Cannot find package 'koffi'"), { code: 'ERR_MODULE_NOT_FOUND' })
  }
  /** A koffi that has these functions in libraries of these names. */
  const having = (libraries: Record<string, readonly string[]>) => async (): Promise<Koffi> => ({
    load(path) {
      if (!(path in libraries)) throw new Error('cannot open shared object file')
      return {
        func(declaration) {
          const name = /(\w+)\(/.exec(declaration)![1]!
          if (!libraries[path]!.includes(name)) throw new Error(`Cannot find function '${name}'`)
          return () => {}
        },
      }
    },
  })
  const gemms = ['cblas_sgemm', 'cblas_dgemm']

  test('products stay those of the backend, and info says why', async () => {
    const missing = await findLibrary(undefined, 1, refusing)
    const backend = accelerated(cpu(), missing, 0)
    expect(backend.info()).toEqual(['matrix products: no BLAS (koffi is not installed: npm install koffi)'])
    expect({ ...backend, info: undefined }).toEqual({ ...cpu(), info: undefined })
    expect(accelerated(fast, missing, 0).info()).toHaveLength(fast.info().length + 1)
  })

  test.each([
    [
      'koffi does not load',
      async () => Promise.reject(new Error('no native module')),
      /^koffi cannot be loaded \(no native module\): npm install koffi$/,
    ],
    [
      'there is no library',
      having({}),
      /^no OpenBLAS, MKL, BLIS or Accelerate is found: install OpenBLAS, or name/,
    ],
    ['a library lacks products', having({ 'libopenblas.so.0': ['cblas_sgemm'] }), /^no OpenBLAS/],
  ])('it is said in a few words when %s', async (_, bring, says) => {
    expect(await findLibrary(undefined, 1, bring)).toMatch(says)
  })

  test('the next library is tried', async () => {
    const bring = having({ 'libopenblas.so.0': [], 'libblis.so.4': gemms })
    expect(await findLibrary(undefined, 1, bring)).toMatchObject({
      title: 'libblis.so.4 on threads of its choice',
    })
  })

  test('a library that was named is an error', async () => {
    await expect(findLibrary('libmine.so', 1, refusing)).rejects.toThrow(
      'blas: the library libmine.so is called through koffi, and koffi is not installed: npm install koffi',
    )
    await expect(findLibrary('libmine.so', 1, having({}))).rejects.toThrow(
      'blas: the library libmine.so cannot be used (cannot open shared object file). Give the path of one that has cblas_sgemm and cblas_dgemm, or leave library out',
    )
    await expect(findLibrary('libmine.so', 1, having({ 'libmine.so': [] }))).rejects.toThrow(
      "blas: the library libmine.so cannot be used (Cannot find function 'cblas_sgemm')",
    )
  })
})

describe('threads', () => {
  test('are told to a library that can be told', async () => {
    const told: number[] = []
    const koffi = { load: () => ({ func: () => (threads: number) => told.push(threads) }) }
    expect(await findLibrary('libmine.so', 2, async () => koffi)).toMatchObject({
      title: 'libmine.so on 2 threads',
    })
    expect(told).toEqual([2])
  })
})

describe('options', () => {
  test('make sense alone', async () => {
    const backend = await blas({ backend: cpu() })
    expect(backend.info()).toEqual([
      expect.stringMatching(/^matrix products: (no BLAS \(|large ones through .* on 1 thread$)/),
    ])
  })

  test.each([
    [undefined, 'blas: the options are undefined. Give { backend: await wasm() }'],
    [{ backend: cpu }, 'blas: backend is a function. Give cpu() or await wasm()'],
    [{ backend: cpu(), threads: 0 }, 'blas: threads is 0. Give a whole number from 1'],
    [
      { backend: cpu(), threshold: Number.NaN },
      'blas: threshold is NaN. Give a number of multiplications, 0 for all',
    ],
    [
      { backend: { ...cpu(), name: 'far', allocate: () => ({}) } },
      'blas: native code cannot reach the memory of far.',
    ],
    [{ backend: cpu(), library: 'no/such/library' }, 'blas: the library no/such/library'],
  ])('that make no sense are refused: %o', async (options, message) => {
    await expect(blas(options as never)).rejects.toThrow(message)
  })
})
