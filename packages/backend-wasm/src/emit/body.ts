/** Writing the nodes of a graph as instructions: each once, shared values and what leaves a loop in locals. */

import { BackendError } from '@sensigrad/core'
import type { Bytes } from './bytes.ts'
import { type Graph, type Node, Rate } from './graph.ts'
import { lanes, opcodes } from './opcodes.ts'

const get = 0x20
const set = 0x21
const tee = 0x22
const simdPrefix = 0xfd

/** Where the emitted function keeps things: the local of each input's address, and of the offset in the row. */
export interface Frame {
  addressOf(input: number): number
  /** Bytes of lanes from the beginning of the row. */
  readonly at: number
  /** The first local that is free for vectors. */
  readonly firstVector: number
  /** The function index of an import. */
  functionOf(name: string): number
}

/** A value this many operands deep is computed by itself, so that no expression is too deep for the stack. */
const deepest = 48

/** More locals than their number in the function's head has digits for. */
const tooMany = 2 ** 14

/** Writes nodes into a function body. */
export class Body {
  /** The vectors that the next loads and stores are ahead of `at`, where the loop is unrolled. */
  ahead = 0
  readonly #code: Bytes
  readonly #graph: Graph
  readonly #frame: Frame
  readonly #root: Node
  readonly #uses = new Map<Node, number>()
  /** What is computed before what needs it, in this order: what others need that change more often, and deep values. */
  readonly #early: Node[] = []
  readonly #locals = new Map<Node, number>()
  readonly #ready = new Set<Node>()
  #vectors = 0

  constructor(code: Bytes, graph: Graph, frame: Frame, root: Node) {
    this.#code = code
    this.#graph = graph
    this.#frame = frame
    this.#root = root
    this.#plan()
  }

