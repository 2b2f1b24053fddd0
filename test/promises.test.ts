/** What is generated from a specification holds for a right operation, and fails for each kind of wrong one. */
import { defineOp, type ErrorCase, type OpDefinition, type Sample, ShapeError, Tensor } from '@sensigrad/core'
import { type Claim, promises } from '@sensigrad/testing'
import { describe, expect, test } from 'vitest'
import { f64 } from './support/backend.ts'

type Rules = Pick<Required<OpDefinition<undefined>>, 'forward' | 'vjp' | 'jvp'>

const still = (x: Tensor | undefined) => x!.stopGradient()
const plus = (a?: Tensor, b?: Tensor) => (a && b ? a.add(b) : (a ?? b))

/** a·sin b, with rules of its own. */
const right: Rules = {
  forward: ([a, b]) => still(a).mul(still(b).sin()).stopGradient(),
  vjp: ({ g, inputs: [a, b] }) => [g.mul(b!.sin()), g.mul(a!).mul(b!.cos())],
  jvp: ({ d: [da, db], inputs: [a, b] }) => plus(da?.mul(b!.sin()), db?.mul(a!).mul(b!.cos())),
}
const refuse = (): never => {
  throw new ShapeError('wave', 'the shapes do not fit', 'Give two tensors of one shape')
}
const refused: ErrorCase = { call: refuse, message: /^ShapeError: wave: the shapes do not fit/ }

interface Wrong {
  readonly rules?: Partial<Rules>
  readonly sample?: Partial<Sample>
  readonly error?: Partial<ErrorCase>
}

function claimsOf({ rules, sample, error }: Wrong): Claim[] {
  const op = defineOp<undefined>({ name: 'wave', ...right, ...rules, samples: [], errors: [] })
  const plain: Sample = {
    name: 'of two matrices',
    shapes: [
      [3, 2],
      [3, 2],
    ],
    call: (a, b) => op.apply([a, b], undefined),
    gives: 'float64[3, 2]',
    value: (a, b) => (i, j) => a(i, j) * Math.sin(b(i, j)),
  }
  return promises({ name: 'wave', samples: [{ ...plain, ...sample }], errors: [{ ...refused, ...error }] })
}

/** What the claims that fail are called, each with the reason. */
async function failures(wrong: Wrong): Promise<Record<string, string>> {
  const outcomes = await Promise.allSettled(claimsOf(wrong).map(({ holds }) => holds()))
  const names = claimsOf(wrong).map(({ name }) => name)
  return Object.fromEntries(
    outcomes.flatMap((outcome, i) =>
      outcome.status === 'rejected' ? [[names[i]!, String(outcome.reason)]] : [],
    ),
  )
}

test('a right operation keeps every promise', async () => {
  expect(await failures({})).toEqual({})
})

test('each promise is a test of its own, with the name of the operation', () => {
  expect(claimsOf({}).map(({ name }) => name)).toEqual([
    'wave: of two matrices: has the type, shape and values that are written down for it',
    'wave: of two matrices: calls its operation',
    'wave: of two matrices: has right derivatives of order 1 and 2 in both modes',
    'wave: of two matrices: has right derivatives as a factor of itself',
    'wave: of two matrices: has right derivatives by each input alone, while the others stand still',
    'wave: of two matrices: has the same derivatives in float32, to its precision',
    'wave: of two matrices: does not notice inputs in transposed memory',
    'wave: of two matrices: does not notice inputs spread out in larger memory',
    'wave: of two matrices: does not notice inputs stored backwards',
    'wave: of two matrices: does not notice inputs that repeat one row without a copy',
    'wave: refuses, saying /^ShapeError: wave: the shapes do not fit/, with an error of its own',
    'wave: refuses, saying /^ShapeError: wave: the shapes do not fit/, whose fields and text name the same operation, and whose text ends with what to do',
    'wave: refuses, saying /^ShapeError: wave: the shapes do not fit/, and the module in which it was called',
  ])
})

/** The tensor as it would be if strides did not exist. */
const straight = (x: Tensor) => new Tensor(x.backend, x.storage, x.dtype, x.shape, undefined, x.offset)
/** The tensor as it would be if nothing were ever repeated. */
const unrepeated = (x: Tensor) =>
  x.strides.includes(0) ? new Tensor(x.backend, x.storage, x.dtype, x.shape, undefined, x.offset) : x

/** An error from before the call. */
const stale = new ShapeError('wave', 'the shapes do not fit', 'Give two tensors of one shape')

