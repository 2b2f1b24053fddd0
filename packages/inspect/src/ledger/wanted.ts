/** Which parameters a ledger is about: reading all of a deep network at each step costs more than training it. */

import { ValueError } from '@sensigrad/core'
import type { AnyModule, MoveRecord, Parameter } from '@sensigrad/nn'

/** Those whose moves are entered. */
export interface Wanted {
  has(parameter: Parameter): boolean
  /** Hands on what was done to them, if something was. */
  moves<Record extends MoveRecord>(record: Record, enter: (record: Record) => void): void
}

/** @throws ValueError for the path of a parameter that the model has not */
export function wantedOf(model: AnyModule, paths: readonly string[] | undefined): Wanted {
  const has = paths === undefined ? inModel(model) : among(model, paths)
  return {
    has,
    moves: (record, enter) => {
      const moves = record.moves.filter(({ parameter }) => has(parameter))
      if (moves.length > 0) enter({ ...record, moves })
    },
  }
}

/** All of the model, those that it is given later, too; whoever moves them may move others of the same name. */
function inModel(model: AnyModule): Wanted['has'] {
  let found = new Set(model.parameters().values())
  return parameter => {
    if (!found.has(parameter)) found = new Set(model.parameters().values())
    return found.has(parameter)
  }
}

function among(model: AnyModule, paths: readonly string[]): Wanted['has'] {
  const parameters = model.parameters()
  const found = new Set(paths.map(path => parameters.get(path) ?? missing(path, parameters.keys())))
  return parameter => found.has(parameter)
}

function missing(path: string, there: Iterable<string>): never {
  const some = [...there].slice(0, 5).join(', ')
  throw new ValueError('Ledger.attach', `the model has no parameter ${path}`, `Give paths such as ${some}`)
}
