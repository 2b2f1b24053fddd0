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
  /** The type of its lanes. */
  readonly lane: Lane
  readonly op: Instruction | 'input' | 'constant' | 'bits' | 'shuffle' | 'patch'
  readonly operands: readonly Node[]
  /** The number of an input, the value of a constant, the distance of a shift, the bytes of a shuffle, a function's name. */
  readonly immediate: number | bigint | string | readonly number[] | undefined
  readonly rate: Rate
}

/** How many digits a graph computes: those of its lanes, or, in lanes of float64, a few more than float32 has. */
export type Precision = 'f32' | 'f64' | 'short'

/** The nodes of one kernel, each after its operands. */
export class Nodes {
  readonly all: Node[] = []
  readonly #known = new Map<string, Node>()
  readonly #ids = new Map<Node, number>()

  get(op: Node['op'], lane: Lane, operands: readonly Node[], immediate: Node['immediate'], rate: Rate): Node {
    let key = `${op} ${lane} ${typeof immediate} ${immediate}`
    for (const operand of operands) key += ` ${this.#ids.get(operand)}`
    let node = this.#known.get(key)
    if (node === undefined) {
      node = { op, lane, operands, immediate, rate }
      this.#known.set(key, node)
      this.#ids.set(node, this.all.length)
      this.all.push(node)
    }
    return node
  }
}

/** Makes nodes. */
export class Graph {
  readonly lane: Lane
  readonly precision: Precision
  readonly fused: boolean
  readonly inputs: readonly KernelInput[]
  readonly #nodes: Nodes

  /**
   * @param lane    what is computed in
   * @param fused   whether relaxed SIMD may be used
   * @param inputs  how the inputs advance
   */
  constructor(
    lane: Lane,
    fused: boolean,
    inputs: readonly KernelInput[],
    precision: Precision = lane === 'f64' ? 'f64' : 'f32',
    nodes = new Nodes(),
  ) {
    this.lane = lane
    this.precision = precision
    this.fused = fused
    this.inputs = inputs
    this.#nodes = nodes
  }

  /** The same kernel in lanes of float64. */
  get doubles(): Graph {
    return new Graph('f64', this.fused, this.inputs, 'short', this.#nodes)
  }

  /** The nodes made so far, each after its operands. */
  get nodes(): readonly Node[] {
    return this.#nodes.all
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

  /** `value`, but an imported function of other nodes, lane by lane and in float64, when the mask is set in any lane. */
  patch(value: Node, mask: Node, name: Imported, ...operands: readonly Node[]): Node {
    return this.#node('patch', [value, mask, ...operands], name)
  }

  #node(
    op: Node['op'],
    operands: readonly Node[],
    immediate?: Node['immediate'],
    rate: Rate = rateOf(operands),
  ): Node {
    return this.#nodes.get(op, this.lane, operands, immediate, rate)
  }
}

/** The rate of what changes with any of its operands. */
function rateOf(operands: readonly Node[]): Rate {
  let rate: Rate = Rate.never
  for (const operand of operands) if (operand.rate > rate) rate = operand.rate
  return rate
}
