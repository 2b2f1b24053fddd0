/** The CPU backend keeps every promise of the contract, compiled and interpreted, and broken backends are caught. */
import { cpu } from '@sensigrad/backend-cpu'
import { type Backend, type Kernels, sizeOf, type View } from '@sensigrad/core'
import { describe, expect, test } from 'vitest'
import { conformance } from './conformance.ts'

describe.each([cpu(), cpu({ compile: false })])('the backend $name', backend => {
  test.each(conformance)('$name', ({ holds }) => holds(backend))
})

/** The view as it would be if strides did not exist. */
const straight = (view: View): View => ({
  ...view,
  strides: view.shape.map((_, axis) => sizeOf(view.shape.slice(axis + 1))),
})
const honest = cpu()

/** Mistakes that backends make, by kernel family. */
const mistakes: { kernel: keyof Kernels | 'read'; mistake: string; broken: Partial<Backend> }[] = [
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
    kernel: 'contract',
    mistake: 'ignores the strides of the right factor',
    broken: { contract: (a, b) => honest.contract(a, straight(b)) },
  },
]

describe('a backend that is wrong is caught', () => {
  test.each(mistakes)('when its $kernel $mistake', async ({ kernel, broken }) => {
    const outcomes = await Promise.allSettled(
      conformance
        .filter(claim => claim.kernel === kernel)
        .map(claim => claim.holds({ ...honest, ...broken })),
    )
    expect(outcomes.map(outcome => outcome.status)).toContain('rejected')
  })
})