  /** The locals for vectors that are in use so far. */
  get vectors(): number {
    if (this.#vectors < tooMany) return this.#vectors
    const problem = `an expression of ${this.#graph.nodes.length} instructions is too large for one kernel`
    throw new BackendError('map', problem, 'Compute parts of it as tensors of their own')
  }

  simd(opcode: number): void {
    this.#code.byte(simdPrefix)
    this.#code.unsigned(opcode)
  }

  /** Loads and stores: the alignment is a hint that engines ignore, the offset counts elements of `size` bytes ahead. */
  memory(opcode: number, offset: number): void {
    this.simd(opcode)
    this.#code.byte(0)
    this.#code.unsigned(offset)
  }

  /** The address `at` elements into a row: lanes lie `at` bytes in, booleans a byte an element. */
  place(address: number, isBoolean: boolean): void {
    this.#code.bytes(get, address, get, this.#frame.at)
    if (isBoolean) this.#code.bytes(0x41, lanes[this.#graph.lane].shift, 0x76)
    this.#code.byte(0x6a)
  }

  /** Computes everything that changes so rarely and is needed by what changes more often, into locals. */
  hoist(rate: Rate): void {
    for (const node of this.#early) if (node.rate <= rate) this.#inLocal(node)
  }

  /** Forgets what was computed for one vector, before the next. */
  nextVector(): void {
    for (const node of this.#ready) if (node.rate === Rate.vector) this.#ready.delete(node)
  }

  /** Leaves the value of the root on the stack. */
  write(): void {
    this.hoist(Rate.vector)
    this.#write(this.#root)
  }

  /** Leaves the value of the root in a local, whose number it gives. */
  inLocal(): number {
    this.hoist(Rate.vector)
    return this.#inLocal(this.#root)
  }

  #inLocal(node: Node): number {
    if (!this.#ready.has(node)) {
      this.#write(node)
      if (this.#ready.has(node)) this.#code.byte(0x1a)
      else this.#local(set, this.#keep(node))
    }
    return this.#locals.get(node)!
  }

  #write(node: Node): void {
    if (this.#ready.has(node)) {
      this.#local(get, this.#locals.get(node)!)
      return
    }
    this.#compute(node)
    if ((this.#uses.get(node) ?? 0) > 1) this.#local(tee, this.#keep(node))
  }

  #compute(node: Node): void {
    const { op, lane, operands, immediate } = node
    if (op === 'input') this.#input(immediate as number)
    else if (op === 'constant' || op === 'bits') this.#constant(node)
    else if (op === 'patch') this.#patch(node)
    else {
      for (const operand of operands) this.#write(operand)
      if (op === 'shuffle') {
        this.simd(0x0d)
        this.#code.bytes(...(immediate as readonly number[]))
      } else {
        if (immediate !== undefined) {
          this.#code.byte(0x41) // the distance of a shift
          this.#code.signed(immediate as number)
        }
        this.simd(opcodes[lane][op]!)
      }
    }
  }

  #patch(node: Node): void {
    const [value, mask, ...operands] = node.operands as [Node, Node, ...Node[]]
    const from = operands.map(operand => this.#inLocal(operand))
    const result = this.#newVector()
    this.#write(value)
    this.#local(set, result)
    this.#write(mask)
    this.simd(0x53) // set in any lane
    this.#code.bytes(0x04, 0x40)
    this.#callByLane(node, from, result)
    this.#code.byte(0x0b)
    this.#local(get, result)
  }

  #input(index: number): void {
    const { kind, isBoolean } = this.#graph.inputs[index]!
    const { count, splat } = lanes[this.#graph.lane]
    const address = this.#frame.addressOf(index)
    if (kind === 'still') {
      this.#code.bytes(get, address)
      this.memory(isBoolean ? 0x07 : splat, 0)
      return
    }
    this.place(address, isBoolean)
    if (isBoolean) {
      this.memory(0x5c, count * this.ahead) // four bytes, widened to the lanes
      this.simd(0x89)
      this.simd(0xa9)
      if (count === 2) this.simd(0xc9)
    } else this.memory(0x00, 16 * this.ahead)
  }

  /** A number in each lane, or a pattern of 32 or (as a bigint) 64 bits again and again. */
  #constant({ op, lane, immediate }: Node): void {
    const value = immediate as number | bigint | string
    const isWide = typeof value === 'bigint' || lane === 'f64'
    this.simd(0x0c)
    for (let i = 0; i < (isWide ? 2 : 4); i++) {
      if (op === 'bits' && isWide) this.#code.word64(BigInt(value))
      else if (op === 'bits') this.#code.word32(Number(value))
      else if (lane === 'f64') this.#code.float64(Number(value))
      else if (lane === 'f32') this.#code.float32(Number(value))
      else this.#code.word32(Number(value))
    }
  }

  /** Replaces each lane of `result` by a node's function of the same lanes of other locals. */
  #callByLane({ lane: type, immediate: name }: Node, from: readonly number[], result: number): void {
    const { count, extract, replace, widen, narrow } = lanes[type]
    for (let lane = 0; lane < count; lane++) {
      this.#local(get, result)
      for (const local of from) {
        this.#local(get, local)
        this.simd(extract)
        this.#code.byte(lane)
        if (widen) this.#code.byte(widen)
      }
      this.#code.byte(0x10)
      this.#code.unsigned(this.#frame.functionOf(name as string))
      if (narrow) this.#code.byte(narrow)
      this.simd(replace)
      this.#code.byte(lane)
      this.#local(set, result)
    }
  }

  #local(instruction: number, local: number): void {
    this.#code.byte(instruction)
    this.#code.unsigned(local)
  }

  #newVector(): number {
    return this.#frame.firstVector + this.#vectors++
  }

  #keep(node: Node): number {
    let local = this.#locals.get(node)
    if (local === undefined) {
      local = this.#newVector()
      this.#locals.set(node, local)
    }
    this.#ready.add(node)
    return local
  }

  /** Counts uses, from the root to the inputs, and then finds what to compute early. */
  #plan(): void {
    const needed = this.#graph.nodes.slice(0, this.#graph.nodes.indexOf(this.#root) + 1)
    const early = new Set<Node>()
    this.#uses.set(this.#root, 1)
    for (const node of [...needed].reverse()) {
      if (!this.#uses.has(node)) continue
      for (const operand of node.operands) {
        this.#uses.set(operand, (this.#uses.get(operand) ?? 0) + 1)
        if (operand.rate < node.rate) early.add(operand)
      }
    }
    const depths = new Map<Node, number>()
    for (const node of needed) {
      if (!this.#uses.has(node)) continue
      const depth = 1 + node.operands.reduce((most, operand) => Math.max(most, depths.get(operand)!), 0)
      const isEarly = early.has(node) || depth === deepest || (node === this.#root && node.rate < Rate.vector)
      depths.set(node, isEarly ? 0 : depth)
      if (isEarly) this.#early.push(node)
    }
  }
}
