/** Jobs too long for one kernel, or for one loop: what the small draws of the conformance tests do not reach. */
import { contiguousStrides, type DType, expressions, type View } from '@sensigrad/core'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Gpu, type GpuLibrary, loadLibrary } from '../gpu-library.ts'
import { argReduceJob } from './arg-reduce.ts'
import { argSortJob } from './arg-sort.ts'
import { concatJob } from './concat.ts'
import { contractJob } from './contract.ts'
import { mapJob } from './elements.ts'
import { isJob, type Job } from './job.ts'
import { reduceJob } from './reduce.ts'
import { scanJob } from './scan.ts'
import { scatterAddJob } from './scatter-add.ts'

let library: GpuLibrary
let gpu: Gpu
beforeAll(async () => {
  library = await loadLibrary()
  gpu = new library.GPU({ mode: 'webasm' })
})

/** Every job that a job needs, itself included. */
function all(job: Job, found = new Set<Job>()): Set<Job> {
  for (const read of job.reads) if (isJob(read)) all(read, found)
  return found.add(job)
}

/** What a job gives. Its kernels read arrays, which are the storage of the views. */
async function run(job: Job): Promise<Float32Array> {
  const done = new Map<Job, Float32Array>()
  for (const each of all(job)) {
    const of = each.reads.map(read =>
      isJob(read)
        ? { values: done.get(read)!, offset: 0 }
        : { values: read.storage as Float32Array, offset: read.offset },
    )
    const kernel = gpu.createKernel(each.source, {
      output: [each.length],
      precision: 'single',
      tactic: 'precision',
      pipeline: true,
      immutable: true,
      loopMaxIterations: 2 ** 24,
    })
    const given = of.flatMap(({ values, offset }) => [new library.Input(values, [values.length]), offset])
    done.set(each, Float32Array.from((await kernel(...given, ...each.numbers)) as Float32Array))
    kernel.destroy()
  }
  return done.get(job)!
}

/** A row-major view of values that a rule gives. */
function view(shape: readonly number[], value: (place: number) => number, dtype: DType = 'float32'): View {
  const length = shape.reduce((a, b) => a * b, 1)
  const storage = Float32Array.from({ length }, (_, i) => value(i))
  return { storage, dtype, shape, strides: contiguousStrides(shape), offset: 0 }
}

const valuesOf = ({ storage }: View) => [...(storage as Float32Array)]
/** Numbers without a pattern, in [0, 1). */
const scattered = (i: number) => Math.fround((Math.sin(i * 12.9898) * 43758.5453) % 1) ** 2
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)

describe('a fold of many terms', () => {
  test('is made of parts that are folded first', () => {
    expect(all(reduceJob('sum', view([3000, 2], scattered), [0])).size).toBe(2)
    expect(all(reduceJob('sum', view([200_000], scattered), [0])).size).toBe(3)
    expect(all(reduceJob('sum', view([500, 2], scattered), [0])).size).toBe(1)
  })
  test.each([65, 511, 513, 3000, 200_001])('sums %d terms to a few units in the last place', async count => {
    const terms = view([count], scattered)
    const [found] = await run(reduceJob('sum', terms, [0]))
    const wanted = sum(valuesOf(terms))
    expect(Math.abs(found! - wanted) / wanted).toBeLessThan(2e-6)
  })
  test.each([
    [2, 20],
    [5, 70],
    [30, 41],
  ])('sums over axes of %d and %d that do not lie together', async (outer, inner) => {
    const x = view([outer, 3, inner], scattered)
    const found = await run(reduceJob('sum', x, [0, 2]))
    const wanted = [0, 1, 2].map(k => sum(valuesOf(x).filter((_, i) => Math.floor(i / inner) % 3 === k)))
    wanted.forEach((value, k) => {
      expect(Math.abs(found[k]! - value) / value).toBeLessThan(2e-6)
    })
  })
  test.each(['max', 'min'] as const)('finds the %s, in the last part too', async which => {
    const edge = which === 'max' ? 5 : -5
    for (const place of [0, 1234, 2999]) {
      const x = view([3000], i => (i === place ? edge : scattered(i)))
      expect([...(await run(reduceJob(which, x, [0])))]).toEqual([edge])
    }
  })
  test('finds the largest of numbers that are all below zero', async () => {
    expect([
      ...(await run(
        reduceJob(
          'max',
          view([3, 700], i => -1 - i),
          [1],
        ),
      )),
    ]).toEqual([-1, -701, -1401])
  })
  test('multiplies matrices of many inner elements', async () => {
    const [a, b] = [view([2, 1500], scattered), view([1500, 3], i => scattered(i + 7))]
    const found = await run(contractJob(a, b))
    const [x, y] = [valuesOf(a), valuesOf(b)]
    for (let i = 0; i < 6; i++) {
      const [row, column] = [Math.floor(i / 3), i % 3]
      const wanted = sum(Array.from({ length: 1500 }, (_, k) => x[row * 1500 + k]! * y[k * 3 + column]!))
      expect(Math.abs(found[i]! - wanted) / wanted).toBeLessThan(2e-6)
    }
  })
  test('adds many values at few indices', async () => {
    const values = view([2000, 2], i => i % 5)
    const indices = view([2000, 2], i => Math.floor(i / 2) % 3, 'int32')
    const wanted = [0, 0, 0, 0, 0, 0]
    valuesOf(values).forEach((value, i) => {
      wanted[(Math.floor(i / 2) % 3) * 2 + (i % 2)]! += value
    })
    expect([...(await run(scatterAddJob(values, indices, 0, 3)))]).toEqual(wanted)
  })
})

