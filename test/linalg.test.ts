/** Decompositions of tensors: the host's numbers, in the tensor's own type and place. */
import {
  DTypeError,
  GradientError,
  grad,
  NonFiniteError,
  ShapeError,
  type Tensor,
  tensor,
} from '@sensigrad/core'
import { eigenvalues, qr, spectralRadius } from '@sensigrad/linalg'
import { describe, expect, test } from 'vitest'
import { draw, f64, read } from './support/backend.ts'

describe('tensors', () => {
  test('are the product of their Q and R', () => {
    const x = draw(1, [5, 3])
    const [q, r] = qr(x)
    expect(read(q.matmul(r).sub(x).abs().max())[0]).toBeLessThan(1e-14)
  })

  test('may be views', async () => {
    const x = draw(3, [4, 4])
    const [, r] = qr(x.transpose())
    const [, ofCopy] = qr(f64(await x.transpose().toArray()))
    expect(read(r)).toEqual(read(ofCopy))
  })

  test('keep their type', async () => {
    const [q] = qr(draw(4, [3, 3], undefined, 'float32'))
    const { real } = await eigenvalues(draw(4, [3, 3], undefined, 'float32'))
    expect([String(q), String(real)]).toEqual(['float32[3, 3]', 'float32[3]'])
  })

  test('that rotate have eigenvalues on the unit circle', async () => {
    const { real, imaginary } = await eigenvalues(
      tensor([
        [0, -1],
        [1, 0],
      ]),
    )
    expect([...read(real), ...read(imaginary)]).toEqual([0, 0, 1, -1])
  })

  test('divided by their spectral radius have the spectral radius 1', async () => {
    const x = draw(5, [20, 20])
    expect(await spectralRadius(x.div(await spectralRadius(x)))).toBeCloseTo(1, 13)
  })
})

describe('a decomposition refuses', () => {
  const whole = { eigenvalues, spectralRadius }
  const refusal = (of: (x: Tensor) => Promise<unknown>, x: Tensor) =>
    of(x).then(String, (error: Error) => error)

  test.each(Object.entries(whole))('%s: what is no matrix', async (name, of) => {
    const error = await refusal(of, f64([1, 2, 3]))
    expect(error).toBeInstanceOf(ShapeError)
    expect(String(error)).toContain(`${name}: float64[3] is not a`)
  })

  test.each(Object.entries(whole))('%s: a matrix without elements', async (_, of) => {
    expect(await refusal(of, draw(1, [0, 0]))).toBeInstanceOf(ShapeError)
  })

  test.each(Object.entries(whole))('%s: a matrix that is not square', async (name, of) => {
    const error = await refusal(of, draw(1, [2, 3]))
    expect(error).toBeInstanceOf(ShapeError)
    expect(String(error)).toContain(`${name}: float64[2, 3] is not a square matrix`)
  })

  test.each(Object.entries(whole))('%s: what is not finite', async (name, of) => {
    const error = await refusal(
      of,
      f64([
        [1, 2],
        [Number.NaN, 4],
      ]),
    )
    expect(error).toBeInstanceOf(NonFiniteError)
    expect(String(error)).toContain(`${name}: element [1, 0] is NaN`)
  })

  test.each(Object.entries(whole))('%s: whole numbers', async (_, of) => {
    expect(await refusal(of, draw(1, [2, 2], undefined, 'int32'))).toBeInstanceOf(DTypeError)
  })

  test.each(Object.entries(whole))('%s: to be differentiated', async (name, of) => {
    const attempts: Promise<unknown>[] = []
    grad((x: Tensor) => {
      attempts.push(refusal(of, x))
      return x.sum()
    })(draw(1, [2, 2]))
    const [error] = await Promise.all(attempts)
    expect(error).toBeInstanceOf(GradientError)
    expect(String(error)).toContain(`${name} has no gradient. Take it outside of what is differentiated`)
  })
})
