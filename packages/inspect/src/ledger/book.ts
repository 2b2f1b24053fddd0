/** The accounts of a ledger: what moved which parameter in the step that is open, and in all steps so far. */

import type { DType, TypedArray } from '@sensigrad/core'
import type { Provenance } from '../record/record.ts'
import { hashOf } from '../record/statistics.ts'
import { Changes, rowNorms } from './changes.ts'
import type { LayerStep, LedgerLevel, LedgerStep, ParameterStep } from './data.ts'
import { areSame, difference, type Elements, norm, remainder, type Vector } from './vectors.ts'

/** A parameter as the book knows it. */
export interface Account {
  readonly path: string
  readonly shape: readonly number[]
  readonly dtype: DType
}

/** Numbers by name. */
export type NamedElements = readonly (readonly [name: string, elements: Elements])[]

/** The value of a parameter before something was done to it, and after. */
export interface Span {
  readonly before: TypedArray
  readonly after: TypedArray
  /** What it is after that in truth, where the others were replayed. */
  readonly left?: TypedArray | undefined
}

/** What an update did to a parameter. */
export interface UpdateEntry extends Span {
  readonly parts: NamedElements
  readonly momentum: Elements
  /** What the change would have been. */
  readonly without: NamedElements
}

/** What somebody else than an optimiser did to a parameter. */
export interface MoveEntry extends Span {
  readonly account: Account
}

/** What the book keeps of a parameter. */
interface Page {
  readonly account: Account
  readonly start: Vector
  /** Its value after the last entry, and its bits. */
  last: TypedArray
  /** That value in truth, where the entry was replayed and gave another. */
  left: TypedArray | undefined
  /** Since the first step. */
  readonly net: Changes
  path: number
  /** Of the step that is open. */
  open: { readonly before: TypedArray; readonly changes: Changes } | undefined
}

/** What is kept of each step. */
export interface BookOptions {
  readonly level: LedgerLevel
  readonly net: boolean
  /** The number of the first step. */
  readonly first: number
  /** Whether an optimiser is among those who move parameters. */
  readonly hasOptimiser: boolean
  /** Told each step when it is closed. */
  readonly onStep: (step: LedgerStep) => void
}

/** The accounts. */
export class Book {
  readonly #options: BookOptions
  readonly #pages = new Map<string, Page>()
  #step: number
  /** What the first step began with, and so each does. */
  #begins: 'update' | 'adjustment' | undefined
  #updated = new Set<string>()
  #adjusted = new Set<string>()
  #layers: LayerStep[] = []
  #from: Provenance = 'recorded'

  constructor(options: BookOptions) {
    this.#options = options
    this.#step = options.first
  }

