/** The generated proof of an operation or a composed function: each sample and each error case of what it promises. */

import {
  describeValue,
  type Elements,
  type ErrorCase,
  isFloat,
  operations,
  record,
  type Sample,
  type Specification,
  type Tensor,
  ValueError,
} from '@sensigrad/core'
import type { Claim } from './claim.ts'
import { derivativesOf, type Parts, sameElements, sameParts } from './comparison.ts'
import { gradcheck } from './gradcheck.ts'
import { indicesOf } from './indices.ts'
import { layouts, repeated } from './layouts.ts'
import { refusals } from './refusals.ts'
import { draw, read } from './values.ts'

/**
 * What a function promises, as claims that are tests of their own. Of each sample: type, shape and values;
 * where it has float inputs and gives floats, derivatives of order 1 and 2 in both modes against finite differences,
 * as a factor of itself, by each input alone, and in float32; and that it does not notice how its inputs lie in memory.
 * Of each error case: its class and text, that it names the operation and says what to do, and the module path.
 * Inputs are drawn at this call, on the backend in use, which must be a synchronous one.
 *
 * @throws ValueError when nothing is promised, or what is given is no specification
 * @example for (const { name, holds } of promises({ name: 'flip', samples, errors })) test(name, holds)
 */
export function promises(specification: Specification): Claim[] {
  check(specification)
  const { name, samples, errors } = specification
  return [
    ...samples.flatMap(sample => ofSample(name, sample)),
    ...errors.flatMap((error: ErrorCase) => refusals(name, error)),
  ]
}

function check(given: unknown): void {
  const refuse = (problem: string, remedy: string) => {
    throw new ValueError('promises', problem, remedy)
  }
  const { name, samples, errors } = (given ?? {}) as Partial<Specification>
  if (typeof name !== 'string' || !Array.isArray(samples) || !Array.isArray(errors)) {
    refuse(`${describeValue(given)} is no specification`, 'Give { name, samples: […], errors: […] }')
  } else if (samples.length + errors.length === 0) {
    refuse(`${name} promises nothing`, 'Give it a sample or an error case')
  }
}

type Call = Sample['call']
type Proofs = Record<string, () => void>

function ofSample(operation: string, sample: Sample): Claim[] {
  const { call, shapes, domain } = sample
  const inputs = shapes.map((shape, i) => draw(i, shape, domain))
  const isSmooth = givesFloats(call, inputs)
  const look = isSmooth ? derivativesOf : valueIn
  const proofs = {
    'has the type, shape and values that are written down for it': () => hasValues(sample, inputs),
    ...(isSmooth && proofsOfDerivatives(operation, call, inputs)),
    ...(inputs.length > 0 && proofsOfLayouts(given => look(call, given), inputs)),
  }
  return Object.entries(proofs).map(([says, holds]) => ({
    name: `${operation}: ${sample.name}: ${says}`,
    holds: async () => holds(),
  }))
}

/** Whether there are derivatives to prove. A call that throws has none: its value is what fails. */
function givesFloats(call: Call, inputs: readonly Tensor[]): boolean {
  try {
    return inputs.length > 0 && isFloat(call(...inputs).dtype)
  } catch {
    return false
  }
}

function valueIn(call: Call, inputs: readonly Tensor[]): Parts {
  return { 'the value': call(...inputs) }
}

function hasValues({ call, gives, value }: Sample, inputs: readonly Tensor[]): void {
  const result = call(...inputs)
  if (String(result) !== gives) throw new Error(`the value is ${result}, not ${gives}`)
  const element = value(...inputs.map(elementsOf))
  const wanted = indicesOf(result.shape).map(index => Number(element(...index)))
  sameElements('the value', result, wanted, 1e-13)
}

/** The elements of a tensor by their indices, as samples ask for them. */
function elementsOf(x: Tensor): Elements {
  const values = read('promises', x)
  return (...index) => values[index.reduce((at, i, axis) => at * x.shape[axis]! + i, 0)]!
}

function proofsOfDerivatives(operation: string, call: Call, inputs: readonly Tensor[]): Proofs {
  return {
    ...(operations.some(op => op.name === operation) && {
      'calls its operation': () => {
        const called = record(call, ...inputs).entries.map(({ op }) => op.name)
        if (!called.includes(operation)) throw new Error(`it calls only ${called.join(', ')}`)
      },
    }),
    'has right derivatives of order 1 and 2 in both modes': () => gradcheck(call, inputs),
    'has right derivatives as a factor of itself': () =>
      gradcheck((...xs) => call(...xs).mul(call(...xs.map(x => x.mul(0.9)))), inputs),
    ...(inputs.length > 1 && {
      'has right derivatives by each input alone, while the others stand still': () => {
        for (const [i, x] of inputs.entries()) {
          gradcheck(x => call(...inputs.map((other, k) => (k === i ? x : other))), [x])
        }
      },
    }),
    'has the same derivatives in float32, to its precision': () => {
      const narrow = inputs.map(x => x.cast('float32'))
      const wide = narrow.map(x => x.cast('float64'))
      sameParts(derivativesOf(call, narrow), derivativesOf(call, wide), 1e-5)
    },
  }
}

/** That a look at the call shows the same wherever the elements of its inputs lie. */
function proofsOfLayouts(look: (inputs: readonly Tensor[]) => Parts, inputs: readonly Tensor[]): Proofs {
  const proofs = Object.entries(layouts).map(([name, layOut]) => [
    `does not notice inputs ${name}`,
    () => sameParts(look(inputs.map(layOut)), look(inputs), 1e-13),
  ])
  return {
    ...Object.fromEntries(proofs),
    'does not notice inputs that repeat one row without a copy': () => {
      const pairs = inputs.map(repeated)
      sameParts(look(pairs.map(([view]) => view)), look(pairs.map(([, copy]) => copy)), 1e-13)
    },
  }
}
