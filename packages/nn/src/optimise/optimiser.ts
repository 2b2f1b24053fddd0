/**
 * Optimisers: a chain of named stages that turns the gradient of each parameter into its change. All that they keep lies
 * in variables, so that a step can be captured, saved and resumed, and each stage can be asked what it added.
 */

import {
  describeValue,
  ShapeError,
  type State,
  type Stateful,
  type Tensor,
  ValueError,
} from '@sensigrad/core'
import { Audience } from '../audience.ts'
import type { ByParameter } from '../gradients.ts'
import { type AnyModule, checkModule } from '../module.ts'
import { type Parameter, parameterAt } from '../parameter.ts'
import { matches } from '../select.ts'
import { checkGradients } from './clip.ts'
import { Memory } from './memory.ts'
import { Pace } from './pace.ts'
import { type Group, groupsOf, type OptimiserOptions, type Rate, type Rules } from './settings.ts'
import type { Stage, UpdateRecord } from './stage.ts'
import { clipGlobalNorm, clipNorm, clipValue, rate } from './stages.ts'
import { Refusals, Update } from './update.ts'

/**
 * The base of all optimisers. One of your own is a chain of stages, and rules for its settings.
 *
 * @example
 * class SignDescent extends Optimiser<Record<never, never>> {
 *   constructor(options: OptimiserOptions<Record<never, never>>) {
 *     super('SignDescent', options, {}, () => [{ name: 'sign', apply: update => ({ update: update.sign() }) }])
 *   }
 * }
 */
export class Optimiser<Settings> implements Stateful {
  readonly #name: string
  readonly #groups: readonly Group<Settings>[]
  readonly #memory: Memory<Group<Settings>>
  readonly #pace: Pace
  readonly #audience = new Audience<UpdateRecord>()
  readonly #refusals: Refusals | undefined
  #hasMatched = false

