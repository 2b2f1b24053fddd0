/** Rewrites of captured programs, in the order in which each makes the next one's work easier. */

import type { Backend } from '../../backend/contract.ts'
import type { Program } from '../program.ts'
import { shareCommon } from './common.ts'
import { dropDead } from './dead.ts'
import { fuse } from './fuse.ts'
import { dropNeedless } from './needless.ts'
import { computeOnce } from './once.ts'
import { layOutFactors, shareFactors, sumProducts } from './products.ts'

type Rewrite = (program: Program, backend: Backend) => Program

const rewrites: readonly Rewrite[] = [
  dropDead,
  computeOnce,
  shareCommon,
  dropNeedless,
  sumProducts,
  shareCommon,
  dropDead,
  layOutFactors,
  shareFactors,
  fuse,
  dropDead,
]

/** A program for a backend that gives the same with less work. */
export function rewrite(program: Program, backend: Backend): Program {
  return rewrites.reduce((so, next) => next(so, backend), program)
}
