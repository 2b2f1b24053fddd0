/** Taps: named places in a computation at which whoever listens is told the values that pass, and their cotangents. */

import { assume, checkGiven } from '../capture/open-trace.ts'
import { type Peeked, peek } from '../capture/peek.ts'
import { tellAll } from '../capture/tell-all.ts'
import { describeValue, ValueError } from '../errors.ts'
import { makeOp } from '../ops/define.ts'
import { checkTensor } from '../tensor/check.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { isRecording } from './recorder.ts'
import { currentScope } from './scope.ts'

/** What passes a tap. */
export interface Tapped extends Peeked {
  readonly name: string
  /** The path of the module in which the tap is, or `''`. */
  readonly scope: string
  /** Whether the value passes, or its cotangent in a reverse sweep. */
  readonly direction: 'forward' | 'reverse'
  /**
   * It is released when the listener returns, unless that holds on to it with `keep`. In a loop that is captured as one it
   * is the stack over all its steps.
   */
  readonly tensor: Tensor
  /** Whether the sweep lies inside of something that is differentiated itself, as the gradient in a penalty on it does. */
  readonly isNested: boolean
}

/** Who is told of what passes. */
export type TapListener = (tapped: Tapped) => void

/** Everybody who listens to taps, in the order in which they came. */
const listeners = new Set<{ readonly tell: TapListener }>()

interface Passing {
  /** None where only the cotangent is listened to. */
  readonly name?: string
  /** Tells of a cotangent. */
  readonly tell: (cotangent: Tensor) => void
}

const passing = makeOp<Passing>({
  name: 'tap',
  forward: ([x]) => x!.view(x!.shape, x!.strides, x!.offset),
  vjp({ g, attributes: { tell } }) {
    tell(g)
    return [g]
  },
  jvp: ({ d: [d] }) => d,
  format: ([x], { name }) => (name === undefined ? `onGradient(${x})` : `tap(${x}, ${name})`),
})

/**
 * A named place in a computation: the tensor as it is. Whoever listens (`onTap`) is told its value and, in each reverse
 * sweep that passes, its cotangent; the tape then shows it, as `tap(%4, hidden)`. While nobody listens there is nothing:
 * `x` itself comes back. A captured step is captured again when the first comes to listen, and replays what it was
 * before when the last has gone.
 *
 * Go on with what it gives: what is computed from `x` beside it does not pass the tap. Listening changes no gradient but
 * for the order in which the cotangents of `x` itself and of the tap are added up, where both are used.
 *
 * @param name  how those who listen tell it from others
 * @returns x
 * @throws  ValueError for what is no tensor, or a name that is no text
 * @example const hidden = tap(dense.call(x), 'hidden')
 */
export function tap(x: Tensor, name: string): Tensor {
  checkTensor('tap', 'the first argument', x)
  if (typeof name !== 'string' || name === '') {
    throw new ValueError('tap', `the name is ${describeValue(name)}`, "Give a text: tap(x, 'hidden')")
  }
  if (!assume(() => listeners.size > 0)) return x
  tellListeners(x, name, 'forward')
  return passing.apply([x], { name, tell: g => tellListeners(g, name, 'reverse') })
}

/**
 * Listens to all taps from now on.
 *
 * In captured steps it is told after each call; see `peek`, also for how long a tensor lasts and what becomes of errors.
 *
 * @param listener  is told of each value that passes a tap, and each cotangent
 * @returns a function that ends it
 * @throws  ValueError for what is no function
 * @example const stop = onTap(({ name, direction, tensor }) => { … })
 */
export function onTap(listener: TapListener): () => void {
  checkGiven('onTap', listener, 'onTap(({ name, tensor }) => …)')
  const own = { tell: listener } // one who listens twice is told twice
  listeners.add(own)
  return () => {
    listeners.delete(own)
  }
}

/**
 * The tensor as it is, of which `listener` is told the cotangent in each reverse sweep that passes.
 *
 * Go on with what it gives. In captured steps the listener is told after each call; see `peek`.
 *
 * @param listener  is given the cotangent, of x's shape, and where it comes from
 * @returns x
 * @throws  ValueError for what is no tensor or no function
 * @example const hidden = onGradient(dense.call(x), gradient => arrived.push(keep(gradient)))
 */
export function onGradient(x: Tensor, listener: (gradient: Tensor, peeked: Peeked) => void): Tensor {
  checkTensor('onGradient', 'the first argument', x)
  checkGiven('onGradient', listener, 'onGradient(x, gradient => …)')
  return passing.apply([x], { tell: g => peek(() => g, listener) })
}

function tellListeners(x: Tensor, name: string, direction: Tapped['direction']): void {
  const scope = currentScope()
  const isNested = direction === 'reverse' && isRecording()
  peek(
    () => x,
    (tensor, peeked) => {
      const tapped = { ...peeked, name, scope, direction, tensor, isNested }
      tellAll(
        [...listeners].map(listener => () => {
          if (listeners.has(listener)) listener.tell(tapped) // or one before it has ended it
        }),
      )
    },
  )
}
