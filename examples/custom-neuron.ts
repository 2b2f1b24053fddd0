/** A neuron of your own: a radial one, which answers to nearness. SAL finds its sensitivity and its way up on the tape. */
import { key, neuron, normal, Parameter, SAL, type Tensor } from 'sensigrad'

// Four units o = exp(-‖(x - c) ⊙ v‖²), each with a centre c and widths 1/v of its own. `x` is [samples, 3].
const centres = new Parameter(normal(key(1), [4, 3]))
const sharpness = new Parameter(normal(key(2), [4, 3]).mul(0.1).add(0.5))
const radial = neuron(
  (x: Tensor) => x.expandDims(-2).sub(centres.value).mul(sharpness.value).square().sum(-1).neg().exp(),
  { parameters: { centres, sharpness } },
)

const points = normal(key(3), [32, 3])
const sal = new SAL({ rate: 4e-2, decay: 0.6, target: 0.4 }).attach(radial)

console.log('step   s̄ of each unit')
for (let step = 0; step <= 200; step++) {
  radial.call(points)
  sal.adjust()
  if (step % 40 !== 0) continue
  const averages = await sal.of(radial)!.average.data()
  console.log([String(step).padStart(4), ...Array.from(averages, s => s.toFixed(3))].join('   '))
}

// The same units with a signal in the place of the gate: -1 makes each less sensitive, whatever its average.
radial.call(points)
sal.adjust({ signal: -1 })
console.log(`\nWith the signal -1 the gate reads ${[...(await sal.of(radial)!.gate.data())].join(', ')}.`)
