/** A network of two layers learns exclusive or by gradient descent. */
import {
  activations,
  Dense,
  key,
  Module,
  meanSquaredError,
  SGD,
  type Tensor,
  tensor,
  valueAndGrad,
} from 'sensigrad'

class Network extends Module {
  readonly hidden = new Dense(2, 8, { key: key(1), activation: activations.tanh })
  readonly output = new Dense(8, 1, { key: key(2) })

  forward(x: Tensor): Tensor {
    return this.output.call(this.hidden.call(x))
  }
}

// biome-ignore format: a truth table
const x = tensor([[0, 0], [0, 1], [1, 0], [1, 1]])
const y = tensor([[0], [1], [1], [0]])

const network = new Network()
const optimiser = new SGD({ rate: 0.1, momentum: 0.9 })

for (let step = 0; step <= 150; step++) {
  const [loss, gradients] = valueAndGrad(network, () => meanSquaredError(network.call(x), y))
  optimiser.update(network, gradients)
  if (step % 25 === 0) console.log(`step ${String(step).padStart(3)}  loss ${(await loss.item()).toFixed(6)}`)
}

const [inputs, outputs] = [await x.data(), await network.call(x).data()]
console.log()
for (const [i, output] of outputs.entries()) {
  console.log(`${inputs[2 * i]} xor ${inputs[2 * i + 1]} ≈ ${output.toFixed(3)}`)
}
