/** The elements of one type in another, both side by side. */

function convert<From, To>(count: i32, from: usize, to: usize): void {
  if (count == 0) return
  do {
    store<To>(to, <To>load<From>(from))
    from += sizeof<From>()
    to += sizeof<To>()
  } while (--count)
}

/** What is not 0 is true, NaN as well. */
function truth<From>(count: i32, from: usize, to: usize): void {
  if (count == 0) return
  do {
    store<u8>(to, load<From>(from) != <From>0 ? 1 : 0)
    from += sizeof<From>()
    to++
  } while (--count)
}

export function float32_to_float64(count: i32, from: usize, to: usize): void {
  convert<f32, f64>(count, from, to)
}
export function float32_to_int32(count: i32, from: usize, to: usize): void {
  convert<f32, i32>(count, from, to)
}
export function float32_to_bool(count: i32, from: usize, to: usize): void {
  truth<f32>(count, from, to)
}
export function float64_to_float32(count: i32, from: usize, to: usize): void {
  convert<f64, f32>(count, from, to)
}
export function float64_to_int32(count: i32, from: usize, to: usize): void {
  convert<f64, i32>(count, from, to)
}
export function float64_to_bool(count: i32, from: usize, to: usize): void {
  truth<f64>(count, from, to)
}
export function int32_to_float32(count: i32, from: usize, to: usize): void {
  convert<i32, f32>(count, from, to)
}
export function int32_to_float64(count: i32, from: usize, to: usize): void {
  convert<i32, f64>(count, from, to)
}
export function int32_to_bool(count: i32, from: usize, to: usize): void {
  truth<i32>(count, from, to)
}
export function bool_to_float32(count: i32, from: usize, to: usize): void {
  convert<u8, f32>(count, from, to)
}
export function bool_to_float64(count: i32, from: usize, to: usize): void {
  convert<u8, f64>(count, from, to)
}
export function bool_to_int32(count: i32, from: usize, to: usize): void {
  convert<u8, i32>(count, from, to)
}
