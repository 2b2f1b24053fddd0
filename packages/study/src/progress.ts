/** How far the work has got: a bar on a terminal, a plain line now and then in a pipe or a log. */

import { styleText } from 'node:util'
import { Presets, SingleBar } from 'cli-progress'
import type { Sink } from './terminal.ts'

export interface ProgressView {
  /** @param share done so far, from 0 to 1 */
  update(share: number, text: string): void
  /** Clears the bar. Nothing is shown after it. */
  end(): void
}

/** Milliseconds between two lines in a log. */
const lineEvery = 10_000

export const silent: ProgressView = { update: () => {}, end: () => {} }

/** The view that fits a sink. */
export function progressOn(sink: Sink, name: string): ProgressView {
  const live = sink.isTTY && sink === process.stderr && !process.env.CI && process.env.TERM !== 'dumb'
  return live ? bar(name) : lines(sink, name)
}

function bar(name: string): ProgressView {
  const parts = 1000
  const title = styleText('bold', name, { stream: process.stderr })
  const format = `${title} {bar} {percentage} %  {text}`
  const drawn = new SingleBar(
    { format, stream: process.stderr, barsize: 24, clearOnComplete: true },
    Presets.shades_classic,
  )
  drawn.start(parts, 0, { text: 'starting' })
  let over = false
  return {
    update: (share, text) => {
      if (!over) drawn.update(Math.floor(share * parts), { text })
    },
    end: () => {
      over = true
      drawn.stop()
    },
  }
}

function lines(sink: Sink, name: string): ProgressView {
  let last = performance.now()
  return {
    update: (share, text) => {
      const now = performance.now()
      if (now - last < lineEvery) return
      last = now
      sink.write(`${name} ${Math.floor(share * 100)} %  ${text}\n`)
    },
    end: () => {},
  }
}

/**
 * How long the rest will take, from how long the work so far took.
 *
 * @param start share that was done before the clock started
 */
export function timeLeft(start: number): (share: number) => string {
  const began = performance.now()
  return share => {
    const elapsed = performance.now() - began
    if (share - start < 0.02 || elapsed < 5000) return '' // too early to tell
    const seconds = ((elapsed / (share - start)) * (1 - share)) / 1000
    if (seconds < 90) return `${Math.max(1, Math.round(seconds / 5)) * 5} s left`
    const minutes = Math.round(seconds / 60)
    return minutes < 90 ? `${minutes} min left` : `${(minutes / 60).toFixed(1)} h left`
  }
}
