/** Progress in a pipe: plain lines, and not too many. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { progressOn } from './progress.ts'

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
