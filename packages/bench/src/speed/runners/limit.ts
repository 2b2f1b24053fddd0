/**
 * The machine's own limit for matrix products in WebAssembly: as many multiplications and additions as the product needs,
 * on numbers that never leave the registers. A kernel can come near it and not pass it.
 */

import type { LoadRunner, Prepared, Task } from '../runner.ts'

/** So many independent sums hide the latency of an addition, and still have registers of their own. */
const sums = 12
const lanes = 4
const flopsOfTurn = sums * lanes * 2

const modes = { 'fused multiply-add': true, 'multiply, then add': false }

export const limit: LoadRunner = async () => {
  const possible = Object.entries(modes).filter(([, fused]) => WebAssembly.validate(moduleOf(fused)))
  return { version: '128-bit SIMD', modes: { gemm: possible.map(([mode]) => mode) }, prepare }
}

function prepare({ inputs: { a, b } }: Task, mode: keyof typeof modes | string): Prepared {
  const [rows, inner] = a!.shape as [number, number]
  const turns = Math.ceil((2 * rows * inner * b!.shape[1]!) / flopsOfTurn)
  const { exports } = new WebAssembly.Instance(
    new WebAssembly.Module(moduleOf(modes[mode as keyof typeof modes])),
  )
  const run = exports.run as (turns: number) => number
  return { run: () => void run(turns), result: () => ({}) } // there is no product to compare
}

const [i32, f32, v128] = [0x7f, 0x7d, 0x7b]
const [localGet, localSet, localTee] = [0x20, 0x21, 0x22]
const simd = 0xfd
const [splat, extractLane, multiply, add] = [0x13, 0x1f, 0xe6, 0xe4]
const relaxedMultiplyAdd = 0x105

/** A module with the function run(turns): sumᵢ ← sumᵢ · a + b for all i, so many times, and then all of them together. */
function moduleOf(fused: boolean): Uint8Array<ArrayBuffer> {
  const [turns, a, b, first] = [0, 1, 2, 3]
  const number = (value: number) => [0x43, ...new Uint8Array(Float32Array.of(value).buffer), simd, splat]
  const each = (code: (sum: number) => number[]) =>
    Array.from({ length: sums }, (_, i) => code(first + i)).flat()
  const turn = (sum: number) => {
    const [x, y, z] = [sum, a, b].map(local => [localGet, local]) as [number[], number[], number[]]
    const result = fused
      ? [...x, ...y, ...z, simd, ...leb(relaxedMultiplyAdd)]
      : [...x, ...y, simd, ...leb(multiply), ...z, simd, ...leb(add)]
    return [...result, localSet, sum]
  }
  const body = [
    ...[...number(0.5), localSet, a, ...number(0.25), localSet, b],
    ...each(sum => [...number(sum), localSet, sum]),
    ...[0x03, 0x40], // loop
    ...each(turn),
    ...[localGet, turns, 0x41, 1, 0x6b, localTee, turns, 0x0d, 0, 0x0b], // turns - 1, br_if, end
    ...each(sum => [localGet, sum, ...(sum > first ? [simd, ...leb(add)] : [])]),
    ...[simd, extractLane, 0, 0x0b],
  ]
  const section = (id: number, content: number[]) => [id, ...leb(content.length), ...content]
  const locals = [1, 2 + sums, v128] as number[]
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 1, i32!, 1, f32!]),
    ...section(3, [1, 0]),
    ...section(7, [1, 3, ...Buffer.from('run'), 0, 0]),
    ...section(10, [1, ...leb(locals.length + body.length), ...locals, ...body]),
  ])
}

/** An unsigned number in LEB128. */
function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)]
}
