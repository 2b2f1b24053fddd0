/** Those who move parameters, as a ledger knows them. */

import { describeValue, ValueError } from '@sensigrad/core'
import { Isometry, type Optimiser, SAL } from '@sensigrad/nn'

/** An optimiser, whatever its settings. */
export type Updating = Pick<Optimiser<never>, 'name' | 'steps' | 'onUpdate'>

/** Who moves parameters: an optimiser, SAL or Isometry. */
export type Mover = Updating | SAL | Isometry

export function isOptimiser(mover: Mover): mover is Updating {
  return !(mover instanceof SAL || mover instanceof Isometry)
}

export function nameOf(mover: Mover): string {
  if (isOptimiser(mover)) return mover.name
  return mover instanceof SAL ? 'SAL' : 'isometry'
}

/** @throws ValueError unless there is somebody, and all of them move parameters */
export function checkMovers(movers: readonly unknown[]): void {
  const strange = movers.findIndex(
    mover => !(mover instanceof SAL || mover instanceof Isometry || updates(mover)),
  )
  if (movers.length > 0 && strange < 0) return
  throw new ValueError(
    'Ledger.attach',
    movers.length === 0
      ? 'nobody is named who moves parameters'
      : `${describeValue(movers[strange])} moves no parameters`,
    'Give optimisers, SAL, Isometry: ledger.attach(model, optimizer, sal)',
  )
}

function updates(mover: unknown): boolean {
  return typeof mover === 'object' && mover !== null && 'onUpdate' in mover
}