describe('an extremum of many', () => {
  test.each(['max', 'min'] as const)(
    '%s stands where it stands, the first of those that tie',
    async which => {
      const edge = which === 'max' ? 9 : -9
      const x = view([2, 3000], i => (i === 700 || i === 2500 || i === 3000 + 2999 ? edge : scattered(i)))
      expect([...(await run(argReduceJob(which, x, 1)))]).toEqual([700, 2999])
    },
  )
  test('is looked for again among what the parts found, however many', async () => {
    const x = view([200_000], i => (i === 150_001 ? 2 : scattered(i)))
    const job = argReduceJob('max', x, 0)
    expect(all(job).size).toBe(3)
    expect([...(await run(job))]).toEqual([150_001])
  })
})

describe('a sort', () => {
  test.each([
    [300, false],
    [300, true],
    [2049, false],
    [2049, true],
  ])('of %d elements, down: %s, is stable', async (length, descending) => {
    const x = view([2, length], i => Math.floor(scattered(i) * 50))
    const found = await run(argSortJob(x, 1, descending))
    const values = valuesOf(x)
    for (const line of [0, 1]) {
      const at = (i: number) => values[line * length + i]!
      const wanted = Array.from({ length }, (_, i) => i).sort((i, k) =>
        at(i) === at(k) ? i - k : descending ? at(k) - at(i) : at(i) - at(k),
      )
      expect([...found.slice(line * length, (line + 1) * length)]).toEqual(wanted)
    }
  })
})

describe('a recurrence', () => {
  test.each([1, 64, 65, 128, 129, 1000])('over %d elements', async length => {
    const factors = view([2, length, 2], i => 1.2 * scattered(i))
    const terms = view([2, length, 2], i => scattered(i + 3) - 0.3)
    const found = await run(scanJob(factors, terms, 1))
    const [f, t] = [valuesOf(factors), valuesOf(terms)]
    const wanted = [...t]
    wanted.forEach((_, i) => {
      if (Math.floor(i / 2) % length > 0) wanted[i] = f[i]! * wanted[i - 2]! + t[i]!
    })
    found.forEach((value, i) => {
      expect(Math.abs(value - wanted[i]!)).toBeLessThan(1e-5 * Math.max(1, Math.abs(wanted[i]!)))
    })
  })
  test('of factors whose product overflows stays 0 while the terms are', async () => {
    const terms = view([300], i => (i === 299 ? 1 : 0))
    const found = await run(
      scanJob(
        view([300], () => 4),
        terms,
        0,
      ),
    )
    expect([...found]).toEqual(valuesOf(terms))
  })
})

describe('more inputs than a kernel reads', () => {
  const { e, input } = expressions
  const many = (count: number) => Array.from({ length: count }, (_, k) => view([3], i => 10 * k + i))
  test.each([7, 8, 9, 20, 60])('%d are mapped', async count => {
    const terms = many(count).map((_, k) => e.mul(input(k), k + 1))
    const weighted = terms.reduce((a, b) => e.add(a, b))
    const views = many(count)
    views[count - 1] = { ...views[count - 1]!, strides: [0], offset: 2 } // broadcast
    const wanted = [0, 1, 2].map(i =>
      sum(views.map((_, k) => (k + 1) * (10 * k + (k === count - 1 ? 2 : i)))),
    )
    const job = mapJob(weighted, views, [3])
    expect([...(await run(job))]).toEqual(wanted)
    for (const each of all(job)) expect(each.reads.length).toBeLessThanOrEqual(7)
  })
  test.each([7, 8, 50])('%d are joined', async count => {
    const views = many(count)
    const job = concatJob(views, 0)
    expect([...(await run(job))]).toEqual(views.flatMap(valuesOf))
    for (const each of all(job)) expect(each.reads.length).toBeLessThanOrEqual(7)
  })
  test('those that an expression does not read are not read', () => {
    expect(mapJob(e.exp(input(8)), many(9), [3]).reads).toHaveLength(1)
  })
})

test('kernels that differ in offsets or steps only share their text', () => {
  const x = view([10], i => i)
  const part = (offset: number): View => ({ ...x, shape: [4], offset })
  const { e, input } = expressions
  const sources = [0, 5].map(offset => mapJob(e.exp(input(0)), [part(offset)], [4]).source)
  expect(new Set(sources).size).toBe(1)
  const rounds = [...all(argSortJob(view([5000], scattered), 0, false))]
  expect(new Set(rounds.map(({ source }) => source)).size).toBeLessThan(5)
})
