/**
 * The reference backend: tensors in typed arrays, kernels in plain TypeScript. It runs wherever JavaScript runs,
 * in float32 and float64, and is written to be read.
 *
 * @packageDocumentation
 */

import {
  allocate,
  BackendError,
  type MemoryUse,
  type SynchronousBackend,
  type TypedArray,
  type View,
} from '@sensigrad/core'
import { compile } from './compile.ts'
import { contract } from './contract.ts'
import { interpret } from './interpret.ts'
import { type KernelMaker, map } from './map.ts'
import { gather, scatterAdd } from './indexing.ts'
import { cast, concat, copy, place } from './movement.ts'
import { argReduce, argSort } from './order.ts'
import { reduce } from './reduce.ts'
import { scan } from './scan.ts'

/** @throws BackendError when the view is not of this backend: of a step that is being captured, which has no values */
function read(input: View): TypedArray {
  if (ArrayBuffer.isView(input.storage)) return copy(input)
  throw new BackendError(
    'cpu',
    'a tensor lives elsewhere, or has no values because the step that makes it is being captured',
    'Read it by its own backend, outside of the step',
  )
}

function backend(name: string, kernelFor: KernelMaker): SynchronousBackend {
  return {
    name,
    capabilities: { dtypes: ['float32', 'float64', 'int32', 'bool'], synchronousRead: true },
    map: (...of) => map(kernelFor, ...of),
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
    allocate,
    upload: values => values,
    readSync: read,
    read: async input => read(input),
    free: () => {}, // the garbage collector's work
    memory: (): MemoryUse => ({ buffers: undefined, bytes: undefined }),
  }
}

const compiling = backend('cpu', compile)
const interpreting = backend('cpu-interpreted', (expression, _, integers) => interpret(expression, integers))

/** How the CPU backend works. */
export interface CpuOptions {
  /** Whether elementwise loops are compiled to JavaScript (`new Function`, where allowed), as they are unless said. */
  readonly compile?: boolean
}

/**
 * The CPU backend.
 *
 * @example useBackend(cpu())
 * @example cpu().readSync(x) // the elements of x without waiting, which only this kind of backend can do
 */
export function cpu({ compile = true }: CpuOptions = {}): SynchronousBackend {
  return compile ? compiling : interpreting
}
