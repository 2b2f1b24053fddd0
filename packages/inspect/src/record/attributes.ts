/**
 * The attributes of operations as JSON, and back: what an entry needs beside its inputs to be computed again. Operations
 * that close over functions of the program (`custom`, `checkpoint`) cannot be written down, and have none.
 */

import {
  type Backend,
  type DType,
  dtypes,
  type Expression,
  type Op,
  operations,
  type Shape,
  Tensor,
  tensor,
} from '@sensigrad/core'
import { type Check, list, object, oneOf, whole, wrong } from './check.ts'
import { quoted } from './errors.ts'
import { checkExpression, expressionFromJSON, expressionToJSON, type NodeJSON } from './expression.ts'

/** The indices of `takeAlongAxis` and `scatter`. */
interface IndicesJSON {
  readonly shape: readonly number[]
  readonly elements: readonly number[]
}

/** The attributes of each operation that can be computed again from a file, as JSON. */
interface AttributesByOp {
  readonly map: { readonly expression: readonly NodeJSON[] }
  readonly cast: { readonly dtype: DType }
  readonly broadcastTo: { readonly shape: readonly number[] }
  readonly reshape: { readonly shape: readonly number[] }
  readonly transpose: { readonly axes: readonly number[] }
  readonly sum: { readonly axes: readonly number[] }
  readonly max: { readonly axes: readonly number[] }
  readonly min: { readonly axes: readonly number[] }
  readonly slice: Placement
  readonly place: Placement
  readonly concat: { readonly axis: number }
  readonly split: { readonly sizes: readonly number[]; readonly axis: number }
  readonly windows: {
    readonly size: number
    readonly stride: number
    readonly dilation: number
    readonly axis: number
  }
  readonly linearRecurrence: { readonly axis: number }
  readonly takeAlongAxis: { readonly indices: IndicesJSON; readonly axis: number }
  readonly solve: { readonly transpose: boolean }
  readonly triangularSolve: { readonly transpose: boolean; readonly upper: boolean }
  readonly scatter: { readonly indices: IndicesJSON; readonly axis: number; readonly size: number }
}

interface Placement {
  readonly start: readonly number[]
  readonly step: readonly number[]
  readonly shape: readonly number[]
}

/** The most elements that a tensor of a file may have. */
export const mostElements = 2 ** 40
/** The most axes that it may have. */
const mostAxes = 64
/** The most indices that are written down. */
const mostIndices = 65_536

/** The shape of a tensor of a file. */
export const shape: Check<number[]> = list(whole(0, mostElements), mostAxes)
const axis = whole(0, mostAxes - 1)
const axes = list(axis, mostAxes)
const length = whole(0, mostElements)
const positive = whole(1, mostElements)
const flag: Check<boolean> = (value, place) =>
  typeof value === 'boolean' ? value : wrong(place, `is ${quoted(value)}, neither true nor false`)
const signed = whole(-mostElements, mostElements)
const placement = object<Placement>({
  start: list(whole(-1, mostElements), mostAxes),
  step: list(signed, mostAxes),
  shape,
})

const indices: Check<IndicesJSON> = (value, place) => {
  const read = object<IndicesJSON>({ shape, elements: list(length, mostIndices) })(value, place)
  const size = read.shape.reduce((product, size) => product * size, 1)
  if (size !== read.elements.length) {
    wrong(place, `has ${read.elements.length} elements for the shape [${read.shape.join(', ')}]`)
  }
  return read
}

/** How the attributes of each operation are read. */
const checks: { readonly [Name in keyof AttributesByOp]: Check<AttributesByOp[Name]> } = {
  map: object({ expression: checkExpression }),
  cast: object({ dtype: oneOf(dtypes) }),
  broadcastTo: object({ shape }),
  reshape: object({ shape }),
  transpose: object({ axes }),
  sum: object({ axes }),
  max: object({ axes }),
  min: object({ axes }),
  slice: placement,
  place: placement,
  concat: object({ axis }),
  split: object({ sizes: list(length, 100_000), axis }),
  windows: object({ size: positive, stride: positive, dilation: positive, axis }),
  linearRecurrence: object({ axis }),
  takeAlongAxis: object({ indices, axis }),
  solve: object({ transpose: flag }),
  triangularSolve: object({ transpose: flag, upper: flag }),
  scatter: object({ indices, axis, size: length }),
}

type Known = keyof AttributesByOp

const isKnown = (name: string): name is Known => Object.hasOwn(checks, name)

/** Whether an operation is the one that is known by its name: others may be called the same. */
function isTheKnown(op: Op): boolean {
  return operations.find(({ name }) => name === op.name) === op
}

/**
 * The attributes of an entry's operation as JSON.
 *
 * @returns `undefined` where it has none, or where they cannot be written down
 */
export async function attributesToJSON(op: Op, attributes: unknown): Promise<unknown> {
  if (!isKnown(op.name) || !isTheKnown(op)) return undefined
  const given = attributes as Readonly<Record<string, unknown>>
  if (op.name === 'map') {
    const expression = expressionToJSON(given.expression as Expression)
    return expression && { expression }
  }
  if (given.indices instanceof Tensor) {
    if (given.indices.size > mostIndices || given.indices.released) return undefined
    const elements = [...(await given.indices.data())]
    return { ...given, indices: { shape: [...given.indices.shape], elements } }
  }
  return { ...given }
}

/**
 * The attributes of an entry that a file gives, looked at and made anew.
 *
 * @throws TapeFileError for what the operation does not take, and for attributes of one that has none in a file
 */
export function checkAttributes(op: string, value: unknown, place: string): unknown {
  if (isKnown(op)) return checks[op](value, place)
  return wrong(place, `belongs to ${op}, whose attributes are not written down`)
}

/**
 * What `op.apply` takes, from attributes that `checkAttributes` gave.
 *
 * @param backend  where indices are made
 */
export function attributesFromJSON(op: string, json: unknown, backend?: Backend): unknown {
  if (!isKnown(op)) return undefined
  const given = (checks[op] as Check<AttributesByOp[Known]>)(json, 'attributes')
  if ('expression' in given) return { expression: expressionFromJSON(given.expression) }
  if (!('indices' in given)) return given
  const { elements, shape } = given.indices
  return {
    ...given,
    indices: tensor([...elements], { shape: shape as Shape, dtype: 'int32', ...(backend && { backend }) }),
  }
}
