/** From what optimisers, SAL and Isometry tell to the entries of the book, eager or captured. */

import type { Backend, Tensor } from '@sensigrad/core'
import type { AdjustmentRecord, AnyModule, MoveRecord, Parameter, UpdateRecord } from '@sensigrad/nn'
import { adjustmentOf } from './adjustment.ts'
import type { Account, Book } from './book.ts'
import type { LedgerLevel } from './data.ts'
import type { Delivery } from './delivery.ts'
import { leftOut, UpdateMemory, type UpdateReading } from './update.ts'

/** What listening needs. */
export interface Listening {
  readonly book: Book
  readonly delivery: Delivery
  readonly level: LedgerLevel
  /** Stages to try without. */
  readonly without: readonly string[]
  /** The parameters of the model, with their paths. */
  readonly paths: ReadonlyMap<Parameter, string>
  /** Whether nothing is to be kept. */
  readonly isPaused: () => boolean
  readonly note: (sentence: string) => void
}

/** Listens, and enters what it hears. */
export class Listener {
  readonly #setting: Listening
  readonly #memory = new UpdateMemory()
  /** Which entry about a parameter was the last in a step that was captured. */
  readonly #last = new WeakMap<Backend, Map<Parameter, object>>()

  constructor(setting: Listening) {
    this.#setting = setting
  }

  /** Enters an update of an optimiser. */
  updated(mover: string, record: UpdateRecord): void {
    const { book, delivery, without, paths, isPaused, note } = this.#setting
    for (const name of without) {
      if (leftOut(record, name).length > 0) continue
      note(`${mover} has no stage ${name} for some parameters, to be tried without`)
    }
    const { parameter, before } = record
    const account = accountOf(paths.get(parameter) ?? record.path, parameter)
    const isLast = this.#followed(before, parameter)
    const read = this.#memory.reading(record, without)
    let reading: UpdateReading | undefined
    delivery.look(
      () => {
        reading = read()
        const { before, after, momentum, parts, without, kept } = reading
        const named = [...parts, ...without].map(({ value }) => value)
        return [before, after, momentum, ...named, ...kept.map(([, value]) => value)]
      },
      tensors => {
        if (isPaused()) return
        const { kept } = reading!
        const values = tensors.slice(tensors.length - kept.length)
        for (const [i, [variable]] of kept.entries()) variable.value = values[i]!
      },
      ([before, after, momentum, ...rest], from) => {
        if (isPaused()) return
        const { parts, without, kept } = reading!
        const named = [...parts, ...without].map(({ name }, i) => [name, rest[i]!] as const)
        const left = isLast() ? rest[named.length + kept.length] : undefined
        const [given, tried] = [named.slice(0, parts.length), named.slice(parts.length)]
        const span = { before: before!, after: after!, left }
        book.update(mover, account, { ...span, momentum: momentum!, parts: given, without: tried }, from)
      },
      () => [parameter.value],
    )
  }

  /** Enters what SAL or Isometry did to a layer. */
  adjusted(source: 'SAL' | 'isometry', record: MoveRecord | AdjustmentRecord): void {
    const { book, delivery, level, paths, isPaused } = this.#setting
    const { path, module, moves } = record
    const accounts = moves.map(({ parameter }) =>
      accountOf(pathOf(parameter, paths, module, path), parameter),
    )
    const areLast = moves.map(({ parameter, before }) => this.#followed(before, parameter))
    const { tensors, layerFrom } = adjustmentOf(record, level)
    const spans = moves.flatMap(({ before, after }) => [before, after])
    delivery.look(
      () => [...spans, ...tensors],
      () => {},
      (elements, from) => {
        if (isPaused()) return
        const adjustment = layerFrom(elements.slice(spans.length, spans.length + tensors.length))
        const left = elements.slice(spans.length + tensors.length)
        const entries = accounts.map((account, i) => ({
          account,
          before: elements[2 * i]!,
          after: elements[2 * i + 1]!,
          left: areLast[i]!() ? left[i] : undefined,
        }))
        const parameters = accounts.map(({ path }) => path)
        book.adjust({ path, source, parameters, ...(adjustment && { adjustment }) }, entries, from)
      },
      () => moves.map(({ parameter }) => parameter.value),
    )
  }

  /**
   * Notes an entry about a parameter. Returns a function that says, when the step has been captured, whether it was the
   * last one in it: then what the step left behind is what the entry should have come to.
   */
  #followed({ backend }: Tensor, parameter: Parameter): () => boolean {
    const entries = this.#last.get(backend) ?? new Map<Parameter, object>()
    this.#last.set(backend, entries)
    const entry = {}
    entries.set(parameter, entry)
    return () => entries.get(parameter) === entry
  }
}

function accountOf(path: string, { value }: { readonly value: Tensor }): Account {
  return { path, shape: value.shape, dtype: value.dtype }
}

/** The path of a parameter in the model, else in the layer that moved. */
function pathOf(
  parameter: Parameter,
  paths: ReadonlyMap<Parameter, string>,
  module: AnyModule,
  place: string,
): string {
  const within = [...module.parameters()].find(([, each]) => each === parameter)?.[0]
  return paths.get(parameter) ?? `${place}.${within}`
}
