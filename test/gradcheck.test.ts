/** The prover proved: gradcheck finds each kind of wrong derivative, however small, and accepts right ones. */
import { defineOp, type OpDefinition, record, stopGradient, type Tensor } from '@sensigrad/core'
import { describe, expect, test } from 'vitest'
import { draw, f64 } from './support/backend.ts'
import { type GradcheckOptions, gradcheck } from './support/gradcheck.ts'

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

test('what is proved is recorded as it would be for a user', () => {
  expect(record(sinWith({}), x).entries.length).toBe(2)
})
