/** Rewrites of captured programs, in the order in which each makes the next one's work easier. */

import type { Backend } from '../../backend/contract.ts'
import type { Program } from '../program.ts'
import { shareCommon } from './common.ts'
import { dropDead } from './dead.ts'
import { layOutFactors, shareFactors } from './factors.ts'
import { flushDenormals } from './flush.ts'
import { fuse } from './fuse.ts'
import { hoist } from './hoist.ts'
import { dropNeedless } from './needless.ts'
import { computeOnce } from './once.ts'
import { sumOnTheWay } from './running-sums.ts'
import { sumProducts, sumProductsOverTime } from './sums.ts'

type Rewrite = (program: Program, backend: Backend) => Program

const rewrites: readonly Rewrite[] = [
  dropDead,
  hoist,
  computeOnce,
  shareCommon,
  dropNeedless,
  sumProductsOverTime,
  sumOnTheWay,
  sumProducts,
  shareCommon,
  dropDead,
  layOutFactors,
  hoist,
  shareFactors,
  fuse,
  dropDead,
]

/** Which rewrites are wanted besides. */
export interface RewriteOptions {
  readonly flushDenormals: boolean
}

/** A program for a backend that gives the same with less work. */
export function rewrite(
  program: Program,
  backend: Backend,
  { flushDenormals: isFlushed }: RewriteOptions,
): Program {
  const rewritten = rewrites.reduce((so, next) => next(so, backend), program)
  return isFlushed ? flushDenormals(rewritten) : rewritten
}
