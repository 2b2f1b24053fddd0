/** Where in a sequence something stands, as numbers that attention can hear: by itself it hears no order. */

import {
  allocate,
  type CreateOptions,
  DTypeError,
  describeValue,
  isFloat,
  type Tensor,
  tensor,
} from '@sensigrad/core'
import { checkCount, checkOptions } from '../check.ts'

/**
 * The encoding of places by waves of falling frequency: P[t, 2i] = sin(t/10000^(2i/size)) and P[t, 2i + 1] =
 * cos(t/10000^(2i/size)) (Vaswani et al., NeurIPS 2017, §3.5). The encoding of a place some steps later is a rotation
 * of it that does not depend on the place.
 *
 * @param time     how many places
 * @param size     how many numbers for each
 * @param options  `dtype` (float32 unless said), `backend`
 * @returns        `[time, size]`
 * @throws ValueError for what is no number of places or numbers; DTypeError for what is no float type
 * @example const heard = embedding.call(words).add(sinusoidalPositions(100, 512))   // [batch, 100, 512]
 */
export function sinusoidalPositions(time: number, size: number, options: CreateOptions = {}): Tensor {
  const name = 'sinusoidalPositions'
  checkOptions(name, options, ['dtype', 'backend'])
  checkCount(name, 'places', time)
  checkCount(name, 'numbers', size)
  const { dtype = 'float32' } = options
  if (!isFloat(dtype)) {
    throw new DTypeError(name, `waves have no ${describeValue(dtype)}`, "Give 'float32' or 'float64'")
  }
  const values = allocate('float64', time * size).map((_, at) => {
    const [place, element] = [Math.floor(at / size), at % size]
    const angle = place / 10_000 ** ((element - (element % 2)) / size)
    return element % 2 === 0 ? Math.sin(angle) : Math.cos(angle)
  })
  return tensor(values, { ...options, dtype, shape: [time, size] })
}
