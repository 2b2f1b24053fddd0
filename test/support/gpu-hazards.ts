/**
 * Where a plain use of gpu.js is silently wrong: loops that end early, sizes that change, textures where arrays were,
 * indices that are float32, formulas that overflow. Each is a claim that the backend is right there.
 */
import { cpu } from '@sensigrad/backend-cpu'
import { type GpuBackend, gpujs, type Mode } from '@sensigrad/backend-gpujs'
import * as core from '@sensigrad/core'
import {
  type Backend,
  concat,
  expressions,
  type ScalarFunction,
  scatterAdd,
  type Tensor,
  tensor,
} from '@sensigrad/core'
import type { Claim } from '@sensigrad/testing'
import { gap } from './backend.ts'
import { faultsOf, kernelsMade } from './gpu-watch.ts'

/** More rounds than gpu.js lets a loop take unless told otherwise, which is 1000. */
const many = 2500
/** More backends than a page may have WebGL contexts, which is about 16. */
const crowd = 20
/** Indices are exact up to here. */
const mostElements = 2 ** 24
/** Functions are as accurate as this, relative to values above 1. */
const accuracy = 1e-6

const upTo = (length: number) => Array.from({ length }, (_, i) => i)
const every = <Value>(length: number, value: Value) => Array.from({ length }, () => value)

/** A program of numbers, on the backend that it is given. */
type Program = (on: { readonly backend: Backend }) => Tensor

/** A column or row of ones. */
const ones = (shape: readonly number[], on: object) =>
  tensor(new Float32Array(shape.reduce((a, b) => a * b)).fill(1), { ...on, shape })

/** Programs whose results are whole numbers: every digit is right or the claim fails. */
const exact: Readonly<Record<string, [program: Program, wanted: readonly number[]]>> = {
  'a sum of more than a thousand numbers goes to its end': [on => ones([many], on).sum(), [many]],
  'a sum of more than a thousand rows goes to its end': [on => ones([many, 2], on).sum(0), [many, many]],
  'the largest of more than a thousand numbers may be the last': [
    on => tensor(upTo(many), on).max(),
    [many - 1],
  ],
  'a product of matrices goes along more than a thousand numbers': [
    on =>
      ones([1, many], on)
        .matmul(ones([many, 2], on))
        .flatten(),
    [many, many],
  ],
  'a running sum of more than a thousand numbers goes to its end': [
    on =>
      tensor(every(many, 1), on)
        .cumsum()
        .slice([many - 2, many]),
    [many - 1, many],
  ],
  'the largest of more than a thousand numbers is found at their end': [
    on => tensor(upTo(many), on).argMax(0),
    [many - 1],
  ],
  'more than a thousand numbers are sorted to their end': [
    on => tensor(upTo(many), on).neg().argSort(0).slice([0, 2]),
    [many - 1, many - 2],
  ],
  'more than a thousand numbers are added at one place': [
    on => scatterAdd(tensor([0, 7], on), tensor(every(many, 1), { ...on, dtype: 'int32' }), ones([many], on)),
    [0, 7 + many],
  ],
  'one function takes values from the host and results of the GPU alike': [
    on => {
      const twice = (x: Tensor) => x.add(x)
      return twice(twice(tensor([1, 2, 3], on))).add(tensor([1, 1, 1], on))
    },
    [5, 9, 13],
  ],
  'whole numbers are exact up to 2²⁴, in both directions': [
    on =>
      tensor([mostElements - 1, 1 - mostElements], { ...on, dtype: 'int32' }).add(
        tensor([1, -1], { ...on, dtype: 'int32' }),
      ),
    [mostElements, -mostElements],
  ],
  'negative numbers have squares': [on => tensor([-3, 0, -2], on).square(), [9, 0, 4]],
}

/** Functions where formulas overflow, lose digits or know no negative numbers; the CPU says in float64 what is right. */
const rough: Readonly<Record<string, [f: (x: Tensor) => Tensor, at: readonly number[]]>> = {
  'tanh of large numbers is ±1': [x => x.tanh(), [-1e30, -1000, -100, -88, 0, 0.001, 88, 100, 1e30]],
  'the logistic function of large numbers is 0 or 1': [x => x.sigmoid(), [-1e30, -1000, -100, 0, 100, 1e30]],
  'softplus of large numbers is 0 or the number': [x => x.softplus(), [-1000, -100, -30, 0, 30, 100, 1000]],
  'the error function of large numbers is ±1': [x => x.erf(), [-1e30, -100, -4, 0, 0.001, 4, 100, 1e30]],
  'exponentials of very negative numbers are 0': [x => x.exp(), [-1e30, -1000, -104, 0]],
  'small numbers keep their digits in expm1 and log1p': [
    x => x.expm1().add(x.log1p()).mul(1e6),
    [-1e-6, 1e-7, 1e-5],
  ],
  'powers know the sign of a negative base': [
    x => x.pow(3).add(x.pow(2)).add(x.pow(-1)),
    [-2, -0.5, -3, 1.5],
  ],
  'a power of 0 is 1 with exponent 0, and else 0': [x => x.pow(0).add(x.pow(2)), [0, -1, 2]],
  'a softmax of large numbers stays a softmax': [x => x.softmax(), [1000, 999, -1000, 998]],
}

const float64 = (values: readonly number[]) => tensor(values, { dtype: 'float64', backend: cpu() })

