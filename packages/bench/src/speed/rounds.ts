/** Times contestants round by round, each once a round, so that a slow moment of the machine meets all of them. */

import type { RunnerProcess } from './process.ts'

/** Something to be timed: a case that a runner has prepared. */
export interface Contestant {
  readonly process: RunnerProcess
  /** By what name its process knows it. */
  readonly id: string
}

/** How long to measure. */
export interface Effort {
  /** How long each contestant runs before it counts: compilers are at work. */
  readonly warmUpSeconds: number
  /** How long each runs in a round, at least once whole. */
  readonly lapSeconds: number
  readonly leastRounds: number
  readonly mostRounds: number
  /** When no further round is begun. */
  readonly seconds: number
}

/**
 * Times contestants.
 *
 * @param round  called at the beginning of each round
 * @returns for each contestant its seconds for one run, in each round
 */
export async function timeRounds(
  contestants: readonly Contestant[],
  effort: Effort,
  round: (number: number) => void,
): Promise<number[][]> {
  const start = performance.now()
  const repeats: number[] = []
  for (const contestant of contestants) repeats.push(await warmedUp(contestant, effort))
  const seconds = contestants.map((): number[] => [])
  for (let number = 1; number <= effort.mostRounds; number++) {
    const spent = (performance.now() - start) / 1000
    if (number > effort.leastRounds && spent > effort.seconds) break
    round(number)
    for (const [i, contestant] of contestants.entries()) {
      seconds[i]!.push((await lap(contestant, repeats[i]!)) / repeats[i]!)
    }
  }
  return seconds
}

/** @returns how many runs make a lap */
async function warmedUp(contestant: Contestant, { warmUpSeconds, lapSeconds }: Effort): Promise<number> {
  let [repeats, spent] = [1, 0]
  for (;;) {
    const seconds = await lap(contestant, repeats)
    spent += seconds
    repeats = Math.max(1, Math.ceil((lapSeconds * repeats) / seconds))
    if (spent >= warmUpSeconds) return repeats
  }
}

async function lap({ process, id }: Contestant, repeats: number): Promise<number> {
  const answer = await process.ask({ ask: 'run', id, repeats })
  if ('seconds' in answer) return answer.seconds
  throw new Error(`${id}: asked for a time, it answered ${JSON.stringify(answer)}`)
}