  /**
   * @param name     for messages, and in states
   * @param options  as the user gave them
   * @param rules    what each setting must be, and is unless said
   * @param chain    the stages for a parameter; clipping comes before them and the rate after them by itself
   * @throws ValueError for an option that is not known or breaks its rule
   */
  constructor(
    name: string,
    options: OptimiserOptions<Settings> & Partial<Settings>,
    rules: Rules<Settings>,
    chain: (settings: Settings, parameter: Parameter) => readonly Stage[],
  ) {
    this.#name = name
    this.#groups = groupsOf(name, options, rules)
    this.#pace = new Pace(name, this.#groups)
    const clips = this.#groups.some(({ clip }) => Object.keys(clip).length > 0)
    const guard = options.guard ?? clips
    if (typeof guard !== 'boolean') {
      throw new ValueError(name, `guard is ${describeValue(guard)}`, 'Give true or false')
    }
    this.#refusals = guard ? new Refusals() : undefined
    this.#memory = new Memory(name, (path, parameter) => {
      const group = this.#groups.find(
        ({ select }) => select === undefined || matches(select, path, parameter),
      )!
      const { value, norm, globalNorm } = group.clip
      const clipping = [
        ...(value === undefined ? [] : [clipValue(value)]),
        ...(norm === undefined ? [] : [clipNorm(norm)]),
        ...(globalNorm === undefined ? [] : [clipGlobalNorm(globalNorm)]),
      ]
      return { group, stages: [...clipping, ...chain(group.settings, parameter), rate] }
    })
  }

  /** The learning rate, or its schedule; may be changed between updates. */
  get rate(): Rate {
    return this.#groups.at(-1)!.rate
  }

  set rate(rate: Rate) {
    this.#groups.at(-1)!.rate = rate
  }

  /** The groups of parameters with other options, in order; their rates may be changed between updates. */
  get groups(): readonly { rate: Rate }[] {
    return this.#groups.slice(0, -1)
  }

  /** What it is called: `AdamW`. */
  get name(): string {
    return this.#name
  }

  /** How many updates there have been, those of captured steps included: the step that a schedule is asked for next. */
  get steps(): number {
    return this.#pace.steps
  }

  /**
   * How many updates were refused where they could not be looked at, in captured steps: a number without axes to read
   * every now and then; `undefined` before the first update, and without a `guard`.
   */
  get refused(): Tensor | undefined {
    return this.#refusals?.total
  }

  /**
   * Calls `listener` for each parameter of each update from now on, with what every stage did. In a captured step it is
   * called while the step is captured, on tensors without values: keep what they come to in variables. Nobody listening
   * costs nothing, and listening changes nothing.
   *
   * @returns the function that ends this
   * @example const stop = optimiser.onUpdate(record => console.log(record.path, partsOf(record)))
   */
  onUpdate(listener: (record: UpdateRecord) => void): () => void {
    return this.#audience.add(`${this.#name}.onUpdate`, listener)
  }

  /**
   * Moves the parameters of a module by what the stages make of their gradients.
   *
   * @param gradients  by parameter path, as `valueAndGrad` gives them; parameters without one stay
   * @throws ValueError for a path that the module does not have, and at the first update for a group that selects
   *         nothing; ShapeError for a gradient that is not its parameter's; NonFiniteError, with a `guard`, for one that is
   *         not finite. Then nothing has moved
   */
  update(module: AnyModule, gradients: ByParameter): void {
    const operation = `${this.#name}.update`
    checkModule(operation, module)
    checkGradients(operation, gradients)
    const parameters = module.parameters()
    const pairs = Object.keys(gradients).map(path => {
      const parameter = parameterAt(this.#name, parameters, path)
      this.#checkPair(path, gradients[path]!, parameter)
      return [path, parameter] as const
    })
    this.#pace.check()
    this.#checkGroups(parameters)
    if (pairs.length === 0) return
    const kept = this.#memory.of(pairs, parameters)
    const update = new Update(gradients)
    if (this.#refusals) update.guard(operation, this.#refusals, kept[0]!.parameter)
    const rateOf = this.#pace.next(kept[0]!.parameter)
    for (const one of kept) update.lead(one, rateOf(one.group, one.parameter.value.dtype))
    this.#pace.count(kept[0]!.parameter) // what goes wrong in a stage is no update
    const records = update.make()
    this.#audience.tell(() => records)
  }

  /** The steps, the rates that are numbers, and by `path.slot` what the stages keep of each parameter. */
  state(): State {
    return { optimiser: this.#name, ...this.#pace.state(), ...this.#memory.state() }
  }

  /**
   * Goes on from the state of an optimiser like this one; what that has kept of parameters which this one has not seen is
   * used when they come.
   *
   * @throws ValueError or ShapeError when the state does not fit; then nothing has changed
   */
  restore(state: State): void {
    const operation = `${this.#name}.restore`
    if (typeof state !== 'object' || state === null) {
      throw new ValueError(operation, `the state is ${describeValue(state)}`, 'Give what state() gave')
    }
    const { optimiser, ...parts } = state
    if (optimiser !== this.#name) {
      throw new ValueError(
        operation,
        `the state is of ${describeValue(optimiser)}`,
        `Give one that state() of ${this.#name} gave`,
      )
    }
    const pace = this.#pace.restoring(operation, parts)
    const putSlots = this.#memory.restoring(pace.rest)
    putSlots()
    pace.put()
  }

  /** @throws ValueError when a group selects nothing */
  #checkGroups(parameters: ReadonlyMap<string, Parameter>): void {
    if (this.#hasMatched) return
    for (const [i, { select }] of this.#groups.entries()) {
      if (select === undefined) continue
      if ([...parameters].some(([path, parameter]) => matches(select, path, parameter))) continue
      throw new ValueError(
        this.#name,
        `the group ${i}, ${describeValue(select)}, selects no parameter`,
        `There is ${[...parameters.keys()].join(', ')}`,
      )
    }
    this.#hasMatched = true
  }

  /** @throws ShapeError when the gradient is not shaped and typed like its parameter */
  #checkPair(path: string, gradient: Tensor, parameter: Parameter): void {
    if (String(gradient) === String(parameter.value)) return
    throw new ShapeError(
      this.#name,
      `the gradient of ${path} is ${gradient}, but the parameter is ${parameter.value}`,
      'A gradient has the shape and type of its parameter',
    )
  }
}
