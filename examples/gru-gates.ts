/** A GRU under SAL: its gates in closed form, its candidate and the cell as a whole on the tape, in one captured step. */
import { capture, GRU, initialise, key, neuron, normal, SAL } from 'sensigrad'

const gru = new GRU(3, 12, { key: key(1), recurrentWeight: initialise.gaussian(0.5) })
const sequence = normal(key(2), [6, 8, 3]) // [time, batch, inputs]

// Gates are neurons f(w·[h, x] + θ), but f is the logistic function: f' ≤ 1/4, so theirs is a lower target.
const sal = new SAL({ rate: 2e-2, decay: 0.8 })
sal.attach(gru.reset, { target: 0.3 }).attach(gru.update, { target: 0.3 })

// The reset gate scales what the candidate recalls, so that it has no closed form; the cell has even less. What counts
// is what goes round: the state, which is the first input of the candidate and the second one of the cell.
const candidate = neuron(gru.candidate, { inputs: [0] })
const cell = neuron(gru.cell, { inputs: [1] })
sal.attach(candidate).attach(cell)
const parts = { reset: gru.reset, update: gru.update, candidate, cell }

const step = capture(() => {
  gru.call(sequence)
  sal.adjust()
})

const mean = async (part: (typeof parts)[keyof typeof parts]) =>
  (await sal.of(part)!.average.mean().item()).toFixed(3)

console.log(['step', ...Object.keys(parts)].map(name => name.padStart(9)).join(' '))
for (let n = 0; n <= 200; n++) {
  step()
  if (n % 40 !== 0) continue
  const row = [String(n), ...(await Promise.all(Object.values(parts).map(mean)))]
  console.log(row.map(cell => cell.padStart(9)).join(' '))
}
