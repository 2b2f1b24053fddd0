/**
 * A kernel is a module of one function `(rows, count, out, address₀, step₀, …)`: it evaluates an expression at `count`
 * elements of each of `rows` rows. Rows of the output follow each other; those of an input begin `step` bytes apart.
 *
 * Loops are tested at their end: engines move constants into the body of a loop that may not run at all, and rebuild
 * them there for each vector.
 */

import type { Expression } from '@sensigrad/core'
import { Body } from './body.ts'
import { Bytes } from './bytes.ts'
import { Graph, type KernelInput, type Node, Rate } from './graph.ts'
import type { Imported } from './imports.ts'
import { lower } from './lower.ts'
import { type Lane, lanes } from './opcodes.ts'

/** What a kernel is made for. */
export interface KernelOf {
  readonly expression: Expression
  readonly lane: Lane
  readonly inputs: readonly KernelInput[]
  readonly givesBooleans: boolean
  /** Whether relaxed SIMD may be used. */
  readonly fused: boolean
  /** Whether the memory is shared with other threads. */
  readonly isShared?: boolean
}

/** Locals of a kernel before those of its inputs. */
const [rows, count, out, firstInput] = [0, 1, 2, 3]

// biome-ignore format: types and instructions
const wasm = {
  i32: 0x7f, f64: 0x7c, v128: 0x7b, function: 0x60, nothing: 0x40,
  block: 0x02, loop: 0x03, if: 0x04, else: 0x05, end: 0x0b, branchIf: 0x0d, return: 0x0f,
  get: 0x20, set: 0x21, tee: 0x22, constant: 0x41, isZero: 0x45, less: 0x48, lessEqual: 0x4c, atLeast: 0x4e,
  add: 0x6a, sub: 0x6b, and: 0x71, or: 0x72, shiftLeft: 0x74, shiftRight: 0x76,
} as const

/** A kernel that was emitted. */
export interface Emission {
  /** Its module. The same kernel always has the same bytes, which engines know again. */
  readonly bytes: Uint8Array<ArrayBuffer>
  /** About how many instructions it takes for a vector. */
  readonly size: number
}