/** Mistakes, and the promise that each breaks, with the reason. */
const mistakes: Record<string, Wrong & { readonly breaks: string; readonly because: RegExp }> = {
  'a value that is not what the sample says': {
    sample: { value: a => (i, j) => a(i, j) },
    breaks: 'has the type, shape and values that are written down for it',
    because: /^Error: the value at \[0, 0\] is -?[\d.]+, not -?[\d.]+: off by .*, allowed 1\.0e-13$/,
  },
  'a value with an axis too few': {
    sample: { call: (a, b) => a.mul(b.sin()).slice(0), value: (a, b) => j => a(0, j) * Math.sin(b(0, j)) },
    breaks: 'has the type, shape and values that are written down for it',
    because: /^Error: the value is float64\[2\], not float64\[3, 2\]/,
  },
  'a call that throws': {
    sample: { call: refuse },
    breaks: 'has the type, shape and values that are written down for it',
    because: /^ShapeError: wave: the shapes do not fit/,
  },
  'a call of something else': {
    sample: { call: (a, b) => a.mul(b.sin()) },
    breaks: 'calls its operation',
    because: /it calls only alias, alias, map, map$/,
  },
  'a reverse rule with a wrong factor': {
    rules: { vjp: ({ g, inputs: [a, b] }) => [g.mul(b!.sin()), g.mul(a!).mul(b!.cos()).mul(1.0001)] },
    breaks: 'has right derivatives of order 1 and 2 in both modes',
    because: /^Error: reverse gives .*, but finite differences /,
  },
  'a forward rule that forgets an input': {
    rules: { jvp: ({ d: [da], inputs: [, b] }) => da?.mul(b!.sin()) },
    breaks: 'has right derivatives of order 1 and 2 in both modes',
    because: /^Error: forward gives .*, but finite differences /,
  },
  'a reverse rule that is right, with a copy inside, so that its derivative is wrong': {
    rules: { vjp: ({ g, inputs: [a, b] }) => [g.mul(b!.sin()), g.mul(a!).mul(still(b).cos())] },
    breaks: 'has right derivatives of order 1 and 2 in both modes',
    because: /^Error: reverse over reverse gives /,
  },
  'a forward rule that is right, with a copy inside': {
    rules: {
      jvp: ({ d: [da, db], inputs: [a, b] }) => plus(da?.mul(still(b).sin()), db?.mul(a!).mul(b!.cos())),
    },
    breaks: 'has right derivatives of order 1 and 2 in both modes',
    because: /^Error: reverse over forward gives /,
  },
  'a reverse rule that is not linear in the cotangent': {
    rules: { vjp: ({ g, inputs: [a, b] }) => [still(g).mul(b!.sin()), g.mul(a!).mul(b!.cos())] },
    breaks: 'has right derivatives of order 1 and 2 in both modes',
    because: /over reverse gives /,
  },
  'a reverse rule that counts on every input to move': {
    rules: {
      vjp: step => (step.needs.every(Boolean) ? right.vjp(step) : [undefined, undefined]),
    },
    breaks: 'has right derivatives by each input alone, while the others stand still',
    because: /^Error: reverse gives 0, but finite differences /,
  },
  'a rule that loses digits in float32': {
    rules: {
      vjp: step => right.vjp(step).map(x => (x!.dtype === 'float32' ? x!.mul(1.001) : x)),
    },
    breaks: 'has the same derivatives in float32, to its precision',
    because: /^Error: the gradient by input 0 at \[0, 0\] is /,
  },
  'a value that ignores strides': {
    rules: { forward: ([a, b]) => still(straight(a!)).mul(still(b).sin()).stopGradient() },
    breaks: 'does not notice inputs in transposed memory',
    because: /^Error: the value at \[0, 1\] is /,
  },
  'a value that ignores gaps': {
    rules: { forward: ([a, b]) => still(straight(a!)).mul(still(b).sin()).stopGradient() },
    breaks: 'does not notice inputs spread out in larger memory',
    because: /^Error: the value at \[0, 1\] is NaN, not /,
  },
  'a value that cannot repeat': {
    rules: { forward: ([a, b]) => still(unrepeated(a!)).mul(still(b).sin()).stopGradient() },
    breaks: 'does not notice inputs that repeat one row without a copy',
    because: /^Error: the value at \[1, 0\] is /,
  },
  'a refusal that is missing': {
    error: { call: () => 1 },
    breaks: 'with an error of its own',
    because: /nothing was thrown/,
  },
  'a refusal in other words': {
    error: { message: /two axes/ },
    breaks: 'with an error of its own',
    because: /it says: ShapeError: wave: the shapes do not fit\. Give two tensors of one shape$/,
  },
  'an accident instead of a refusal': {
    error: { call: () => (undefined as unknown as Tensor).shape },
    breaks: 'with an error of its own',
    because: /what is thrown is no SensigradError but TypeError: /,
  },
  'a refusal that does not say what to do': {
    error: {
      call: () => {
        throw new ShapeError('wave', 'the shapes do not fit', '')
      },
    },
    breaks: 'whose text ends with what to do',
    because: /it does not say what to do: wave: the shapes do not fit\. $/,
  },
  'a refusal that was made elsewhere': {
    error: {
      call: () => {
        throw stale
      },
    },
    breaks: 'and the module in which it was called',
    because: /it does not begin with 'wave in layers\.2: ': wave: /,
  },
}

describe('a promise is broken by', () => {
  test.each(Object.entries(mistakes))('%s', async (_, { breaks, because, ...wrong }) => {
    const failed = Object.entries(await failures(wrong)).find(([name]) => name.endsWith(breaks))
    expect(failed?.[1]).toMatch(because)
  })
})

describe('where there is no derivative', () => {
  const countOf = (shapes: Sample['shapes'], call: Sample['call']) =>
    promises({
      name: 'flat',
      samples: [{ name: 'of something', shapes, call, gives: '', value: () => () => 1 }],
      errors: [],
    }).map(({ name }) => name.replace('flat: of something: ', ''))

  test('only the value and the layouts of a result in whole numbers are looked at', () => {
    expect(countOf([[2]], x => x.greater(-9))).toEqual([
      'has the type, shape and values that are written down for it',
      'does not notice inputs in transposed memory',
      'does not notice inputs spread out in larger memory',
      'does not notice inputs stored backwards',
      'does not notice inputs that repeat one row without a copy',
    ])
  })

  test('only the value of what takes no inputs is looked at', () => {
    expect(countOf([], () => f64(1))).toEqual(['has the type, shape and values that are written down for it'])
  })
})

describe('refused is', () => {
  test('a specification that promises nothing, which could not fail', () => {
    expect(() => promises({ name: 'wave', samples: [], errors: [] })).toThrow(
      'promises: wave promises nothing. Give it a sample or an error case',
    )
  })
  test.each([undefined, 'wave', { name: 'wave' }])('%s, which is no specification', given => {
    expect(() => promises(given as never)).toThrow(/^promises: .* is no specification\. Give \{ name, /)
  })
})
