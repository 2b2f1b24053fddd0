/**
 * Decompositions of tensors keep what they promise: their values, their derivatives of first and second order in both
 * modes, in batches and as factors of their own arguments, and the identities of matrix calculus.
 */
import { cpu } from '@sensigrad/backend-cpu'
import {
  BackendError,
  diagonalMatrix,
  GradientError,
  grad,
  hessian,
  jvp,
  matmul,
  mul,
  type SynchronousBackend,
  specifications,
  type Tensor,
  tensor,
  transpose,
} from '@sensigrad/core'
import * as linalg from '@sensigrad/linalg'
import { gradcheck, indicesOf, promises } from '@sensigrad/testing'
import { describe, expect, test } from 'vitest'
import { draw, f64, gap, numbers, read } from './support/backend.ts'

const { cholesky, determinant, inverse, leastSquares, logDeterminant, qr, solve, svd } = linalg
const { singularValues, symmetricEigen, symmetricEigenvalues, triangularSolve } = linalg

const ours = specifications.filter(({ name }) => name in linalg)

test('every function with a gradient is specified', () => {
  expect(ours.map(({ name }) => name).sort()).toEqual([
    'cholesky',
    'determinant',
    'inverse',
    'leastSquares',
    'logDeterminant',
    'qr',
    'singularValues',
    'solve',
    'svd',
    'symmetricEigen',
    'symmetricEigenvalues',
    'triangularSolve',
  ])
})

for (const { name, holds } of ours.flatMap(promises)) test(name, holds)

const eye = (size: number) =>
  f64(
    indicesOf([size, size]).map(([i, j]) => Number(i === j)),
    [size, size],
  )
const regular = (lot: number, size: number) => draw(lot, [size, size]).add(eye(size).mul(2 * size))
const symmetric = (x: Tensor) => x.add(transpose(x)).mul(0.5)
const spread = (lot: number, size: number) =>
  symmetric(draw(lot, [size, size], [-1, 1])).add(
    eye(size).mul(f64(Array.from({ length: size }, (_, i) => 6 * i))),
  )

describe('as factors of their own arguments', () => {
  const a = regular(1, 3)
  const x = spread(2, 3)

  test('x · f(x) has right derivatives', () => {
    gradcheck(x => matmul(x, inverse(x)), [a])
    gradcheck(x => mul(x, solve(x, x.mul(x))), [a])
    gradcheck(x => mul(x, determinant(x)), [draw(3, [3, 3])])
    gradcheck(x => mul(x, logDeterminant(x)[1]), [a])
    gradcheck(x => mul(x, cholesky(x)), [a.add(transpose(a))])
    gradcheck(x => mul(x, symmetricEigenvalues(symmetric(x))), [x])
    gradcheck(x => mul(x, singularValues(x)), [x.add(eye(3).mul(6))])
  })

  test('q and r together', () => {
    gradcheck(
      x => {
        const [q, r] = qr(x)
        return q.mul(x).add(matmul(q, r.mul(r)))
      },
      [draw(4, [4, 2]).add(eye(4).slice(null, [0, 2]).mul(4))],
    )
  })

  test('values and vectors together, in what signs do not matter to', () => {
    gradcheck(
      x => {
        const [values, v] = symmetricEigen(symmetric(x))
        return v.square().mul(values.square()).add(x)
      },
      [x],
    )
    gradcheck(
      x => {
        const [u, s, v] = svd(x)
        return matmul(u.mul(s.square()), transpose(v)).mul(x)
      },
      [
        draw(5, [4, 3], [-1, 1]).add(
          eye(4)
            .slice(null, [0, 3])
            .mul(f64([5, 10, 15])),
        ),
      ],
    )
  })

  test('through one another', () => {
    gradcheck(
      (a, b) => solve(cholesky(matmul(a, transpose(a)).add(eye(2))), b),
      [regular(6, 2), draw(7, [2, 2])],
    )
    gradcheck(
      (a, b) => leastSquares(a, b).norm(),
      [draw(8, [4, 2]).add(eye(4).slice(null, [0, 2]).mul(4)), draw(9, [4])],
    )
  })

  test('to the third order', () => {
    gradcheck(x => determinant(x), [draw(1, [2, 2])], { order: 3 })
    gradcheck(x => inverse(x).sum(), [regular(1, 2)], { order: 3 })
    gradcheck(x => symmetricEigenvalues(symmetric(x)), [spread(1, 2)], { order: 3 })
    gradcheck(
      x => cholesky(x),
      [
        f64([
          [4, 1],
          [1, 3],
        ]),
      ],
      { order: 3 },
    )
  })
})

