/** What several kernels do with vectors. */

/** a·b + c in each lane, fused where the module is compiled for relaxed SIMD. */
@inline
export function multiplyAdd<T>(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_madd<T>(a, b, c)
  return v128.add<T>(v128.mul<T>(a, b), c)
}

/** Σ lanes, the first added first. */
@inline
export function sumOfLanes<T>(lanes: v128): T {
  if (sizeof<T>() == 8) return <T>(f64x2.extract_lane(lanes, 0) + f64x2.extract_lane(lanes, 1))
  const low = f32x4.extract_lane(lanes, 0) + f32x4.extract_lane(lanes, 1)
  return <T>(low + f32x4.extract_lane(lanes, 2) + f32x4.extract_lane(lanes, 3))
}
