/** The kernels of the contract, each made of what its family gives and the call that writes it. */

import {
  type Backend,
  BackendError,
  type Destination,
  type DType,
  type Kernels,
  type Storage,
  sizeOf,
} from '@sensigrad/core'
import { contract } from './contract.ts'
import type { ArgumentsOf, Family } from './family.ts'
import { bytesOf } from './heap.ts'
import { argReduce, argSort, gather, scan, scatterAdd } from './lines.ts'
import type { Bound, Start } from './loops.ts'
import { map } from './map.ts'
import { cast, concat, copy, place } from './movement.ts'
import { reduce } from './reduce.ts'
import type { Workplace } from './workplace.ts'

const families: { readonly [Kernel in keyof Kernels]: Family<Kernel> } = {
  map,
  reduce,
  contract,
  copy,
  place,
  concat,
  gather,
  scatterAdd,
  argReduce,
  argSort,
  scan,
  cast,
}

/** How many arguments come before the destination. */
const counts: { readonly [Kernel in keyof Kernels]: ArgumentsOf<Kernel>['length'] } = {
  map: 4,
  reduce: 3,
  contract: 2,
  copy: 1,
  place: 3,
  concat: 2,
  gather: 3,
  scatterAdd: 4,
  argReduce: 3,
  argSort: 3,
  scan: 3,
  cast: 2,
}

/** A family whose arguments are not told apart. */
interface AnyFamily {
  gives(...of: unknown[]): { readonly dtype: DType; readonly length: number }
  bind(at: Workplace, out: Start, ...of: unknown[]): Bound
}

/** The kernels, run when they are called. */
export function kernelsAt(at: Workplace): Kernels {
  const { heap } = at
  const run = <Kernel extends keyof Kernels>(
    name: Kernel,
    into: Destination | undefined,
    ...of: ArgumentsOf<Kernel>
  ): Storage => {
    const family: Family<Kernel> = families[name]
    const { dtype, length } = family.gives(...of)
    const storage = into === undefined ? heap.allocate(dtype, length, name) : into.storage
    const address = heap.addressOf(storage, name) + (into === undefined ? 0 : into.offset * bytesOf[dtype])
    if (!family.atOnce?.(at, address, ...of)) family.bind(at, { address, advance: 0 }, ...of)(0)
    return storage
  }
  return {
    /** As `run`, without a list of the arguments: most eager operations are small maps. */
    map(expression, inputs, shape, dtype, into) {
      const storage = into === undefined ? heap.allocate(dtype, sizeOf(shape), 'map') : into.storage
      const address = heap.addressOf(storage, 'map') + (into === undefined ? 0 : into.offset * bytesOf[dtype])
      if (!map.atOnce(at, address, expression, inputs, shape, dtype)) {
        map.bind(at, { address, advance: 0 }, expression, inputs, shape, dtype)(0)
      }
      return storage
    },
    reduce: (reduction, input, axes, into) => run('reduce', into, reduction, input, axes),
    contract: (a, b, into) => run('contract', into, a, b),
    copy: (input, into) => run('copy', into, input),
    place: (input, shape, region, into) => run('place', into, input, shape, region),
    concat: (inputs, axis, into) => run('concat', into, inputs, axis),
    gather: (input, indices, axis, into) => run('gather', into, input, indices, axis),
    scatterAdd: (values, indices, axis, size, into) => run('scatterAdd', into, values, indices, axis, size),
    argReduce: (extremum, input, axis, into) => run('argReduce', into, extremum, input, axis),
    argSort: (input, axis, descending, into) => run('argSort', into, input, axis, descending),
    scan: (factors, terms, axis, into) => run('scan', into, factors, terms, axis),
    cast: (input, dtype, into) => run('cast', into, input, dtype),
  }
}

/** The kernels, bound to their arguments. A call holds its storages: their memory stays theirs while it may run. */
export function binderAt(at: Workplace): NonNullable<Backend['bind']> {
  const held = new WeakMap<Bound, readonly unknown[]>()
  return (name, ...of) => {
    const count = counts[name]
    if (of.length <= count) {
      throw new BackendError(
        'bind',
        `${name} was given no destination`,
        'Give one after the arguments of the kernel: { storage, offset }',
      )
    }
    const family = families[name] as AnyFamily
    const args = (of as unknown[]).slice(0, count)
    const { storage, offset, advance = 0 } = of[count] as Destination
    const size = bytesOf[family.gives(...args).dtype]
    const address = at.heap.addressOf(storage, name) + offset * size
    const call = family.bind(at, { address, advance: advance * size }, ...args)
    held.set(call, of as unknown[])
    return call
  }
}
