/** From which size on a GPU is faster than the processor. */

/** Seconds at a size; null where it was not measured, which is where a smaller size took too long. */
export interface Timing {
  readonly size: number
  readonly seconds: number | null
}

export interface Crossover {
  /** The smallest size from which on the GPU is faster at every size; null if there is none. */
  readonly from: number | null
  /** The largest size at which the two could be compared; null if there is none. */
  readonly upTo: number | null
}

/**
 * Where one curve of times goes below another for good.
 *
 * @param gpu   times of the GPU, by growing size
 * @param host  times of what it is compared with, at the same sizes
 * @example crossover([{ size: 1, seconds: 2 }, { size: 9, seconds: 3 }], [{ size: 1, seconds: 1 }, { size: 9, seconds: 9 }])
 * // { from: 9, upTo: 9 }
 */
export function crossover(gpu: readonly Timing[], host: readonly Timing[]): Crossover {
  const compared = gpu.flatMap(({ size, seconds }) => {
    const other = host.find(each => each.size === size)?.seconds ?? null
    return seconds === null || other === null ? [] : [{ size, isFaster: seconds < other }]
  })
  const lastSlower = compared.map(({ isFaster }) => isFaster).lastIndexOf(false)
  return { from: compared[lastSlower + 1]?.size ?? null, upTo: compared.at(-1)?.size ?? null }
}

/** At each size the faster of several. */
export function fastest(curves: readonly (readonly Timing[])[]): Timing[] {
  const sizes = [...new Set(curves.flat().map(({ size }) => size))].sort((a, b) => a - b)
  return sizes.map(size => {
    const times = curves.flat().flatMap(timing => (timing.size === size ? (timing.seconds ?? []) : []))
    return { size, seconds: times.length === 0 ? null : Math.min(...times) }
  })
}
