/**
 * The experiments of sensigrad, to be run from a program; the command `sensigrad` runs them from a terminal.
 *
 * @packageDocumentation
 */

// Run the edge-of-chaos study
export type { Plan } from './edge-of-chaos/plan.ts'
export {
  checkSettings,
  defaults,
  doubts,
  type Mode,
  modes,
  type Probe,
  type Run,
  type Settings,
} from './edge-of-chaos/settings.ts'
export {
  type FailedRun,
  type Progress,
  runStudy,
  type Study,
  type StudyOptions,
} from './edge-of-chaos/study.ts'

// See what held
export {
  type Claim,
  claims,
  criteria,
  type Point,
  type Quantity,
  type RunSummary,
  type SizeSummary,
  summarise,
  summariseRun,
  type Verdict,
} from './edge-of-chaos/summary.ts'
export type { Spread } from './statistics/spread.ts'

// Write a study of arms of your own, and run it
export type {
  Arm,
  ArmRun,
  ArmsStudy,
  Point as CurvePoint,
  Profile,
  SettingRule,
  SettingRules,
  Watch,
} from './arms/experiment.ts'
export type { LogIdentity, RunLog } from './arms/log.ts'
export type { AnyStudy, ArmsPlan, Place } from './arms/plan.ts'
export { type FolderOptions, runInFolder } from './arms/run.ts'
export {
  type ArmsOptions,
  type ArmsProgress,
  type ArmsResult,
  type FailedRun as FailedArmRun,
  runArms,
} from './arms/study.ts'
export { type ArmSummary, summarise as summariseArms } from './arms/summary.ts'
export { prepareRecords, type RecordPlace } from './recording/place.ts'
export { oneOf, path, type Rule, real, whole } from './rules.ts'
export { holm, wilson } from './statistics/proportion.ts'
export {
  kaplanMeier,
  type LogRank,
  logRank,
  type Survival,
  type SurvivalStep,
  type Waiting,
} from './statistics/survival.ts'
export type { ProgressView } from './progress.ts'

// Judge the claims
export { type ClaimResult, type Evidence, judge, type Row, type StudyName } from './claims/claims.ts'

// Keep it
export type { Results } from './edge-of-chaos/records.ts'
export { type WriteOptions, writeStudy } from './edge-of-chaos/write.ts'

// Draw figures of your own in the same style
export { colours, drawRow, type Plot, standalone } from '@sensigrad/inspect/plot'

// What can be refused
export { OutputError, SettingsError } from './errors.ts'
export type { Failure } from './task.ts'
export type { Versions } from './version.ts'
