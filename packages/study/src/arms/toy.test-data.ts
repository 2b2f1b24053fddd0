/** A study that takes no time: each arm and seed has its place of success, or none. */

import { SettingsError } from '../errors.ts'
import { real, whole } from '../rules.ts'
import type { ArmRun, ArmsStudy, Point, Watch } from './experiment.ts'

export interface ToySettings {
  rate: number
  iterations: number
  depth: number
}

/** Iterations until success at rate 1, seed 1; each further seed takes 10 more. */
const until: Record<string, number> = { sal: 30, plain: Number.POSITIVE_INFINITY, tuned: 70 }
const gains: Record<string, number> = { sal: 0.99, plain: 0.3, tuned: 0.93 }

/** What only the study itself reads, as the real ones do. */
const own = { weight: () => 0 }

const toy: ArmsStudy<ToySettings> = {
  name: 'toy',
  title: 'A toy',
  question: 'Do the machines work?',
  description: 'Nothing is trained.',
  file: import.meta.url,
  arms: [
    { id: 'sal', label: 'SAL', description: 'Succeeds.', ...own },
    { id: 'plain', label: 'plain <start>', description: 'Never succeeds.' },
    { id: 'tuned', label: 'tuned', description: 'Succeeds later, and not with every seed.' },
  ],
  reference: 'sal',
  seeds: 3,
  defaults: { rate: 1, iterations: 100, depth: 20 },
  rules: {
    rate: { ...real(x => x > 0, 'nothing moves otherwise', 'a number above 0'), about: 'how fast it goes' },
    iterations: { ...whole(1, 1000, 'there is at least one'), about: 'the most iterations' },
    depth: { ...whole(1, 500, 'there is at least one layer'), about: 'layers' },
  },
  quick: { seeds: 2, settings: { depth: 5 } },
  success: 'the number is reached',
  along: 'layer',
  chance: Math.LN2,
  check({ rate, iterations }) {
    if (rate > iterations) throw new SettingsError('rate', rate, 'it is over at once', 'Give a smaller one.')
  },
  doubts: ({ rate }) => (rate > 2 ? [`rate ${rate} is fast.`] : []),
  iterations: ({ iterations }) => iterations,
  run: runToy,
}

export default toy

export function runToy(arm: string, seed: number, settings: ToySettings, watch: Watch): ArmRun {
  const { rate, iterations, depth } = settings
  const end = Math.ceil((until[arm]! + 10 * (seed - 1)) / rate)
  const curve: Point[] = []
  let iteration = 0
  for (; iteration <= iterations && !watch.stopped(); iteration += 10) {
    watch.progress(iteration)
    const reached = Math.min(1, iteration / end)
    curve.push({ iteration, loss: Math.LN2 * (1 - 0.95 * reached), accuracy: 0.5 + 0.5 * reached ** 2 })
    if (iteration >= end) break
  }
  const success = iteration >= end && iteration <= iterations
  const stopped = iteration <= iterations && !success
  const layers = Array.from({ length: depth }, (_, i) => i)
  const gain = gains[arm]!
  const profile = (g: number) => ({
    gradientNorms: layers.map(i => g ** ((depth - 1 - i) * (1 + seed / 100)) * 0.1),
    logSensitivity: layers.map(i => Math.log(g) + 0.02 * Math.sin(i + seed)),
  })
  const neurons = (g: number) => layers.map(i => g * (1 + 0.2 * Math.sin(7 * i * seed)))
  const start = arm === 'sal' ? 0.3 : gain
  return {
    arm,
    seed,
    status: stopped ? 'interrupted' : 'finished',
    success,
    iterations: Math.min(iteration, iterations),
    curve,
    profiles: [
      { stage: 'start', iteration: 0, ...profile(start) },
      ...(arm === 'sal' ? [{ stage: 'prepared' as const, iteration: 0, ...profile(gain) }] : []),
      { stage: 'end', iteration, ...profile(gain) },
    ],
    sensitivities: { start: neurons(start), end: neurons(gain) },
    gradientRatio: { start: start ** (depth - 1), prepared: gain ** (depth - 1), end: gain ** (depth - 1) },
  }
}
