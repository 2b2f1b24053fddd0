/**
 * What a kernel computes, as a graph of vector instructions. Equal nodes are one, so a shared sub-expression is computed
 * once; each node knows how often its value changes, so that constants leave the loops.
 */

import type { Imported } from './imports.ts'
import { type Instruction, type Lane, opcodes } from './opcodes.ts'

/** How an input advances along the inner loop: element by element, or not at all. */
export type InputKind = 'dense' | 'still'

/** An input of a kernel. */
export interface KernelInput {
  readonly kind: InputKind
  readonly isBoolean: boolean
}

/** When a value changes: never, with each row, with each vector. */
export const Rate = { never: 0, row: 1, vector: 2 } as const
export type Rate = (typeof Rate)[keyof typeof Rate]

/** A vector. */
export interface Node {
  readonly op: Instruction | 'input' | 'constant' | 'bits' | 'shuffle' | 'lanewise' | 'patch'
  readonly operands: readonly Node[]
  /** The number of an input, the value of a constant, the distance of a shift, the bytes of a shuffle, a function's name. */
  readonly immediate: number | bigint | string | readonly number[] | undefined
  readonly rate: Rate
}

/** Makes nodes. */
export class Graph {
  readonly lane: Lane
  readonly fused: boolean
  readonly inputs: readonly KernelInput[]
  /** Nodes made so far. */
  size = 0
  readonly #nodes = new Map<string, Node>()
  readonly #ids = new Map<Node, number>()

  /**
   * @param lane    what is computed in
   * @param fused   whether relaxed SIMD may be used
   * @param inputs  how the inputs advance
   */
  constructor(lane: Lane, fused: boolean, inputs: readonly KernelInput[]) {
    this.lane = lane
    this.fused = fused
    this.inputs = inputs
  }

  input(index: number): Node {
    const { kind, isBoolean } = this.inputs[index]!
    const raw = this.#node('input', [], index, kind === 'dense' ? Rate.vector : Rate.row)
    return isBoolean ? this.op('wholeNe', raw, this.bits(0)) : raw
  }

  /** A number in each lane. */
  constant(value: number): Node {
    return this.#node('constant', [], Object.is(value, -0) ? '-0' : value, Rate.never)
  }

  /** A pattern of bits in each lane. */
  bits(value: number | bigint): Node {
    return this.#node('bits', [], value, Rate.never)
  }

  get sign(): Node {
    return this.bits(this.lane === 'f64' ? 0x8000000000000000n : 0x80000000)
  }

  op(instruction: Instruction, ...operands: readonly Node[]): Node {
    if (opcodes[this.lane][instruction] === undefined)
      throw new Error(`${this.lane} lanes have no ${instruction}`)
    return this.#node(instruction, operands)
  }

  add(a: Node, b: Node): Node {
    return this.op('add', a, b)
  }
  sub(a: Node, b: Node): Node {
    return this.op('sub', a, b)
  }
  mul(a: Node, b: Node): Node {
    return this.op('mul', a, b)
  }
  div(a: Node, b: Node): Node {
    return this.op('div', a, b)
  }

  /** a·b + c, rounded once where the engine can. */
  fusedAdd(a: Node, b: Node, c: Node): Node {
    return this.fused ? this.op('fusedAdd', a, b, c) : this.add(this.mul(a, b), c)
  }
  /** c - a·b, rounded once where the engine can. */
  fusedSub(a: Node, b: Node, c: Node): Node {
    return this.fused ? this.op('fusedSub', a, b, c) : this.sub(c, this.mul(a, b))
  }

  /** `a` where the mask is set, `b` elsewhere. */
  select(mask: Node, a: Node, b: Node): Node {
    return this.op(this.fused ? 'select' : 'choose', a, b, mask)
  }

  shift(instruction: 'shiftLeft' | 'shiftRight' | 'shiftRightZero', a: Node, distance: number): Node {
    return this.#node(instruction, [a], distance)
  }

  shuffle(a: Node, b: Node, bytes: readonly number[]): Node {
    return this.#node('shuffle', [a, b], bytes)
  }

  /** Σ cᵢ xⁱ, the coefficient of x⁰ first. */
  polynomial(coefficients: readonly number[], x: Node): Node {
    return coefficients
      .slice(0, -1)
      .reduceRight((sum, c) => this.fusedAdd(sum, x, this.constant(c)), this.constant(coefficients.at(-1)!))
  }

  /** An imported function, lane by lane: in double precision for floats. */
  lanewise(name: Imported, ...operands: readonly Node[]): Node {
    return this.#node('lanewise', operands, name)
  }

  /** `value`, but an imported function of x, lane by lane, when the mask is set in any lane. */
  patch(value: Node, mask: Node, x: Node, name: Imported): Node {
    return this.#node('patch', [value, mask, x], name)
  }

  #node(
    op: Node['op'],
    operands: readonly Node[],
    immediate?: Node['immediate'],
    rate: Rate = rateOf(operands),
  ): Node {
    let key = `${op} ${typeof immediate} ${immediate}`
    for (const operand of operands) key += ` ${this.#ids.get(operand)}`
    let node = this.#nodes.get(key)
    if (node === undefined) {
      node = { op, operands, immediate, rate }
      this.#nodes.set(key, node)
      this.#ids.set(node, this.size++)
    }
    return node
  }
}

/** The rate of what changes with any of its operands. */
function rateOf(operands: readonly Node[]): Rate {
  let rate: Rate = Rate.never
  for (const operand of operands) if (operand.rate > rate) rate = operand.rate
  return rate
}
