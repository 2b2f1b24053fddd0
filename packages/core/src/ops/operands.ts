/** What elementwise operations take, made into what `map` takes: tensors of one shape, of the types that are wanted. */

import { currentBackend } from '../backend/current.ts'
import { DTypeError, describeValue, ValueError } from '../errors.ts'
import type { Signature } from '../expression/signature.ts'
import { remedyFor } from '../tensor/check.ts'
import { constant } from '../tensor/create.ts'
import { type DType, isFloat } from '../tensor/dtype.ts'
import { broadcastShapes, type Shape, sameShape } from '../tensor/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { broadcastTo } from './broadcast.ts'
import { commonBackend } from './define.ts'
import type { TensorLike } from './elementwise.ts'

/** Whether all are tensors of one float type, shape and backend, as most are: inputs of a map as they stand. */
export function areAlike(operands: readonly TensorLike[]): operands is readonly Tensor[] {
  const first = operands[0]
  if (!(first instanceof Tensor) || !isFloat(first.dtype)) return false
  for (let i = 1; i < operands.length; i++) {
    const other = operands[i]
    if (!(other instanceof Tensor) || other.dtype !== first.dtype || other.backend !== first.backend)
      return false
    if (!sameShape(other.shape, first.shape)) return false
  }
  return true
}

/** The operands as tensors of one shape: numbers take the type of the tensors beside them, and all types are checked. */
export function inputsOf(operation: string, signature: Signature, operands: readonly TensorLike[]): Tensor[] {
  const dtype = checkedType(operation, signature, operands)
  let first: Tensor | undefined
  let shape: Shape = []
  for (let i = 0; i < operands.length; i++) {
    const operand = operands[i]
    if (!(operand instanceof Tensor)) continue
    if (first !== undefined) commonBackend(operation, [first, operand])
    shape = first === undefined ? operand.shape : broadcastShapes(operation, shape, operand.shape)
    first ??= operand
  }
  const backend = first?.backend ?? currentBackend()
  const inputs: Tensor[] = []
  for (let i = 0; i < operands.length; i++) {
    const operand = operands[i]!
    if (operand instanceof Tensor) {
      inputs.push(sameShape(operand.shape, shape) ? operand : broadcastTo(operand, shape))
      continue
    }
    const type = typeof operand === 'boolean' ? 'bool' : dtype
    inputs.push(constant(Number(operand), shape, type, backend, operation))
  }
  return inputs
}

/** The one type of all numbers, once each operand has been found to be what the signature wants. */
function checkedType(
  operation: string,
  { inputs: kinds, floats }: Signature,
  operands: readonly TensorLike[],
): DType {
  if (operands.length < kinds.length) {
    throw new ValueError(operation, `it got ${operands.length} operands`, `Give ${kinds.length}`)
  }
  let number: Tensor | undefined
  for (let i = 0; i < operands.length && number === undefined; i++) {
    const operand = operands[i]
    if (kinds[i] === 'number' && operand instanceof Tensor) number = operand
  }
  const dtype = number?.dtype ?? 'float32'
  if (number !== undefined && floats && !isFloat(dtype)) {
    throw new DTypeError(operation, `${number} is not of a float type`, "Cast it first: .cast('float32')")
  }
  for (let i = 0; i < operands.length; i++) {
    const operand = operands[i]
    const wanted = kinds[i] === 'boolean' ? 'boolean' : 'number'
    if (typeof operand === wanted) continue
    if (typeof operand === 'number' || typeof operand === 'boolean') {
      throw new DTypeError(
        operation,
        `${operand} stands where a ${wanted} is needed`,
        wanted === 'boolean' ? 'Give true, false or a bool tensor' : 'Give 1 or 0',
      )
    }
    if (!(operand instanceof Tensor)) {
      throw new ValueError(
        operation,
        `${describeValue(operand)} is no tensor or number`,
        (operand as unknown) instanceof Promise ? remedyFor(operand) : 'Make it one with tensor(…)',
      )
    }
    if ((operand.dtype === 'bool') !== (wanted === 'boolean')) {
      throw new DTypeError(
        operation,
        `${operand} stands where a ${wanted === 'boolean' ? 'bool' : 'number'} is needed`,
        wanted === 'boolean' ? 'Compare it first: x.less(0)' : "Cast it first: .cast('float32')",
      )
    }
    if (kinds[i] === 'number' && operand.dtype !== dtype) {
      throw new DTypeError(
        operation,
        `${number} and ${operand} are mixed`,
        `Cast one first: .cast('${dtype}')`,
      )
    }
  }
  return dtype
}
