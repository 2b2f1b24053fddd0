/**
 * Sensitivity-controlled learning: a chaotic network steers a point to a goal, and is taught by one number a step. What
 * brought the point nearer becomes less sensitive, and so steadier; what led it away becomes more sensitive, and tries
 * something else. The idea is that of arXiv 2502.10200; task, sizes and rates are ours, and there is no critic here.
 */
import { foldIn, initialise, key, normal, RNN, SAL, tensor, uniform } from 'sensigrad'

const [neurons, episodes, mostSteps, speed, near] = [30, 150, 60, 0.2, 0.25]

/** How many steps each episode took to the goal, the middle of the square [-1, 1]². */
async function learn(seed: number, isControlled: boolean): Promise<number[]> {
  const rnn = new RNN(2, neurons, {
    key: key(seed),
    recurrentWeight: initialise.gaussian(1.3), // chaotic
    inputWeight: initialise.gaussian(),
  })
  const readout = normal(foldIn(key(seed), 1), [neurons, 2]).mul(neurons ** -0.5) // fixed
  const sal = new SAL({ rate: 0.01, decay: 0.9 }).attach(rnn, { counted: 'all' })
  let state = normal(foldIn(key(seed), 2), [neurons])

  const lengths: number[] = []
  for (let episode = 0; episode < episodes; episode++) {
    const start = uniform(foldIn(foldIn(key(seed), 3), episode), [2], { low: -1, high: 1 })
    let [x, y] = (await start.data()) as unknown as [number, number]
    let distance = Math.hypot(x, y)
    let steps = 0
    for (; steps < mostSteps && distance > near; steps++) {
      state = rnn.step(state, tensor([x, y]))
      const [right, up] = (await state.matmul(readout).tanh().data()) as unknown as [number, number]
      x = Math.min(1, Math.max(-1, x + speed * right))
      y = Math.min(1, Math.max(-1, y + speed * up))
      const gain = (distance - Math.hypot(x, y)) / speed // what the step was better than standing still
      if (isControlled) sal.adjust({ signal: -gain })
      else sal.forget()
      distance = Math.hypot(x, y)
    }
    lengths.push(steps)
  }
  return lengths
}

const mean = (lengths: readonly number[]) => lengths.reduce((sum, length) => sum + length, 0) / lengths.length

console.log(`Steps to the goal, of ${mostSteps} at most: means of 50 episodes`)
for (const isControlled of [true, false]) {
  for (const seed of [1, 2, 3]) {
    const lengths = await learn(seed, isControlled)
    const means = [0, 50, 100].map(from =>
      mean(lengths.slice(from, from + 50))
        .toFixed(1)
        .padStart(5),
    )
    console.log(`${isControlled ? 'controlled' : 'left alone'}  seed ${seed}  ${means.join('  ')}`)
  }
}
