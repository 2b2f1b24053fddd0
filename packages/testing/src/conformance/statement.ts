/** How a claim about a kernel is stated: the cases that it draws, and what the kernel must give in each. */

import {
  allocate,
  type Backend,
  type DType,
  epsilon,
  isFloat,
  type Kernels,
  type Storage,
  type View,
} from '@sensigrad/core'
import fc from 'fast-check'
import { type HostView, put } from '../arbitraries/views.ts'
import { indicesOf, rowMajor } from '../indices.ts'
import { isAsWanted, keepWithin } from './rough-numbers.ts'
import { waysOf } from './ways.ts'

/** What a backend is asked about: a kernel family, or reading. */
export type Subject = keyof Kernels | 'read'

/** A promise of every backend that has certain types. */
export interface Statement {
  readonly kernel: Subject
  readonly name: string
  /** The types that a backend must have for this to concern it. */
  readonly dtypes: readonly DType[]
  /** Resolves when the backend keeps it, and rejects with the smallest counterexample when not. */
  holds(backend: Backend, trials: Trials): Promise<void>
}

/** How often a property is tried, from a fixed seed: a claim holds or not, whoever asks and whenever. */
export interface Trials {
  readonly numRuns: number
  readonly seed: number
}

/** What a kernel must give: the elements, and how far each may be off (not at all, unless said). */
export interface Expected {
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly values: readonly number[]
  readonly tolerance?: readonly number[]
  /** Whether a scalar function was evaluated that a backend may state a larger error for. */
  readonly isApproximate?: boolean
}

/** One call of a kernel. */
export interface Case {
  readonly inputs: readonly HostView[]
  readonly run: (backend: Backend, inputs: readonly View[]) => Storage
  readonly expected: () => Expected
}

export const types: readonly DType[] = ['float32', 'float64', 'int32', 'bool']
export const numberTypes = types.filter(dtype => dtype !== 'bool')
export const floatTypes = types.filter(isFloat)

/** What a statement says and which kernel and types, beside the drawn one, it needs. */
export interface Subjects {
  readonly kernel: Subject
  readonly says: string
  /** The types that it is made for, one statement each. */
  readonly dtypes: readonly DType[]
  readonly alsoNeeds?: readonly DType[]
}

/** A statement for each type, about cases that are drawn for it. */
export function state(
  { kernel, says, dtypes, alsoNeeds = [] }: Subjects,
  draw: (dtype: DType) => fc.Arbitrary<Case>,
): Statement[] {
  return dtypes.map(dtype => ({
    kernel,
    name: `${kernel}: ${says} (${dtype})`,
    dtypes: [dtype, ...alsoNeeds],
    holds: (backend, trials) =>
      fc.assert(
        fc.asyncProperty(draw(dtype), async ({ inputs, run, expected }) => {
          for (const view of inputs) keepWithin(backend.capabilities.numbers, view)
          const given = inputs.map(view => twice(backend, view)) // a bound call may take the second at its step 1
          const wanted = expected()
          for (const way of waysOf(backend)) {
            const written = way.ask(backend, asked => run(asked, given), wanted.dtype, wanted.values.length)
            for (let i = 0; i < written.times; i++) {
              const offset = written.offset + i * wanted.values.length
              await sameElements(backend, written.storage, wanted, offset, way.name)
            }
            for (const view of written.around) await isOnes(backend, view, way.name)
          }
          for (const [i, view] of inputs.entries()) await isUntouched(backend, given[i]!, view)
        }),
        trials,
      ),
  }))
}

async function isOnes(backend: Backend, view: View, way: string): Promise<void> {
  const found = await backend.read(view)
  if (found.every(value => value === 1)) return
  throw new Error(`${way}, elements around the destination became ${found}`)
}

/** A view whose memory stands twice in its storage, and which advances from the one to the other. */
function twice(backend: Backend, view: HostView): View {
  const memory = allocate(view.dtype, 2 * view.memory.length)
  memory.set(view.memory)
  memory.set(view.memory, view.memory.length)
  return { ...put(backend, { ...view, memory }), advance: view.memory.length }
}

async function isUntouched(backend: Backend, { storage }: View, { dtype, memory }: HostView): Promise<void> {
  await sameElements(backend, storage, {
    dtype,
    shape: [2 * memory.length],
    values: [...memory, ...memory],
  })
}

const arrayNames = {
  float32: 'Float32Array',
  float64: 'Float64Array',
  int32: 'Int32Array',
  bool: 'Uint8Array',
}

/** Throws unless a storage that a kernel returned holds what it must. */
export async function sameElements(
  backend: Backend,
  storage: Storage,
  expected: Expected,
  offset = 0,
  way = 'for new storage',
): Promise<void> {
  const { dtype, shape, values } = expected
  const found = await backend.read({ storage, dtype, shape, strides: rowMajor(shape), offset })
  if (found.constructor.name !== arrayNames[dtype]) {
    throw new Error(`${dtype} was read as a ${found.constructor.name}`)
  }
  if (found.length !== values.length) throw new Error(`${found.length} elements, not ${values.length}`)
  for (const [i, value] of values.entries()) {
    const wanted = dtype === 'float32' ? Math.fround(value) : value
    const allowed = expected.tolerance?.[i]
    if (isAsWanted(backend.capabilities.numbers, found[i]!, { wanted, allowed, of: expected })) continue
    throw new Error(`${way}, element ${i} is ${found[i]}, not ${wanted} (± ${allowed ?? 0})`)
  }
}

/** The element of a host view at an index. */
export function at({ memory, offset, strides }: HostView, index: readonly number[]): number {
  return memory[index.reduce((place, i, axis) => place + i * strides[axis]!, offset)]!
}

/** The elements of a host view, row-major. */
export function valuesOf(view: HostView): number[] {
  return indicesOf(view.shape).map(index => at(view, index))
}

/** The distance of 1 to the next number, 0 for types without rounding. */
export function precisionOf(dtype: DType): number {
  return isFloat(dtype) ? epsilon(dtype) : 0
}

/** Σ values. */
export function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0)
}
