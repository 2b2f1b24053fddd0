/** Units of any kind: whatever a function or a module computes, as something that SAL attaches to. */

import { describeValue, Tensor, ValueError } from '@sensigrad/core'
import { checkOptions } from '../check.ts'
import { type AnyModule, type Call, checkModule, Module } from '../module.ts'
import { Parameter } from '../parameter.ts'
import { checkAxes, type UnitAxis } from './unit-axes.ts'

/** Parameters, alone or by name. */
export type ParameterList = readonly Parameter[] | Readonly<Record<string, Parameter>>

/** What is a unit, what it hears, and what of it SAL moves. */
export interface NeuronOptions {
  /** What SAL may move; of a module all its parameters unless said. */
  readonly parameters?: ParameterList
  /**
   * Which inputs count, by their place in the call: 1 is the second one, '1.hidden' a part of it. All tensors of a float
   * type unless said.
   */
  readonly inputs?: readonly (number | string)[]
  /** What the last axes of the output are; `['unit']` unless said, and of an output without axes `[]`. */
  readonly axes?: readonly UnitAxis[]
}

/** The same for a function. */
export interface FunctionOptions extends NeuronOptions {
  /** The module whose parameters SAL may move. */
  readonly of?: AnyModule
}

/** The same for a module. */
export interface ModuleOptions<Inputs extends readonly unknown[]> extends NeuronOptions {
  /** The outputs of the units as a function of the inputs of a call; what the module returns unless said. */
  readonly units?: (...inputs: Inputs) => Tensor
}

/** Units that SAL attaches to, as `neuron` makes them. */
export class Units<Inputs extends readonly unknown[], Output> extends Module<Inputs, Output> {
  /** Whose parameters are meant. */
  readonly of: AnyModule | ParameterList
  readonly #forward: (...inputs: Inputs) => Output
  readonly #compute: (...inputs: Inputs) => Tensor
  readonly #heard: AnyModule
  readonly #options: NeuronOptions

  constructor(
    source: Module<Inputs, Output> | ((...inputs: Inputs) => Output),
    of: AnyModule | ParameterList,
    compute: (...inputs: Inputs) => Tensor,
    options: NeuronOptions,
  ) {
    super()
    this.of = of
    this.#forward = source instanceof Module ? (...inputs) => source.call(...inputs) : source
    this.#heard = source instanceof Module ? source : this
    this.#compute = compute
    this.#options = options
  }

  forward(...inputs: Inputs): Output {
    return this.#forward(...inputs)
  }

  /** The outputs of the units for the inputs of a call. */
  compute(inputs: readonly unknown[]): Tensor {
    const output: unknown = this.#compute(...(inputs as Inputs))
    if (output instanceof Tensor) return output
    throw new ValueError(
      'neuron',
      `the units' output is ${describeValue(output)}`,
      'Say which tensor it is: neuron(cell, { units: (x, state) => cell.call(x, state).hidden })',
    )
  }

  /** Tells `listener` of each call of the units, whoever makes it. Returns the function that ends this. */
  onUnits(listener: (call: Call) => void): () => void {
    return this.#heard.onCall(listener)
  }

  /** What may move. */
  get moving(): readonly Parameter[] {
    const { parameters } = this.#options
    return parameters === undefined ? [...this.parameters().values()] : Object.values(parameters)
  }

  /** The names of the last axes of an output. */
  axesOf(output: Tensor): readonly UnitAxis[] {
    return this.#options.axes ?? (output.rank === 0 ? [] : ['unit'])
  }

  /** The places of the inputs that count, as paths; `undefined` where all count. */
  get counted(): readonly string[] | undefined {
    return this.#options.inputs?.map(String)
  }
}

