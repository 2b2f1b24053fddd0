/** Where extrema stand. */

import { type Extremum, sizeOf, type View } from '@sensigrad/core'
import { partOf } from './fold.ts'
import type { Job } from './job.ts'
import { type Lines, linesOf } from './lines.ts'
import { coordinates, elementAt, made, moved, replaced, without } from './places.ts'
import { Text } from './text.ts'

/** Where along an axis the extremum stands: the first of those that tie. */
export function argReduceJob(extremum: Extremum, input: View, axis: number): Job {
  const lines = linesOf(input, axis)
  const [count, others] = [lines.length, sizeOf(without(lines.shape, lines.axis))]
  return extremumJob(extremum, lines, partOf(count, others))
}

/** Candidates for an extremum: a job that gives their places, so many a line. */
interface Found {
  readonly job: Job
  readonly count: number
  readonly strides: readonly number[]
}

/** The places of the extrema of parts of the lines, as if the axis had one element for each part, then of those. */
function extremumJob(extremum: Extremum, lines: Lines, size: number, found?: Found): Job {
  const { input, axis, shape, strides, length } = lines
  const count = found?.count ?? length
  const parts = Math.ceil(count / size)
  const outer = replaced(shape, axis, parts)
  const text = new Text()
  const index = coordinates(text, text.element, outer)
  const first = text.value(`${index[axis]} * ${size}`)
  /** Where along the line candidate `which` stands. */
  const placeOf = (which: string): string =>
    found === undefined ? which : text.value(elementAt(1, moved(index, axis, which), found.strides))
  const best = text.variable(placeOf(first))
  const value = text.variable(elementAt(0, moved(index, axis, best), strides))
  text.loop(size, round => {
    const which = text.value(`${first} + ${round}`)
    text.when(`${which} < ${count}`, () => {
      const place = placeOf(which)
      const other = text.value(elementAt(0, moved(index, axis, place), strides))
      text.when(`${other} ${extremum === 'max' ? '>' : '<'} ${value}`, () => {
        text.line(`${value} = ${other};`)
        text.line(`${best} = ${place};`)
      })
    })
  })
  const job = text.job(best, sizeOf(outer), found === undefined ? [input] : [input, found.job])
  if (parts === 1) return job
  const next = { job, count: parts, strides: made(job, outer).strides }
  return extremumJob(extremum, lines, partOf(parts, sizeOf(without(shape, axis))), next)
}