describe('identities', () => {
  const lots = [11, 12, 13, 14]

  test.each(lots)('d log|det a| = tr(a⁻¹ ȧ), lot %i', lot => {
    const [a, d] = [regular(lot, 4), draw(lot + 50, [4, 4])]
    const [, slope] = jvp((a: Tensor) => logDeterminant(a)[1], [a], [d])
    expect(gap(numbers(slope), numbers(matmul(inverse(a), d).mul(eye(4)).sum()))).toBeLessThan(1e-13)
  })

  test.each(lots)('λ̇ = vᵀ ȧ v, lot %i', lot => {
    const [a, d] = [spread(lot, 4), symmetric(draw(lot + 50, [4, 4]))]
    const [, v] = symmetricEigen(a)
    const [, slope] = jvp((a: Tensor) => symmetricEigenvalues(a), [a], [d])
    expect(gap(numbers(slope), numbers(matmul(d, v).mul(v).sum(0)))).toBeLessThan(1e-13)
  })

  test.each(lots)('solve(a, a x) = x, lot %i', lot => {
    const [a, x] = [regular(lot, 5), draw(lot + 50, [5, 3])]
    expect(gap(numbers(solve(a, matmul(a, x))), numbers(x))).toBeLessThan(1e-13)
    const ofA = grad((a: Tensor) => solve(a, matmul(a, x)).mul(x).sum())(a)
    expect(numbers(ofA).every(slope => Math.abs(slope) < 1e-12)).toBe(true)
  })

  test.each(lots)('a⁻¹ and det by svd: |det a| = Π s, lot %i', lot => {
    const a = draw(lot, [4, 4])
    const product = numbers(singularValues(a)).reduce((product, s) => product * s, 1)
    expect(gap([Math.abs(numbers(determinant(a))[0]!)], [product])).toBeLessThan(1e-12)
  })

  test('the residual of least squares is orthogonal to the columns', () => {
    const [a, b] = [draw(1, [6, 3]), draw(2, [6])]
    const residual = matmul(a, leastSquares(a, b)).sub(b)
    expect(gap(numbers(matmul(transpose(a), residual)), [0, 0, 0])).toBeLessThan(1e-13)
  })

  test('a batch gives what its matrices give, slopes included', () => {
    const batch = draw(3, [2, 3, 3, 3]).add(eye(3).mul(6))
    const all: Record<string, (x: Tensor) => Tensor> = {
      inverse,
      determinant,
      qr: x => qr(x)[1],
      svd: x => svd(x)[1],
      cholesky: x => cholesky(symmetric(x)),
      eigen: x => symmetricEigenvalues(x),
      solve: x => solve(x, x.mul(x)),
    }
    for (const f of Object.values(all)) {
      const slope = (x: Tensor) => grad((x: Tensor) => f(x).mul(f(x)).sum())(x)
      const [whole, slopes] = [f(batch), slope(batch)]
      for (const [i, j] of indicesOf([2, 3]) as [number, number][]) {
        expect(numbers(whole.slice(i, j))).toEqual(numbers(f(batch.slice(i, j))))
        expect(gap(numbers(slopes.slice(i, j)), numbers(slope(batch.slice(i, j))))).toBeLessThan(1e-13)
      }
    }
  })

  test('a batch without matrices stays one', () => {
    const none = draw(1, [0, 3, 3])
    expect([inverse(none), determinant(none), ...svd(none), solve(none, draw(1, [3]))].map(String)).toEqual([
      'float64[0, 3, 3]',
      'float64[0]',
      'float64[0, 3, 3]',
      'float64[0, 3]',
      'float64[0, 3, 3]',
      'float64[0, 3]',
    ])
  })
})

