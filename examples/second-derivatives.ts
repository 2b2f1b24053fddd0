/** Derivatives of derivatives: x·tanh x up to the third order, beside the formulas that one finds by hand. */
import { grad, linspace, type Tensor } from 'sensigrad'

const f = (x: Tensor) => x.mul(x.tanh())

/** The derivative of an elementwise function, which is again one. */
const derivative = (f: (x: Tensor) => Tensor) => grad((x: Tensor) => f(x).sum())

const byHand = [
  (x: number, t = Math.tanh(x)) => t + x * (1 - t * t),
  (x: number, t = Math.tanh(x)) => (1 - t * t) * (2 - 2 * x * t),
  (x: number, t = Math.tanh(x)) => (1 - t * t) * (6 * x * t * t - 6 * t - 2 * x),
]

const x = linspace(-2, 2, 5, { dtype: 'float64' })
const points = await x.data()

let g = f
for (const [i, formula] of byHand.entries()) {
  g = derivative(g)
  console.log(`order ${i + 1}`)
  for (const [at, value] of (await g(x).data()).entries()) {
    const difference = Math.abs(value - formula(points[at]!))
    const columns = [`x ${points[at]!.toFixed(1).padStart(4)}`, value.toFixed(12).padStart(15)]
    console.log(`  ${columns.join('  ')}  off by ${difference.toExponential(0)}`)
  }
}
