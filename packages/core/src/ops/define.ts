/**
 * An operation is one definition: its name, its forward computation on a backend, its rules for both modes, and
 * the samples and error cases from which its tests and its line in the documentation are generated.
 */

import type { Backend } from '../backend/contract.ts'
import { BackendError } from '../errors.ts'
import { remember } from '../tape/recorder.ts'
import { zerosLike } from '../tensor/create.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** What a reverse rule gets: the arriving cotangent `g`, and which inputs need one. */
export interface ReverseContext<Attributes> {
  readonly g: Tensor
  readonly inputs: readonly Tensor[]
  readonly output: Tensor
  readonly attributes: Attributes
  readonly needs: readonly boolean[]
}

/** What a forward rule gets: the tangent `d[i]` of each input that moves. */
export interface ForwardContext<Attributes> {
  readonly d: readonly (Tensor | undefined)[]
  readonly inputs: readonly Tensor[]
  readonly output: Tensor
  readonly attributes: Attributes
}

/** A call of an operation at which its generated tests look. */
export interface Sample {
  /** What is special about it, for the test's name. */
  readonly name: string
  /** Float inputs of these shapes are drawn (from [-2, 2] unless `domain` says otherwise) … */
  readonly shapes: readonly (readonly number[])[]
  readonly domain?: readonly [low: number, high: number]
  /** … and handed to this call. */
  readonly call: (...inputs: Tensor[]) => Tensor
}

/** A call that must be refused, and what the error must say. */
export interface ErrorCase {
  readonly call: (make: (shape: readonly number[], dtype?: Tensor['dtype']) => Tensor) => unknown
  readonly message: RegExp
}

/** How an operation is defined; see the fields. */
export interface OpDefinition<Attributes> {
  readonly name: string
  /** The value. Shapes and types were checked by the public function that calls `apply`. */
  forward(inputs: readonly Tensor[], attributes: Attributes): Tensor
  /** A cotangent for each input that needs one (`undefined` where nothing flows), in public operations. */
  vjp(context: ReverseContext<Attributes>): readonly (Tensor | undefined)[]
  /** The tangent of the output, in public operations; `linear` operations get theirs from `forward`. */
  jvp?(context: ForwardContext<Attributes>): Tensor | undefined
  /** Linear in its inputs together: the tangent is the operation itself, applied to the tangents. */
  readonly linear?: true
  readonly samples: readonly Sample[]
  readonly errors: readonly ErrorCase[]
  /** How a tape prints it, when `name(operands, attributes)` will not do. */
  format?(operands: readonly string[], attributes: Attributes): string
}

/** A defined operation. */
export interface Op<Attributes = unknown> {
  readonly name: string
  readonly samples: readonly Sample[]
  readonly errors: readonly ErrorCase[]
  /** Computes the value and, inside a transform, records it. */
  apply(inputs: readonly Tensor[], attributes: Attributes): Tensor
  vjp(context: ReverseContext<Attributes>): readonly (Tensor | undefined)[]
  jvp(context: ForwardContext<Attributes>): Tensor | undefined
  format(operands: readonly string[], attributes: Attributes): string
}

const defined: Op[] = []

/** Every operation, in the order of definition: what generated tests and documentation go through. */
export const operations: readonly Op[] = defined

/** Defines an operation. Without rules it does not compile: a `jvp` of its own, or `linear: true`. */
export function defineOp<Attributes>(
  definition: OpDefinition<Attributes> &
    ({ linear: true } | { jvp: NonNullable<OpDefinition<Attributes>['jvp']> }),
): Op<Attributes> {
  const { name, samples, errors } = definition
  const op: Op<Attributes> = {
    name,
    samples,
    errors,
    apply(inputs, attributes) {
      const output = definition.forward(inputs, attributes)
      remember(op as Op, inputs, attributes, output)
      return output
    },
    vjp: context => definition.vjp(context),
    jvp: context => (definition.jvp ? definition.jvp(context) : linearTangent(op, context)),
    format: (operands, attributes) =>
      definition.format?.(operands, attributes) ?? formatCall(name, operands, attributes),
  }
  defined.push(op as Op)
  return op
}

/** The tangent of a linear operation: itself, applied to the tangents (zeros where an input stands still). */
function linearTangent<Attributes>(
  op: Op<Attributes>,
  context: ForwardContext<Attributes>,
): Tensor | undefined {
  const { d, inputs, attributes } = context
  if (d.every(tangent => tangent === undefined)) return undefined
  return op.apply(
    d.map((tangent, i) => tangent ?? zerosLike(inputs[i]!)),
    attributes,
  )
}

function formatCall(name: string, operands: readonly string[], attributes: unknown): string {
  const settings = Object.entries(attributes ?? {}).map(([key, value]) => `${key}=${JSON.stringify(value)}`)
  return `${name}(${[...operands, ...settings].join(', ')})`
}

/**
 * The one backend on which all the tensors live.
 *
 * @throws BackendError when they live on several
 */
export function commonBackend(operation: string, tensors: readonly Tensor[]): Backend {
  const { backend } = tensors[0]!
  for (const other of tensors) {
    if (other.backend === backend) continue
    throw new BackendError(
      operation,
      `tensors live on two backends, ${backend.name} and ${other.backend.name}`,
      'Move one: tensor(await x.data(), { shape: x.shape, backend })',
    )
  }
  return backend
}
