/** The prover proved: gradcheck finds each kind of wrong derivative, however small, and accepts right ones. */
import {
  type Backend,
  defineOp,
  type OpDefinition,
  record,
  SensigradError,
  stopGradient,
  type Tensor,
  tensor,
} from '@sensigrad/core'
import { type GradcheckOptions, gradcheck } from '@sensigrad/testing'
import { describe, expect, test } from 'vitest'
import { draw, f64 } from './support/backend.ts'

type Rules = Pick<OpDefinition<undefined>, 'vjp'> & { jvp: NonNullable<OpDefinition<undefined>['jvp']> }

/** sin as an operation with some rules of its own, the others right. */
function sinWith(rules: Partial<Rules>): (x: Tensor) => Tensor {
  const right: Rules = {
    vjp: ({ g, inputs: [x] }) => [g.mul(x!.cos())],
    jvp: ({ d: [d], inputs: [x] }) => d?.mul(x!.cos()),
  }
  const op = defineOp<undefined>({
    name: 'sin',
    forward: ([x]) => stopGradient(x!.stopGradient().sin()),
    ...right,
    ...rules,
    samples: [],
    errors: [],
  })
  return x => op.apply([x], undefined)
}

const x = draw(1, [2, 3])
const proving = (f: (x: Tensor) => Tensor, options?: GradcheckOptions) => () => gradcheck(f, [x], options)

test('right rules pass', () => {
  expect(proving(sinWith({}), { order: 3 })).not.toThrow()
})

describe('caught is', () => {
  test('a reverse rule that is off by one in a hundred million', () => {
    const f = sinWith({ vjp: ({ g, inputs: [x] }) => [g.mul(x!.cos()).mul(1 + 1e-8)] })
    expect(proving(f)).toThrow(/^reverse gives .*, but finite differences /)
  })

  test('a forward rule that is off by one in a hundred million', () => {
    const f = sinWith({ jvp: ({ d: [d], inputs: [x] }) => d?.mul(x!.cos()).mul(1 + 1e-8) })
    expect(proving(f)).toThrow(/^forward gives .*, but finite differences /)
  })

  test('a difference between the modes that finite differences are too coarse to see', () => {
    const f = sinWith({ vjp: ({ g, inputs: [x] }) => [g.mul(x!.cos()).mul(1 + 1e-11)] })
    expect(proving(f)).toThrow(/^reverse gives .*, but forward /)
    expect(proving(f, { modes: ['reverse'] })).not.toThrow()
  })

  test('a rule that is right but uses a copy, so that its own derivative is wrong', () => {
    const f = sinWith({ vjp: ({ g, inputs: [x] }) => [g.mul(stopGradient(x!).cos())] })
    expect(proving(f, { order: 1 })).not.toThrow()
    expect(proving(f)).toThrow(/^reverse over reverse gives /)
  })

  test('the same in forward mode', () => {
    const f = sinWith({ jvp: ({ d: [d], inputs: [x] }) => d?.mul(stopGradient(x!).cos()) })
    expect(proving(f, { order: 1 })).not.toThrow()
    expect(proving(f)).toThrow(/^reverse over forward gives /)
  })

  test('a rule that is not linear in the cotangent', () => {
    const f = sinWith({ vjp: ({ g, inputs: [x] }) => [stopGradient(g).mul(x!.cos())] })
    expect(proving(f)).toThrow(/over reverse gives /)
  })

  test('a gradient of another shape', () => {
    const f = sinWith({ vjp: ({ g }) => [g.sum()] })
    expect(proving(f)).toThrow(
      'sin: the reverse rule gave float64[] where float64[2, 3] is needed. Mend the rule',
    )
  })

  test('a tangent of another type', () => {
    const f = sinWith({ jvp: ({ d: [d] }) => d?.cast('float32') })
    expect(proving(f)).toThrow(
      'sin: the forward rule gave float32[2, 3] where float64[2, 3] is needed. Mend the rule',
    )
  })

  test('a rule that forgets an input', () => {
    const product = defineOp<undefined>({
      name: 'product',
      forward: ([a, b]) => stopGradient(a!.stopGradient().mul(b!.stopGradient())),
      vjp: ({ g, inputs: [, b] }) => [g.mul(b!), undefined],
      jvp: ({ d: [d], inputs: [, b] }) => d?.mul(b!),
      samples: [],
      errors: [],
    })
    expect(() => gradcheck((a, b) => product.apply([a!, b!], undefined), [x, draw(2, [2, 3])])).toThrow(
      /^reverse gives /,
    )
  })

  test('a kink', () => {
    expect(() => gradcheck(x => x!.relu(), [f64([0, 1])])).toThrow(/^reverse gives |do not converge/)
  })
})

describe('float32 is proved to its own precision', () => {
  const narrow = x.cast('float32')

  test('right rules pass', () => {
    expect(() => gradcheck(sinWith({}), [narrow])).not.toThrow()
    expect(() => gradcheck((a, b) => a.matmul(b).tanh(), [narrow, narrow.transpose()])).not.toThrow()
  })

  test('rules that are off by one in a hundred are caught', () => {
    const f = sinWith({ vjp: ({ g, inputs: [x] }) => [g.mul(x!.cos()).mul(1.01)] })
    expect(() => gradcheck(f, [narrow])).toThrow(/^reverse gives /)
  })

  test('so is a detour over float32 between float64 tensors', () => {
    const detour = (x: Tensor) => x.cast('float32').sin().cast('float64')
    expect(proving(detour)).not.toThrow()
  })
})

describe('refused is what proves nothing:', () => {
  const refused: [what: string, call: () => void, message: string][] = [
    ['no inputs', () => gradcheck(() => x, []), 'the inputs are an empty list. Give a list of tensors: '],
    ['a tensor without a list', () => gradcheck(x => x, x as never), 'the inputs are a Tensor. Give a list'],
    ['a number', () => gradcheck(x => x, [1 as never]), 'input 0 is 1. Give a tensor; tensor(…) makes one'],
    [
      'an index',
      () => gradcheck(x => x, [draw(1, [2], [0, 3], 'int32')]),
      'input 0 is int32[2], and only floats have derivatives. Hold it still inside f: ',
    ],
    ['no function', () => gradcheck(x as never, [x]), 'f is a Tensor. Give a function of tensors'],
    ['no modes', proving(x => x, { modes: [] }), "the modes are []. Give 'reverse', 'forward' or both"],
    [
      'a mode of another name',
      proving(x => x, { modes: ['backward' as never] }),
      "the modes are [backward]. Give 'reverse', 'forward' or both",
    ],
    ['the order 0', proving(x => x, { order: 0 }), 'the order is 0. Give a whole number from 1'],
    ['half an order', proving(x => x, { order: 1.5 }), 'the order is 1.5. Give a whole number from 1'],
  ]

  test.each(refused)('%s', (_, call, message) => {
    expect(call).toThrow(SensigradError)
    expect(call).toThrow(`gradcheck: ${message}`)
  })

  test('tensors that cannot be read at once', () => {
    const backend: Backend = {
      ...x.backend,
      name: 'slow',
      capabilities: { ...x.backend.capabilities, synchronousRead: false },
    }
    const far = tensor([1, 2], { dtype: 'float64', backend })
    expect(() => gradcheck(x => x, [far])).toThrow(
      'gradcheck: tensors on slow cannot be read without waiting. Prove on a synchronous backend such as cpu(); ',
    )
  })
})

test('what is proved is recorded as it would be for a user', () => {
  expect(record(sinWith({}), x).entries.length).toBe(2)
})
