/** Functions with derivatives of your own: where the chain rule is unstable, wasteful, or not what you want. */

import { describeValue, GradientError, ValueError } from '../errors.ts'
import { stopGradient } from '../ops/alias.ts'
import {
  commonBackend,
  type ForwardContext,
  makeOp,
  type Op,
  type ReverseContext,
  type SingleOp,
} from '../ops/define.ts'
import { checkRule, checkShares } from '../tape/directions.ts'
import { sweepBack } from '../tape/pullback.ts'
import { checkOneTensor, record } from '../tape/record.ts'
import { checkTensor } from '../tensor/check.ts'
import { zerosLike } from '../tensor/create.ts'
import { isFloat } from '../tensor/dtype.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** What the reverse rule of a custom function gets. */
export type CustomReverse = Pick<ReverseContext<undefined>, 'g' | 'inputs' | 'output'>
/** What the forward rule of a custom function gets. */
export type CustomForward = Pick<ForwardContext<undefined>, 'd' | 'inputs' | 'output'>

/** A function and its derivative. One rule is enough if it is linear in its direction: the other mode follows from it. */
export interface CustomDefinition<Inputs extends readonly Tensor[]> {
  /** For tapes and messages. */
  readonly name: string
  /** The value. Nothing in it is recorded, and what it closes over is a constant. */
  forward(...inputs: Inputs): Tensor
  /** Reverse mode: from ḡ, shaped like the output, x̄ᵢ for each input; `undefined` where nothing flows. */
  vjp?(context: CustomReverse): readonly (Tensor | undefined)[]
  /** Forward mode: from ẋᵢ (`undefined` for an input that stands still) the tangent of the output. */
  jvp?(context: CustomForward): Tensor | undefined
}

/**
 * A function with a derivative of your own. Its rules are made of public operations, so that derivatives of higher order
 * are those of the rules.
 *
 * @param definition  the value, and a rule for one mode or both
 * @returns a function of tensors, to be used like any operation
 * @throws  ValueError when there is no rule; from the function, GradientError when a rule gives what does not fit
 * @example
 * const clipGradient = custom({
 *   name: 'clipGradient',
 *   forward: x => x,
 *   vjp: ({ g }) => [g.clip(-1, 1)], // not linear in g,
 *   jvp: ({ d: [d] }) => d?.clip(-1, 1), // so that forward mode needs a rule of its own
 * })
 */
export function custom<Inputs extends readonly Tensor[]>(
  definition: CustomDefinition<Inputs>,
): (...inputs: Inputs) => Tensor {
  const { name, vjp, jvp } = checkDefinition(definition)
  const op: SingleOp<undefined> = makeOp<undefined>({
    name,
    forward(inputs) {
      const output = definition.forward(...(inputs.map(stopGradient) as unknown as Inputs))
      checkOneTensor(name, output)
      return output.view(output.shape, output.strides, output.offset)
    },
    vjp: context => (vjp ? vjp(context) : reverseFrom(op, jvp!, context)),
    jvp: context => (jvp ? jvp(context) : forwardFrom(op, vjp!, context)),
  })
  return (...inputs) => {
    for (const [i, input] of inputs.entries()) checkTensor(name, `argument ${i}`, input)
    if (inputs.length > 0) commonBackend(name, inputs)
    return op.apply(inputs, undefined)
  }
}

/** The reverse rule of a forward rule: the transpose of the linear map ẋ → ẏ. */
function reverseFrom(
  op: SingleOp<undefined>,
  jvp: (context: CustomForward) => Tensor | undefined,
  { g, inputs, output, needs }: ReverseContext<undefined>,
): (Tensor | undefined)[] {
  const moving = [...inputs.keys()].filter(i => needs[i])
  const push = (...tangents: Tensor[]): Tensor => {
    const d = inputs.map((_, i) => (needs[i] ? tangents[moving.indexOf(i)] : undefined))
    const tangent = jvp({ d, inputs, output })
    if (tangent === undefined) return zerosLike(output)
    checkRule(op as Op, 'forward', tangent, output)
    return tangent
  }
  const shares = transposed(
    op,
    'forward',
    push,
    moving.map(i => inputs[i]!),
    [g],
  )
  return inputs.map((_, i) => (needs[i] ? shares[moving.indexOf(i)] : undefined))
}

