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
  kernel: u32, rows: i32, count: i32, out: i32, a: i32, aStep: i32, b: i32, bStep: i32, c: i32, cStep: i32, d: i32,
  dStep: i32,
): void {
  call_indirect<void>(kernel, rows, count, out, a, aStep, b, bStep, c, cStep, d, dStep)
}

export function invoke5(
  kernel: u32, rows: i32, count: i32, out: i32, a: i32, aStep: i32, b: i32, bStep: i32, c: i32, cStep: i32, d: i32,
  dStep: i32, e: i32, eStep: i32,
): void {
  call_indirect<void>(kernel, rows, count, out, a, aStep, b, bStep, c, cStep, d, dStep, e, eStep)
}

export function invoke6(
  kernel: u32, rows: i32, count: i32, out: i32, a: i32, aStep: i32, b: i32, bStep: i32, c: i32, cStep: i32, d: i32,
  dStep: i32, e: i32, eStep: i32, f: i32, fStep: i32,
): void {
  call_indirect<void>(kernel, rows, count, out, a, aStep, b, bStep, c, cStep, d, dStep, e, eStep, f, fStep)
}

export function invoke7(
  kernel: u32, rows: i32, count: i32, out: i32, a: i32, aStep: i32, b: i32, bStep: i32, c: i32, cStep: i32, d: i32,
  dStep: i32, e: i32, eStep: i32, f: i32, fStep: i32, g: i32, gStep: i32,
): void {
  call_indirect<void>(kernel, rows, count, out, a, aStep, b, bStep, c, cStep, d, dStep, e, eStep, f, fStep, g, gStep)
}

export function invoke8(
  kernel: u32, rows: i32, count: i32, out: i32, a: i32, aStep: i32, b: i32, bStep: i32, c: i32, cStep: i32, d: i32,
  dStep: i32, e: i32, eStep: i32, f: i32, fStep: i32, g: i32, gStep: i32, h: i32, hStep: i32,
): void {
  call_indirect<void>(
    kernel, rows, count, out, a, aStep, b, bStep, c, cStep, d, dStep, e, eStep, f, fStep, g, gStep, h, hStep,
  )
}

export function invoke9(
  kernel: u32, rows: i32, count: i32, out: i32, a: i32, aStep: i32, b: i32, bStep: i32, c: i32, cStep: i32, d: i32,
  dStep: i32, e: i32, eStep: i32, f: i32, fStep: i32, g: i32, gStep: i32, h: i32, hStep: i32, i: i32, iStep: i32,
): void {
  call_indirect<void>(
    kernel, rows, count, out, a, aStep, b, bStep, c, cStep, d, dStep, e, eStep, f, fStep, g, gStep, h, hStep, i,
    iStep,
  )
}

export function invoke10(
  kernel: u32, rows: i32, count: i32, out: i32, a: i32, aStep: i32, b: i32, bStep: i32, c: i32, cStep: i32, d: i32,
  dStep: i32, e: i32, eStep: i32, f: i32, fStep: i32, g: i32, gStep: i32, h: i32, hStep: i32, i: i32, iStep: i32,
  j: i32, jStep: i32,
): void {
  call_indirect<void>(
    kernel, rows, count, out, a, aStep, b, bStep, c, cStep, d, dStep, e, eStep, f, fStep, g, gStep, h, hStep, i,
    iStep, j, jStep,
  )
}

export function invoke11(
  kernel: u32, rows: i32, count: i32, out: i32, a: i32, aStep: i32, b: i32, bStep: i32, c: i32, cStep: i32, d: i32,
  dStep: i32, e: i32, eStep: i32, f: i32, fStep: i32, g: i32, gStep: i32, h: i32, hStep: i32, i: i32, iStep: i32,
  j: i32, jStep: i32, k: i32, kStep: i32,
): void {
  call_indirect<void>(
    kernel, rows, count, out, a, aStep, b, bStep, c, cStep, d, dStep, e, eStep, f, fStep, g, gStep, h, hStep, i,
    iStep, j, jStep, k, kStep,
  )
}

export function invoke12(
  kernel: u32, rows: i32, count: i32, out: i32, a: i32, aStep: i32, b: i32, bStep: i32, c: i32, cStep: i32, d: i32,
  dStep: i32, e: i32, eStep: i32, f: i32, fStep: i32, g: i32, gStep: i32, h: i32, hStep: i32, i: i32, iStep: i32,
  j: i32, jStep: i32, k: i32, kStep: i32, l: i32, lStep: i32,
): void {
  call_indirect<void>(
    kernel, rows, count, out, a, aStep, b, bStep, c, cStep, d, dStep, e, eStep, f, fStep, g, gStep, h, hStep, i,
    iStep, j, jStep, k, kStep, l, lStep,
  )
}
