/** Memory that comes back when a function returns, for loops that never wait for the garbage collector. */

import { describeValue, ValueError } from '../errors.ts'
import { isRecording } from '../tape/recorder.ts'
import { checkTensor } from './check.ts'
import { checkAlive, handOut, hold, Lifetime, letGo as letGoOf, useUp } from './lifetime.ts'
import { Tensor } from './tensor.ts'

/**
 * Runs `body` and gives back the memory of every tensor made in it, but for those that it returns (in arrays, objects,
 * tapes, whatever it returns) and those that are held by something that stays: parameters, optimisers, what `keep` was
 * called on. One that is used nevertheless, such as one that was put into a variable outside, throws.
 *
 * Inside of a transform it waits: what is being recorded may be needed by a gradient, and goes with the scope around it.
 * On backends whose memory the garbage collector looks after there is nothing to give back, but the same rules hold.
 *
 * @param body  a synchronous function
 * @param args  handed to the body, and used up: tensors among them that an earlier scope returned are released, too,
 *              unless this one returns them again. So a loop that carries its state needs no more memory than one turn
 * @returns what the body returns
 * @throws  ValueError when it is no function, or asynchronous
 * @example for (let t = 0; t < 10_000; t++) state = scope(state => rnn.step(state), state)
 * @example for (const batch of batches) scope(() => optimizer.update(model, grad(lossOf)(batch)))
 */
export function scope<Args extends readonly unknown[], Result>(
  body: (...args: Args) => Result,
  ...args: Args
): Result {
  if (typeof body !== 'function') {
    throw new ValueError('scope', `the function is ${describeValue(body)}`, 'Give one: scope(() => step())')
  }
  if (isRecording()) return body(...args)
  const lifetime = new Lifetime()
  let leaving: Tensor[] = []
  try {
    return lifetime.during(() => {
      const result = body(...args)
      checkSynchronous(result)
      for (const tensor of tensorsIn(args)) useUp(tensor)
      leaving = tensorsIn(result)
      for (const tensor of leaving) handOut(tensor)
      return result
    })
  } finally {
    lifetime.end(leaving)
  }
}

/**
 * Lets a tensor outlast the `scope` in which it was made, as parameters and optimisers do with what they hold. Outside
 * of scopes, where nothing is released, it changes nothing.
 *
 * @param tensor   what is put somewhere to stay
 * @param instead  what stood there before: if it was kept as well and is held nowhere else, the scope that is running
 *                 releases it at its end
 * @returns the tensor
 * @throws DisposedError when the tensor was released already
 * @example this.average = keep(average, this.average)
 */
export function keep(tensor: Tensor, instead?: Tensor): Tensor {
  checkTensor('keep', 'the argument', tensor)
  checkAlive('keep', [tensor])
  hold(tensor)
  tensor.lifetime?.keep(tensor)
  if (instead !== undefined) {
    checkTensor('keep', 'what it stands for', instead)
    letGoOf(instead)
  }
  return tensor
}

/**
 * Ends a `keep`: when nobody else holds the tensor, the scope that is running releases it at its end.
 *
 * @throws ValueError for what is no tensor
 * @example letGo(heard)
 */
export function letGo(tensor: Tensor): void {
  checkTensor('letGo', 'the argument', tensor)
  letGoOf(tensor)
}

function checkSynchronous(result: unknown): void {
  if (!(result instanceof Promise)) return
  result.catch(() => {}) // it is refused here, so how it ends is nobody's business
  throw new ValueError(
    'scope',
    'the function is asynchronous',
    'Read values (await) before or after it: what it makes is given back when it returns',
  )
}

/** Every tensor that can be reached from a value, and from the tapes that these tensors hang on. */
function tensorsIn(value: unknown): Tensor[] {
  const tensors: Tensor[] = []
  const seen = new Set<unknown>()
  const pending = [value] // a list instead of recursion: tapes are long
  while (pending.length > 0) {
    const node = pending.pop()
    if (typeof node !== 'object' || node === null || ArrayBuffer.isView(node) || seen.has(node)) continue
    seen.add(node)
    if (node instanceof Tensor) tensors.push(node)
    for (const part of partsOf(node)) pending.push(part)
  }
  return tensors
}

function partsOf(node: object): Iterable<unknown> {
  if (node instanceof Tensor) {
    const { entry } = node
    return entry === undefined ? [] : [...entry.inputs, ...entry.outputs, entry.attributes]
  }
  if (node instanceof Map) return [...node.keys(), ...node.values()]
  return node instanceof Set ? node : Object.values(node)
}
