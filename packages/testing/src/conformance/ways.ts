/** The ways in which a kernel can be asked to work: for new storage, at a destination, and bound to its arguments. */

import {
  allocate,
  type Backend,
  type DType,
  type Kernels,
  kernelFamilies,
  type Storage,
  type View,
} from '@sensigrad/core'

/** One way: what stands for the backend while a kernel is called, and where the elements are then. */
export interface Way {
  readonly name: string
  /** Calls a kernel through `run`, and gives a view of the `length` elements that it wrote. */
  ask(backend: Backend, run: (backend: Backend) => Storage, dtype: DType, length: number): Written
}

/** What a kernel wrote, and what lay around it in the same storage. */
export interface Written {
  readonly storage: Storage
  readonly offset: number
  /** How often they stand there, one after the other. */
  readonly times: number
  /** The other elements of the storage, which must be 1. */
  readonly around: readonly View[]
}

const before = 4
const after = 3

/** The kernels of a backend, whose every call goes to `call` instead. */
function redirected(
  backend: Backend,
  call: <Kernel extends keyof Kernels>(kernel: Kernel, of: Parameters<Kernels[Kernel]>) => Storage,
): Backend {
  return new Proxy(backend, {
    get(target, name, receiver) {
      const member = Reflect.get(target, name, receiver)
      const isKernel = (kernelFamilies as readonly (string | symbol)[]).includes(name)
      return isKernel ? (...of: never[]) => call(name as keyof Kernels, of as never) : member
    },
  })
}

function amid(backend: Backend, dtype: DType, length: number, times = 1): Written {
  const ones = allocate(dtype, before + times * length + after).fill(1)
  const storage = backend.upload(ones, dtype)
  const part = (offset: number, size: number) => ({ storage, dtype, shape: [size], strides: [1], offset })
  return { storage, offset: before, times, around: [part(0, before), part(before + times * length, after)] }
}

/** All ways. A backend without `bind` has the first two. */
export function waysOf(backend: Backend): readonly Way[] {
  const fresh: Way = {
    name: 'for new storage',
    ask: (backend, run) => ({ storage: run(backend), offset: 0, times: 1, around: [] }),
  }
  const directed: Way = {
    name: 'at a destination',
    ask(backend, run, dtype, length) {
      const written = amid(backend, dtype, length)
      run(
        redirected(backend, (kernel, of) => {
          const method = backend[kernel] as (...of: unknown[]) => Storage
          return method.call(backend, ...of, written)
        }),
      )
      return written
    },
  }
  const bound: Way = {
    name: 'bound to its arguments',
    ask(backend, run, dtype, length) {
      const written = amid(backend, dtype, length, 2)
      run(
        redirected(backend, (kernel, of) => {
          const bind = backend.bind as (kernel: keyof Kernels, ...of: unknown[]) => (step: number) => void
          const at = bind.call(backend, kernel, ...of, { ...written, advance: length })
          at(1)
          at(0)
          return written.storage
        }),
      )
      return written
    },
  }
  return backend.bind === undefined ? [fresh, directed] : [fresh, directed, bound]
}