/**
 * Units of any kind, as a module that SAL attaches to: what a function computes, or what a module does wherever it is
 * called. Their sensitivity is s = ‖∂o/∂x‖, x being the inputs that count, and of a vector o the root of the mean square
 * over its m components, ‖∂o/∂x‖_F/√m, which is 1 for an isometry. It comes from the tape, and so does its gradient.
 *
 * The first axes of inputs and outputs are samples. They must not mix, and the same inputs must give the same outputs:
 * dropout and batch normalisation belong into `eval()`. The first adjustment looks whether that is so.
 *
 * @param source   a function of anything, tensors among it, or a module
 * @param options  which parameters may move, which inputs count, and what the axes of the output are
 * @returns a module that computes what `source` does
 * @throws ValueError for options that there are not, or when nothing may move
 * @example
 * const unit = neuron((x: Tensor) => x.sub(centre.value).square().sum(-1).neg().exp(), { parameters: [centre], axes: [] })
 * @example
 * const cell = neuron(lstm.cell, { units: (x, state) => lstm.cell.call(x, state).hidden, inputs: ['1.hidden'] })
 * @example
 * const heads = neuron(attention, { units: x => attention.heads(x), axes: ['position', 'unit', 'component'] })
 */
export function neuron<Inputs extends readonly unknown[], Output>(
  source: Module<Inputs, Output>,
  options?: ModuleOptions<Inputs>,
): Units<Inputs, Output>
export function neuron<Inputs extends readonly unknown[]>(
  source: (...inputs: Inputs) => Tensor,
  options: FunctionOptions,
): Units<Inputs, Tensor>
export function neuron<Inputs extends readonly unknown[]>(
  source: Module<Inputs, unknown> | ((...inputs: Inputs) => Tensor),
  options: FunctionOptions & ModuleOptions<Inputs> = {},
): Units<Inputs, unknown> {
  const isModule = source instanceof Module
  if (!isModule && typeof source !== 'function') {
    throw new ValueError(
      'neuron',
      `the units are ${describeValue(source)}`,
      'Give a module, or a function of tensors',
    )
  }
  checkOptions('neuron', options, ['parameters', 'inputs', 'axes', isModule ? 'units' : 'of'])
  const { parameters, of, units, inputs, axes } = options
  if (axes !== undefined) checkAxes('neuron', axes)
  if (of !== undefined) checkModule('neuron', of)
  if (units !== undefined && typeof units !== 'function') {
    throw new ValueError(
      'neuron',
      `units is ${describeValue(units)}`,
      "Give a function of the call's inputs: { units: x => attention.heads(x) }",
    )
  }
  if (inputs !== undefined) checkInputPlaces(inputs)
  if (parameters !== undefined) checkParameters(parameters)
  const whose = isModule ? source : (of ?? parameters)
  const compute = isModule ? (units ?? ((...inputs: Inputs) => source.call(...inputs) as Tensor)) : source
  const made = new Units<Inputs, unknown>(source, whose ?? [], compute, options)
  if (made.moving.length > 0) return made
  throw new ValueError(
    'neuron',
    'there is nothing that SAL could move',
    'Give { parameters: [w, b] }, or of a function { of: module }',
  )
}

/** @throws ValueError unless these are places of inputs */
function checkInputPlaces(inputs: unknown): void {
  const isPlace = (place: unknown) => typeof place === 'string' || Number.isInteger(place)
  if (Array.isArray(inputs) && inputs.length > 0 && inputs.every(isPlace)) return
  throw new ValueError(
    'neuron',
    `the inputs are ${Array.isArray(inputs) ? inputs.map(describeValue).join(', ') || 'none' : describeValue(inputs)}`,
    "Give their places in the call: [0], ['1.hidden']",
  )
}

/** @throws ValueError unless these are parameters */
function checkParameters(parameters: unknown): void {
  const all = typeof parameters === 'object' && parameters !== null ? Object.values(parameters) : [parameters]
  const strange: unknown = all.find(parameter => !(parameter instanceof Parameter))
  if (strange === undefined) return
  throw new ValueError(
    'neuron',
    `${describeValue(strange)} is no parameter`,
    'Give those that SAL may move: [w, b], { w, b }',
  )
}
