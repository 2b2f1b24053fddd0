/** Kernels along one line of elements: picking, adding, extrema, sorting, recurrences. Steps are in bytes. */

@inline
function gather<T>(count: i32, from: usize, step: usize, at: usize, atStep: usize, out: usize, outStep: usize): void {
  for (let i = 0; i < count; i++) {
    store<T>(out, load<T>(from + <usize>load<i32>(at) * step))
    at += atStep
    out += outStep
  }
}

/** Adds to `sums`, which are float64 for floats, so that the order of indices loses no digits of float32. */
@inline
function scatter<T, Sum>(count: i32, from: usize, step: usize, at: usize, atStep: usize, sums: usize): void {
  for (let i = 0; i < count; i++) {
    const to = sums + <usize>load<i32>(at) * sizeof<Sum>()
    store<Sum>(to, load<Sum>(to) + <Sum>load<T>(from))
    from += step
    at += atStep
  }
}

/** Writes sums with a step, and leaves zeros behind. */
@inline
function settle<T, Sum>(size: i32, sums: usize, out: usize, outStep: usize): void {
  for (let i = 0; i < size; i++) {
    store<T>(out, <T>load<Sum>(sums))
    store<Sum>(sums, <Sum>0)
    sums += sizeof<Sum>()
    out += outStep
  }
}

/** Writes the place of the extremum: the first of those that tie, or of NaN. */
@inline
function extremumAt<T>(largest: bool, count: i32, from: usize, step: usize, out: usize): void {
  let best = load<T>(from)
  let at = 0
  for (let i = 1; i < count && best == best; i++) {
    from += step
    const value = load<T>(from)
    if (value != value || (largest ? value > best : value < best)) {
      best = value
      at = i
    }
  }
  store<i32>(out, at)
}

/** Whether key b comes strictly before key a: NaN come last. */
@inline
function isBefore(b: f64, a: f64): bool {
  return b < a || (a != a && b == b)
}

/** Sorts places by their keys, bottom-up and stably. `order` and `spare` hold `count` places each; gives the sorted one. */
export function sortByKeys(count: i32, keys: usize, order: usize, spare: usize): usize {
  for (let i = 0; i < count; i++) store<i32>(order + (<usize>i << 2), i)
  for (let width = 1; width < count; width <<= 1) {
    for (let start = 0; start < count; start += 2 * width) {
      const middle = min(start + width, count)
      const end = min(middle + width, count)
      let i = start
      let k = middle
      for (let to = start; to < end; to++) {
        const left = load<i32>(order + (<usize>min(i, count - 1) << 2))
        const right = load<i32>(order + (<usize>min(k, count - 1) << 2))
        const takesRight =
          k < end && (i >= middle || isBefore(load<f64>(keys + (<usize>right << 3)), load<f64>(keys + (<usize>left << 3))))
        store<i32>(spare + (<usize>to << 2), takesRight ? right : left)
        if (takesRight) k++
        else i++
      }
    }
    const swap = order
    order = spare
    spare = swap
  }
  return order
}

/** Keys that sort ascending: the elements in double precision, negated for the descending order. */
@inline
function keysOf<T>(count: i32, sign: f64, from: usize, step: usize, keys: usize): void {
  for (let i = 0; i < count; i++) {
    store<f64>(keys, sign * <f64>load<T>(from))
    from += step
    keys += 8
  }
}

/** hᵢ = fᵢ hᵢ₋₁ + tᵢ from h₀ = t₀; the state is a float64 for floats. */
@inline
function recur<T, State>(
  count: i32, factors: usize, factorStep: usize, terms: usize, termStep: usize, out: usize, outStep: usize,
): void {
  if (count == 0) return
  let state = <State>load<T>(terms)
  for (let i = 1; ; i++) {
    store<T>(out, <T>state)
    if (i == count) return
    factors += factorStep
    terms += termStep
    out += outStep
    state = <State>load<T>(factors) * state + <State>load<T>(terms)
  }
}

export function gather1(count: i32, from: usize, step: usize, at: usize, atStep: usize, out: usize, outStep: usize): void { gather<u8>(count, from, step, at, atStep, out, outStep) }
export function gather4(count: i32, from: usize, step: usize, at: usize, atStep: usize, out: usize, outStep: usize): void { gather<u32>(count, from, step, at, atStep, out, outStep) }
export function gather8(count: i32, from: usize, step: usize, at: usize, atStep: usize, out: usize, outStep: usize): void { gather<u64>(count, from, step, at, atStep, out, outStep) }

export function scatter_float32(count: i32, from: usize, step: usize, at: usize, atStep: usize, sums: usize): void { scatter<f32, f64>(count, from, step, at, atStep, sums) }
export function scatter_float64(count: i32, from: usize, step: usize, at: usize, atStep: usize, sums: usize): void { scatter<f64, f64>(count, from, step, at, atStep, sums) }
export function scatter_int32(count: i32, from: usize, step: usize, at: usize, atStep: usize, sums: usize): void { scatter<i32, i64>(count, from, step, at, atStep, sums) }
export function scatter_bool(count: i32, from: usize, step: usize, at: usize, atStep: usize, sums: usize): void { scatter<u8, i64>(count, from, step, at, atStep, sums) }
export function settle_float32(size: i32, sums: usize, out: usize, outStep: usize): void { settle<f32, f64>(size, sums, out, outStep) }
export function settle_float64(size: i32, sums: usize, out: usize, outStep: usize): void { settle<f64, f64>(size, sums, out, outStep) }
export function settle_int32(size: i32, sums: usize, out: usize, outStep: usize): void { settle<i32, i64>(size, sums, out, outStep) }
export function settle_bool(size: i32, sums: usize, out: usize, outStep: usize): void { settle<u8, i64>(size, sums, out, outStep) }

export function extremumAt_float32(largest: bool, count: i32, from: usize, step: usize, out: usize): void { extremumAt<f32>(largest, count, from, step, out) }
export function extremumAt_float64(largest: bool, count: i32, from: usize, step: usize, out: usize): void { extremumAt<f64>(largest, count, from, step, out) }
export function extremumAt_int32(largest: bool, count: i32, from: usize, step: usize, out: usize): void { extremumAt<i32>(largest, count, from, step, out) }
export function extremumAt_bool(largest: bool, count: i32, from: usize, step: usize, out: usize): void { extremumAt<u8>(largest, count, from, step, out) }

export function keys_float32(count: i32, sign: f64, from: usize, step: usize, keys: usize): void { keysOf<f32>(count, sign, from, step, keys) }
export function keys_float64(count: i32, sign: f64, from: usize, step: usize, keys: usize): void { keysOf<f64>(count, sign, from, step, keys) }
export function keys_int32(count: i32, sign: f64, from: usize, step: usize, keys: usize): void { keysOf<i32>(count, sign, from, step, keys) }
export function keys_bool(count: i32, sign: f64, from: usize, step: usize, keys: usize): void { keysOf<u8>(count, sign, from, step, keys) }

export function recur_float32(count: i32, factors: usize, factorStep: usize, terms: usize, termStep: usize, out: usize, outStep: usize): void { recur<f32, f64>(count, factors, factorStep, terms, termStep, out, outStep) }
export function recur_float64(count: i32, factors: usize, factorStep: usize, terms: usize, termStep: usize, out: usize, outStep: usize): void { recur<f64, f64>(count, factors, factorStep, terms, termStep, out, outStep) }
export function recur_int32(count: i32, factors: usize, factorStep: usize, terms: usize, termStep: usize, out: usize, outStep: usize): void { recur<i32, i32>(count, factors, factorStep, terms, termStep, out, outStep) }
