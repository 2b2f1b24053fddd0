/** How PyTorch names and packs what our modules hold: a table by class, and a walk that goes by it. */

import type { Variable } from '@sensigrad/core'
import { MultiHeadAttention } from '../layers/attention.ts'
import { BatchNorm } from '../layers/batch-norm.ts'
import { Dense } from '../layers/dense.ts'
import { Sequential } from '../layers/sequential.ts'
import { TransformerEncoderLayer } from '../layers/transformer.ts'
import type { AnyModule } from '../module.ts'
import { Bidirectional } from '../recurrent/bidirectional.ts'
import { GRU, GRUCandidate, GRUCell } from '../recurrent/gru.ts'
import { LSTM, LSTMCell } from '../recurrent/lstm.ts'
import { RNN } from '../recurrent/rnn.ts'
import { RecurrentStack } from '../recurrent/stack.ts'

/** A variable, or where PyTorch has a second summand of what is one variable here: zeros when it is written. */
export type Part = Variable | { readonly addedTo: Variable }

/** Tensors of PyTorch by name, each as the parts that lie in it one after another along the first axis. */
export type Layout = ReadonlyMap<string, readonly Part[]>

/** What is otherwise in PyTorch. */
interface Naming {
  /** The tensors of the module that are packed, or whose names are others than the paths here. */
  readonly tensors?: Layout
  /** The names of modules below it. */
  readonly children?: (path: string) => string
}

/**
 * The tensors that the module of PyTorch has. Unlike `parameters()` it lists what is shared under each of its paths, as
 * `state_dict()` does.
 */
export function layoutOf(module: AnyModule, above: readonly AnyModule[] = []): Layout {
  const { tensors = new Map(), children = path => path } = namingOf(module)
  const own = new Map([...ownVariables(module)].map(([path, variable]) => [path, [variable]] as const))
  const below = [...module.children()].flatMap(([path, child]) => {
    if (child === module || above.includes(child)) return [] // a way back up
    const layout = layoutOf(child, [...above, module])
    return [...layout].map(([name, parts]) => [`${children(path)}.${name}`, parts] as const)
  })
  const isNamed = memberOf(tensors)
  const byPath = [...own, ...below].filter(([, parts]) => !parts.every(part => isNamed(variableOf(part))))
  return new Map([...tensors, ...byPath])
}

export const variableOf = (part: Part): Variable => ('addedTo' in part ? part.addedTo : part)

function memberOf(layout: Layout): (variable: Variable) => boolean {
  const variables = new Set([...layout.values()].flat().map(variableOf))
  return variable => variables.has(variable)
}

/** The variables that are a module's own, by path. */
function ownVariables(module: AnyModule): Map<string, Variable> {
  const below = [...module.children().keys()].map(path => `${path}.`)
  const all = [...module.parameters(), ...module.buffers()]
  return new Map(all.filter(([path]) => !below.some(start => path.startsWith(start))))
}

function namingOf(module: AnyModule): Naming {
  for (const row of table) {
    const naming = row(module)
    if (naming) return naming
  }
  return {}
}

/** A row of the table: what is otherwise for instances of a class. */
function of<M extends AnyModule>(
  Class: abstract new (...args: never[]) => M,
  naming: (module: M) => Naming,
): (module: AnyModule) => Naming | undefined {
  return module => (module instanceof Class ? naming(module as M) : undefined)
}

const table = [
  of(Sequential, () => ({ children: path => path.replace(/^layers\./, '') })),
  of(BatchNorm, ({ runningMean, runningVariance }) => ({
    tensors: layout({ running_mean: [runningMean], running_var: [runningVariance] }),
  })),
  of(MultiHeadAttention, attention => ({
    tensors: projections(attention),
    children: path => (path === 'output' ? 'out_proj' : path),
  })),
  of(TransformerEncoderLayer, () => ({ children: path => (path === 'attention' ? 'self_attn' : path) })),
  of(GRUCell, cell => recurrent(gates(cell, ''))),
  of(LSTMCell, cell => recurrent(gates(cell, ''))),
  of(RNN, layer => recurrent(gates(layer, '_l0'))),
  of(GRU, layer => recurrent(gates(layer, '_l0'))),
  of(LSTM, layer => recurrent(gates(layer, '_l0'))),
  of(Bidirectional, layer => recurrent(bothWays(layer, '_l0'))),
  of(RecurrentStack, ({ layers }) => recurrent(...layers.map((layer, i) => bothWays(layer, `_l${i}`)))),
]

/** Where all sizes are one, PyTorch packs the three projections; their biases in any case. */
function projections({ query, key, value }: MultiHeadAttention): Layout {
  const all = [query, key, value]
  const weights = all.every(({ inputs }) => inputs === query.inputs)
    ? { in_proj_weight: all.map(({ weight }) => weight) }
    : { q_proj_weight: [query.weight], k_proj_weight: [key.weight], v_proj_weight: [value.weight] }
  const biases = all.flatMap(each => (each instanceof Dense ? [each.bias] : []))
  return layout({ ...weights, in_proj_bias: biases })
}

/** A run over a sequence in one direction: the gates in PyTorch's order, and the end of the names. */
interface Direction {
  readonly gates: readonly (RNN | LSTM['input'] | GRUCandidate)[]
  readonly end: string
}

/** Layers of the three kinds; nothing when there are others among them, which PyTorch has not. */
function recurrent(...layers: readonly (readonly Direction[] | undefined)[]): Naming {
  if (layers.includes(undefined)) return {}
  const tensors = layers.flatMap(layer => layer!.flatMap(direction => [...packed(direction)]))
  return { tensors: new Map(tensors) }
}

function bothWays(layer: AnyModule, end: string): readonly Direction[] | undefined {
  if (!(layer instanceof Bidirectional)) return gates(layer, end)
  const [there, back] = [gates(layer.forwards, end), gates(layer.backwards, `${end}_reverse`)]
  return there && back && [...there, ...back]
}

function gates(layer: AnyModule, end: string): readonly Direction[] | undefined {
  if (layer instanceof RNN) return [{ gates: [layer], end }]
  if (layer instanceof GRU || layer instanceof GRUCell)
    return [{ gates: [layer.reset, layer.update, layer.candidate], end }]
  if (layer instanceof LSTM || layer instanceof LSTMCell)
    return [{ gates: [layer.input, layer.forget, layer.candidate, layer.output], end }]
  return undefined
}

/** PyTorch adds two biases in each gate, which are one here, but for the candidate of a GRU. */
function packed({ gates, end }: Direction): Layout {
  return layout({
    [`weight_ih${end}`]: gates.flatMap(({ inputWeight }) => inputWeight ?? []),
    [`weight_hh${end}`]: gates.map(({ recurrentWeight }) => recurrentWeight),
    [`bias_ih${end}`]: gates.map(gate => (gate instanceof GRUCandidate ? gate.inputBias : gate.bias)),
    [`bias_hh${end}`]: gates.map(gate =>
      gate instanceof GRUCandidate ? gate.recurrentBias : { addedTo: gate.bias },
    ),
  })
}

/** The tensors that there are: those of no parts are not. */
function layout(tensors: Readonly<Record<string, readonly Part[]>>): Layout {
  return new Map(Object.entries(tensors).filter(([, parts]) => parts.length > 0))
}
