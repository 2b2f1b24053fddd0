/**
 * Matrix decompositions for sensigrad, computed in double precision on the host. Each comes in two forms: of a
 * tensor (`qr`), which waits for its values, and of a plain array (`qrOf`), which answers at once.
 *
 * @packageDocumentation
 */

export { eigenvalues, qr, spectralRadius } from './tensors.ts'
export { type QR, qrOf } from './qr.ts'
export { type Eigenvalues, eigenvaluesOf, spectralRadiusOf } from './eigenvalues.ts'
export type { MatrixValues } from './matrix.ts'
