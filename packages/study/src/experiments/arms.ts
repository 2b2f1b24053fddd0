/** The arms of the experiments: how the weights between the neurons start, and what SAL does about them. */

import { type Initialiser, initialise } from '@sensigrad/nn'
import type { Arm } from '../arms/experiment.ts'

/** An arm, and how a run makes a network of it. */
export interface TrainingArm extends Arm {
  /** When SAL acts. */
  readonly sal: 'never' | 'before' | 'throughout'
  /** What acts in SAL's place, then: isometry, with settings of its own. */
  readonly isometry?: IsometrySettings
  /** How the square weights between neurons start; `gain` is the setting. */
  readonly weight: (gain: number) => Initialiser
  /** The gain of weights that are not square, such as those of the first layer of a deep network. */
  readonly inputGain: (gain: number) => number
}

/** How isometry prepares a network, and goes on while it learns. */
export interface IsometrySettings {
  readonly target: number
  readonly preparation: number
  readonly preparationRate: number
  readonly rate: number
}

const { gaussian, orthogonal, spectralRadius, xavier } = initialise

/** Starts small, N(0, gain²/n), and leaves the rest to SAL, or to nobody. */
const small = (id: string, label: string, sal: TrainingArm['sal'], description: string): TrainingArm => ({
  id,
  label,
  sal,
  description,
  weight: gaussian,
  inputGain: gain => gain,
})

const sal = small('sal', 'SAL', 'throughout', 'Starts small; SAL acts before learning and on during it.')
const before = small(
  'sal-before',
  'SAL before only',
  'before',
  'Starts small; SAL acts before learning only.',
)
const plain = small(
  'plain',
  'same start, no SAL',
  'never',
  'Starts as small as with SAL, and stays without it.',
)

/** As small a start, which is led to isometry, or a little beyond it. */
const isometric = (target: number, sal: TrainingArm['sal']): TrainingArm => ({
  ...small(
    `isometry-${target}${sal === 'before' ? '-before' : ''}`,
    `isometry ${target}${sal === 'before' ? ' before only' : ''}`,
    sal,
    `Starts small; 300 steps lead the Jacobian of each layer to ${target} times an isometry before learning${sal === 'before' ? '' : ', and slow ones on during it'}.`,
  ),
  isometry: { target, preparation: 300, preparationRate: 0.05, rate: 3e-4 },
})

const isometricArms = [isometric(1, 'before'), isometric(1.02, 'before'), isometric(1.02, 'throughout')]

/** Starts as well as a constant of the initial values allows, and learns without SAL. */
const tuned = (id: string, label: string, weight: Initialiser, description: string): TrainingArm => ({
  id,
  label,
  sal: 'never',
  description,
  weight: () => weight,
  inputGain: () => 1,
})

const gain = (g: number): TrainingArm =>
  tuned(`gain-${g}`, `gain ${g}`, gaussian(g), `Weights N(0, ${g}²/n); no SAL.`)

const radius = (r: number): TrainingArm =>
  tuned(
    `radius-${r}`,
    `spectral radius ${r}`,
    spectralRadius(r),
    `Normal weights scaled to spectral radius ${r}; no SAL.`,
  )

const orthogonalOf = (g: number): TrainingArm =>
  tuned(`orthogonal-${g}`, `orthogonal ${g}`, orthogonal(g), `${g} times an orthogonal matrix; no SAL.`)

const xavierArm = tuned('xavier', 'Xavier', xavier(), 'Even within √(6/(inputs + outputs)); no SAL.')

/** For networks of many layers, each with a weight of its own. */
export const deepArms: readonly TrainingArm[] = [
  sal,
  before,
  plain,
  gain(1),
  gain(1.05),
  gain(1.1),
  radius(1),
  xavierArm,
  orthogonalOf(1),
  orthogonalOf(1.05),
  ...isometricArms,
]

/** For recurrent networks, whose one weight can be tuned by its spectral radius. */
export const recurrentArms: readonly TrainingArm[] = [
  sal,
  before,
  plain,
  gain(1),
  ...[0.9, 1, 1.05, 1.1, 1.2, 1.3].map(radius),
  xavierArm,
  orthogonalOf(1),
  orthogonalOf(1.05),
  ...isometricArms,
]

/** The arm of this id. Whoever asks has checked that there is one. */
export function armOf(arms: readonly TrainingArm[], id: string): TrainingArm {
  return arms.find(arm => arm.id === id)!
}
