/**
 * The computations as one would write them without a library: loops over typed arrays, gradients by hand. What a library
 * in plain JavaScript could reach at best.
 */

import type { Kind, Named, Values } from '../case.ts'
import type { LoadRunner, Prepared, Task } from '../runner.ts'

export const loops: LoadRunner = async () => {
  const modes = Object.fromEntries(Object.keys(computations).map(kind => [kind, ['by hand']]))
  return { version: 'typed arrays', modes, prepare }
}

function prepare({ kind, inputs, sizes }: Task): Prepared {
  const compute = computations[kind](inputs, sizes)
  return { run: () => void compute(), result: compute }
}

const computations: Readonly<Record<Kind, (inputs: Named, sizes: Task['sizes']) => () => Named>> = {
  rnn: ({ w, v, b, x, h, y }) => {
    const [steps, batch, inputs] = x!.shape as [number, number, number]
    const units = w!.shape[0]!
    const size = batch * units
    const states = new Float32Array((steps + 1) * size)
    const potential = new Float32Array(size)
    states.set(h!.values)
    const at = (t: number) => states.subarray(t * size, (t + 1) * size)
    const inputAt = (t: number) => x!.values.subarray(t * batch * inputs, (t + 1) * batch * inputs)
    return () => {
      for (let t = 0; t < steps; t++) {
        fillRows(potential, b!.values)
        addProduct(potential, inputAt(t), v!.values, batch, inputs, units)
        addProduct(potential, at(t), w!.values, batch, units, units)
        tanhInto(at(t + 1), potential)
      }
      const { loss, slope } = meanSquare(at(steps), y!.values)
      const [dw, dv, db] = [w!, v!, b!].map(({ values }) => new Float32Array(values.length)) as Three
      let back = slope
      for (let t = steps - 1; t >= 0; t--) {
        throughTanh(back, at(t + 1))
        addOuter(dw, at(t), back, batch, units, units)
        addOuter(dv, inputAt(t), back, batch, inputs, units)
        addRows(db, back)
        const next = new Float32Array(size)
        addTransposed(next, back, w!.values, batch, units, units)
        back = next
      }
      return { loss: scalar(loss), w: like(w!, dw), v: like(v!, dv), b: like(b!, db) }
    }
  },

  deep: ({ w, b, x, y }) => {
    const [layers, width] = w!.shape as [number, number, number]
    const batch = x!.shape[0]!
    const size = batch * width
    const states = new Float32Array((layers + 1) * size)
    const potential = new Float32Array(size)
    states.set(x!.values)
    const at = (layer: number) => states.subarray(layer * size, (layer + 1) * size)
    const weightsOf = (all: Float32Array, layer: number) =>
      all.subarray(layer * width ** 2, (layer + 1) * width ** 2)
    const biasOf = (all: Float32Array, layer: number) => all.subarray(layer * width, (layer + 1) * width)
    return () => {
      for (let layer = 0; layer < layers; layer++) {
        fillRows(potential, biasOf(b!.values, layer))
        addProduct(potential, at(layer), weightsOf(w!.values, layer), batch, width, width)
        tanhInto(at(layer + 1), potential)
      }
      const { loss, slope } = meanSquare(at(layers), y!.values)
      const [dw, db] = [w!, b!].map(({ values }) => new Float32Array(values.length)) as Two
      let back = slope
      for (let layer = layers - 1; layer >= 0; layer--) {
        throughTanh(back, at(layer + 1))
        addOuter(weightsOf(dw, layer), at(layer), back, batch, width, width)
        addRows(biasOf(db, layer), back)
        const next = new Float32Array(size)
        addTransposed(next, back, weightsOf(w!.values, layer), batch, width, width)
        back = next
      }
      return { loss: scalar(loss), w: like(w!, dw), b: like(b!, db) }
    }
  },

  lyapunov: ({ w, h, d }, { steps }) => {
    const units = w!.shape[0]!
    return () => {
      let [state, tangent] = [h!.values, d!.values]
      let growth = 0
      for (let t = 0; t < steps!; t++) {
        const [next, moved] = [new Float32Array(units), new Float32Array(units)]
        addProduct(next, state, w!.values, 1, units, units)
        tanhInto(next, next)
        addProduct(moved, tangent, w!.values, 1, units, units)
        throughTanh(moved, next)
        let square = 0
        for (let i = 0; i < units; i++) square += moved[i]! ** 2
        const length = Math.sqrt(square)
        growth += Math.log(length)
        for (let i = 0; i < units; i++) moved[i] = moved[i]! / length
        state = next
        tangent = moved
      }
      return { exponent: scalar(growth / steps!) }
    }
  },

  chain: ({ x, a, b }, { operations }) => {
    return () => ({ y: like(x!, chained(x!.values, a!.values, b!.values, operations!)) })
  },

  chainGradient: ({ x, a, b }, { operations }) => {
    return () => {
      const y = chained(x!.values, a!.values, b!.values, operations!)
      let sum = 0
      for (let i = 0; i < y.length; i++) sum += y[i]!
      let back = new Float32Array(y.length).fill(1)
      for (let k = 0; k < operations!; k += 2) back = multiply(back, a!.values)
      return { sum: scalar(sum), x: like(x!, back) }
    }
  },

  gemm: ({ a, b }) => {
    const [rows, inner] = a!.shape as [number, number]
    const columns = b!.shape[1]!
    return () => {
      const c = new Float32Array(rows * columns)
      addProduct(c, a!.values, b!.values, rows, inner, columns)
      return { c: { shape: [rows, columns], values: c } }
    }
  },
}

