/**
 * The front door: everything of core and nn, with the CPU backend in use unless another was chosen.
 *
 * @packageDocumentation
 */

import { cpu } from '@sensigrad/backend-cpu'
import { hasBackend, useBackend } from '@sensigrad/core'

export * from '@sensigrad/core'
export * from '@sensigrad/nn'
export { valueAndGrad } from '@sensigrad/nn' // serves functions, like core's, and modules
export { cpu }

if (!hasBackend()) useBackend(cpu())
