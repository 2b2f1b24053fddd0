/** Trainings of all kinds, for a ledger to be kept of. */
import { fc } from '@fast-check/vitest'
import { Ledger, type LedgerOptions, type LedgerStep, type ParameterStep } from '@sensigrad/inspect'
import { meanSquaredError, type SALMode, valueAndGrad } from '@sensigrad/nn'
import { capture, key, normal } from 'sensigrad'
import { layerOf, optimisers } from './optimisers.ts'
import { quietly } from './sal.ts'

const modes = ['raise', 'both', 'proportional', 'always'] as const satisfies readonly SALMode[]

/** How a training goes. */
export interface Plan {
  readonly optimiser: number
  readonly dtype: 'float32' | 'float64'
  readonly seed: number
  readonly order: 'SAL first' | 'SAL last' | 'no SAL'
  readonly mode: SALMode
  readonly clip: { readonly globalNorm?: number; readonly norm?: number; readonly value?: number }
}
export const plans: fc.Arbitrary<Plan> = fc.record({
  optimiser: fc.nat(optimisers.length - 1),
  dtype: fc.constantFrom('float32', 'float64'),
  seed: fc.nat(1000),
  order: fc.constantFrom('SAL first', 'SAL last', 'no SAL'),
  mode: fc.constantFrom(...modes),
  clip: fc.constantFrom({}, { globalNorm: 0.1 }, { norm: 0.05, value: 0.02 }),
})

/** A training by a plan: the layer, who moves it, and a step of it. */
export function trainingOf({ optimiser, dtype, seed, order, mode, clip }: Plan) {
  const layer = layerOf(seed, dtype)
  const moving = optimisers[optimiser]![1]({ rate: 0.03, clip })
  const sal = quietly({ rate: 0.01, decay: 0.9, mode })
  if (order !== 'no SAL') sal.attach(layer)
  const [x, y] = [normal(key(seed + 1), [5, 3], { dtype }), normal(key(seed + 2), [5, 2], { dtype })]
  const step = () => {
    const [, gradients] = valueAndGrad(layer, () => meanSquaredError(layer.call(x), y))
    if (order === 'SAL first') sal.adjust()
    moving.update(layer, gradients)
    if (order === 'SAL last') sal.adjust()
  }
  return { layer, moving, sal, step, isMuon: optimisers[optimiser]![0] === 'Muon' }
}

/** The steps of a ledger that was kept along a training. */
export async function kept(plan: Plan, steps: number, options: LedgerOptions = {}, isCaptured = false) {
  const { layer, moving, sal, step, isMuon } = trainingOf(plan)
  const ledger = new Ledger(options)
  ledger.attach(layer, moving, sal)
  const run = isCaptured ? capture(step) : step
  for (let t = 0; t < steps; t++) run()
  await ledger.flush()
  return { layer, ledger, steps: ledger.data.steps, isMuon }
}

/** A part of a change, by name. */
export const partIn = ({ parts }: Pick<ParameterStep, 'parts'>, name: string) =>
  parts.find(part => part.name === name)
/** The names of all parts in a step. */
export const namesIn = ({ parameters }: LedgerStep) => [
  ...new Set(parameters.flatMap(({ parts }) => parts.map(({ name }) => name))),
]

/** A short training by Adam with SAL, in double precision. */
export const plain: Plan = {
  optimiser: 3,
  dtype: 'float64',
  seed: 5,
  order: 'SAL last',
  mode: 'raise',
  clip: {},
}
