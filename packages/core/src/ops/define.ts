/**
 * An operation is one definition: its name, its forward computation on a backend, its rules for both modes, and
 * the samples and error cases from which its tests and its line in the documentation are generated.
 */

import type { Backend } from '../backend/contract.ts'
import { computingOn } from '../backend/current.ts'
import { BackendError, describeValue, ValueError } from '../errors.ts'
import { isRecording, remember } from '../tape/recorder.ts'
import { zerosLike } from '../tensor/create.ts'
import { checkAlive } from '../tensor/lifetime.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { type Specification, specify } from './specify.ts'

/** What the engine hands to a reverse rule: the cotangents that arrived, and which inputs need one. */
export interface ReverseStep<Attributes = unknown> {
  /** The cotangent of each output; `undefined` where none arrived, at one of them at most. */
  readonly gs: readonly (Tensor | undefined)[]
  readonly inputs: readonly Tensor[]
  readonly outputs: readonly Tensor[]
  readonly attributes: Attributes
  readonly needs: readonly boolean[]
}

/** What the engine hands to a forward rule: the tangent `d[i]` of each input that moves. */
export interface ForwardStep<Attributes = unknown> {
  readonly d: readonly (Tensor | undefined)[]
  readonly inputs: readonly Tensor[]
  readonly outputs: readonly Tensor[]
  readonly attributes: Attributes
}

/** As `ReverseStep`, for an operation with one output `output` and its cotangent `g`. */
export interface ReverseContext<Attributes> {
  readonly g: Tensor
  readonly inputs: readonly Tensor[]
  readonly output: Tensor
  readonly attributes: Attributes
  readonly needs: readonly boolean[]
}

/** As `ForwardStep`, for an operation with one output. */
export interface ForwardContext<Attributes> {
  readonly d: readonly (Tensor | undefined)[]
  readonly inputs: readonly Tensor[]
  readonly output: Tensor
  readonly attributes: Attributes
}

interface Definition extends Specification {
  /** Linear in its inputs together: the tangent is the operation itself, applied to the tangents. */
  readonly linear?: true
}

/** How an operation with one output is defined; see the fields. */
export interface OpDefinition<Attributes> extends Definition {
  /** The value. Shapes and types were checked by the public function that calls `apply`. */
  forward(inputs: readonly Tensor[], attributes: Attributes): Tensor
  /** A cotangent for each input that needs one (`undefined` where nothing flows), in public operations. */
  vjp(context: ReverseContext<Attributes>): readonly (Tensor | undefined)[]
  /** The tangent of the output, in public operations; `linear` operations get theirs from `forward`. */
  jvp?(context: ForwardContext<Attributes>): Tensor | undefined
  /** How a tape prints it, when `name(operands, attributes)` will not do. */
  format?(operands: readonly string[], attributes: Attributes): string
}

/** How an operation with several outputs is defined. */
export interface MultiOpDefinition<Attributes> extends Definition {
  forward(inputs: readonly Tensor[], attributes: Attributes): readonly Tensor[]
  vjp(step: ReverseStep<Attributes>): readonly (Tensor | undefined)[]
  jvp?(step: ForwardStep<Attributes>): readonly (Tensor | undefined)[]
  format?(operands: readonly string[], attributes: Attributes): string
}

/** What the engine hands to a reverse rule of either kind: one object serves both, as there is one for each entry. */
export interface PulledEntry<Attributes> extends ReverseStep<Attributes> {
  /** The cotangent and the output of an operation that has one. */
  readonly g: Tensor | undefined
  readonly output: Tensor
}

/** What the engine knows of an operation. */
export interface Op<Attributes = unknown> {
  readonly name: string
  /** Whether the tangent is the operation itself, applied to the tangents. */
  readonly linear: boolean
  vjp(step: PulledEntry<Attributes>): readonly (Tensor | undefined)[]
  jvp(step: ForwardStep<Attributes>): readonly (Tensor | undefined)[]
  format(operands: readonly string[], attributes: Attributes): string
}

/** An operation with one output. */
export interface SingleOp<Attributes = unknown> extends Op<Attributes> {
  /** Computes the value and, inside a transform, records it. */
  apply(inputs: readonly Tensor[], attributes: Attributes): Tensor
}

/** An operation with several outputs. */
export interface MultiOp<Attributes = unknown> extends Op<Attributes> {
  /** Computes the values and, inside a transform, records them as one entry. */
  apply(inputs: readonly Tensor[], attributes: Attributes): readonly Tensor[]
}

/** A rule for forward mode: written down, or following from linearity. */
export type Ruled<Definition extends { jvp?: unknown }> = Definition &
  ({ readonly linear: true } | { readonly jvp: NonNullable<Definition['jvp']> })

