/**
 * A module is plain data: a class whose fields are parameters, modules, and arrays or plain objects of them.
 * Walking the fields gives every parameter its path, such as `layers.7.weight`.
 */

import {
  assume,
  describeValue,
  type State,
  type Stateful,
  type Tensor,
  ValueError,
  Variable,
  withScope,
} from '@sensigrad/core'
import { checkFunction } from './check.ts'
import { KeyStream } from './key-stream.ts'
import { Listeners } from './listeners.ts'
import { restoreState, stateOf } from './module-state.ts'
import { Parameter } from './parameter.ts'

const names = new WeakMap<object, string>()
const named = new WeakSet<object>()

/** Runs `body` with a module and all below it in evaluation, and leaves each in the mode in which it was. */
export let evaluating: <Result>(module: AnyModule, body: () => Result) => Result

/** One call of a module. */
export interface Call {
  readonly inputs: readonly unknown[]
  readonly output: unknown
}

/**
 * The base of layers and models. Write `forward`; call `call`, which runs it inside the module's scope, so that
 * tapes and errors say where they are. What it holds in fields, alone or in arrays and plain objects, is found there:
 * parameters, other modules, variables that are no parameters (buffers) and streams of keys.
 *
 * @example
 * class Autoencoder extends Module {
 *   readonly encoder = new Dense(64, 8, { key: key(1), activation: tanh })
 *   readonly decoder = new Dense(8, 64, { key: key(2) })
 *   forward(x: Tensor) {
 *     return this.decoder.call(this.encoder.call(x))
 *   }
 * }
 * @example
 * class RunningMean extends Module { // takes off the mean of what it saw in training
 *   readonly mean = new Variable(zeros([8]))
 *   readonly scale = new Parameter(ones([8]))
 *   forward(x: Tensor) {
 *     const mean = this.mean.value
 *     if (this.isTraining) this.mean.value = mean.mul(0.9).add(x.mean(0).stopGradient().mul(0.1))
 *     return x.sub(mean).mul(this.scale.value)
 *   }
 * }
 */
