/**
 * Sums and extrema, of runs (the elements of one result lie side by side) and of rows (neighbouring results lie side by
 * side). float32 is summed in double precision. The order is a matter of the layout alone.
 */

/** What a result is summed in. */
@inline
function isSingle<T>(): bool {
  return isFloat<T>() && sizeof<T>() == 4
}

function sumOfRun<T>(from: usize, count: i32): T {
  let left = count
  let low = i32x4.splat(0), high = low, low2 = low, high2 = low
  if (isSingle<T>()) {
    for (; left >= 8; left -= 8) {
      const a = v128.load(from), b = v128.load(from, 16)
      low = f64x2.add(low, f64x2.promote_low_f32x4(a))
      high = f64x2.add(high, f64x2.promote_low_f32x4(i8x16.shuffle(a, a, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15)))
      low2 = f64x2.add(low2, f64x2.promote_low_f32x4(b))
      high2 = f64x2.add(high2, f64x2.promote_low_f32x4(i8x16.shuffle(b, b, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15)))
      from += 32
    }
    const lanes = f64x2.add(f64x2.add(low, high), f64x2.add(low2, high2))
    let sum = f64x2.extract_lane(lanes, 0) + f64x2.extract_lane(lanes, 1)
    for (; left > 0; left--) {
      sum += <f64>load<f32>(from)
      from += 4
    }
    return <T>sum
  }
  let sum: T = <T>0
  if (isFloat<T>()) {
    for (; left >= 8; left -= 8) {
      low = f64x2.add(low, v128.load(from))
      high = f64x2.add(high, v128.load(from, 16))
      low2 = f64x2.add(low2, v128.load(from, 32))
      high2 = f64x2.add(high2, v128.load(from, 48))
      from += 64
    }
    const lanes = f64x2.add(f64x2.add(low, high), f64x2.add(low2, high2))
    sum = <T>(f64x2.extract_lane(lanes, 0) + f64x2.extract_lane(lanes, 1))
  }
  for (; left > 0; left--) {
    sum += load<T>(from)
    from += sizeof<T>()
  }
  return sum
}

/** max and min of floats are NaN where an element is; so are those of the instructions. */
@inline
function better<T>(largest: bool, a: T, b: T): T {
  return largest ? max<T>(a, b) : min<T>(a, b)
}

function extremumOfRun<T>(largest: bool, from: usize, count: i32): T {
  const lanes = 16 / <i32>sizeof<T>()
  let best = load<T>(from)
  let left = count
  if (left >= 2 * lanes) {
    let vector = v128.load(from)
    if (largest) {
      for (; left >= lanes; left -= lanes) {
        vector = v128.max<T>(vector, v128.load(from))
        from += 16
      }
    } else {
      for (; left >= lanes; left -= lanes) {
        vector = v128.min<T>(vector, v128.load(from))
        from += 16
      }
    }
    v128.store(0, vector) // the first bytes of memory belong to nobody
    for (let lane: usize = 0; lane < 16; lane += sizeof<T>()) best = better<T>(largest, best, load<T>(lane))
  }
  for (; left > 0; left--) {
    best = better<T>(largest, best, load<T>(from))
    from += sizeof<T>()
  }
  return best
}

/** `results` runs of `count` elements; the runs begin `step` bytes apart. Of extrema, no run is empty. */
@inline
function runs<T>(reduction: i32, results: i32, step: usize, count: i32, from: usize, out: usize): void {
  for (let i = 0; i < results; i++) {
    store<T>(out, reduction == 0 ? sumOfRun<T>(from, count) : extremumOfRun<T>(reduction == 1, from, count))
    from += step
    out += sizeof<T>()
  }
}

/** Rows that lie `step` bytes apart, reduced to one; a vector's width of results at a time. */
@inline
function rowsOf<T>(reduction: i32, results: i32, count: i32, step: usize, from: usize, out: usize): void {
  const lanes = 16 / <i32>sizeof<T>()
  let left = results
  for (; left >= lanes; left -= lanes) {
    let p = from
    let n = count
    if (reduction == 0 && isSingle<T>()) {
      let low = i32x4.splat(0), high = low
      do {
        const row = v128.load(p)
        low = f64x2.add(low, f64x2.promote_low_f32x4(row))
        high = f64x2.add(high, f64x2.promote_low_f32x4(i8x16.shuffle(row, row, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15)))
        p += step
      } while (--n)
      const a = f32x4.demote_f64x2_zero(low), b = f32x4.demote_f64x2_zero(high)
      v128.store(out, i8x16.shuffle(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23))
    } else if (reduction == 0) {
      let sum = i32x4.splat(0)
      do {
        sum = v128.add<T>(sum, v128.load(p))
        p += step
      } while (--n)
      v128.store(out, sum)
    } else if (reduction == 1) {
      let best = v128.load(p)
      do {
        best = v128.max<T>(best, v128.load(p))
        p += step
      } while (--n)
      v128.store(out, best)
    } else {
      let best = v128.load(p)
      do {
        best = v128.min<T>(best, v128.load(p))
        p += step
      } while (--n)
      v128.store(out, best)
    }
    from += 16
    out += 16
  }
  for (; left > 0; left--) {
    let p = from
    let n = count
    if (reduction == 0 && isSingle<T>()) {
      let sum: f64 = 0
      do {
        sum += <f64>load<f32>(p)
        p += step
      } while (--n)
      store<f32>(out, <f32>sum)
    } else {
      let result: T = reduction == 0 ? <T>0 : load<T>(p)
      do {
        result = reduction == 0 ? result + load<T>(p) : better<T>(reduction == 1, result, load<T>(p))
        p += step
      } while (--n)
      store<T>(out, result)
    }
    from += sizeof<T>()
    out += sizeof<T>()
  }
}

export function runs_float32(reduction: i32, results: i32, step: usize, count: i32, from: usize, out: usize): void { runs<f32>(reduction, results, step, count, from, out) }
export function runs_float64(reduction: i32, results: i32, step: usize, count: i32, from: usize, out: usize): void { runs<f64>(reduction, results, step, count, from, out) }
export function runs_int32(reduction: i32, results: i32, step: usize, count: i32, from: usize, out: usize): void { runs<i32>(reduction, results, step, count, from, out) }
export function runs_bool(reduction: i32, results: i32, step: usize, count: i32, from: usize, out: usize): void { runs<u8>(reduction, results, step, count, from, out) }
export function reduceRows_float32(reduction: i32, results: i32, count: i32, step: usize, from: usize, out: usize): void { rowsOf<f32>(reduction, results, count, step, from, out) }
export function reduceRows_float64(reduction: i32, results: i32, count: i32, step: usize, from: usize, out: usize): void { rowsOf<f64>(reduction, results, count, step, from, out) }
export function reduceRows_int32(reduction: i32, results: i32, count: i32, step: usize, from: usize, out: usize): void { rowsOf<i32>(reduction, results, count, step, from, out) }
export function reduceRows_bool(reduction: i32, results: i32, count: i32, step: usize, from: usize, out: usize): void { rowsOf<u8>(reduction, results, count, step, from, out) }
