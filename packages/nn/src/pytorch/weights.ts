/** Weights to and from PyTorch: the tensors of a `state_dict()`, under its names and packed as it packs them. */

import {
  concat,
  describeValue,
  formatShape,
  split,
  Tensor,
  ValueError,
  type Variable,
  zerosLike,
} from '@sensigrad/core'
import { isRecord } from '../check.ts'
import { copyOf, movedTo } from '../fitting.ts'
import { type AnyModule, checkModule } from '../module.ts'
import { listed, namesApart } from '../module-state.ts'
import { type Layout, layoutOf, type Part, variableOf } from './names.ts'

/**
 * The parameters and buffers of a module as PyTorch's `load_state_dict` takes them for a module of the same make. What
 * PyTorch has not keeps its path. Of two biases that are one here, the second is zeros. Streams of keys are not among
 * them.
 *
 * @returns copies, by name
 * @throws ValueError for what is no module
 * @example await saveSafetensors('model.safetensors', toPyTorch(model)) // of @sensigrad/io
 */
export function toPyTorch(module: AnyModule): Record<string, Tensor> {
  checkModule('toPyTorch', module)
  return Object.fromEntries([...layoutOf(module)].map(([name, parts]) => [name, joined(parts)]))
}

/**
 * Gives a module the values of a `state_dict()` of PyTorch. Two biases that are one here are added up. What is shared is
 * read under the last of its names; `num_batches_tracked`, which nothing here needs, is passed over.
 *
 * @param tensors  by name, such as those of `loadSafetensors`; on any backend that can be read at once
 * @throws ValueError naming what is missing, unexpected, or of another shape or type; BackendError or DisposedError for
 *         a tensor that cannot be read. Then nothing has changed
 * @example fromPyTorch(model, (await loadSafetensors('model.safetensors')).tensors) // of @sensigrad/io
 */
export function fromPyTorch(module: AnyModule, tensors: Readonly<Record<string, Tensor>>): void {
  checkModule('fromPyTorch', module)
  const layout = layoutOf(module)
  checkTensors(layout, tensors)
  const values = new Map<Variable, Tensor>()
  const summands: [Variable, Tensor][] = []
  for (const [name, parts] of layout) {
    const { backend } = variableOf(parts[0]!).value
    const shares = apart(parts, movedTo('fromPyTorch', name, tensors[name]!, backend))
    for (const [i, part] of parts.entries()) {
      if ('addedTo' in part) summands.push([part.addedTo, shares[i]!])
      else values.set(part, shares[i]!)
    }
  }
  for (const [variable, summand] of summands) values.set(variable, values.get(variable)!.add(summand))
  for (const [variable, value] of values) variable.value = value
}

/** What PyTorch holds of some parts. */
function joined(parts: readonly Part[]): Tensor {
  const values = parts.map(part => ('addedTo' in part ? zerosLike(part.addedTo.value) : part.value))
  return values.length === 1 ? copyOf(values[0]!) : concat(values)
}

/** The parts of what PyTorch holds. */
function apart(parts: readonly Part[], whole: Tensor): readonly Tensor[] {
  return parts.length === 1 ? [whole] : split(whole, parts.map(lengthOf))
}

const lengthOf = (part: Part): number => variableOf(part).value.shape[0]!

/** @throws ValueError unless there is each tensor of a layout, as it should be, and no other */
function checkTensors(layout: Layout, tensors: unknown): asserts tensors is Record<string, Tensor> {
  if (!isRecord(tensors) || tensors instanceof Tensor) {
    throw new ValueError(
      'fromPyTorch',
      `the tensors are ${describeValue(tensors)}`,
      'Give them by name: (await loadSafetensors(path)).tensors',
    )
  }
  const isCounter = (name: string) => /(^|\.)num_batches_tracked$/.test(name) && !layout.has(name)
  const given = new Map(Object.entries(tensors).filter(([name]) => !isCounter(name)))
  const misfits = [...layout].flatMap(([name, parts]) => {
    const [held, value] = [heldBy(parts), given.get(name)]
    if (!given.has(name) || (value instanceof Tensor && String(value) === held)) return []
    return `${name} is ${value instanceof Tensor ? value : describeValue(value)} and not ${held}`
  })
  const problems = [
    ...namesApart([...layout.keys()], [...given.keys()]),
    ...(misfits.length > 0 ? [`differs where ${listed(misfits)}`] : []),
  ]
  if (problems.length === 0) return
  throw new ValueError(
    'fromPyTorch',
    `the state_dict ${problems.join(' and ')}`,
    'Give that of a module of the same layers, sizes and type',
  )
}

/** Type and shape of what PyTorch holds of some parts, as tensors say theirs. */
function heldBy(parts: readonly Part[]): string {
  const { dtype, shape } = variableOf(parts[0]!).value
  if (parts.length === 1) return `${dtype}${formatShape(shape)}`
  const length = parts.reduce((sum, part) => sum + lengthOf(part), 0)
  return `${dtype}${formatShape([length, ...shape.slice(1)])}`
}
