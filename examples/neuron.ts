/** One neuron: its tape, its sensitivity, and SAL raising that to 1. */
import { activations, Dense, key, record, SAL, sensitivity, tensor } from 'sensigrad'

const float64 = { dtype: 'float64' } as const
const neuron = new Dense(2, 1, { key: key(1), activation: activations.tanh, ...float64 })
neuron.weight.value = tensor([[0.3, 0.4]], float64)
neuron.bias.value = tensor([0.1], float64)
const x = tensor([0.5, -0.25], float64)

console.log('The tape of o = tanh(w·x + θ), with the inputs as what moves:\n')
console.log(String(record(x => neuron.call(x), x)))

const s = sensitivity(x => neuron.call(x), x)
console.log(`\nIts sensitivity ‖∂o/∂x‖ is ${(await s.item()).toFixed(4)}. SAL raises it:\n`)

const sal = new SAL({ rate: 1e-3, decay: 0.9 }).attach(neuron)
console.log('step       s       s̄     ‖w‖')
for (let step = 0, open = true; open; step++) {
  const length = await neuron.weight.value.norm().item()
  neuron.call(x)
  sal.adjust()
  const now = sal.of(neuron)!
  open = (await now.gate.item()) > 0
  if (step % 100 === 0 || !open) {
    const numbers = [await now.sensitivity.item(), await now.average.item(), length]
    console.log([String(step).padStart(4), ...numbers.map(number => number.toFixed(4))].join('  '))
  }
}
