/** Numbers of an independent implementation, as the generators in test/reference write them. */
import { readFileSync } from 'node:fs'
import { type Tensor, tensor } from '@sensigrad/core'
import type { AnyModule, ByParameter } from '@sensigrad/nn'
import { f64 } from './backend.ts'

/** A tensor in a file. */
export interface Written {
  readonly shape: readonly number[]
  readonly values: readonly number[]
}

/** The content of `test/reference/<name>.json`. */
export function reference<Content>(name: string): Content {
  return JSON.parse(readFileSync(new URL(`../reference/${name}.json`, import.meta.url), 'utf8')) as Content
}

export const read64 = ({ values, shape }: Written): Tensor => f64(Float64Array.from(values), shape)
export const readBool = ({ values, shape }: Written): Tensor =>
  tensor(Uint8Array.from(values), { dtype: 'bool', shape })

/** Gives a module the parameters that were written, and all of them. */
export function withWritten<M extends AnyModule>(module: M, written: Readonly<Record<string, Written>>): M {
  const parameters = module.parameters()
  const paths = (names: Iterable<string>) => [...names].sort().join()
  if (paths(parameters.keys()) !== paths(Object.keys(written))) {
    throw new Error(`the module has ${paths(parameters.keys())}, and not ${paths(Object.keys(written))}`)
  }
  for (const [path, parameter] of parameters) parameter.value = read64(written[path]!)
  return module
}

/** Tensors by path in the order in which they were written. */
export function inOrder(tensors: ByParameter, written: Readonly<Record<string, Written>>): Tensor[] {
  return Object.keys(written).map(path => tensors[path]!)
}
