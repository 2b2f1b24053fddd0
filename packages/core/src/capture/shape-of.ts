/** The shape of what an instruction gives: a program itself needs no more than the number of elements. */

import type { Shape } from '../tensor/shape.ts'
import type { Instruction } from './program.ts'

/** The shape of what an instruction gives, in a loop at each step. */
export function shapeOf({ kernel, inputs, attributes: of }: Instruction): Shape {
  const { shape } = inputs[0] ?? { shape: [] }
  switch (kernel) {
    case 'map':
    case 'place':
      return of.shape
    case 'reduce':
      return shape.filter((_, axis) => !of.axes.includes(axis))
    case 'contract':
      return [...shape.slice(0, -1), inputs[1]!.shape.at(-1)!]
    case 'concat': {
      const length = inputs.reduce((total, input) => total + input.shape[of.axis]!, 0)
      return shape.map((size, axis) => (axis === of.axis ? length : size))
    }
    case 'gather':
      return inputs[1]!.shape
    case 'scatterAdd':
      return shape.map((size, axis) => (axis === of.axis ? of.size : size))
    case 'argReduce':
      return shape.filter((_, axis) => axis !== of.axis)
    case 'copy':
    case 'argSort':
    case 'scan':
    case 'cast':
      return shape
  }
}
