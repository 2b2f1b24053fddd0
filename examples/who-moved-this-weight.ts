/** Who moved this weight? The ledger of a small recurrent network that learns by Adam, with clipping and SAL beside it. */
import { wasm } from '@sensigrad/backend-wasm'
import { formatLedger, Ledger, ledgerReport, Snapshots } from '@sensigrad/inspect'
import {
  Adam,
  activations,
  capture,
  Dense,
  initialise,
  key,
  Module,
  meanSquaredError,
  normal,
  RNN,
  SAL,
  type Tensor,
  useBackend,
  valueAndGrad,
} from 'sensigrad'

useBackend(await wasm())

/** A recurrent layer, and a readout of its last state. */
class Memory extends Module<[sequence: Tensor], Tensor> {
  readonly rnn = new RNN(1, 16, { key: key(1), recurrentWeight: initialise.gaussian(0.7) })
  readonly readout = new Dense(16, 1, { key: key(2), activation: activations.identity })

  forward(sequence: Tensor): Tensor {
    return this.readout.call(this.rnn.call(sequence).outputs.slice(-1))
  }
}

const model = new Memory()
const optimizer = new Adam({ rate: 3e-3, clip: { globalNorm: 0.1 } })
const sal = new SAL({ rate: 5e-3, decay: 0.9 }).attach(model.rnn)

const ledger = new Ledger({ level: 'neurons', without: ['clip'], title: 'recall' })
ledger.attach(model, optimizer, sal)
const past = new Snapshots(ledger, { model, optimizer, sal }, { every: 50 })

// The task: what was heard first, twelve steps ago?
const learn = capture((sequence: Tensor) => {
  const target = sequence.slice(0)
  const [loss, gradients] = valueAndGrad(model, () => meanSquaredError(model.call(sequence), target))
  optimizer.update(model, gradients)
  sal.adjust()
  return loss
})
const train = (step: number) => learn(normal(key(100 + step), [12, 8, 1]))

for (let step = 1; step <= 200; step++) {
  past.before(step)
  train(step)
}
await ledger.flush()

const parameter = 'rnn.recurrentWeight'
console.log(formatLedger(ledgerReport(ledger.data, { parameter })))
console.log(formatLedger(ledgerReport(ledger.data, { parameter, neuron: 7 })))

// Nobody stored the gradients of step 137. It is done again, from the snapshot before it.
const { gradients, from, snapshot } = await past.replayTo(137, train)
const norm = (await gradients[parameter]!.norm().item()).toFixed(4)
console.log(
  `step 137 again, from step ${snapshot}: ${from}, the gradient of ${parameter} had the norm ${norm}`,
)