/** The claims that a mode is asked to keep. */
export function hazards(mode: Mode, kind: string): Claim[] {
  let made: Promise<GpuBackend> | undefined
  const backend = () => {
    made ??= gpujs({ mode })
    return made
  }
  return [
    ...Object.entries(exact).map(([name, [program, wanted]]) => ({
      name,
      holds: async () => same(await program({ backend: await backend() }).data(), wanted, 0),
    })),
    ...Object.entries(rough).map(([name, [f, at]]) => ({
      name,
      holds: async () => {
        const found = f(tensor([...at], { backend: await backend() }))
        same(await found.data(), await f(float64(at)).data(), accuracy)
      },
    })),
    ...Object.entries(programs).map(([name, holds]) => ({ name, holds: () => holds(mode, kind) })),
  ]
}

/** Throws unless the numbers are near to those that are wanted. */
function same(found: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number): void {
  if (gap(found, wanted) <= tolerance) return
  throw new Error(`there is ${Array.from(found).join(', ')} instead of ${Array.from(wanted).join(', ')}`)
}

/** Claims that need more than one result. */
const programs: Readonly<Record<string, (mode: Mode, kind: string) => Promise<void>>> = {
  'one function gives right results at one size after another': async mode => {
    const on = { backend: await gpujs({ mode }) }
    for (const length of [5, 3000, 2, 700, 1, 3000, 6]) {
      const x = tensor(upTo(length), on)
      same(
        await x.mul(2).add(x).data(),
        upTo(length).map(i => 3 * i),
        0,
      )
    }
  },
  'more backends than a page has contexts compute side by side': async mode => {
    const backends = []
    for (let i = 0; i < crowd; i++) backends.push(await gpujs({ mode }))
    const results = backends.map((backend, i) => tensor([i, 1], { backend }).add(1))
    for (const [i, result] of results.entries()) same(await result.data(), [i + 1, 2], 0)
  },
  'the last of 2²⁴ elements is reached, and one more is refused': async mode => {
    const backend = await gpujs({ mode })
    const values = new Float32Array(mostElements)
    values.set([3, 1, 4, 1, 5], mostElements - 5)
    const x = tensor(values, { backend })
    same(
      await x
        .slice([mostElements - 5, mostElements])
        .mul(2)
        .data(),
      [6, 2, 8, 2, 10],
      0,
    )
    const wide = () => ones([4097, 1], { backend }).add(ones([1, 4097], { backend }))
    const words = /16785409 elements are more than a tensor of this gpujs backend can have/
    await refused(async () => wide(), words)
    await refused(
      async () => tensor(new Float32Array(mostElements + 1), { backend }),
      /16777217 elements are more/,
    )
    await backend.stop()
  },
  'what has no number spoils no other element': async mode => {
    const on = { backend: await gpujs({ mode }) }
    const x = tensor([0, 1, -1, 4], on)
    const [root, , , last] = await x.log().data()
    if (root! > -80) throw new Error(`the logarithm of 0 is ${root}`)
    same([last!], [Math.log(4)], accuracy)
    const inverse = await x.reciprocal().data()
    same([...inverse].slice(1), [1, -1, 0.25], accuracy)
  },
  'every kernel is a text that means one thing, with the settings that are right, and runs where it should':
    async (mode, kind) => {
      const backend = await gpujs({ mode })
      const kernels = await kernelsMade(() => allFamilies(backend))
      if (kernels.length < 12) throw new Error(`only ${kernels.length} kernels were made`)
      const faults = kernels.flatMap(faultsOf)
      const strangers = kernels.map(each => each.kind()).filter(name => name !== kind)
      if (faults.length + strangers.length > 0) throw new Error([...strangers, ...faults].join('\n'))
    },
}

async function refused(program: () => Promise<unknown>, words: RegExp): Promise<void> {
  const said = await program().then(
    () => 'nothing',
    error => String(error),
  )
  if (!words.test(said)) throw new Error(`it says ${said}`)
}

/** Runs each family of kernels on sizes that nothing else here has, so that all are made anew. */
async function allFamilies(backend: Backend): Promise<void> {
  const x = tensor(upTo(1013 * 3), { backend, shape: [1013, 3] }).div(1013)
  const i = tensor([2, 0, 1, 1], { backend, dtype: 'int32' })
  const scalars = Object.keys(expressions.scalarRules) as ScalarFunction[]
  const results = [
    ...scalars.map(name => mapOf(name, x)),
    x.sum(0),
    x.sum(),
    x.max(1),
    x.transpose().matmul(x),
    concat([x, x.neg()], 1),
    x.transpose().add(0).flatten(),
    x.pad([
      [1, 2],
      [0, 1],
    ]),
    x.gather(i),
    scatterAdd(x.slice([0, 5]), i, x.slice([0, 4])),
    x.argMax(0),
    x.argSort(0),
    x.cumsum(),
    x.cumprod(1),
    x.mul(5).cast('int32'),
    x.cast('bool'),
  ]
  for (const result of results) await result.data()
}

/** A scalar function of as many copies of x, or of whether x is above 1, as it takes. */
function mapOf(name: ScalarFunction, x: Tensor): Tensor {
  const { arity, takes } = expressions.scalarRules[name]
  const functions = core as unknown as Readonly<Record<ScalarFunction, (...of: readonly Tensor[]) => Tensor>>
  const isTrue = x.greater(1)
  const of = Array.from({ length: arity }, (_, k) =>
    takes === 'booleans' || (takes === 'choice' && k === 0) ? isTrue : x,
  )
  return functions[name](...of)
}
