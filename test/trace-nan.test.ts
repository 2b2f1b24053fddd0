/** The first NaN or infinity is found where it was made, forwards and in reverse. */
import {
  elementwise,
  record,
  type ScanOptions,
  scan,
  type Tensor,
  traceNaN,
  where,
  withScope,
} from '@sensigrad/core'
import { expect, test } from 'vitest'
import { f64 } from './support/backend.ts'

const tracedLine = async (f: (x: Tensor) => Tensor, x: Tensor, ...cotangents: Tensor[]) =>
  String(await traceNaN(record(f, x), cotangents.length > 0 ? { cotangents } : {}))

test('nothing is found where all is finite', async () => {
  expect(await tracedLine(x => x.exp().sum(), f64([1, 2]))).toBe('undefined')
})

test('an infinity is found where it first appears, not where it ends up as NaN', async () => {
  const f = (x: Tensor) =>
    withScope('layers.3', () => x.log())
      .mul(0)
      .sum()
  const found = await traceNaN(record(f, f64([[1, 2], [3, 0]]))) // biome-ignore format: a matrix
  expect(String(found)).toBe('forward: %1 = log(%0) in layers.3 gives -Infinity at [1, 1] of float64[2, 2]')
  expect(found).toMatchObject({ direction: 'forward', index: [1, 1], value: Number.NEGATIVE_INFINITY })
  expect(found!.entry.op.name).toBe('map')
})

test('an input and a constant that were not finite are told from what was computed', async () => {
  expect(await tracedLine(x => x.sin(), f64([1, Number.NaN]))).toBe(
    'forward: %0 = input 0 holds NaN at [1] of float64[2]',
  )
  expect(await tracedLine(x => x.mul(f64([1, Number.NaN])), f64([1, 2]))).toBe(
    'forward: %1 = %0 * float64[2] reads the constant float64[2], which holds NaN at [1] of float64[2]',
  )
})

test('where the values are finite the reverse sweep is looked at', async () => {
  expect(await tracedLine(x => x.square().sqrt().sum(), f64([3, 0]))).toBe(
    'reverse: %2 = sqrt(%1) sends %1 the cotangent Infinity at [1] of float64[2]',
  )
})

test('a branch not taken whose slope is infinite is found in reverse; fused it is not there', async () => {
  const away = (x: Tensor) => x.greater(0)
  const spoilt = (x: Tensor) => x.log().mul(away(x).cast('float64')).sum()
  expect(await tracedLine(spoilt, f64([1, 0]))).toContain('forward: %1 = log(%0) gives -Infinity at [1]')
  const safe = elementwise('safeLog', (e, x) => e.where(e.less(0, x!), e.log(x!), 0))
  expect(await tracedLine(x => safe(x).sum(), f64([1, 0]))).toBe('undefined')
})

test('the sweep begins with the cotangents that are given', async () => {
  expect(await tracedLine(x => x.mul(2), f64([1]), f64([Number.POSITIVE_INFINITY]))).toBe(
    'reverse: %1 = %0 * float64[1] sends %0 the cotangent Infinity at [0] of float64[1]',
  )
})

test('an infinity that is meant can be passed over', async () => {
  const masked = (x: Tensor) => where(x.less(3), x, Number.NEGATIVE_INFINITY).softmax()
  const tape = record(x => masked(x).square().sum(), f64([1, 2, 5]))
  expect(String(await traceNaN(tape))).toContain('which holds -Infinity')
  expect(await traceNaN(tape, { infinities: false })).toBeUndefined()
  const spoilt = record(x => masked(x).sub(1).sqrt().sum(), f64([1, 2, 5]))
  expect(String(await traceNaN(spoilt, { infinities: false }))).toContain('= sqrt(')
})

test('in a loop the step is named, and a checkpoint says that it hides what lies inside', async () => {
  const step = (h: Tensor, x: Tensor) => [h.add(x.log()), []] as const
  const loop = (options: ScanOptions) => record(xs => scan(step, f64(0), xs, options)[0], f64([1, 2, -1, 3]))
  expect(String(await traceNaN(loop({})))).toMatch(
    /= log\(.*\) in steps\.2 gives NaN at \[\] of float64\[\]$/,
  )
  expect(String(await traceNaN(loop({ checkpointEvery: 2 })))).toMatch(
    /without checkpoints a tape shows what lies inside\)$/,
  )
})

test('what is no tape is refused', async () => {
  await expect(traceNaN(3 as never)).rejects.toThrow('traceNaN: the tape is 3. Make one with record(f, x)')
})
