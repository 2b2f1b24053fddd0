/**
 * Dynamics of maps and flows for sensigrad: how fast nearby states part (Lyapunov exponents), and where states go.
 *
 * @packageDocumentation
 */

export type { Step } from './step.ts'
export { trajectory } from './trajectory.ts'
export { type MaxLyapunovOptions, type MaxLyapunovResult, maxLyapunov } from './max-lyapunov.ts'
export {
  type LyapunovSpectrumOptions,
  type LyapunovSpectrumResult,
  lyapunovSpectrum,
} from './lyapunov-spectrum.ts'
export {
  type TwoTrajectoriesOptions,
  type TwoTrajectoriesResult,
  twoTrajectories,
} from './two-trajectories.ts'
export type { OrbitOptions } from './orbit.ts'
export { spectralRadius } from '@sensigrad/linalg'
