/** What several kernels do with vectors. */

/** a·b + c in each lane, fused where the module is compiled for relaxed SIMD. */
@inline
export function multiplyAdd<T>(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_madd<T>(a, b, c)
  return v128.add<T>(v128.mul<T>(a, b), c)
}

/** Ones in the bits of the first `width` lanes, fewer than all. */
@inline
export function upTo<T>(width: i32): v128 {
  if (sizeof<T>() == 8) return i64x2.gt_s(i64x2.splat(width), i64x2(0, 1))
  return i32x4.gt_s(i32x4.splat(width), i32x4(0, 1, 2, 3))
}

/** Stores the first `width` lanes. */
@inline
export function storeLanes<T>(to: usize, lanes: v128, width: i32): void {
  const bytes = width * <i32>sizeof<T>()
  if (bytes == 16) v128.store(to, lanes)
  else {
    if (bytes >= 8) v128.store64_lane(to, lanes, 0)
    if (bytes == 4) v128.store32_lane(to, lanes, 0)
    if (bytes == 12) v128.store32_lane(to, lanes, 2, 8)
  }
}

/** a₀ + a₁ and b₀ + b₁ of two vectors of float64. */
@inline
function sumsOfPairs(a: v128, b: v128): v128 {
  return f64x2.add(i64x2.shuffle(a, b, 0, 2), i64x2.shuffle(a, b, 1, 3))
}

/** Stores Σ lanes of the first `width` of four vectors; of float32 the even lanes are added up first, then the odd. */
@inline
export function storeSums<T>(to: usize, a: v128, b: v128, c: v128, d: v128, width: i32): void {
  if (sizeof<T>() == 8) {
    storeLanes<T>(to, sumsOfPairs(a, b), min(width, 2))
    if (width > 2) storeLanes<T>(to + 16, sumsOfPairs(c, d), width - 2)
    return
  }
  const ab = f32x4.add(i32x4.shuffle(a, b, 0, 4, 1, 5), i32x4.shuffle(a, b, 2, 6, 3, 7))
  const cd = f32x4.add(i32x4.shuffle(c, d, 0, 4, 1, 5), i32x4.shuffle(c, d, 2, 6, 3, 7))
  const sums = f32x4.add(i64x2.shuffle(ab, cd, 0, 2), i64x2.shuffle(ab, cd, 1, 3))
  storeLanes<T>(to, sums, width)
}
