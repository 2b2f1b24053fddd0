/**
 * Matrix decompositions for sensigrad, computed in double precision on the host. Those of tensors (`solve`, `qr`,
 * `svd`, …) take batches and have gradients of every order in both modes; they ask for a backend that can be read
 * without waiting. `eigenvalues` and `spectralRadius`, of any square matrix, have no gradients and wait for values. Of
 * plain arrays there are `qrOf`, `eigenvaluesOf` and `spectralRadiusOf`.
 *
 * @packageDocumentation
 */

// Linear systems
export { inverse, solve } from './solve.ts'
export { type TriangularSolveOptions, triangularSolve } from './triangular.ts'
export { leastSquares, qr } from './orthonormal.ts'
export { determinant, logDeterminant } from './determinant.ts'
export { cholesky } from './cholesky.ts'

// Spectra
export { symmetricEigen, symmetricEigenvalues } from './symmetric.ts'
export { singularValues, svd } from './svd.ts'
export { eigenvalues, spectralRadius } from './tensors.ts'

// Of arrays on the host
export { type QR, qrOf } from './qr.ts'
export { type Eigenvalues, eigenvaluesOf, spectralRadiusOf } from './eigenvalues.ts'
export type { MatrixValues } from './matrix.ts'
