/** Runs of the experiments, on small networks: what they record, and that they are what their arm says. */
import { currentBackend } from '@sensigrad/core'
import { describe, expect, test, vi } from 'vitest'
import deep300, { type DeepSettings } from './deep-300/study.ts'
import lag300, { type LagSettings } from './lag-300/study.ts'

vi.setConfig({ testTimeout: 60_000 }) // generous: a busy machine is no failure

const watch = { stopped: () => false, progress: () => {} }
const small: DeepSettings = {
  ...deep300.defaults,
  layers: 4,
  width: 10,
  preparation: 60,
  preparationRate: 2e-2,
  iterations: 40,
  probeEvery: 10,
}
const deep = (arm: string, changes: Partial<DeepSettings> = {}, seed = 1) =>
  deep300.run(arm, seed, { ...small, ...changes }, watch)

describe('a run', () => {
  test('is decided by arm, seed and settings', async () => {
    expect(await deep('sal')).toEqual(await deep('sal'))
    expect((await deep('sal', {}, 2)).curve).not.toEqual((await deep('sal')).curve)
  })

  test('is probed from the start to the end, and seen at its stages', async () => {
    const { curve, profiles, iterations, status } = await deep('sal')
    expect(curve.map(({ iteration }) => iteration)).toEqual([0, 10, 20, 30, 40])
    expect(profiles.map(({ stage, iteration }) => `${stage} ${iteration}`)).toEqual([
      'start 0',
      'prepared 0',
      'learning 10',
      'learning 20',
      'end 40',
    ])
    expect([status, iterations]).toEqual(['finished', 40])
  })

  test('leaves the built-in backend in use', async () => {
    await deep('plain')
    expect(currentBackend().name).toBe('cpu')
  })

  test('ends when someone asks for it, with what it has', async () => {
    let asked = 0
    const stopped = () => ++asked > 15
    const { status, success, curve } = await deep300.run('plain', 1, small, { ...watch, stopped })
    expect([status, success]).toEqual(['interrupted', false])
    expect(curve.map(({ iteration }) => iteration)).toEqual([0, 10])
  })

  test('ends where the loss is no number any more, and says so', async () => {
    const { note, success, iterations, curve } = await deep('gain-1', { rate: 1e38, clip: 0 })
    expect(note).toBe('The loss was no finite number at iteration 10, where the run ended.')
    expect([success, iterations, curve.length]).toEqual([false, 40, 2])
  })
})

describe('an arm', () => {
  test('learns: its loss moves', async () => {
    const { curve } = await deep('orthogonal-1', { clip: 0, rate: 0.5 })
    expect(curve.at(-1)!.loss).not.toBe(curve[0]!.loss)
  })

  test('with SAL raises sensitivities before learning; gradients then arrive', async () => {
    const { gradientRatio, profiles } = await deep('sal', { preparation: 400 })
    expect(gradientRatio.start).toBeLessThan(0.05)
    expect(gradientRatio.prepared).toBeGreaterThan(10 * gradientRatio.start)
    expect(profiles[1]!.logSensitivity[2]).toBeGreaterThan(-0.1)
  })

  test('without SAL is prepared by nothing', async () => {
    const { gradientRatio, profiles } = await deep('plain')
    expect(gradientRatio.prepared).toBe(gradientRatio.start)
    expect(profiles.some(({ stage }) => stage === 'prepared')).toBe(false)
  })

  test('starts like another where only SAL differs', async () => {
    const [sal, plain] = [await deep('sal'), await deep('plain')]
    expect(sal.sensitivities.start).toEqual(plain.sensitivities.start)
  })
})

test.each(deep300.arms.map(({ id }) => id))('%s runs in a deep network', async arm => {
  const { curve } = await deep(arm, { iterations: 1, probeEvery: 1, preparation: 1 })
  expect(Number.isFinite(curve.at(-1)!.loss)).toBe(true)
})

test.each(lag300.arms.map(({ id }) => id))('%s runs in a recurrent network', async arm => {
  const settings: LagSettings = {
    ...lag300.defaults,
    lag: 8,
    neurons: 6,
    preparation: 2,
    iterations: 2,
    probeEvery: 1,
  }
  const { curve, sensitivities } = await lag300.run(arm, 1, settings, watch)
  expect(Number.isFinite(curve.at(-1)!.loss)).toBe(true)
  expect(sensitivities.end).toHaveLength(6)
})
