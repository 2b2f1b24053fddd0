/** What a run may be asked to do, and the rule that each refusal names. */
import { describe, expect, test } from 'vitest'
import { checkSettings, defaults, doubts, type Settings, unit } from './settings.ts'

const settings = (changes: Partial<Settings>): Settings => ({ size: 100, ...defaults, ...changes })

test('the defaults can be run and raise no doubts', () => {
  expect(() => checkSettings(settings({}))).not.toThrow()
  expect(doubts(defaults)).toEqual([])
})

describe('a setting that breaks its rule is refused with the value, the rule and what to give', () => {
  test.each<[Partial<Settings>, string]>([
    [{ size: 0 }, 'size 0: a network needs at least 2 neurons. Give a whole number from 2 to 2000.'],
    [{ size: 10.5 }, 'size 10.5: a network needs at least 2 neurons. Give a whole number from 2 to 2000.'],
    [{ size: 5000 }, 'size 5000: more than 2000 is beyond this study. Give a whole number from 2 to 2000.'],
    [{ layers: 0 }, 'layers 0: a step passes through at least one layer. Give a whole number from 1 to 20.'],
    [{ layers: 21 }, 'layers 21: more than 20 is beyond this study. Give a whole number from 1 to 20.'],
    [{ gain: 0 }, 'Give a number above 0, up to 10.'],
    [{ gain: Number.NaN }, 'Give a number above 0, up to 10.'],
    [{ rate: -1 }, 'Give a number from 0 (no SAL) to 1.'],
    [{ target: 0 }, 'Give a number above 0, up to 10.'],
    [{ decay: 1 }, 'Give a number from 0 to below 1.'],
    [{ noise: -0.1 }, 'Give a number from 0 (none) to 1.'],
    [{ bias: Number.POSITIVE_INFINITY }, 'Give a number from 0 (none) to 10.'],
    [{ steps: 0 }, 'Give a whole number from 1 to 10000000.'],
    [{ transient: -1 }, 'Give a whole number from 0 to 1000000.'],
    [{ window: 0 }, 'Give a whole number from 1 to 1000000.'],
    [
      { mode: 'lower' as 'raise' },
      'mode lower: SAL has no such gate. Give one of raise, both, proportional, always.',
    ],
    [{ steps: 10, probeEvery: 11 }, 'probeEvery 11: the run ends after 10 steps.'],
  ])('%o', (changes, message) => {
    expect(() => checkSettings(settings(changes))).toThrow(message)
  })
})

describe('a rate that outruns the gate raises a doubt', () => {
  test('because the gate looks back 1/(1 - decay) steps', () => {
    expect(doubts({ ...defaults, rate: 1e-2, decay: 0.99 })).toEqual([
      expect.stringContaining('rate 0.01 is above 0.1·(1 - decay) = 0.001'),
    ])
  })

  test('but not at the limit itself, however 1 - decay rounds', () => {
    for (const [rate, decay] of [
      [1e-3, 0.99],
      [1e-2, 0.9],
      [1e-4, 0.999],
    ] as const) {
      expect(doubts({ ...defaults, rate, decay })).toEqual([])
    }
  })
})

test('a shrinking network without noise raises a doubt, one that keeps its state alive does not', () => {
  expect(doubts({ ...defaults, noise: 0 })).toHaveLength(1)
  expect(doubts({ ...defaults, noise: 0, gain: 1.5 })).toEqual([])
})

test('a step of several layers is a revolution', () => {
  expect([1, 2].map(layers => unit({ layers }))).toEqual(['nats per step', 'nats per revolution'])
})
