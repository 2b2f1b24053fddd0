/** What a model is made of, at a glance: its modules, what they put out, how many parameters, how sensitive. */

import { describeValue, isSynchronous, Tensor } from '@sensigrad/core'
import { type AnyModule, checkModule, evaluating, type Module } from './module.ts'
import { observe } from './neuron-layer.ts'
import { sensitivities } from './sensitivity/sensitivity.ts'

/** What is told of one module. */
export interface SummaryRow {
  /** Where it stands; `''` is the module itself. */
  readonly path: string
  /** The name of its class. */
  readonly kind: string
  /** Type and shape of what it put out last, where there was an example: `float32[8, 10]`. */
  readonly output: string | undefined
  /** How many numbers its own parameters hold; those of modules below count there, shared ones where they stand first. */
  readonly parameters: number
  /** The mean over its neurons of s = ‖∂o/∂x‖, where there was an example and the backend can be read at once. */
  readonly sensitivity: number | undefined
}

/** What is told of a model. As a string it is a table. */
export interface Summary {
  readonly rows: readonly SummaryRow[]
  /** How many numbers all parameters hold. */
  readonly parameters: number
  /** How many of these are frozen. */
  readonly frozen: number
  toString(): string
}

/**
 * What a model is made of. An example of its inputs tells what its modules put out, and the sensitivities of its
 * neurons. The model runs on it as in evaluation, and is left as it was; what listens to it already hears the run, so
 * wrap the call in `sal.paused`.
 *
 * @param example  all inputs of the model, or nothing
 * @example console.log(`${summary(model, zeros([1, 64]))}`)
 */
export function summary<Inputs extends readonly unknown[]>(
  module: Module<Inputs, unknown>,
  ...example: Inputs | []
): Summary {
  checkModule('summary', module)
  const { outputs, sensitivity } =
    example.length > 0 ? ran(module, () => module.call(...(example as Inputs))) : none
  const parameters = [...module.parameters()]
  const modules = [...module.modules()]
  const isOwn = (path: string, owner: string) => ownerOf(path, modules) === owner
  const rows = modules.map(([path, each]) => ({
    path,
    kind: each.constructor.name,
    output: outputs.get(path),
    parameters: sizeOf(parameters.filter(([name]) => isOwn(name, path))),
    sensitivity: sensitivity.get(path),
  }))
  const total = sizeOf(parameters)
  const frozen = sizeOf(parameters.filter(([, { isFrozen }]) => isFrozen))
  return { rows, parameters: total, frozen, toString: () => drawn(rows, total, frozen) }
}

const none = { outputs: new Map<string, string>(), sensitivity: new Map<string, number>() }

function sizeOf(parameters: readonly (readonly [string, { readonly value: Tensor }])[]): number {
  return parameters.reduce((sum, [, { value }]) => sum + value.size, 0)
}

/** The path of the module whose field a parameter is: the longest that the parameter's begins with. */
function ownerOf(path: string, modules: readonly (readonly [string, AnyModule])[]): string {
  const above = modules.map(([owner]) => owner).filter(owner => owner === '' || path.startsWith(`${owner}.`))
  return above.reduce((longest, owner) => (owner.length > longest.length ? owner : longest), '')
}

/** What the modules put out and how sensitive their neurons are, while `body` runs a model that is left as it was. */
function ran(module: AnyModule, body: () => unknown): typeof none {
  const outputs = new Map<string, string>()
  const ends = [...module.modules()].map(([path, each]) =>
    each.onCall(({ output }) => outputs.set(path, outputText(output))),
  )
  const before = module.state()
  try {
    const { firings } = evaluating(module, () => observe(module, body))
    const heard = new Map<string, number[]>()
    for (const { path, firing } of firings) {
      const mean = sensitivities(firing).mean()
      if (!isSynchronous(mean.backend)) continue
      heard.set(path, [...(heard.get(path) ?? []), mean.backend.readSync(mean)[0]!])
    }
    const meanOf = (each: readonly number[]) => each.reduce((sum, one) => sum + one) / each.length
    return { outputs, sensitivity: new Map([...heard].map(([path, each]) => [path, meanOf(each)])) }
  } finally {
    for (const end of ends) end()
    module.restore(before)
  }
}

function outputText(output: unknown): string {
  if (output instanceof Tensor) return String(output)
  if (typeof output !== 'object' || output === null) return describeValue(output)
  const parts = Object.entries(output).map(
    ([name, part]) => `${name} ${part instanceof Tensor ? part : describeValue(part)}`,
  )
  return parts.join(', ')
}

const count = new Intl.NumberFormat('en')
const measure = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 })

/** The rows as a table, with columns that have something to say, and the total below. */
function drawn(rows: readonly SummaryRow[], parameters: number, frozen: number): string {
  const text = (value: number | undefined, format: Intl.NumberFormat) =>
    value === undefined ? '' : format.format(value)
  const columns = [
    { head: 'path', cells: rows.map(({ path }) => path), isNumber: false },
    { head: 'module', cells: rows.map(({ kind }) => kind), isNumber: false },
    { head: 'output', cells: rows.map(({ output = '' }) => output), isNumber: false },
    { head: 'parameters', cells: rows.map(row => text(row.parameters || undefined, count)), isNumber: true },
    { head: 'sensitivity', cells: rows.map(row => text(row.sensitivity, measure)), isNumber: true },
  ].filter(({ cells }) => cells.some(cell => cell !== ''))
  const padded = columns.map(({ head, cells, isNumber }) => {
    const width = Math.max(...[head, ...cells].map(cell => cell.length))
    return [head, ...cells].map(cell => (isNumber ? cell.padStart(width) : cell.padEnd(width)))
  })
  const lines = padded[0]!.map((_, line) =>
    padded
      .map(column => column[line]!)
      .join('  ')
      .trimEnd(),
  )
  const held = frozen > 0 ? `, ${count.format(frozen)} of them frozen` : ''
  return [...lines, `${count.format(parameters)} parameters${held}`].join('\n')
}
