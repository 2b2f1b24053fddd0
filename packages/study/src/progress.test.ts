/** Progress in a pipe: plain lines, and not too many. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { progressOn, timeLeft } from './progress.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

test('a log gets one plain line every ten seconds, not one for each step', () => {
  const lines: string[] = []
  const view = progressOn({ write: text => lines.push(text) }, 'edge of chaos')
  for (let second = 1; second <= 25; second++) {
    vi.advanceTimersByTime(1000)
    view.update(second / 100, `step ${second}`)
  }
  view.end()
  expect(lines).toEqual(['edge of chaos 10 %  step 10\n', 'edge of chaos 20 %  step 20\n'])
})

test('the time left counts from what was there at the start, and only once there is enough to tell', () => {
  const left = timeLeft(0.5)
  vi.advanceTimersByTime(4000)
  expect(left(0.6)).toBe('')
  vi.advanceTimersByTime(6000)
  expect(left(0.6)).toBe('40 s left')
  vi.advanceTimersByTime(590_000)
  expect([left(0.6), left(0.53)]).toEqual(['40 min left', '2.6 h left'])
})