  /** Enters an update of a parameter by an optimiser. A second one of the same parameter begins a step. */
  update(mover: string, account: Account, entry: UpdateEntry, from: Provenance): void {
    const name = `${mover} ${account.path}`
    this.#begins ??= 'update'
    if (this.#updated.has(name)) this.close()
    this.#updated.add(name)
    this.#come(from)
    const { changes } = this.#turnTo(account, entry)
    for (const [part, elements] of entry.parts) changes.parts.add(part, elements)
    for (let i = 0; i < changes.momentum.length; i++) changes.momentum[i]! += entry.momentum[i]!
    if (entry.without.length === 0) return
    const change = new Changes(entry.before.length).momentum
    for (const [, elements] of entry.parts) for (let i = 0; i < change.length; i++) change[i]! += elements[i]!
    for (const [stage, elements] of entry.without) changes.without.add(stage, difference(change, elements))
  }

  /** Enters what SAL or Isometry did to a layer. Where steps begin with that, one after an update begins a step. */
  adjust(layer: LayerStep, moves: readonly MoveEntry[], from: Provenance): void {
    const name = `${layer.source} ${layer.path}`
    this.#begins ??= 'adjustment'
    const isAgain = this.#options.hasOptimiser ? this.#updated.size > 0 : this.#adjusted.has(name)
    if (this.#begins === 'adjustment' && isAgain) this.close()
    this.#adjusted.add(name)
    this.#come(from)
    this.#layers.push(layer)
    for (const { account, ...move } of moves) {
      const { changes } = this.#turnTo(account, move)
      changes.parts.add(layer.source, difference(move.after, move.before))
    }
  }

  /** Enters what a parameter holds now: what nobody is known to have done to it was done elsewhere. */
  look(path: string, value: TypedArray): void {
    const page = this.#pages.get(path)
    if (page !== undefined && !areSame(page.left ?? page.last, value))
      this.#turnTo(page.account, { before: value, after: value })
  }

  /** The paths of all parameters that have moved. */
  get paths(): string[] {
    return [...this.#pages.keys()]
  }

  /** Closes the open step, if something has happened in it. */
  close(loss?: number): void {
    const pages = [...this.#pages.values()].filter(({ open }) => open !== undefined)
    if (pages.length === 0 && this.#layers.length === 0) return
    const parameters = pages.map(page => this.#settled(page))
    const step: LedgerStep = {
      step: this.#step++,
      from: this.#from,
      ...(loss !== undefined && { loss }),
      parameters,
      layers: this.#layers,
      hash: combined(pages.map(({ last }) => hashOf(last))),
    }
    this.#updated = new Set()
    this.#adjusted = new Set()
    this.#layers = []
    this.#from = 'recorded'
    this.#options.onStep(step)
  }

  #come(from: Provenance): void {
    if (from === 'replayed-differs' || this.#from === 'recorded') this.#from = from
  }

  /** Opens the page of a parameter for what was done to it, and notes what was done elsewhere before that. */
  #turnTo(account: Account, { before, after, left }: Span) {
    let page = this.#pages.get(account.path)
    if (page === undefined) {
      const start = Float64Array.from(before)
      page = {
        account,
        start,
        last: before.slice(),
        left: undefined,
        net: new Changes(before.length),
        path: 0,
        open: undefined,
      }
      this.#pages.set(account.path, page)
    }
    page.open ??= { before: page.last, changes: new Changes(before.length) }
    settleReplay(page, page.open.changes)
    if (!areSame(page.last, before)) page.open.changes.parts.add('elsewhere', difference(before, page.last))
    page.last = after.slice()
    page.left = left?.slice()
    return page.open
  }

  #settled(page: Page): ParameterStep {
    const { account, net, start } = page
    const { level, net: hasNet } = this.#options
    const { before, changes } = page.open!
    page.open = undefined
    settleReplay(page, changes)
    const { last } = page
    const { path, shape } = account
    const change = difference(last, before)
    changes.parts.add('rounding', remainder(change, changes.parts.all.values()))
    page.path += norm(change)
    if (hasNet) net.addAll(changes)
    const sinceStart = difference(last, start)
    const rows = shape[0]
    const hasNeurons = level !== 'norms' && rows !== undefined
    return {
      path,
      shape,
      weight: [norm(before), norm(last)],
      ...changes.record(change),
      ...(hasNet && { net: { ...net.record(sinceStart), path: page.path, start: norm(start) } }),
      ...(hasNeurons && {
        neurons: {
          weight: rowNorms(last, rows),
          step: changes.recordRows(change, rows),
          ...(hasNet && { net: net.recordRows(sinceStart, rows) }),
        },
      }),
      ...(level === 'elements' && {
        elements: {
          before: [...before],
          after: [...last],
          parts: [...changes.parts.all].map(([name, part]) => ({ name, change: [...part] })),
        },
      }),
    }
  }
}

/** Where a replay came to other numbers than the step that it was beside, the difference is a part of its own. */
function settleReplay(page: Page, changes: Changes): void {
  const { left, last } = page
  page.left = undefined
  if (left === undefined || areSame(left, last)) return
  changes.parts.add('replay', difference(left, last))
  page.last = left
}

/** One hash of several. */
export function combined(hashes: readonly string[]): string {
  return hashOf(Uint8Array.from(hashes.join(''), digit => digit.charCodeAt(0)))
}
