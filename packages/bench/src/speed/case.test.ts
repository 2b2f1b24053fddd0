/** Arrays that pass between processes, and the units of times. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Case, inUnit, readArrays, writeArrays } from './case.ts'

test('arrays come back from a file as they were', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sensigrad-bench-'))
  const arrays = {
    w: { shape: [2, 3], values: Float32Array.of(1, -2, 3.5, 0, 1e-38, Infinity) },
    loss: { shape: [], values: Float32Array.of(7) },
  }
  try {
    expect(readArrays(writeArrays(join(folder, 'arrays'), arrays))).toEqual(arrays)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a time reads in the unit of its case', () => {
  const unitOf = (unit: Case['unit'], operations: number) => ({ unit, operations }) as Case
  expect(inUnit(unitOf('ms', 1), 0.25)).toBe(250)
  expect(inUnit(unitOf('µs/operation', 1000), 0.001)).toBeCloseTo(1, 12)
  expect(inUnit(unitOf('GFLOP/s', 4e9), 2)).toBe(2)
})
