/**
 * Fusion: an elementwise map whose result only another map reads becomes part of that one, by substitution of its
 * expression. What lies between is neither written nor read again.
 */

import { constant, type Expression, input, substitute } from '../../expression/expression.ts'
import { isFloat } from '../../tensor/dtype.ts'
import { contiguousStrides, isContiguous, sameShape } from '../../tensor/shape.ts'
import {
  type Buffer,
  countReaders,
  type Instruction,
  type Operand,
  type Program,
  sameView,
  seesAll,
} from '../program.ts'

type MapCall = Extract<Instruction, { kernel: 'map' }>

/** More inputs or nodes than these make no kernel faster, and some backends slower. */
const mostInputs = 12
const mostNodes = 64

/** The program with maps joined where that costs nothing, and with known numbers inside of expressions. */
export function fuse(program: Program): Program {
  const readers = countReaders(program)
  const maps = new Map<Buffer, MapCall>()
  const gone = new Set<Buffer>()
  const instructions = program.instructions.map(instruction => {
    if (instruction.kernel !== 'map') return instruction
    let fused = withNumbers(instruction)
    for (let next = fusible(fused, maps, readers); next !== undefined; next = fusible(fused, maps, readers)) {
      gone.add(next.output)
      fused = joined(fused, next)
    }
    maps.set(fused.output, fused)
    return fused
  })
  return { instructions: instructions.filter(({ output }) => !gone.has(output)), results: program.results }
}

/** A map that another one may take in: the first whose result only that one reads, element by element. */
function fusible(
  reader: MapCall,
  maps: ReadonlyMap<Buffer, MapCall>,
  readers: ReadonlyMap<Buffer, number>,
): MapCall | undefined {
  for (const { storage } of reader.inputs) {
    const inner = maps.get(storage)
    if (inner === undefined || inner.loop !== reader.loop || readers.get(storage) !== 1) continue
    const uses = reader.inputs.filter(input => input.storage === storage)
    if (!uses.every(use => seesAll(use, inner)) || !fitsInto(inner, reader)) continue
    const together = joined(reader, inner)
    if (together.inputs.length <= mostInputs && sizeOfExpression(together.attributes.expression) <= mostNodes)
      return inner
  }
  return undefined
}

/** Whether the inner map's inputs can be read in the order of the outer one, and compute in its type. */
function fitsInto(inner: MapCall, outer: MapCall): boolean {
  const { shape } = outer.attributes
  const types = [...inner.inputs, ...outer.inputs, inner.output, outer.output].map(({ dtype }) => dtype)
  if (new Set(types.filter(dtype => dtype !== 'bool')).size > 1) return false
  return (
    sameShape(inner.attributes.shape, shape) || inner.inputs.every(input => isStill(input) || isDense(input))
  )
}

function isDense({ shape, strides }: Operand): boolean {
  return isContiguous(shape, strides)
}

function isStill({ shape, strides }: Operand): boolean {
  return strides.every((stride, axis) => stride === 0 || shape[axis] === 1)
}

/** The outer map with the inner one's expression where it read its result. */
function joined(outer: MapCall, inner: MapCall): MapCall {
  const { shape } = outer.attributes
  const inputs: Operand[] = []
  const place = (operand: Operand): Expression => {
    const known = inputs.findIndex(other => sameView(other, operand))
    return input(known >= 0 ? known : inputs.push(operand) - 1)
  }
  const within = substitute(inner.attributes.expression, index =>
    place(reshaped(inner.inputs[index]!, shape)),
  )
  const expression = substitute(outer.attributes.expression, index => {
    const operand = outer.inputs[index]!
    return operand.storage === inner.output ? within : place(operand)
  })
  return { ...outer, inputs, attributes: { ...outer.attributes, expression } }
}

/** A dense or still view with another shape of as many elements. */
function reshaped(operand: Operand, shape: readonly number[]): Operand {
  if (sameShape(operand.shape, shape)) return operand
  if (isStill(operand)) return { ...operand, shape, strides: shape.map(() => 0) }
  return { ...operand, shape, strides: contiguousStrides(shape) }
}

/** A map with known numbers as constants of its expression. */
function withNumbers(map: MapCall): MapCall {
  const { expression, dtype } = map.attributes
  const numbers: (number | undefined)[] = map.inputs.map(({ storage, ...view }) => {
    const { constant: number } = storage
    const isKnown =
      number !== undefined && isFloat(storage.dtype) && isStill({ storage, ...view }) && view.offset === 0
    return isKnown ? number : undefined
  })
  const known = numbers.filter(number => number !== undefined).length
  if (known === 0 || known === numbers.length) return map // an input must say which type the map computes in
  const inputs = map.inputs.filter((_, i) => numbers[i] === undefined)
  const replaced = substitute(expression, index => {
    const number = numbers[index]
    return number === undefined ? input(inputs.indexOf(map.inputs[index]!)) : constant(number)
  })
  return { ...map, inputs, attributes: { ...map.attributes, expression: replaced, dtype } }
}

/** How many different nodes an expression has. */
function sizeOfExpression(expression: Expression): number {
  const seen = new Set<Expression>()
  const visit = (node: Expression): void => {
    if (seen.has(node)) return
    seen.add(node)
    if (node.kind === 'call') node.operands.forEach(visit)
  }
  visit(expression)
  return seen.size
}