type Two = [Float32Array, Float32Array]
type Three = [Float32Array, Float32Array, Float32Array]

const scalar = (value: number): Values => ({ shape: [], values: Float32Array.of(value) })
const like = ({ shape }: Values, values: Float32Array): Values => ({ shape, values })

/** Each operation makes a new array, as in a library. */
function chained(x: Float32Array, a: Float32Array, b: Float32Array, operations: number): Float32Array {
  let y = x
  for (let k = 0; k < operations; k += 2) y = add(multiply(y, a), b)
  return y
}

function multiply(x: Float32Array, y: Float32Array): Float32Array<ArrayBuffer> {
  const out = new Float32Array(x.length)
  for (let i = 0; i < out.length; i++) out[i] = x[i]! * y[i]!
  return out
}

function add(x: Float32Array, y: Float32Array): Float32Array {
  const out = new Float32Array(x.length)
  for (let i = 0; i < out.length; i++) out[i] = x[i]! + y[i]!
  return out
}

/** out += a b, with a [rows, inner] and b [inner, columns]. */
function addProduct(
  out: Float32Array,
  a: Float32Array,
  b: Float32Array,
  rows: number,
  inner: number,
  columns: number,
): void {
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < inner; k++) {
      const factor = a[i * inner + k]!
      for (let j = 0, at = i * columns, from = k * columns; j < columns; j++)
        out[at + j]! += factor * b[from + j]!
    }
  }
}

/** out += a bᵀ, with a [rows, columns] and b [inner, columns]. */
function addTransposed(
  out: Float32Array,
  a: Float32Array,
  b: Float32Array,
  rows: number,
  inner: number,
  columns: number,
): void {
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < inner; k++) {
      let sum = 0
      for (let j = 0; j < columns; j++) sum += a[i * columns + j]! * b[k * columns + j]!
      out[i * inner + k]! += sum
    }
  }
}

/** out += aᵀ b, with a [rows, inner] and b [rows, columns]. */
function addOuter(
  out: Float32Array,
  a: Float32Array,
  b: Float32Array,
  rows: number,
  inner: number,
  columns: number,
): void {
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < inner; k++) {
      const factor = a[i * inner + k]!
      for (let j = 0, at = k * columns, from = i * columns; j < columns; j++)
        out[at + j]! += factor * b[from + j]!
    }
  }
}

function fillRows(out: Float32Array, row: Float32Array): void {
  for (let at = 0; at < out.length; at += row.length) out.set(row, at)
}

function addRows(out: Float32Array, rows: Float32Array): void {
  for (let at = 0; at < rows.length; at += out.length) {
    for (let j = 0; j < out.length; j++) out[j]! += rows[at + j]!
  }
}

function tanhInto(out: Float32Array, x: Float32Array): void {
  for (let i = 0; i < out.length; i++) out[i] = Math.tanh(x[i]!)
}

/** g · (1 - y²), in place. */
function throughTanh(g: Float32Array, y: Float32Array): void {
  for (let i = 0; i < g.length; i++) g[i]! *= 1 - y[i]! ** 2
}

/** The mean of (h - y)², and its gradient with respect to h. */
function meanSquare(h: Float32Array, y: Float32Array): { loss: number; slope: Float32Array } {
  const slope = new Float32Array(h.length)
  let loss = 0
  for (let i = 0; i < h.length; i++) {
    const error = h[i]! - y[i]!
    loss += error ** 2 / h.length
    slope[i] = (2 * error) / h.length
  }
  return { loss, slope }
}