/** The module of a kernel. */
export function emitKernel({
  expression,
  lane,
  inputs,
  givesBooleans,
  fused,
  isShared = false,
}: KernelOf): Emission {
  const graph = new Graph(lane, fused, inputs)
  const value = lower(graph, expression)
  const root = givesBooleans ? asBytes(graph, value) : value
  const imports = importsOf(graph)
  const code = new Bytes()
  code.bytes(0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
  section(code, 1, () => writeTypes(code, inputs.length))
  section(code, 2, () => writeImports(code, imports, isShared))
  section(code, 3, () => code.bytes(1, 0))
  section(code, 7, () => {
    code.byte(1)
    code.text('kernel')
    code.byte(0)
    code.unsigned(imports.length)
  })
  section(code, 10, () => {
    code.byte(1)
    code.sized(() => new Loops(code, graph, root, givesBooleans, imports).write())
  })
  return { bytes: code.done(), size: graph.nodes.length }
}

function section(code: Bytes, id: number, write: () => void): void {
  code.byte(id)
  code.sized(write)
}

/** The kernel, and the imports: functions of one and of two floats. */
function writeTypes(code: Bytes, inputs: number): void {
  const { function: type, i32, f64 } = wasm
  const parameters = firstInput + 2 * inputs
  code.bytes(3, type)
  code.unsigned(parameters)
  for (let i = 0; i < parameters; i++) code.byte(i32)
  code.byte(0)
  code.bytes(type, 1, f64, 1, f64)
  code.bytes(type, 2, f64, f64, 1, f64)
}

interface Import {
  readonly name: Imported
  readonly operands: number
}

function writeImports(code: Bytes, imports: readonly Import[], isShared: boolean): void {
  code.unsigned(1 + imports.length)
  code.text('env')
  code.text('memory')
  if (!isShared) code.bytes(2, 0, 1)
  else {
    code.bytes(2, 3, 1) // with a maximum, as shared memories have
    code.unsigned(65536)
  }
  for (const { name, operands } of imports) {
    code.text('scalar')
    code.text(name)
    code.bytes(0, operands)
  }
}

function importsOf(graph: Graph): Import[] {
  const found = new Map<string, Import>()
  for (const { op, operands, immediate } of graph.nodes) {
    if (op !== 'patch') continue
    const name = immediate as Imported
    found.set(name, { name, operands: operands.length - 2 }) // the first are the value and the mask
  }
  return [...found.values()]
}

/** A mask as bytes of 0 and 1, the first lanes first. */
function asBytes(graph: Graph, mask: Node): Node {
  const { count: lanesThere } = lanes[graph.lane]
  const width = 16 / lanesThere
  const firsts = Array.from({ length: 16 }, (_, i) => (i % lanesThere) * width)
  const ones = graph.lane === 'f64' ? 0x0101010101010101n : 0x01010101
  return graph.op('and', graph.shuffle(mask, mask, firsts), graph.bits(ones))
}

/** The function of a kernel. */
class Loops {
  readonly #code: Bytes
  readonly #graph: Graph
  readonly #givesBooleans: boolean
  readonly #body: Body
  readonly #at: number
  readonly #end: number

  constructor(code: Bytes, graph: Graph, root: Node, givesBooleans: boolean, imports: readonly Import[]) {
    this.#code = code
    this.#graph = graph
    this.#givesBooleans = givesBooleans
    this.#at = firstInput + 2 * graph.inputs.length
    this.#end = this.#at + 1
    this.#body = new Body(
      code,
      graph,
      {
        addressOf: input => firstInput + 2 * input,
        at: this.#at,
        firstVector: this.#end + 1,
        functionOf: name => imports.findIndex(each => each.name === name),
      },
      root,
    )
  }

  write(): void {
    const code = this.#code
    code.bytes(2, 2, wasm.i32)
    const vectorCount = code.length
    code.bytes(0, 0, wasm.v128)

    code.bytes(wasm.get, rows, wasm.isZero, wasm.get, count, wasm.isZero, wasm.or)
    code.bytes(wasm.if, wasm.nothing, wasm.return, wasm.end)
    this.#body.hoist(Rate.never)
    code.bytes(wasm.get, count, wasm.constant, lanes[this.#graph.lane].shift, wasm.shiftLeft)
    this.#local(wasm.set, this.#end)
    code.bytes(wasm.loop, wasm.nothing)
    this.#row()
    this.#nextRow()
    code.bytes(wasm.get, rows, wasm.constant, 1, wasm.sub, wasm.tee, rows, wasm.branchIf, 0, wasm.end)
    code.byte(wasm.end)
    code.patch(vectorCount, 2, this.#body.vectors)
  }

  /** Light bodies are unrolled; what is left, whole vectors and the part of one, goes through a loop of its own. */
  #row(): void {
    const size = this.#graph.nodes.length
    const unrolled = size <= 10 ? 4 : size <= 24 ? 2 : 1
    this.#body.hoist(Rate.row)
    this.#constant(0)
    this.#local(wasm.set, this.#at)
    if (unrolled > 1) this.#unrolledLoop(unrolled)
    this.#restLoop()
  }

  #unrolledLoop(vectors: number): void {
    const code = this.#code
    const bytes = 16 * vectors
    code.bytes(wasm.block, wasm.nothing)
    this.#local(wasm.get, this.#end)
    this.#constant(bytes)
    code.bytes(wasm.less, wasm.branchIf, 0, wasm.loop, wasm.nothing)
    for (let ahead = 0; ahead < vectors; ahead++) {
      this.#body.ahead = ahead
      this.#store(() => this.#body.write())
      this.#body.nextVector()
    }
    this.#body.ahead = 0
    this.#advance(bytes)
    this.#constant(bytes)
    code.byte(wasm.add)
    this.#local(wasm.get, this.#end)
    code.bytes(wasm.lessEqual, wasm.branchIf, 0, wasm.end, wasm.end)
  }

  #restLoop(): void {
    const code = this.#code
    code.bytes(wasm.block, wasm.nothing)
    this.#local(wasm.get, this.#at)
    this.#local(wasm.get, this.#end)
    code.bytes(wasm.atLeast, wasm.branchIf, 0, wasm.loop, wasm.nothing)
    const value = this.#body.inLocal()
    this.#left()
    this.#constant(16)
    code.bytes(wasm.atLeast, wasm.if, wasm.nothing)
    this.#store(() => this.#local(wasm.get, value))
    code.byte(wasm.else)
    this.#storePart(value)
    code.byte(wasm.end)
    this.#body.nextVector()
    this.#advance(16)
    this.#local(wasm.get, this.#end)
    code.bytes(wasm.less, wasm.branchIf, 0, wasm.end, wasm.end)
  }

  /** Stores a whole vector. */
  #store(write: () => void): void {
    const { count: lanesThere } = lanes[this.#graph.lane]
    this.#body.place(out, this.#givesBooleans)
    write()
    if (this.#givesBooleans) {
      this.#body.memory(lanesThere === 4 ? 0x5a : 0x59, lanesThere * this.#body.ahead)
      this.#code.byte(0)
    } else this.#body.memory(0x0b, 16 * this.#body.ahead)
  }

  /** Stores the lanes before the end, which are fewer than a vector has. */
  #storePart(value: number): void {
    const { count: lanesThere, shift } = lanes[this.#graph.lane]
    const byte = 0x58
    const [size, opcode] = this.#givesBooleans ? [1, byte] : lanesThere === 4 ? [4, 0x5a] : [8, 0x5b]
    for (let lane = 0; lane < lanesThere - 1; lane++) {
      if (lane > 0) {
        this.#left()
        this.#constant(lane << shift)
        this.#code.bytes(0x4a, wasm.if, wasm.nothing) // more is left than the lanes before
      }
      this.#body.place(out, this.#givesBooleans)
      this.#local(wasm.get, value)
      this.#body.memory(opcode, size * lane)
      this.#code.byte(lane)
      if (lane > 0) this.#code.byte(wasm.end)
    }
  }

  #nextRow(): void {
    const code = this.#code
    for (let input = 0; input < this.#graph.inputs.length; input++) {
      const address = firstInput + 2 * input
      code.bytes(wasm.get, address, wasm.get, address + 1, wasm.add, wasm.set, address)
    }
    code.bytes(wasm.get, out)
    if (this.#givesBooleans) code.bytes(wasm.get, count)
    else this.#local(wasm.get, this.#end)
    code.bytes(wasm.add, wasm.set, out)
  }

  /** Bytes of lanes that are left in the row. */
  #left(): void {
    this.#local(wasm.get, this.#end)
    this.#local(wasm.get, this.#at)
    this.#code.byte(wasm.sub)
  }

  /** Moves on in the row and leaves where it is then on the stack. */
  #advance(bytes: number): void {
    this.#local(wasm.get, this.#at)
    this.#constant(bytes)
    this.#code.byte(wasm.add)
    this.#local(wasm.tee, this.#at)
  }

  #constant(value: number): void {
    this.#code.byte(wasm.constant)
    this.#code.signed(value)
  }

  #local(instruction: number, local: number): void {
    this.#code.byte(instruction)
    this.#code.unsigned(local)
  }
}