describe('where derivatives do not exist', () => {
  const tied = f64([
    [2, 0, 0],
    [0, 2, 0],
    [0, 0, 5],
  ])

  test('the sum of equal eigenvalues has its slope, the identity, in both modes', () => {
    for (const of of [(x: Tensor) => symmetricEigenvalues(x), (x: Tensor) => symmetricEigen(x)[0]]) {
      expect(gap(numbers(grad((x: Tensor) => of(x).sum())(tied)), numbers(eye(3)))).toBeLessThan(1e-15)
      const d = draw(1, [3, 3])
      expect(
        gap(numbers(jvp((x: Tensor) => of(x).sum(), [tied], [d])[1]), numbers(d.mul(eye(3)).sum())),
      ).toBeLessThan(1e-14)
    }
  })

  test('the sum of equal singular values has its slope', () => {
    expect(gap(numbers(grad((x: Tensor) => svd(x)[1].sum())(eye(3))), numbers(eye(3)))).toBeLessThan(1e-15)
  })

  const refuses = (f: (x: Tensor) => Tensor, x: Tensor, message: string) => {
    expect(() => grad((x: Tensor) => f(x).sum())(x)).toThrow(GradientError)
    expect(() => grad((x: Tensor) => f(x).sum())(x)).toThrow(message)
    expect(() => jvp(f, [x], [x])).toThrow(message)
  }

  test('eigenvectors of equal eigenvalues are refused', () => {
    refuses(
      x => symmetricEigen(x)[1],
      tied,
      'symmetricEigen: eigenvalues 0 and 1 of float64[3, 3] are equal up to',
    )
  })
  test('second derivatives of equal eigenvalues are refused', () => {
    const slope = (x: Tensor) => grad((x: Tensor) => symmetricEigenvalues(x).square().sum())(x)
    refuses(slope, tied, 'First derivatives of the eigenvalues alone exist')
  })
  test('singular vectors of equal or vanishing singular values are refused', () => {
    refuses(x => svd(x)[0], tied, 'svd: singular values 1 and 2 of float64[3, 3] are equal up to rounding')
    refuses(
      x => svd(x)[2],
      f64([
        [1, 0],
        [0, 0],
      ]),
      'svd: singular value 1 of float64[2, 2] is 0 up to rounding',
    )
  })
  test('q and r of dependent columns are refused', () => {
    refuses(
      x => qr(x)[1],
      f64([
        [1, 2, 0],
        [1, 2, 1],
        [1, 2, 4],
      ]),
      'qr: column 1 of float64[3, 3] depends on those',
    )
  })
  test('log|det| of a singular matrix is refused', () => {
    const singular = f64([
      [1, 2],
      [2, 4],
    ])
    expect(numbers(...logDeterminant(singular))).toEqual([0, Number.NEGATIVE_INFINITY])
    refuses(
      x => logDeterminant(x)[1],
      singular,
      'logDeterminant: float64[2, 2] is singular: the logarithm has no',
    )
  })
  test('the determinant has all derivatives at singular matrices', () => {
    gradcheck(determinant, [
      f64([
        [1, 2, 3],
        [2, 4, 6],
        [0, 1, 1],
      ]),
    ])
    gradcheck(determinant, [
      f64([
        [0, 0],
        [0, 0],
      ]),
    ])
    gradcheck(determinant, [f64([[0]])])
  })
})

