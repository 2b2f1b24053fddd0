/** tensorflow.js, eager as it always is, on its backends in JavaScript and in WebAssembly. */

import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type * as TensorFlow from '@tensorflow/tfjs-core'
import type { Kind, Named } from '../case.ts'
import { allKinds, type LoadRunner, type Prepared, type Task } from '../runner.ts'

type Tensors = Record<string, TensorFlow.Tensor>
type Compute = (inputs: Tensors, sizes: Task['sizes']) => Tensors

export const tfjsOnCpu: LoadRunner = async () => {
  const { tf, require } = loadCore()
  require('@tensorflow/tfjs-backend-cpu')
  return start(tf, 'cpu')
}

export const tfjsOnWasm: LoadRunner = async () => {
  const { tf, require } = loadCore()
  const backend = require('@tensorflow/tfjs-backend-wasm') as typeof import('@tensorflow/tfjs-backend-wasm')
  backend.setThreadsCount(1)
  backend.setWasmPaths(join(dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json')), 'dist/'))
  return start(tf, 'wasm')
}

/** The entry of tfjs-core registers no gradients, and what does so can only be required. */
function loadCore() {
  const require = createRequire(import.meta.url)
  const tf = require('@tensorflow/tfjs-core/dist/index.js') as typeof TensorFlow
  require('@tensorflow/tfjs-core/dist/register_all_gradients.js')
  tf.enableProdMode()
  return { tf, require }
}

async function start(tf: typeof TensorFlow, backend: string) {
  if (!(await tf.setBackend(backend))) throw new Error(`its backend ${backend} does not start here`)
  return { version: tf.version_core, modes: allKinds(['eager']), prepare: (task: Task) => prepare(tf, task) }
}

function prepare(tf: typeof TensorFlow, { kind, inputs, sizes }: Task): Prepared {
  const tensors = Object.fromEntries(
    Object.entries(inputs).map(([name, { values, shape }]) => [name, tf.tensor(values, [...shape])]),
  )
  const compute = computations(tf)[kind]
  const once = () => tf.tidy(() => compute(tensors, sizes))
  return {
    run: () => tf.dispose(once()),
    async result() {
      const named = Object.entries(once()).map(async ([name, tensor]) => {
        return [name, { shape: tensor.shape, values: new Float32Array(await tensor.data()) }] as const
      })
      return Object.fromEntries(await Promise.all(named)) as Named
    },
  }
}

const computations = (tf: typeof TensorFlow): Readonly<Record<Kind, Compute>> => {
  /** A loss and its gradients, by name. */
  const gradients = (weights: Tensors, loss: (weights: Tensors) => TensorFlow.Tensor): Tensors => {
    const names = Object.keys(weights)
    const named = (list: TensorFlow.Tensor[]) =>
      Object.fromEntries(list.map((tensor, i) => [names[i]!, tensor]))
    const { value, grads } = tf.valueAndGrads((...list) => loss(named(list)) as TensorFlow.Scalar)(
      Object.values(weights),
    )
    return { loss: value, ...named(grads) }
  }
  const chained: (of: Tensors, operations: number) => TensorFlow.Tensor = ({ x, a, b }, operations) => {
    let y = x!
    for (let i = 0; i < operations; i += 2) y = tf.add(tf.mul(y, a!), b!)
    return y
  }
  return {
    rnn: ({ x, h: start, y, ...weights }) => {
      const [steps, batch, inputs] = x!.shape as [number, number, number]
      return gradients(weights, ({ w, v, b }) => {
        const potentials = tf.unstack(
          tf.add(tf.reshape(tf.matMul(tf.reshape(x!, [steps * batch, inputs]), v!), [steps, batch, -1]), b!),
        )
        let h = start!
        for (const potential of potentials) h = tf.tanh(tf.add(tf.matMul(h, w!), potential))
        return tf.mean(tf.square(tf.sub(h, y!)))
      })
    },
    deep: ({ w, b, x, y }) => {
      const [ws, bs] = [tf.unstack(w!), tf.unstack(b!)]
      const layers = ws.length
      const weights = Object.fromEntries([...ws, ...bs].map((tensor, i) => [String(i), tensor]))
      const { loss, ...grads } = gradients(weights, all => {
        let h = x!
        for (let i = 0; i < layers; i++) h = tf.tanh(tf.add(tf.matMul(h, all[i]!), all[layers + i]!))
        return tf.mean(tf.square(tf.sub(h, y!)))
      })
      const list = Object.keys(weights).map(name => grads[name]!)
      return { loss: loss!, w: tf.stack(list.slice(0, layers)), b: tf.stack(list.slice(layers)) }
    },
    lyapunov: ({ w, h, d }, { steps }) => {
      const run = (state: TensorFlow.Tensor, tangent: TensorFlow.Tensor) => {
        const both = tf.matMul(tf.concat([state, tangent]), w!)
        const [potential, moved] = tf.split(both, 2)
        const next = tf.tanh(potential!)
        const through = tf.mul(moved!, tf.sub(1, tf.square(next)))
        const length = tf.norm(through)
        return { next, tangent: tf.div(through, length), growth: tf.log(length) }
      }
      let [state, tangent, growth] = [h!, d!, tf.scalar(0) as TensorFlow.Tensor]
      for (let i = 0; i < steps!; i++) {
        const step = tf.tidy(() => run(state, tangent))
        state = step.next
        tangent = step.tangent
        growth = tf.add(growth, step.growth)
      }
      return { exponent: tf.div(growth, steps!) }
    },
    chain: (inputs, { operations }) => ({ y: chained(inputs, operations!) }),
    chainGradient: ({ x, ...others }, { operations }) => {
      const { loss, x: gradient } = gradients({ x: x! }, ({ x }) =>
        tf.sum(chained({ x: x!, ...others }, operations!)),
      )
      return { sum: loss!, x: gradient! }
    },
    gemm: ({ a, b }) => ({ c: tf.matMul(a as TensorFlow.Tensor2D, b as TensorFlow.Tensor2D) }),
  }
}
