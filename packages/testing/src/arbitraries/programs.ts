/**
 * Random programs: a few tensors, then a list of instructions that each compute one more from those before. They are
 * smooth wherever they are evaluated, stay moderate and small, and contain transforms of their own.
 */
import type { Shape, Tensor } from '@sensigrad/core'
import fc from 'fast-check'
import { read } from '../values.ts'
import { instructions } from './instructions.ts'
import { tensors } from './tensors.ts'

interface Step {
  readonly name: string
  readonly a: number
  readonly b: number
  readonly n: number
}

/** A program: a function of its inputs, and inputs for it. */
export interface Program {
  readonly inputs: readonly Tensor[]
  readonly run: (...inputs: Tensor[]) => Tensor
}

const small = (x: Tensor) => (x.size > 32 ? x.flatten().slice([0, 32]) : x.rank > 4 ? x.flatten() : x)

function programOf(inputs: readonly Tensor[], steps: readonly Step[]): Program {
  const run = (...given: Tensor[]): Tensor => {
    const pool = [...given]
    const pick = (n: number) => pool[pool.length - 1 - (n % pool.length)]!
    for (const { name, a, b, n } of steps) pool.push(small(instructions[name]!(pick(a), pick(b), n)))
    return pool.at(-1)!
  }
  const text = () =>
    [
      `inputs ${inputs.map(x => `${x}: ${JSON.stringify([...read('programs', x)])}`).join('; ')}`,
      ...steps.map(({ name, a, b, n }) => `${name}(${a} back, ${b} back, ${n})`),
    ].join('\n')
  return Object.assign({ inputs, run }, { [fc.toStringMethod]: text })
}

/** Which programs are drawn. */
export interface ProgramsOptions {
  /** 5 unless said. */
  readonly minSteps?: number
  /** 20 unless said. */
  readonly maxSteps?: number
  /** The shapes of the inputs: [2, 3], [3] and [] unless said. */
  readonly shapes?: readonly Shape[]
}

/**
 * Random programs over float64 inputs on the backend in use.
 *
 * @example fc.property(programs(), ({ run, inputs }) => gradcheck(run, inputs))
 */
export function programs({
  minSteps = 5,
  maxSteps = 20,
  shapes = [[2, 3], [3], []],
}: ProgramsOptions = {}): fc.Arbitrary<Program> {
  const step = fc.record<Step>({
    name: fc.constantFrom(...Object.keys(instructions)),
    a: fc.nat(3),
    b: fc.nat(9),
    n: fc.nat(5),
  })
  return fc
    .tuple(
      fc.tuple(...shapes.map(shape => tensors(shape))),
      fc.array(step, { minLength: minSteps, maxLength: maxSteps }),
    )
    .map(([inputs, steps]) => programOf(inputs, steps))
}