describe('on numbers at the edges', () => {
  test.each([1e-300, 1e300])('decompositions keep their precision at the scale of %s', scale => {
    const a = regular(1, 3)
    const scaled = a.mul(scale)
    expect(
      gap(numbers(solve(scaled, draw(1, [3]).mul(scale))), numbers(solve(a, draw(1, [3])))),
    ).toBeLessThan(1e-14)
    expect(gap(numbers(singularValues(scaled).div(scale)), numbers(singularValues(a)))).toBeLessThan(1e-14)
    expect(
      gap(numbers(symmetricEigenvalues(scaled).div(scale)), numbers(symmetricEigenvalues(a))),
    ).toBeLessThan(1e-14)
    const root = numbers(cholesky(a.mul(scale)).div(Math.sqrt(scale)))
    expect(gap(root, numbers(cholesky(a)))).toBeLessThan(1e-14)
    expect(
      gap(numbers(logDeterminant(scaled)[1].sub(3 * Math.log(scale))), numbers(logDeterminant(a)[1])),
    ).toBeLessThan(1e-12)
  })

  const hard: Record<string, Tensor> = {
    zeros: draw(1, [4, 3]).mul(0),
    'ones, on which the iteration of ml-matrix does not end': draw(1, [27, 30]).mul(0).add(1),
    'subnormal numbers beside ones': f64([
      [1, 5e-324, 0],
      [5e-324, 1, 5e-324],
      [0, 0, 1],
    ]),
    'ones but for rounding, multiplied to a rank of one': matmul(
      draw(1, [29, 1])
        .mul(2 ** -52)
        .add(1),
      draw(2, [1, 26])
        .mul(2 ** -52)
        .add(1),
    ),
    'a rank of one': matmul(draw(1, [6, 1]), draw(2, [1, 5])),
    'graded numbers': draw(1, [4, 4]).mul(f64([1, 1e-60, 1e-120, 1e-180])),
    signs: draw(1, [12, 9], [-1, 1], 'int32').cast('float64'),
  }
  test.each(Object.entries(hard))('singular values exist of %s', (_, a) => {
    const [u, s, v] = svd(a)
    const k = s.size
    expect(numbers(matmul(u.mul(s), transpose(v)).sub(a).abs().max())[0]).toBeLessThan(1e-13)
    expect(gap(numbers(matmul(transpose(u), u)), numbers(eye(k)))).toBeLessThan(1e-13)
    expect(gap(numbers(matmul(transpose(v), v)), numbers(eye(k)))).toBeLessThan(1e-13)
    expect([...read(s)]).toEqual([...read(s)].sort((a, b) => b - a))
    const gram = matmul(transpose(a), a)
    const [values, vectors] = symmetricEigen(gram)
    expect(numbers(matmul(vectors.mul(values), transpose(vectors)).sub(gram).abs().max())[0]).toBeLessThan(
      1e-11,
    )
  })

  test('a triangle beside which NaN stands is solved all the same', () => {
    const t = f64([
      [2, Number.NaN],
      [1, 4],
    ])
    expect(numbers(triangularSolve(t, f64([2, 9])))).toEqual([1, 2])
    expect(() => triangularSolve(t, f64([2, 9]), { upper: true })).toThrow('element [0, 1] is NaN')
  })
})

describe('a decomposition refuses', () => {
  const elsewhere: SynchronousBackend = Object.create(cpu(), {
    name: { value: 'far' },
    capabilities: { value: { dtypes: ['float32', 'float64'], synchronousRead: false } },
  })
  const there = tensor([1, 2, 3, 4], { shape: [2, 2], dtype: 'float64', backend: elsewhere })
  const message = /^solve: it computes on the host, and the backend far cannot be read without waiting\. Move/

  test('what cannot be read without waiting', () => {
    expect(() => solve(there, there)).toThrow(BackendError)
    expect(() => solve(there, there)).toThrow(message)
    expect(() => svd(there)).toThrow(/^svd: it computes on the host/)
  })

  test('tensors of two backends', () => {
    expect(() => solve(eye(2), there)).toThrow('solve: tensors live on two backends, cpu and far')
  })
})

describe('where elements are far apart', () => {
  const diagonal = (...values: number[]) => diagonalMatrix(f64(values))

  test('regular matrices do not count as singular', () => {
    expect(numbers(determinant(diagonal(1e200, 1e-200)))).toEqual([1e200 * 1e-200])
    expect(gap(numbers(determinant(diagonal(1e200, 1e200, 1e-300))), [1e100])).toBeLessThan(1e-14)
    expect(gap(numbers(...logDeterminant(diagonal(1e170, 1e-170))), [1, 0])).toBeLessThan(1e-12)
    expect(
      gap(numbers(mul(inverse(diagonal(1e-200, 1e200)), diagonal(1e-200, 1e200))), [1, 0, 0, 1]),
    ).toBeLessThan(1e-15)
  })

  test('determinants near 0 have their second derivatives', () => {
    const a = f64([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6], [0.7, 0.8, 0.9]]) // biome-ignore format: a matrix
    const H = hessian((a: Tensor) => determinant(a))(a)
    const second = (...index: number[]) => numbers(H.slice(...index))
    expect(
      gap([...second(0, 0, 1, 1), ...second(0, 0, 2, 2), ...second(0, 0, 0, 0)], [0.9, 0.5, 0]),
    ).toBeLessThan(1e-14)
  })
})
