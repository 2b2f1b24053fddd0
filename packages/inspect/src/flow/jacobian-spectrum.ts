/**
 * Singular values of a Jacobian: by how much a layer, or a step of time, stretches the directions of what comes in. The
 * whole matrix is computed for it, so what that takes is known, and has a limit, before it begins.
 */

import {
  allocate,
  currentBackend,
  describeValue,
  isSynchronous,
  pullback,
  pushforward,
  record,
  scope,
  sliceTape,
  Tape,
  type Tensor,
  tensor,
  ValueError,
} from '@sensigrad/core'
import { singularValues } from '@sensigrad/linalg'
import { checkGiven, checkOptions } from '../checks.ts'
import { counted, memory, plural, printable } from '../text.ts'
import { layersOf } from './recorded.ts'

/** What the Jacobian of a function takes. */
export interface JacobianCost {
  /** How many elements y has: the rows. */
  readonly rows: number
  /** How many elements x has: the columns. */
  readonly columns: number
  /** A sweep gives a row in reverse, or a column forward; whichever takes fewer. */
  readonly mode: 'reverse' | 'forward'
  readonly sweeps: number
  /** How many entries of the tape each sweep passes. */
  readonly entries: number
  /** Of the matrix, which is kept in double precision. */
  readonly bytes: number
}

/** The singular values of a Jacobian. */
export interface JacobianSpectrum extends JacobianCost {
  /** From the largest. */
  readonly singularValues: readonly number[]
  /** √(Σσ²/rows): how much the rms of a random direction grows, over all directions. */
  readonly stretch: number
}

/** How singular values are computed. */
export interface SpectrumOptions {
  /** How many elements the Jacobian may have: 2²⁰, or 1,024 × 1,024, unless said. */
  readonly limit?: number
}

const defaultLimit = 2 ** 20

/**
 * What the Jacobian of a function at x takes; the function runs once for it.
 *
 * @throws as `record`
 * @example formatCost(jacobianCost(x => layer.call(x), x)) // '50 × 50, 20 kB, 50 reverse sweeps over 4 entries'
 */
export function jacobianCost(f: (x: Tensor) => Tensor, x: Tensor): JacobianCost {
  return costOf(record(f, x))
}

/**
 * The singular values of ∂f/∂x at x. Of a batch, the matrix is that of the whole batch.
 *
 * @param f  returns one tensor
 * @throws ValueError, which says what it would take, when the Jacobian is larger than the limit; as `record` and linalg's
 *         `singularValues`
 * @example (await jacobianSpectrum(h => rnn.step(h), h)).singularValues[0] // the largest stretch of a step
 */
export async function jacobianSpectrum(
  f: (x: Tensor) => Tensor,
  x: Tensor,
  options: SpectrumOptions = {},
): Promise<JacobianSpectrum> {
  checkOptions('jacobianSpectrum', options, ['limit'])
  return spectrumOf('jacobianSpectrum', record(f, x), options)
}

/** Which layer of a tape. */
export interface LayerSpectrumOptions extends SpectrumOptions {
  /** The step of time, from 0, of a layer that acts step by step. */
  readonly step?: number
  /** As in `gradientFlow`. */
  readonly parameters?: readonly Tensor[]
  readonly depth?: number
}

/**
 * The singular values of the Jacobian of one layer of a tape, of its outputs by its inputs.
 *
 * @param layer  its path, as `gradientFlow` gives it
 * @throws ValueError for what is no tape, an option that there is not, when the tape has no such layer or step, the layer has no inputs on the tape, or the Jacobian is
 *         larger than the limit
 * @example await layerSpectrum(record(x => model.call(x), x), 'layers.3')
 */
export async function layerSpectrum(
  tape: Tape,
  layer: string,
  options: LayerSpectrumOptions = {},
): Promise<JacobianSpectrum> {
  checkTape('layerSpectrum', tape)
  checkOptions('layerSpectrum', options, ['limit', 'step', 'parameters', 'depth'])
  const passages = layersOf('layerSpectrum', tape, options)
  const here = passages.filter(passage => passage.layer === layer)
  if (here.length === 0) {
    const names = [...new Set(passages.map(({ layer }) => printable(layer)))].slice(0, 8).join(', ')
    throw new ValueError(
      'layerSpectrum',
      `the tape has no layer ${typeof layer === 'string' ? printable(layer) : describeValue(layer)}`,
      `It has ${names}`,
    )
  }
  const passage =
    here.length === 1 && options.step === undefined ? here[0] : here.find(({ step }) => step === options.step)
  if (passage === undefined) {
    const steps = here.flatMap(({ step }) => step ?? [])
    throw new ValueError(
      'layerSpectrum',
      `${printable(layer)} has ${options.step === undefined ? 'several steps' : `no step ${describeValue(options.step)}`}`,
      `Give one, from ${Math.min(...steps)} to ${Math.max(...steps)}: { step: ${steps[0]} }`,
    )
  }
  if (passage.inputs.length === 0) {
    throw new ValueError(
      'layerSpectrum',
      `nothing that ${printable(layer)} takes in depends on the inputs of the tape`,
      'Record with respect to what it takes in: record(x => model.call(x), x)',
    )
  }
  return spectrumOf('layerSpectrum', sliceTape(passage.outputs, passage.inputs), options)
}

