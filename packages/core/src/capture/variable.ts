/**
 * Variables: places that hold a tensor which changes from step to step, such as a parameter or the state of an
 * optimiser. They are how a captured step finds by itself what it reads and what it writes.
 */

import { DTypeError, describeValue, ShapeError, ValueError } from '../errors.ts'
import { letGo } from '../tensor/lifetime.ts'
import { keep } from '../tensor/memory.ts'
import { formatShape, sameShape } from '../tensor/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { heldBy, keepsToItself } from './given.ts'
import { isLent } from './lent.ts'
import { isLooking } from './looking.ts'
import { openTrace } from './open-trace.ts'

/** Where the value of a variable lies when a captured step has written it. */
export interface Home {
  /** The value as a tensor of its own, which later steps do not change. */
  snapshot(): Tensor
}

/** Says that the value of a variable lies in the memory of a captured step from now on. */
export let keepAt: (variable: Variable, home: Home) => void

/** How often a variable was written, by whomever. */
export let versionOf: (variable: Variable) => number

/**
 * Holds a tensor that is replaced; its shape and element type stay what they were at first. A captured step reads its
 * value anew each time and writes the new one; a tensor that the step merely closes over is a constant to it.
 *
 * @example
 * const state = new Variable(zeros([100]))
 * const advance = capture(() => { state.value = state.value.mul(0.9).tanh() })
 */
export class Variable {
  readonly #name: string
  #value: Tensor | undefined
  #home: Home | undefined
  #version = 0
  /** Its value, but for a run that is given another one. */
  readonly #read = (): Tensor => openTrace()?.read(this) ?? this.#current()

  static {
    keepAt = (variable, home) => {
      if (variable.#value !== undefined) letGo(variable.#value)
      variable.#value = undefined
      variable.#home = home
      variable.#version++
    }
    versionOf = variable => variable.#version
  }

  /**
   * @param name  what messages call it
   * @throws ValueError when the value is no tensor, or was computed inside of a step that is being captured
   */
  constructor(value: Tensor, name = 'variable') {
    if (typeof name !== 'string') {
      throw new ValueError('variable', `the name is ${describeValue(name)}`, 'Give a text, or nothing')
    }
    checkTensor(name, value)
    openTrace()?.refuse(value, name)
    this.#name = name
    this.#value = keep(value)
  }

  /** The current value. */
  get value(): Tensor {
    return heldBy(this, this.#read)
  }

  /**
   * Replaces the value.
   *
   * @throws ShapeError or DTypeError when the new value is not shaped and typed like the old one; ValueError in what
   *         `peek` reads, which must change nothing
   */
  set value(next: Tensor) {
    checkTensor(this.#name, next)
    const { shape, dtype } = this.value
    if (!sameShape(next.shape, shape)) {
      throw new ShapeError(
        this.#name,
        `${next} cannot replace ${dtype}${formatShape(shape)}`,
        'Assign a tensor of the same shape',
      )
    }
    if (next.dtype !== dtype) {
      throw new DTypeError(
        this.#name,
        `${next} cannot replace ${dtype}${formatShape(shape)}`,
        `Cast it: .cast('${dtype}')`,
      )
    }
    if (isLooking()) throw writtenInLook(this.#name)
    if (keepsToItself(this, next) || openTrace()?.write(this, next)) return
    // Numbers that another step will change are copied.
    const value = isLent(next) ? new Tensor(next.backend, next.backend.copy(next), dtype, shape) : next
    this.#value = keep(value, this.#value)
    this.#home = undefined
    this.#version++
  }

  #current(): Tensor {
    this.#value ??= keep(this.#home!.snapshot())
    return this.#value
  }
}

function writtenInLook(name: string): ValueError {
  return new ValueError(
    name,
    'what peek reads writes it, and so would change what is computed',
    'Write it in the second function, which is given the tensors; or turn off what writes, such as training of a batch norm',
  )
}

function checkTensor(name: string, value: unknown): asserts value is Tensor {
  if (value instanceof Tensor) return
  throw new ValueError(name, `${describeValue(value)} is no tensor`, 'Assign a tensor, tensor(…) makes one')
}
