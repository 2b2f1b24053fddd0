/**
 * jax-js on its WebAssembly backend, compiled by `jit`: whole gradients, and a step where unrolling all of them would take
 * minutes to compile. The gradient of a long chain is left out: without `jit` it takes seconds, and it overflows the stack.
 */

import { readFileSync } from 'node:fs'
import type { Kind, Named } from '../case.ts'
import type { LoadRunner, Prepared, Runner, Task } from '../runner.ts'

type Jax = typeof import('@jax-js/jax')
type JaxArray = InstanceType<Jax['Array']>
type Arrays = Record<string, JaxArray>
/** Functions of arrays, which they use up: what is used twice is passed on as `x.ref`. */
type Compute = (inputs: Arrays, sizes: Task['sizes'], mode: string) => () => Arrays | Promise<Arrays>

/** Steps between two waits: work that has only been queued makes each further step slower. */
const waitEvery = 10

export const jaxJs: LoadRunner = async () => {
  const jax = await import('@jax-js/jax')
  await jax.init('wasm')
  jax.defaultDevice('wasm')
  const modes: Runner['modes'] = {
    rnn: ['jit'],
    deep: ['jit'],
    lyapunov: ['jit of a step'],
    chain: ['eager', 'jit of two operations'],
    gemm: ['jit'],
  }
  const manifest = readFileSync(new URL('../package.json', import.meta.resolve('@jax-js/jax')), 'utf8')
  return { version: JSON.parse(manifest).version, modes, prepare: (task, mode) => prepare(jax, task, mode) }
}

function prepare(jax: Jax, { kind, inputs, sizes }: Task, mode: string): Prepared {
  const arrays = Object.fromEntries(
    Object.entries(inputs).map(([name, { values, shape }]) => [
      name,
      jax.numpy.array(values).reshape([...shape]),
    ]),
  )
  const once = computations(jax)[kind]!(arrays, sizes, mode)
  return {
    async run() {
      const output = await jax.blockUntilReady(await once())
      for (const array of Object.values(output)) array.dispose()
    },
    async result() {
      const named = Object.entries(await once()).map(async ([name, array]) => {
        const shape = array.shape
        return [name, { shape, values: new Float32Array(await array.data()) }] as const
      })
      return Object.fromEntries(await Promise.all(named)) as Named
    },
  }
}

const computations = (jax: Jax): Readonly<Partial<Record<Kind, Compute>>> => {
  const { numpy: np, jit, valueAndGrad } = jax
  const wait = async (...arrays: JaxArray[]) => {
    for (const array of await jax.blockUntilReady(arrays.map(each => each.ref))) array.dispose()
  }
  const held = (arrays: Arrays): Arrays =>
    Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, array.ref]))
  const meanSquare = (h: JaxArray, y: JaxArray) => np.mean(np.square(h.sub(y)))
  return {
    rnn: ({ x, h, y, ...weights }) => {
      const steps = x!.shape[0]!
      const loss = ({ w, v, b }: Arrays, x: JaxArray, start: JaxArray, y: JaxArray) => {
        const potentials = np.matmul(x, v!).add(b!)
        let state = start
        for (let t = 0; t < steps; t++) {
          state = np.tanh(np.matmul(state, w!.ref).add(potentials.ref.slice(t)))
        }
        potentials.dispose()
        w!.dispose()
        return meanSquare(state, y)
      }
      const step = jit(valueAndGrad(loss))
      return () => {
        const [value, gradient] = step(held(weights), x!.ref, h!.ref, y!.ref)
        return { loss: value as JaxArray, ...(gradient as Arrays) }
      }
    },
    deep: ({ w, b, x, y }) => {
      const layers = w!.shape[0]!
      const loss = ({ w, b }: Arrays, x: JaxArray, y: JaxArray) => {
        let h = x
        for (let i = 0; i < layers; i++) h = np.tanh(np.matmul(h, w!.ref.slice(i)).add(b!.ref.slice(i)))
        w!.dispose()
        b!.dispose()
        return meanSquare(h, y)
      }
      const step = jit(valueAndGrad(loss))
      return () => {
        const [value, gradient] = step(held({ w: w!, b: b! }), x!.ref, y!.ref)
        return { loss: value as JaxArray, ...(gradient as Arrays) }
      }
    },
    lyapunov: ({ w, h, d }, { steps }) => {
      const step = jit((w: JaxArray, h: JaxArray, d: JaxArray, growth: JaxArray) => {
        const next = np.tanh(np.matmul(h, w.ref))
        const moved = np.matmul(d, w).mul(np.square(next.ref).mul(-1).add(1))
        const length = np.sqrt(np.sum(np.square(moved.ref)))
        return [next, moved.div(length.ref), growth.add(np.log(length))] as [JaxArray, JaxArray, JaxArray]
      })
      return async () => {
        let [state, tangent, growth] = [h!.ref, d!.ref, np.array(0)] as [JaxArray, JaxArray, JaxArray]
        for (let i = 0; i < steps!; i++) {
          ;[state, tangent, growth] = step(w!.ref, state, tangent, growth)
          if (i % waitEvery === 0) await wait(state, tangent, growth)
        }
        state.dispose()
        tangent.dispose()
        return { exponent: growth.div(steps!) }
      }
    },
    chain: ({ x, a, b }, { operations }, mode) => {
      const pair = (y: JaxArray, a: JaxArray, b: JaxArray) => y.mul(a).add(b)
      const both = mode === 'eager' ? pair : jit(pair)
      return async () => {
        let y = x!.ref
        for (let i = 0; i < operations!; i += 2) {
          y = both(y, a!.ref, b!.ref) as JaxArray
          if (i % waitEvery === 0) await wait(y)
        }
        return { y }
      }
    },
    gemm: ({ a, b }) => {
      const product = jit((a: JaxArray, b: JaxArray) => np.matmul(a, b))
      return () => ({ c: product(a!.ref, b!.ref) as JaxArray })
    },
  }
}
