/**
 * Proofs for those who build on sensigrad: of derivatives, of operations, of backends, and of what holds for every
 * tensor, program and network.
 *
 * @packageDocumentation
 */

export type { Claim } from './claim.ts'
export { type GradcheckOptions, gradcheck, type Mode } from './gradcheck.ts'
export { promises } from './promises.ts'
export { type ConformanceOptions, conformance, type KernelClaim } from './conformance/index.ts'
export type { Subject } from './conformance/statement.ts'

// What to compare with
export { indicesOf } from './indices.ts'
export { scalarReference } from './reference.ts'
export { draw } from './values.ts'

// What fast-check draws
export * as arbitraries from './arbitraries/index.ts'
