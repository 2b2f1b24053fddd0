/** Ratios are those of times, whatever the unit, and targets are judged by the best form of a peer. */
import { expect, test } from 'vitest'
import type { Case, Unit } from './case.ts'
import type { Measured } from './measure.ts'
import { type EntrantName, roster } from './roster.ts'
import { judge, timeRatio } from './targets.ts'

const row = (
  name: string,
  entrant: EntrantName,
  mode: string,
  median: number,
  unit: Unit = 'ms',
): Measured => ({
  case: { name, unit, kind: unit === 'ms' ? 'rnn' : 'gemm' } as Case,
  entrant: roster[entrant],
  mode,
  threads: 1,
  median,
  min: median,
  max: median,
})

test('a higher rate is a shorter time', () => {
  expect(timeRatio(row('R1', 'torch', 'loop', 6), row('R1', 'wasm', 'captured', 2))).toBe(3)
  const [theirs, ours] = [
    row('gemm 64', 'torch', 'eager', 6, 'GFLOP/s'),
    row('gemm 64', 'wasm', 'eager', 2, 'GFLOP/s'),
  ]
  expect(timeRatio(theirs, ours)).toBeCloseTo(1 / 3, 12)
})

test('the best form of a peer counts, and our captured step', () => {
  const findings = judge([
    row('R1', 'wasm', 'eager', 40),
    row('R1', 'wasm', 'captured', 0.5),
    row('R1', 'torch', 'loop', 6),
    row('R1', 'torch', 'jit.script', 4.5),
    row('R1', 'jax', 'jit + scan', 0.8),
  ])
  expect(findings.map(({ value, target, met }) => [value, target, met])).toEqual([
    [9, '≥ 10', 'no'],
    [1.6, '≥ 1.5', 'yes'],
  ])
  expect(findings[0]!.what).toMatch(/PyTorch \(jit\.script\), sensigrad wasm \(captured\)/)
})

test('vanishing gradients are compared with the same workload without them', () => {
  const findings = judge([row('R1', 'wasm', 'captured', 1), row('R1 gain 0.5', 'wasm', 'captured', 1.25)])
  expect(findings).toMatchObject([{ workload: 'R1 gain 0.5', value: 1.25, target: '≤ 1.3', met: 'yes' }])
})

test('the limit is reached in part, and the better of its modes is the limit', () => {
  const findings = judge([
    row('gemm 256', 'wasm', 'captured', 45, 'GFLOP/s'),
    row('gemm 256', 'limit', 'multiply, then add', 40, 'GFLOP/s'),
    row('gemm 256', 'limit', 'fused multiply-add', 50, 'GFLOP/s'),
  ])
  expect(findings).toMatchObject([{ value: 0.9, target: '≥ 0.9', met: 'yes' }])
})
