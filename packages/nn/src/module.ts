/**
 * A module is plain data: a class whose fields are parameters, modules, and arrays or plain objects of them.
 * Walking the fields gives every parameter its path, such as `layers.7.weight`.
 */

import { describeValue, type Tensor, ValueError, withScope } from '@sensigrad/core'
import { Parameter } from './parameter.ts'

const names = new WeakMap<object, string>()
const named = new WeakSet<object>()

/**
 * The base of layers and models. Write `forward`; call `call`, which runs it inside the module's scope, so that
 * tapes and errors say where they are.
 *
 * @example
 * class Autoencoder extends Module {
 *   readonly encoder = new Dense(64, 8, { key: key(1), activation: tanh })
 *   readonly decoder = new Dense(8, 64, { key: key(2) })
 *   forward(x: Tensor) {
 *     return this.decoder.call(this.encoder.call(x))
 *   }
 * }
 */
export abstract class Module<Inputs extends readonly unknown[] = [x: Tensor], Output = Tensor> {
  /** The module's computation. */
  abstract forward(...inputs: Inputs): Output

  /** Runs `forward` inside the module's scope. */
  call(...inputs: Inputs): Output {
    return this.within(() => this.forward(...inputs))
  }

  /** Runs `body` inside the module's scope: for methods beside `forward`. */
  protected within<Result>(body: () => Result): Result {
    if (!named.has(this)) {
      named.add(this)
      for (const [name, module] of this.children()) names.set(module, name)
    }
    return withScope(names.get(this) ?? '', body)
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
    const found = new Map<string, Parameter>()
    const seen = new Set<Parameter>()
    for (const [modulePath, module] of this.modules()) {
      walk(module, modulePath, (path, field) => {
        if (!(field instanceof Parameter) || seen.has(field)) return
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

/** Visits the parameters and modules among the fields of an object, looking into arrays and plain objects. */
function walk(holder: object, path: string, visit: (path: string, field: unknown) => void): void {
  for (const [name, field] of Object.entries(holder)) {
    const below = path === '' ? name : `${path}.${name}`
    if (field instanceof Parameter || field instanceof Module) visit(below, field)
    else if (Array.isArray(field) || isPlain(field)) walk(field, below, visit)
  }
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}
