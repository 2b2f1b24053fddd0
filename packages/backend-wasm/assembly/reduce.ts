/**
 * Sums and extrema, of runs (the elements of one result lie side by side) and of rows (neighbouring results lie side by
 * side). Floats are summed in double precision and in eight parts, element i in part i mod 8; the parts are added up in
 * the same order for both, and then what is left over, so a view and its copy give the same bits.
 */

/** Whether elements are widened to be summed. */
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

@inline
function betterLanes<T>(largest: bool, a: v128, b: v128): v128 {
  return largest ? v128.max<T>(a, b) : v128.min<T>(a, b)
}

function extremumOfRun<T>(largest: bool, from: usize, count: i32): T {
  const lanes = 16 / <i32>sizeof<T>()
  let best = load<T>(from)
  let left = count
  if (left >= 4 * lanes) {
    let best0 = v128.load(from), best1 = best0, best2 = best0, best3 = best0
    for (; left >= 4 * lanes; left -= 4 * lanes) {
      best0 = betterLanes<T>(largest, best0, v128.load(from))
      best1 = betterLanes<T>(largest, best1, v128.load(from, 16))
      best2 = betterLanes<T>(largest, best2, v128.load(from, 32))
      best3 = betterLanes<T>(largest, best3, v128.load(from, 48))
      from += 64
    }
    best0 = betterLanes<T>(largest, betterLanes<T>(largest, best0, best1), betterLanes<T>(largest, best2, best3))
    v128.store(0, best0) // the first bytes of memory belong to nobody
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

/** One or two neighbouring elements in double precision. */
@inline
function pairAt<T>(at: usize, isSingleColumn: bool): v128 {
  if (isSingle<T>()) return f64x2.promote_low_f32x4(isSingleColumn ? v128.load32_zero(at) : v128.load64_zero(at))
  return isSingleColumn ? v128.load64_zero(at) : v128.load(at)
}

/** Sums of one or two neighbouring columns, in the parts and the order of a run. */
@inline
function sumOfColumns<T>(count: i32, step: usize, from: usize, isSingleColumn: bool): v128 {
  let p0 = i32x4.splat(0), p1 = p0, p2 = p0, p3 = p0, p4 = p0, p5 = p0, p6 = p0, p7 = p0
  let left = count
  for (; left >= 8; left -= 8) {
    p0 = f64x2.add(p0, pairAt<T>(from, isSingleColumn))
    from += step
    p1 = f64x2.add(p1, pairAt<T>(from, isSingleColumn))
    from += step
    p2 = f64x2.add(p2, pairAt<T>(from, isSingleColumn))
    from += step
    p3 = f64x2.add(p3, pairAt<T>(from, isSingleColumn))
    from += step
    p4 = f64x2.add(p4, pairAt<T>(from, isSingleColumn))
    from += step
    p5 = f64x2.add(p5, pairAt<T>(from, isSingleColumn))
    from += step
    p6 = f64x2.add(p6, pairAt<T>(from, isSingleColumn))
    from += step
    p7 = f64x2.add(p7, pairAt<T>(from, isSingleColumn))
    from += step
  }
  const even = f64x2.add(f64x2.add(p0, p2), f64x2.add(p4, p6))
  let sum = f64x2.add(even, f64x2.add(f64x2.add(p1, p3), f64x2.add(p5, p7)))
  for (; left > 0; left--) {
    sum = f64x2.add(sum, pairAt<T>(from, isSingleColumn))
    from += step
  }
  return sum
}

function sumRows<T>(results: i32, count: i32, step: usize, from: usize, out: usize): void {
  for (; results >= 2; results -= 2) {
    const sum = sumOfColumns<T>(count, step, from, false)
    if (isSingle<T>()) v128.store64_lane(out, f32x4.demote_f64x2_zero(sum), 0)
    else v128.store(out, sum)
    from += 2 * sizeof<T>()
    out += 2 * sizeof<T>()
  }
  if (results > 0) store<T>(out, <T>f64x2.extract_lane(sumOfColumns<T>(count, step, from, true), 0))
}

/** Rows that lie `step` bytes apart, reduced to one; a vector's width of results at a time. */
@inline
function rowsOf<T>(reduction: i32, results: i32, count: i32, step: usize, from: usize, out: usize): void {
  if (isFloat<T>() && reduction == 0) {
    sumRows<T>(results, count, step, from, out)
    return
  }
  const lanes = 16 / <i32>sizeof<T>()
  let left = results
  for (; left >= lanes; left -= lanes) {
    let p = from
    let n = count
    let result = reduction == 0 ? i32x4.splat(0) : v128.load(p)
    do {
      const row = v128.load(p)
      if (reduction == 0) result = v128.add<T>(result, row)
      else if (reduction == 1) result = v128.max<T>(result, row)
      else result = v128.min<T>(result, row)
      p += step
    } while (--n)
    v128.store(out, result)
    from += 16
    out += 16
  }
  for (; left > 0; left--) {
    let p = from
    let n = count
    let result: T = reduction == 0 ? <T>0 : load<T>(p)
    do {
      result = reduction == 0 ? result + load<T>(p) : better<T>(reduction == 1, result, load<T>(p))
      p += step
    } while (--n)
    store<T>(out, result)
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
