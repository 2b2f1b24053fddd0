/**
 * Calls of emitted kernels through the shared table. JavaScript calls these few functions instead of a function for
 * each kernel, which engines wrap one by one, and slowly. One for each number of inputs: an address and a step of rows each.
 */

export function invoke0(kernel: u32, rows: i32, count: i32, out: i32): void {
  call_indirect<void>(kernel, rows, count, out)
}

export function invoke1(kernel: u32, rows: i32, count: i32, out: i32, a: i32, aStep: i32): void {
  call_indirect<void>(kernel, rows, count, out, a, aStep)
}

export function invoke2(kernel: u32, rows: i32, count: i32, out: i32, a: i32, aStep: i32, b: i32, bStep: i32): void {
  call_indirect<void>(kernel, rows, count, out, a, aStep, b, bStep)
}

export function invoke3(
  kernel: u32, rows: i32, count: i32, out: i32, a: i32, aStep: i32, b: i32, bStep: i32, c: i32, cStep: i32,
): void {
  call_indirect<void>(kernel, rows, count, out, a, aStep, b, bStep, c, cStep)
}

export function invoke4(
  kernel: u32, rows: i32, count: i32, out: i32, a: i32, aStep: i32, b: i32, bStep: i32, c: i32, cStep: i32,
  d: i32, dStep: i32,
): void {
  call_indirect<void>(kernel, rows, count, out, a, aStep, b, bStep, c, cStep, d, dStep)
}