/** The forward rule of a reverse rule: the transpose of the linear map ȳ → x̄. */
function forwardFrom(
  op: SingleOp<undefined>,
  vjp: (context: CustomReverse) => readonly (Tensor | undefined)[],
  { d, inputs, output }: ForwardContext<undefined>,
): Tensor {
  const isMoving = inputs.map((input, i) => d[i] !== undefined && isFloat(input.dtype))
  const moving = [...inputs.keys()].filter(i => isMoving[i])
  const pull = (g: Tensor): Tensor[] => {
    const shares = vjp({ g, inputs, output })
    checkShares(op as Op, shares, inputs, isMoving)
    return moving.map(i => shares[i] ?? zerosLike(inputs[i]!))
  }
  return transposed(
    op,
    'reverse',
    pull,
    [output],
    moving.map(i => d[i]!),
  )[0]!
}

/**
 * The transpose of a rule, applied to `cotangents`: its pullback, which for a linear rule does not depend on where it is
 * taken.
 *
 * @throws GradientError where it does, or where the rule is flat: then it is not linear, and has no transpose
 */
function transposed(
  op: SingleOp<undefined>,
  mode: 'reverse' | 'forward',
  rule: (...directions: Tensor[]) => Tensor | Tensor[],
  like: readonly Tensor[],
  cotangents: readonly Tensor[],
): Tensor[] {
  let isFlat = false
  const around = record(
    (...directions: Tensor[]) => {
      const tape = record(rule, ...directions)
      const sweep = sweepBack(tape, cotangents)
      let reached = !tape.outputs.some(output => tape.contains(output))
      for (let step = sweep.next(); ; step = sweep.next()) {
        if (step.done) {
          isFlat = !reached
          return step.value
        }
        const { entry, shares } = step.value
        reached ||= entry.inputs.some((input, i) => shares[i] !== undefined && tape.inputs.includes(input))
      }
    },
    ...like.map(zerosLike),
  )
  if (!isFlat && !around.outputs.some(output => around.contains(output))) return [...around.outputs]
  const [direction, other] = mode === 'reverse' ? ['cotangent', 'jvp'] : ['tangent', 'vjp']
  throw new GradientError(
    op.name,
    `the ${mode} rule is not linear in the ${direction}, so that the rule of the other mode does not follow from it`,
    `Give ${other} as well`,
  )
}

function checkDefinition<Inputs extends readonly Tensor[]>(
  definition: CustomDefinition<Inputs>,
): CustomDefinition<Inputs> {
  if (typeof definition !== 'object' || definition === null || typeof definition.forward !== 'function') {
    throw new ValueError(
      'custom',
      `the definition is ${describeValue(definition)}`,
      'Give { name, forward, vjp } or { name, forward, jvp }',
    )
  }
  const { name, vjp, jvp } = definition
  if (typeof name !== 'string' || name === '') {
    throw new ValueError('custom', `the name is ${describeValue(name)}`, 'Give one for tapes and messages')
  }
  for (const [rule, given] of Object.entries({ vjp, jvp })) {
    if (given === undefined || typeof given === 'function') continue
    throw new ValueError(
      'custom',
      `${rule} of ${name} is ${describeValue(given)}`,
      'Give a function, or leave it out',
    )
  }
  if (vjp === undefined && jvp === undefined) {
    throw new ValueError('custom', `${name} has no rule`, 'Give vjp or jvp, or write it as a plain function')
  }
  return definition
}
