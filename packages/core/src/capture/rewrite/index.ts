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

/**
 * What a rewrite makes of a value that it does away with: nothing depends on it; it is computed before its loop, or once
 * for all calls; another value is the same; it is a view of another one; it goes into a sum, or a product, that is taken as
 * a whole; or it is part of the kernel that reads it.
 */
export type Fate = 'dropped' | 'hoisted' | 'constant' | 'shared' | 'viewed' | 'summed' | 'joined' | 'fused'

const rewrites: readonly (readonly [Rewrite, Fate])[] = [
  [dropDead, 'dropped'],
  [hoist, 'hoisted'],
  [computeOnce, 'constant'],
  [shareCommon, 'shared'],
  [dropNeedless, 'viewed'],
  [sumProductsOverTime, 'summed'],
  [sumOnTheWay, 'summed'],
  [sumProducts, 'summed'],
  [shareCommon, 'shared'],
  [dropDead, 'summed'], // what sums have left behind
  [layOutFactors, 'viewed'],
  [hoist, 'hoisted'],
  [shareFactors, 'joined'],
  [fuse, 'fused'],
  [dropDead, 'fused'],
]

/** Which rewrites are wanted besides. */
export interface RewriteOptions {
  readonly flushDenormals: boolean
}

/** The rewrites in their order, and what becomes of a value that one of them does away with. */
export function stagesOf({
  flushDenormals: isFlushed,
}: RewriteOptions): readonly (readonly [Rewrite, Fate])[] {
  return isFlushed ? [...rewrites, [flushDenormals, 'dropped']] : rewrites
}

/** A program for a backend that gives the same with less work. */
export function rewrite(program: Program, backend: Backend, options: RewriteOptions): Program {
  return stagesOf(options).reduce((so, [next]) => next(so, backend), program)
}