export abstract class Module<Inputs extends readonly unknown[] = [x: Tensor], Output = Tensor>
  implements Stateful
{
  readonly #calls = new Listeners<Call>()
  #isTraining = true

  static {
    evaluating = (module, body) => {
      const modes = [...module.modules().values()].map(each => [each, each.#isTraining] as const)
      module.eval()
      try {
        return body()
      } finally {
        for (const [each, isTraining] of modes) each.#isTraining = isTraining
      }
    }
  }

  /** The module's computation. */
  abstract forward(...inputs: Inputs): Output

  /** Runs `forward` inside the module's scope. */
  call(...inputs: Inputs): Output {
    const output = this.within(() => this.forward(...inputs))
    if (this.#calls.areThere) this.#calls.tell({ inputs, output })
    return output
  }

  /** Tells `listener` of each call from now on. Returns the function that ends this. */
  onCall(listener: (call: Call) => void): () => void {
    checkFunction(`${this.constructor.name}.onCall`, 'the listener', listener, 'Give a function of a call')
    return this.#calls.add(listener)
  }

  /** Whether anything listens. A loop that is captured must then be written out, step by step. */
  get isHeard(): boolean {
    return this.#calls.areThere
  }

  /** Runs `body` inside the module's scope: for methods beside `forward`. */
  protected within<Result>(body: () => Result): Result {
    if (!named.has(this)) {
      named.add(this)
      for (const [name, module] of this.children()) names.set(module, name)
    }
    return withScope(names.get(this) ?? '', body)
  }

  /**
   * Whether the module is in training, as it is at first: dropout drops, and batch norm goes by the batch. A step that
   * was captured in the other mode is captured anew.
   */
  get isTraining(): boolean {
    return assume(() => this.#isTraining)
  }

  /** Puts this module and all below it into training. Not within a captured step: call it before. */
  train(): this {
    return this.#turn(true)
  }

  /** Ends the training of this module and all below it, for evaluation. Not within a captured step: call it before. */
  eval(): this {
    return this.#turn(false)
  }

  #turn(isTraining: boolean): this {
    for (const module of this.modules().values()) module.#isTraining = isTraining
    return this
  }

  /** Keeps all parameters, its own and those of modules below, out of gradients, and so out of learning. */
  freeze(): this {
    return this.#freeze(true)
  }

  /** Lets all parameters, its own and those of modules below, learn again. */
  unfreeze(): this {
    return this.#freeze(false)
  }

  #freeze(isFrozen: boolean): this {
    for (const parameter of this.parameters().values()) parameter.isFrozen = isFrozen
    return this
  }

  /** The modules directly below this one, by path (`encoder`, `layers.7`). */
  children(): Map<string, AnyModule> {
    const found = new Map<string, AnyModule>()
    walk(this, '', (path, field) => {
      if (field instanceof Module) found.set(path, field)
    })
    return found
  }

  /** All modules: this one under the path `''`, and those below it. Shared ones appear once. */
  modules(): Map<string, AnyModule> {
    const found = new Map<string, AnyModule>()
    const seen = new Set<AnyModule>()
    const visit = (path: string, module: AnyModule): void => {
      if (seen.has(module)) return
      seen.add(module)
      found.set(path, module)
      for (const [name, child] of module.children()) visit(path === '' ? name : `${path}.${name}`, child)
    }
    visit('', this)
    return found
  }

  /** All parameters, its own and those of modules below, by path. A shared one appears once. */
  parameters(): Map<string, Parameter> {
    return this.#fields(field => field instanceof Parameter)
  }

  /** All variables that are no parameters, such as running averages, its own and those of modules below, by path. */
  buffers(): Map<string, Variable> {
    return this.#fields(
      (field): field is Variable => field instanceof Variable && !(field instanceof Parameter),
    )
  }

  /** The values of parameters and buffers and where streams of keys stand, by path: what a checkpoint holds. */
  state(): State {
    return stateOf(this.#changing())
  }

  /**
   * Puts the state of a module like this one back, on the backend on which this one lives.
   *
   * @throws ValueError naming what is missing, or unknown to this module; ShapeError or DTypeError for a value that does
   *         not fit. Then nothing has changed
   * @example copy.restore(model.state())
   */
  restore(state: State): void {
    restoreState(this.#changing(), state)
  }

  #changing() {
    return {
      variables: this.#fields(field => field instanceof Variable),
      streams: this.#fields(field => field instanceof KeyStream),
    }
  }

  /** All fields of a kind, its own and those of modules below, by path. A shared one appears once. */
  #fields<Kind>(isOfKind: (field: unknown) => field is Kind): Map<string, Kind> {
    const found = new Map<string, Kind>()
    const seen = new Set<Kind>()
    for (const [modulePath, module] of this.modules()) {
      walk(module, modulePath, (path, field) => {
        if (!isOfKind(field) || seen.has(field)) return
        seen.add(field)
        found.set(path, field)
      })
    }
    return found
  }
}

/** Any module, whatever it takes and gives. */
export type AnyModule = Module<never, unknown>

/** @throws ValueError when `module` is none */
export function checkModule(operation: string, module: unknown): asserts module is AnyModule {
  if (module instanceof Module) return
  throw new ValueError(
    operation,
    `${describeValue(module)} is no module`,
    'Give a layer or a model, an instance of Module',
  )
}

/** Visits what a module is made of among the fields of an object, looking into arrays and plain objects. */
function walk(
  holder: object,
  path: string,
  visit: (path: string, field: unknown) => void,
  above: readonly object[] = [],
): void {
  for (const [name, field] of Object.entries(holder)) {
    const below = path === '' ? name : `${path}.${name}`
    if (parts.some(part => field instanceof part)) visit(below, field)
    else if ((Array.isArray(field) || isPlain(field)) && !above.includes(field))
      walk(field, below, visit, [...above, field])
  }
}

const parts = [Variable, KeyStream, Module]

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}
