/**
 * Gradients of gradients beside the truth, which is a formula found by hand, and beside tensorflow.js, run in the same
 * program. docs/second-derivatives.md explains the table that this prints.
 */

import { createRequire } from 'node:module'
import type * as TensorFlow from '@tensorflow/tfjs-core'
import { type DType, grad, sensitivity, type Tensor, tensor } from 'sensigrad'

// The entry of tfjs-core registers no gradients, and what does so can only be required. In production mode nothing is
// said about faster platforms; that would otherwise be said while the backend is loaded.
const load = createRequire(import.meta.url)
const tf = load('@tensorflow/tfjs-core/dist/index.js') as typeof TensorFlow
load('@tensorflow/tfjs-core/dist/register_all_gradients.js')
tf.enableProdMode()
load('@tensorflow/tfjs-backend-cpu')
await tf.setBackend('cpu')

type Ours = (x: Tensor) => Tensor
type Theirs = (x: TensorFlow.Tensor) => TensorFlow.Tensor

/** A derivative in three ways, as a function of one number. */
interface Case {
  readonly name: string
  readonly truth: (x: number) => number
  readonly ours: Ours
  readonly theirs: Theirs
}

/** The second derivative of a function that both libraries have the parts of. */
const second = (name: string, truth: Case['truth'], ours: Ours, theirs: Theirs): Case => ({
  name: `(${name})″`,
  truth,
  ours: grad((x: Tensor) => grad(ours)(x)),
  theirs: tf.grad(tf.grad(theirs)),
})

const σ = (x: number) => 1 / (1 + Math.exp(-x))

// Along t·v the sum Σ softmax(x)·x is t·K′(t), K being the logarithm of Σ exp(t·vᵢ). So its second derivative is
// 2K″ + t·K‴: twice the variance of v, and t times its third central moment, under the weights softmax(t·v). The
// direction may not be one of equal numbers, along which the function is a straight line.
const v = [-1, 0, 2]

function alongSoftmax(t: number): number {
  const weights = v.map(each => Math.exp(t * each))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const mean = (f: (each: number) => number) =>
    v.reduce((sum, each, i) => sum + (f(each) * weights[i]!) / total, 0)
  const centre = mean(each => each)
  return 2 * mean(each => (each - centre) ** 2) + t * mean(each => (each - centre) ** 3)
}

// A neuron with weights g·w and inputs p: its sensitivity is g·‖w‖·(1 - o²), with o = tanh(g·w·p). Here ‖w‖ = 1.
const [w, p] = [[0.6, 0.8], [0.5, 0.25]] as const // biome-ignore format: two vectors
const wp = w[0] * p[0] + w[1] * p[1]

const cases: readonly Case[] = [
  second(
    'x·tanh x',
    (x, t = Math.tanh(x)) => (1 - t * t) * (2 - 2 * x * t),
    x => x.mul(x.tanh()),
    x => tf.mul(x, tf.tanh(x)),
  ),
  second(
    'x·eˣ',
    x => (x + 2) * Math.exp(x),
    x => x.mul(x.exp()),
    x => tf.mul(x, tf.exp(x)),
  ),
  second(
    'x·sigmoid x',
    (x, s = σ(x)) => s * (1 - s) * (2 + x * (1 - 2 * s)),
    x => x.mul(x.sigmoid()),
    x => tf.mul(x, tf.sigmoid(x)),
  ),
  second(
    'x·softplus x',
    (x, s = σ(x)) => s * (2 + x * (1 - s)),
    x => x.mul(x.softplus()),
    x => tf.mul(x, tf.softplus(x)),
  ),
  second(
    'sigmoid x',
    (x, s = σ(x)) => s * (1 - s) * (1 - 2 * s),
    x => x.sigmoid(),
    x => tf.sigmoid(x),
  ),
  second(
    'Σ softmax(xv)·xv',
    alongSoftmax,
    x => {
      const along = x.mul(tensor(v, { dtype: x.dtype }))
      return along.softmax().mul(along).sum()
    },
    x => {
      const along = tf.mul(x, tf.tensor1d(v))
      return tf.sum(tf.mul(tf.softmax(along), along))
    },
  ),
  {
    name: '‖∂ tanh(xw·p)/∂p‖′',
    truth: (g, o = Math.tanh(g * wp)) => (1 - o * o) * (1 - 2 * g * o * wp),
    ours: grad((g: Tensor) => {
      const weights = g.mul(tensor([...w], { dtype: g.dtype }))
      return sensitivity(p => weights.dot(p).tanh(), tensor([...p], { dtype: g.dtype }))
    }),
    theirs: tf.grad(g => {
      const weights = tf.mul(g, tf.tensor1d([...w]))
      return tf.norm(tf.grad(p => tf.tanh(tf.sum(tf.mul(weights, p))))(tf.tensor1d([...p])))
    }),
  },
]

const byOurs = async ({ ours }: Case, x: number, dtype: DType) => await ours(tensor(x, { dtype })).item()

/** What tensorflow.js finds, or nothing where it throws. */
async function byTheirs({ theirs }: Case, x: number): Promise<number | undefined> {
  try {
    return (await theirs(tf.scalar(x)).data())[0]
  } catch {
    return undefined
  }
}

const show = (value: number | undefined) => value?.toFixed(6) ?? 'throws'
const difference = (value: number | undefined, truth: number) =>
  value === undefined ? '-' : Math.abs(value - truth).toExponential(0)

const rows = [
  ['derivative', 'x', 'truth', 'float64', 'off by', 'float32', 'off by', 'tensorflow.js', 'off by'],
]
for (const each of cases) {
  for (const x of [0.5, 2]) {
    const truth = each.truth(x)
    const found = [
      await byOurs(each, x, 'float64'),
      await byOurs(each, x, 'float32'),
      await byTheirs(each, x),
    ]
    const columns = found.flatMap(value => [show(value), difference(value, truth)])
    rows.push([each.name, String(x), show(truth), ...columns])
  }
}

const widths = rows[0]!.map((_, column) => Math.max(...rows.map(row => row[column]!.length)))
for (const [name, ...numbers] of rows) {
  const aligned = numbers.map((cell, i) => cell.padStart(widths[i + 1]!))
  console.log([name!.padEnd(widths[0]!), ...aligned].join('  '))
}