/**
 * A cost in words.
 *
 * @example formatCost(jacobianCost(f, x))
 */
export function formatCost(cost: JacobianCost): string {
  checkGiven('formatCost', 'cost', cost, ['rows', 'columns', 'sweeps', 'bytes'], 'jacobianCost(f, x)')
  const { rows, columns, mode, sweeps, entries, bytes } = cost
  const size = `${counted(rows)} × ${counted(columns)}, ${memory(bytes)}`
  return `${size}, ${plural(sweeps, `${mode} sweep`)} over ${plural(entries, 'entry', 'entries')}`
}

/** @throws ValueError for what is no tape */
function checkTape(operation: string, tape: unknown): void {
  if (tape instanceof Tape) return
  throw new ValueError(operation, `the tape is ${describeValue(tape)}`, 'Make one with record(f, x)')
}

function costOf({ inputs, outputs, entries }: Tape): JacobianCost {
  const [rows, columns] = [sizeOf(outputs), sizeOf(inputs)]
  const mode = columns < rows ? 'forward' : 'reverse'
  const sweeps = Math.min(rows, columns)
  return { rows, columns, mode, sweeps, entries: entries.length, bytes: 8 * rows * columns }
}

const sizeOf = (tensors: readonly Tensor[]): number => tensors.reduce((sum, { size }) => sum + size, 0)

async function spectrumOf(
  operation: string,
  tape: Tape,
  { limit = defaultLimit }: SpectrumOptions,
): Promise<JacobianSpectrum> {
  if (!(typeof limit === 'number' && limit >= 1)) {
    throw new ValueError(operation, `the limit is ${describeValue(limit)}`, 'Give a number of elements')
  }
  const cost = costOf(tape)
  const { rows, columns } = cost
  if (rows * columns > limit) {
    throw new ValueError(
      operation,
      `the Jacobian has ${formatCost(cost)}: more than ${counted(limit)} elements`,
      `Take fewer samples or fewer outputs, or say { limit: ${rows * columns} }`,
    )
  }
  if (rows * columns === 0) return { ...cost, singularValues: [], stretch: 0 }
  const matrix = await matrixOf(tape, cost)
  const values = Array.from(await singularValues(onHost(matrix, tape, cost)).data())
  return { ...cost, singularValues: values, stretch: Math.hypot(...values) / Math.sqrt(rows) }
}

/** The Jacobian row by row. Each sweep gives back its memory before the next. */
async function matrixOf(tape: Tape, { rows, columns, mode }: JacobianCost): Promise<Float64Array> {
  const matrix = new Float64Array(rows * columns)
  const [from, sweep] =
    mode === 'reverse'
      ? [tape.outputs, (directions: Tensor[]) => pullback(tape, directions)]
      : [tape.inputs, (directions: Tensor[]) => pushforward(tape, directions)]
  for (let k = 0; k < (mode === 'reverse' ? rows : columns); k++) {
    const reads = scope(() => ({ begun: sweep(directionsAlong(from, k)).map(part => part.data()) })).begun
    let at = 0
    for (const part of await Promise.all(reads)) {
      for (const value of part) {
        matrix[mode === 'reverse' ? k * columns + at : at * columns + k] = value
        at++
      }
    }
  }
  return matrix
}

/** Zeros like some tensors, but for a one at their k-th element, counted through. */
function directionsAlong(tensors: readonly Tensor[], k: number): Tensor[] {
  let before = 0
  return tensors.map(({ shape, size, dtype, backend }) => {
    const elements = allocate(dtype, size)
    if (k >= before && k < before + size) elements[k - before] = 1
    before += size
    return tensor(elements, { shape, dtype, backend })
  })
}

/** The matrix as a tensor that can be read without waiting, where there is such a backend. */
function onHost(matrix: Float64Array, { output }: Tape, { rows, columns }: JacobianCost): Tensor {
  const backend = isSynchronous(output.backend) ? output.backend : currentBackend()
  const dtype = backend.capabilities.dtypes.includes('float64') ? 'float64' : 'float32'
  return tensor(matrix, { shape: [rows, columns], dtype, backend })
}
