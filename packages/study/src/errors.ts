/** The two ways in which a study is refused before it starts. Their fields let a command line name its own flags. */

import { SensigradError } from '@sensigrad/core'

/** A setting breaks a rule. */
export class SettingsError extends SensigradError {
  /** The setting, such as `probeEvery`. */
  readonly field: string
  readonly value: unknown
  /** The rule that fails and what to give instead, in whole sentences. */
  readonly advice: string

  constructor(field: string, value: unknown, rule: string, remedy: string) {
    super(`${field} ${value}`, rule, remedy)
    this.field = field
    this.value = value
    this.advice = `${rule}. ${remedy}`
  }
}

/** The output folder cannot be used. */
export class OutputError extends SensigradError {
  readonly folder: string
  /** The option that named it. */
  readonly option: string
  /** Why not, and what to do, in whole sentences. */
  readonly advice: string

  constructor(folder: string, reason: string, remedy: string, cause?: unknown, option = '--output') {
    super(`output folder ${folder}`, reason, remedy)
    this.folder = folder
    this.option = option
    this.advice = `${reason}. ${remedy}`
    this.cause = cause
  }
}
