/** How SAL and its like move parameters: all of them or none, and never to what is no number. */

import { isSynchronous, NonFiniteError, type Tensor } from '@sensigrad/core'
import { checkFunction } from '../check.ts'
import type { AnyModule } from '../module.ts'
import type { Parameter } from '../parameter.ts'
import type { Change } from './population.ts'
import { rowSquares } from './sensitivity.ts'

/** What is to become of the parameters of a module. */
export interface Moves {
  readonly module: AnyModule
  readonly changes: readonly Change[]
}

/** What was done to a parameter. */
export interface Move {
  readonly parameter: Parameter
  readonly before: Tensor
  readonly after: Tensor
}

/** What was done to the parameters of a layer, or of units. */
export interface MoveRecord {
  /** Its path in what was attached, or its name. */
  readonly path: string
  readonly module: AnyModule
  /** Those of parameters that are not frozen, in order. */
  readonly moves: readonly Move[]
}

/**
 * Moves parameters that are not frozen, each by all that is to be done to it.
 *
 * @returns for each of the modules what was done to its parameters
 * @throws NonFiniteError when one would become NaN or infinite; then none has moved
 */
export function moveTogether(operation: string, moves: readonly Moves[]): Move[][] {
  const next = new Map<Parameter, Tensor>()
  const made = moves.map(({ module, changes }) =>
    changes.flatMap(([parameter, change]): Move[] => {
      if (parameter.isFrozen) return []
      const before = next.get(parameter) ?? parameter.value
      const after = change(before)
      checkMoved(operation, module, parameter, after)
      next.set(parameter, after)
      return [{ parameter, before, after }]
    }),
  )
  for (const [parameter, value] of next) parameter.value = value
  return made
}

/** Whether passes are only for looking, and not to be heard. */
export class Pause {
  isOn = false

  /** Runs `body` with the pause on. */
  during<Result>(operation: string, body: () => Result): Result {
    checkFunction(operation, 'the body', body, 'Give a function: () => test(model)')
    const outer = this.isOn
    this.isOn = true
    try {
      return body()
    } finally {
      this.isOn = outer
    }
  }
}

/**
 * A step must not make of a finite weight one that is not. The squares of rows, which the next pass needs in any case,
 * tell at little cost whether all is well.
 *
 * @throws NonFiniteError when it does
 */
function checkMoved(operation: string, module: AnyModule, parameter: Parameter, next: Tensor): void {
  const { backend } = next
  if (!isSynchronous(backend)) return
  const read = (x: Tensor) => backend.readSync(x)
  const holds = (value: number) => Number.isFinite(value)
  if (read(next.rank === 2 ? rowSquares(next) : next).every(holds)) return
  const before = read(parameter.value)
  const broken = read(next).findIndex((value, i) => !holds(value) && holds(before[i]!))
  if (broken < 0) return
  const path = [...module.parameters()].find(([, each]) => each === parameter)?.[0] ?? 'a parameter'
  throw new NonFiniteError(
    operation,
    `the step makes element ${broken} of ${path} of this ${module.constructor.name} ${read(next)[broken]}`,
    'Nothing was changed. Lower the rate, or look for an enormous input',
  )
}
