/**
 * What a ledger holds, as plain data that JSON can hold: for each step and parameter how far it moved, and by whom. The
 * live ledger writes it, files carry it, reports are functions of it.
 */

import type { Provenance } from '../record/record.ts'

/**
 * How much is kept of each step: `norms`, a few numbers for each source of each parameter; `neurons`, these for each
 * neuron, too; `elements`, every element of every part as well.
 */
export type LedgerLevel = 'norms' | 'neurons' | 'elements'

/** All levels, from little to much. */
export const ledgerLevels: readonly LedgerLevel[] = ['norms', 'neurons', 'elements']

/**
 * What one source did to a parameter. Sources are `gradient`, the stages of the optimiser that add something (`clipNorm`,
 * `decay`, …), `SAL`, `isometry`, `earlier` (momentum from before the ledger), `elsewhere` (whoever else assigned values),
 * `replay` (in a captured step, by how much its replay differs) and `rounding` (what is left: what was lost when the parts
 * were added up in the type of the parameter).
 */
export interface PartRecord {
  readonly name: string
  /** ‖part‖. */
  readonly norm: number
  /** ⟨part, change⟩: over all parts these sum to ⟨change, change⟩. */
  readonly along: number
  /** ⟨part, part of the gradient⟩. */
  readonly withTask: number
}

/** A change of a parameter, and its parts. */
export interface ChangeRecord {
  /** ‖change‖. */
  readonly norm: number
  readonly parts: readonly PartRecord[]
  /** What momentum gave of earlier steps, whoever made it: by age instead of by source. It is no part of the sum. */
  readonly momentum: PartRecord
  /** What each stage that is tried without changed: the real change minus that without it. These do not sum. */
  readonly without: readonly PartRecord[]
}

/** Numbers for each neuron, or row, of a parameter. */
export interface NeuronChanges {
  /** ‖change‖ of each. */
  readonly norm: readonly number[]
  /** For each source ‖part‖ and ⟨part, change⟩ of each. */
  readonly parts: readonly {
    readonly name: string
    readonly norm: readonly number[]
    readonly along: readonly number[]
  }[]
}

/** What a step did to a parameter. */
export interface ParameterStep extends ChangeRecord {
  readonly path: string
  readonly shape: readonly number[]
  /** ‖w‖ before the step, and after it. */
  readonly weight: readonly [before: number, after: number]
  /** The change since the first step of the ledger, and how long the way was; missing where it is not kept. */
  readonly net?: ChangeRecord & { readonly path: number; readonly start: number }
  /** Missing for parameters without axes, and below the level `neurons`. */
  readonly neurons?: {
    /** ‖w‖ of each, after the step. */
    readonly weight: readonly number[]
    readonly step: NeuronChanges
    readonly net?: NeuronChanges
  }
  /** Missing below the level `elements`. */
  readonly elements?: {
    readonly before: readonly number[]
    readonly after: readonly number[]
    readonly parts: readonly { readonly name: string; readonly change: readonly number[] }[]
  }
}

/** What SAL or Isometry did to a layer, and why. */
export interface LayerStep {
  readonly path: string
  readonly source: 'SAL' | 'isometry'
  /** The parameters that it moved. */
  readonly parameters: readonly string[]
  /** Of SAL only; the mean over the units. */
  readonly adjustment?: {
    readonly units: number
    readonly target: number
    readonly rate: number
    /** How many gates were not 0. */
    readonly open: number
    readonly sensitivity: number
    readonly average: number
    /** For each unit; missing below the level `neurons`. */
    readonly neurons?: {
      readonly sensitivity: readonly number[]
      readonly average: readonly number[]
      readonly gate: readonly number[]
    }
  }
}

/** One step. */
export interface LedgerStep {
  readonly step: number
  /** Where its numbers come from. */
  readonly from: Provenance
  readonly loss?: number
  readonly parameters: readonly ParameterStep[]
  readonly layers: readonly LayerStep[]
  /** Of the parameters that moved, in this order, after the step: 64 bits in hexadecimal. */
  readonly hash: string
  /** What was left out of the line, since it would have been too long. */
  readonly cut?: readonly Cut[]
}

/** What can be left out of a line. */
export type Cut = 'elements' | 'neurons'

/** What does not change from step to step. */
export interface LedgerHeader {
  readonly format: 'sensigrad.ledger'
  readonly version: 1
  readonly title: string
  readonly level: LedgerLevel
  readonly backend: string
  /** Who moves parameters: `AdamW`, `SAL`. */
  readonly movers: readonly string[]
  /** The stages that are tried without. */
  readonly without: readonly string[]
  /** The number of the first step. */
  readonly first: number
}

/** A ledger. */
export interface LedgerData {
  readonly header: LedgerHeader
  readonly steps: readonly LedgerStep[]
  /** What a reader should know, a sentence each. */
  readonly notes: readonly string[]
}