const defined: Op[] = []

/** Every operation, in the order of definition: what generated tests and documentation go through. */
export const operations: readonly Op[] = defined

/** Defines an operation. Without rules it does not compile: a `jvp` of its own, or `linear: true`. */
export function defineOp<Attributes>(definition: Ruled<OpDefinition<Attributes>>): SingleOp<Attributes> {
  checkDefinition('defineOp', definition)
  return published(makeOp(definition), definition)
}

/** Defines an operation with several outputs, which stand as one entry on the tape. */
export function defineMultiOp<Attributes>(
  definition: Ruled<MultiOpDefinition<Attributes>>,
): MultiOp<Attributes> {
  checkDefinition('defineMultiOp', definition)
  return published(makeMultiOp(definition), definition)
}

/** @throws ValueError for callers without types, whose definitions nothing has checked */
function checkDefinition(operation: string, definition: unknown): void {
  const { name, forward, vjp, jvp, linear, samples, errors } = (definition ?? {}) as Record<string, unknown>
  const ruled = typeof vjp === 'function' && (typeof jvp === 'function' || linear === true)
  if (
    typeof name === 'string' &&
    typeof forward === 'function' &&
    ruled &&
    Array.isArray(samples) &&
    Array.isArray(errors)
  ) {
    return
  }
  throw new ValueError(
    operation,
    `${typeof name === 'string' ? name : describeValue(definition)} is no definition with rules for both modes`,
    'Give { name, forward, vjp, samples, errors } with jvp or linear: true',
  )
}

function published<Kind extends Op<never>>(op: Kind, specification: Specification): Kind {
  defined.push(op)
  specify(specification)
  return op
}

/** The operation of a definition, known to nobody but its caller. */
export function makeOp<Attributes>(
  definition: Ruled<Omit<OpDefinition<Attributes>, 'samples' | 'errors'>>,
): SingleOp<Attributes> {
  const { jvp } = definition
  const op: SingleOp<Attributes> = {
    ...named(definition),
    vjp: step => definition.vjp(step as ReverseContext<Attributes>), // of one output, whose cotangent has arrived
    jvp({ d, inputs, outputs, attributes }) {
      if (jvp) return [jvp.call(definition, { d, inputs, output: outputs[0]!, attributes })]
      const tangents = linearTangents(d, inputs)
      return tangents ? [op.apply(tangents, attributes)] : []
    },
    apply(inputs, attributes) {
      checkAlive(definition.name, inputs)
      const output = definition.forward(inputs, attributes)
      if (isRecording()) remember(op as Op, inputs, attributes, output)
      return output
    },
  }
  return op
}

/** As `makeOp`, with several outputs. */
export function makeMultiOp<Attributes>(
  definition: Ruled<Omit<MultiOpDefinition<Attributes>, 'samples' | 'errors'>>,
): MultiOp<Attributes> {
  const { jvp } = definition
  const op: MultiOp<Attributes> = {
    ...named(definition),
    vjp: step => definition.vjp(step),
    jvp(step) {
      if (jvp) return jvp.call(definition, step)
      const tangents = linearTangents(step.d, step.inputs)
      return tangents ? op.apply(tangents, step.attributes) : []
    },
    apply(inputs, attributes) {
      checkAlive(definition.name, inputs)
      const outputs = definition.forward(inputs, attributes)
      if (isRecording()) remember(op as Op, inputs, attributes, outputs)
      return outputs
    },
  }
  return op
}

/** What the engine knows of an operation besides its rules. */
function named<Attributes>({
  name,
  linear,
  format,
}: Pick<MultiOpDefinition<Attributes>, 'name' | 'linear' | 'format'>): Pick<
  Op<Attributes>,
  'name' | 'linear' | 'format'
> {
  return {
    name,
    linear: linear === true,
    format: format ?? ((operands, attributes) => formatCall(name, operands, attributes)),
  }
}

/** What a linear operation is applied to for its tangent: zeros where an input stands still; none if all do. */
function linearTangents(d: readonly (Tensor | undefined)[], inputs: readonly Tensor[]): Tensor[] | undefined {
  if (d.every(tangent => tangent === undefined)) return undefined
  return d.map((tangent, i) => tangent ?? zerosLike(inputs[i]!))
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
  const backend = computingOn(tensors[0]!)
  for (const other of tensors) {
    if (other.backend === backend || computingOn(other) === backend) continue
    throw new BackendError(
      operation,
      `tensors live on two backends, ${backend.name} and ${other.backend.name}`,
      'Move one: tensor(await x.data(), { shape: x.shape, backend })',
    )
  }
  return backend
}
