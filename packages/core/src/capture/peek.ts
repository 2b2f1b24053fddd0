/** Looking at tensors while they are computed, without changing a bit of what is computed. */

import { describeValue, ValueError } from '../errors.ts'
import { stopGradient } from '../ops/alias.ts'
import { unrecorded } from '../tape/recorder.ts'
import { scope } from '../tensor/memory.ts'
import { mapTree, type TensorTree } from '../tensor/tree.ts'
import { isRepeating, unnoted } from './given.ts'
import { isMuted, looking } from './looking.ts'
import { checkGiven, openTrace } from './open-trace.ts'

/** Where tensors come from that are looked at. */
export interface Peeked {
  /**
   * `recorded`: they are what is computed, or computed from that. In a captured step they are computed beside it, from
   * the same arguments, settings, fresh tensors and variables: `replayed-equal` where all that the step gives and leaves
   * in variables came out the same, bit for bit; `replayed-differs` where something did not, or where that cannot be
   * said, since the backend cannot be read at once.
   */
  readonly from: 'recorded' | 'replayed-equal' | 'replayed-differs'
  /** In the step of a captured loop: how many steps of time there are, along the first axis of each tensor. */
  readonly steps?: number
}

/** What is told of tensors. */
export type PeekListener<Tree extends TensorTree> = (tensors: Tree, peeked: Peeked) => void

/**
 * Looks at tensors without changing what is computed: `read` computes what is wanted, from whatever is at hand, and
 * `receive` is given the values. Nothing of it is recorded on a tape, nor has a gradient.
 *
 * Outside of captured steps `receive` is told at once, and what it throws comes out of `peek`. In a captured step nothing of `read` becomes part of the program
 * that is replayed; a second one, of the step and of what `read` computes, is replayed beside it, in memory of its own, and
 * `receive` is told after each call, when variables hold their new values. What `receive` throws then comes out of that
 * call, when everybody has been told. In a loop that is captured as one, all steps of time are told at once.
 *
 * What a `checkpoint` computes again is not told again.
 *
 * @param read     gives the tensors, as a tree; it may read variables, but neither write them nor ask for `fresh` tensors
 * @param receive  what is done with them; they are released when it returns, unless it holds on to them with `keep`. To
 *                 read them, begin with that: `x.data()` may be waited for elsewhere
 * @throws  ValueError for what is no function or no tree of tensors; BackendError when `read` looks at values
 * @example peek(() => ({ size: hidden.square().mean() }), ({ size }) => sizes.push(keep(size)))
 */
export function peek<Tree extends TensorTree>(read: () => Tree, receive: PeekListener<Tree>): void {
  checkGiven('peek', read, 'peek(() => hidden, value => values.push(keep(value)))')
  checkGiven('peek', receive, 'peek(() => hidden, value => values.push(keep(value)))')
  if (isMuted() || isRepeating()) return
  const trace = openTrace()
  if (trace !== undefined) {
    trace.peek(read, receive)
    return
  }
  unrecorded(() =>
    scope(() => {
      receive(lookedAt(read), { from: 'recorded' }) // which may wait for values: nobody waits for it
    }),
  )
}

/** What `read` gives, without its past. */
export function lookedAt<Tree extends TensorTree>(read: () => Tree): Tree {
  const tree = unrecorded(() => looking(() => unnoted(read)))
  if (tree instanceof Promise) {
    tree.catch(() => {}) // it is refused here, so how it ends is nobody's business
    throw new ValueError(
      'peek',
      'the first function is asynchronous',
      'Give tensors; wait for their values in the second',
    )
  }
  if (typeof tree !== 'object' || tree === null) {
    throw new ValueError(
      'peek',
      `the first function gave ${describeValue(tree)}`,
      'Give tensors: peek(() => hidden, …)',
    )
  }
  return mapTree('peek', tree, stopGradient, 'what the first function gave')
}
