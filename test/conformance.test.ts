/** The CPU backend keeps every promise of the contract, compiled and interpreted, and broken backends are caught. */
import { cpu } from '@sensigrad/backend-cpu'
import { type Backend, type DType, sizeOf, type View } from '@sensigrad/core'
import { conformance, type Subject } from '@sensigrad/testing'
import { describe, expect, test } from 'vitest'

describe.each([
  ['compiled', cpu()],
  ['interpreted', cpu({ compile: false })],
] as const)('the CPU backend, %s,', (_, backend) => {
  for (const { name, holds } of conformance(backend)) test(name, holds)
})

/** The view as it would be if strides did not exist. */
const straight = (view: View): View => ({
  ...view,
  strides: view.shape.map((_, axis) => sizeOf(view.shape.slice(axis + 1))),
})
const honest = cpu()

/** Mistakes that backends make, by kernel family. */
const mistakes: { kernel: Subject; mistake: string; broken: Partial<Backend> }[] = [
  { kernel: 'copy', mistake: 'ignores strides', broken: { copy: x => honest.copy(straight(x)) } },
  { kernel: 'copy', mistake: 'ignores offsets', broken: { copy: x => honest.copy({ ...x, offset: 0 }) } },
  {
    kernel: 'read',
    mistake: 'hands out its own memory',
    broken: { read: async x => x.storage as Float32Array },
  },
  {
    kernel: 'place',
    mistake: 'forgets the step',
    broken: {
      place: (x, shape, { start, step }) => honest.place(x, shape, { start, step: step.map(Math.sign) }),
    },
  },
  {
    kernel: 'concat',
    mistake: 'joins in reverse',
    broken: { concat: (xs, axis) => honest.concat([...xs].reverse(), axis) },
  },
  {
    kernel: 'cast',
    mistake: 'rounds instead of cutting off',
    broken: {
      cast(x, dtype) {
        const values = honest.readSync(x)
        return honest.cast(
          dtype === 'int32' ? { ...straight(x), storage: values.map(Math.round), offset: 0 } : x,
          dtype,
        )
      },
    },
  },
  {
    kernel: 'map',
    mistake: 'swaps operands that are not alike',
    broken: {
      map: (expression, inputs, shape, dtype) =>
        honest.map(
          expression,
          inputs.every(x => x.dtype === inputs[0]!.dtype) ? [...inputs].reverse() : inputs,
          shape,
          dtype,
        ),
    },
  },
  {
    kernel: 'reduce',
    mistake: 'takes the largest whatever is asked',
    broken: { reduce: (_, x, axes) => honest.reduce('max', x, axes) },
  },
  {
    kernel: 'reduce',
    mistake: 'loses NaN',
    broken: {
      reduce: (reduction, x, axes) => {
        const values = honest.readSync(x).map(value => (Number.isNaN(value) ? 0 : value))
        return honest.reduce(reduction, { ...straight(x), storage: values, offset: 0 }, axes)
      },
    },
  },
  {
    kernel: 'gather',
    mistake: 'ignores the strides of the indices',
    broken: {
      gather: (x, indices, axis) =>
        honest.gather(x, { ...indices, strides: indices.strides.map(() => 0) }, axis),
    },
  },
  {
    kernel: 'scatterAdd',
    mistake: 'overwrites instead of adding',
    broken: {
      scatterAdd(values, indices, axis, size) {
        const [v, i] = [honest.readSync(values), honest.readSync(indices)]
        if (values.shape.length !== 1) return honest.scatterAdd(values, indices, axis, size)
        const last = new Float64Array(size)
        for (const [k, at] of i.entries()) last[at] = v[k]!
        return honest.cast(
          { storage: last, dtype: 'float64', shape: [size], strides: [1], offset: 0 },
          values.dtype,
        )
      },
    },
  },
  {
    kernel: 'argReduce',
    mistake: 'finds the smallest whatever is asked',
    broken: { argReduce: (_, x, axis) => honest.argReduce('min', x, axis) },
  },
  {
    kernel: 'argSort',
    mistake: 'turns the ascending order round, and ties with it',
    broken: {
      argSort(x, axis, descending) {
        if (!descending || x.shape.length !== 1) return honest.argSort(x, axis, descending)
        return (honest.argSort(x, axis, false) as Int32Array).reverse()
      },
    },
  },
  {
    kernel: 'scan',
    mistake: 'takes factors for terms',
    broken: { scan: (factors, terms, axis) => honest.scan(terms, factors, axis) },
  },
  {
    kernel: 'contract',
    mistake: 'ignores the strides of the right factor',
    broken: { contract: (a, b) => honest.contract(a, straight(b)) },
  },
]

describe('a backend that is wrong is caught', () => {
  test.each(mistakes)('when its $kernel $mistake', async ({ kernel, broken }) => {
    const claims = conformance({ ...honest, ...broken }).filter(claim => claim.kernel === kernel)
    const outcomes = await Promise.allSettled(claims.map(claim => claim.holds()))
    expect(outcomes.map(outcome => outcome.status)).toContain('rejected')
  })

  test('when it lacks a kernel, by the name of the kernel', async () => {
    const { concat, ...without } = honest
    const claim = conformance(without as unknown as Backend).find(({ kernel }) => kernel === 'concat')
    await expect(claim!.holds()).rejects.toThrow('cpu has no kernel concat')
  })
})

describe('a backend that has fewer types', () => {
  const claimsWith = (...dtypes: DType[]) =>
    conformance({ ...honest, capabilities: { ...honest.capabilities, dtypes } }).map(({ name }) => name)

  test('is asked only about those', () => {
    expect(claimsWith('float32', 'bool').filter(name => /float64|int32/.test(name))).toEqual([])
    expect(claimsWith('float32', 'bool')).toContain('cast: gives the nearest value as bool (float32)')
  })

  test('is not asked for the results and conditions of a type that it lacks', () => {
    expect(claimsWith('float32')).toContain('map: evaluates tanh (float32)')
    expect(claimsWith('float32').filter(name => /evaluates (less|where) |as bool/.test(name))).toEqual([])
  })
})

test('what is no backend is refused', () => {
  expect(() => conformance(cpu as never)).toThrow(
    'conformance: a function is no backend. Give one with capabilities and kernels, such as cpu()',
  )
})
