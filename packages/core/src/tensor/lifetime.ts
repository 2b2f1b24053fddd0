/**
 * How long the memory of tensors lasts where no garbage collector sees it. All that is made while a lifetime runs ends
 * with it, but for what is handed out or kept. That is counted here and never by the user, and nobody is cheated: a
 * tensor that was released says so when it is used.
 */

import type { Backend, Storage } from '../backend/contract.ts'
import { DisposedError } from '../errors.ts'
import type { Tensor } from './tensor.ts'

/** The innermost lifetime that is running. */
let current: Lifetime | undefined

/** How many places hold a storage that once outlasted its lifetime: when none does any more, it may go with another. */
const holders = new WeakMap<Storage, number>()

/** What is made from its beginning to its end. */
export class Lifetime {
  /** Whether all that is under it was released. */
  isOver = false
  readonly #outer = current
  /** What was made, by backend; not where the garbage collector does it all. */
  readonly #made = new Map<Backend, Storage[]>()
  /** What outlasted another lifetime and goes with this one. */
  readonly #taken = new Map<Storage, Backend>()
  readonly #kept: Tensor[] = []
  #backend: Backend | undefined
  #storages: Storage[] | undefined // of that backend: the last is nearly always the next

  /** Runs `body` under this lifetime. */
  during<Result>(body: () => Result): Result {
    current = this
    try {
      return body()
    } finally {
      current = this.#outer
    }
  }

  /** New storage, which goes with this lifetime. */
  add(backend: Backend, storage: Storage): void {
    if (backend !== this.#backend) this.#turnTo(backend)
    this.#storages?.push(storage)
  }

  #turnTo(backend: Backend): void {
    this.#backend = backend
    this.#storages = this.#made.get(backend)
    if (this.#storages !== undefined || backend.memory().buffers === undefined) return
    this.#storages = []
    this.#made.set(backend, this.#storages)
  }

  /** Makes a tensor outlast this lifetime for as long as its storage has holders. */
  keep(tensor: Tensor): void {
    this.#kept.push(tensor)
  }

  /** Takes over a tensor that nobody holds any more: one that outlasted its lifetime, or goes with an outer one. */
  take(tensor: Tensor): void {
    const { backend, storage, lifetime } = tensor
    if (lifetime && !lifetime.#taken.delete(storage)) return
    this.#taken.set(storage, backend)
    tensor.lifetime = this
  }

  /** Gives back all memory but that of the tensors that leave, or are kept. */
  end(leaving: readonly Tensor[] = []): void {
    const outer = this.#outer
    const kept = this.#kept.filter(({ storage }) => holders.has(storage))
    const staying = new Set<Storage>()
    for (const tensor of [...leaving, ...kept]) {
      if (tensor.lifetime !== this) continue
      tensor.lifetime = outer
      staying.add(tensor.storage)
    }
    for (const tensor of kept) outer?.keep(tensor)
    const settle = (backend: Backend, storage: Storage): void => {
      if (!staying.has(storage)) backend.free(storage)
      else if (outer) outer.#taken.set(storage, backend)
    }
    this.isOver = true
    for (const [backend, storages] of this.#made) for (const storage of storages) settle(backend, storage)
    for (const [storage, backend] of this.#taken) settle(backend, storage)
    this.#made.clear() // released tensors still hold this lifetime
    this.#taken.clear()
    this.#kept.length = 0
    this.#storages = undefined
  }
}

/** The lifetime of a tensor that was just made, with storage of its own. */
export function born(backend: Backend, storage: Storage): Lifetime | undefined {
  current?.add(backend, storage)
  return current
}

/** Runs `body` under no lifetime: for steps that are captured, whose constants stay as long as they do. */
export function lasting<Result>(body: () => Result): Result {
  const outer = current
  current = undefined
  try {
    return body()
  } finally {
    current = outer
  }
}

/** Counts one more who holds a tensor, unless it was made under no lifetime, and so is never released. */
export function hold({ storage, lifetime }: Tensor): void {
  const count = holders.get(storage)
  if (count !== undefined || lifetime !== undefined) holders.set(storage, (count ?? 0) + 1)
}

/** How many times a storage was returned by a scope and not used up since. */
const handedOut = new WeakMap<Storage, number>()

/** Counts whoever called the scope that returns a tensor as a holder of it. */
export function handOut(tensor: Tensor): void {
  hold(tensor)
  const { storage } = tensor
  if (holders.has(storage)) handedOut.set(storage, (handedOut.get(storage) ?? 0) + 1)
}

/** Lets go of a tensor that a scope had returned; one that others hold, such as a variable, stays theirs. */
export function useUp(tensor: Tensor): void {
  const count = handedOut.get(tensor.storage)
  if (count === undefined) return
  if (count > 1) handedOut.set(tensor.storage, count - 1)
  else handedOut.delete(tensor.storage)
  letGo(tensor)
}

/** Counts one less. The last leaves the tensor to the lifetime that is running. */
export function letGo(tensor: Tensor): void {
  const count = holders.get(tensor.storage)
  if (count === undefined) return
  if (count > 1) holders.set(tensor.storage, count - 1)
  else {
    holders.delete(tensor.storage)
    current?.take(tensor)
  }
}

/** @throws DisposedError when one of the tensors was released */
export function checkAlive(operation: string, tensors: readonly Tensor[]): void {
  for (let i = 0; i < tensors.length; i++) if (tensors[i]!.lifetime?.isOver) refuse(operation, tensors[i]!)
}

function refuse(operation: string, tensor: Tensor): never {
  const { entry } = tensor
  const place = entry?.scope ? ` in ${entry.scope}` : ''
  const origin =
    entry === undefined
      ? ''
      : `, made by ${entry.op.format(entry.inputs.map(String), entry.attributes)}${place},`
  throw new DisposedError(
    operation,
    `${tensor}${origin} was released when the scope ended in which it was made or last held, or with the captured step that lent it`,
    'Return it from that scope, or hold on to it with keep(…) inside',
  )
}
