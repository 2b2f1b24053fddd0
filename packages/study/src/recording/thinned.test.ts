/** Moments of a run of unknown length: bounded, evenly spaced, and the last is there. */
import { fc, test } from '@fast-check/vitest'
import { expect } from 'vitest'
import { Thinned } from './thinned.ts'

test.prop([
  fc.integer({ min: -300, max: 0 }),
  fc.integer({ min: 1, max: 2000 }),
  fc.integer({ min: 2, max: 64 }),
])(
  'however long a run is, it keeps evenly spaced steps, not too many and not too few, and the last',
  (first, length, most) => {
    const thinned = new Thinned<number>(most)
    for (let step = first; step < first + length; step++) if (thinned.isDue(step)) thinned.add(step, step)
    thinned.end(first + length, first + length)
    const steps = thinned.items.map(({ step }) => step)
    expect(steps.at(-1)).toBe(first + length)
    expect(steps.length).toBeLessThanOrEqual(most + 1)
    expect(steps.length).toBeGreaterThanOrEqual(Math.min(length, Math.floor(most / 2)))
    const inner = steps.slice(0, -1)
    for (const [i, step] of inner.entries()) if (i > 0) expect(step - inner[i - 1]!).toBe(thinned.every)
    expect(thinned.items.every(({ step, item }) => step === item)).toBe(true)
  },
)

test('a last step that is there already is not added twice', () => {
  const thinned = new Thinned<string>(4)
  thinned.add(0, 'only')
  thinned.end(0, 'again')
  expect(thinned.items).toEqual([{ step: 0, item: 'only' }])
})
