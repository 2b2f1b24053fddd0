/**
 * Reading what a gradient did: tapes as tables and graphs, rules with their numbers, flow, and the ledger of every update.
 *
 * @packageDocumentation
 */

// The record of a tape
export type { EntryRecord, Provenance, Role, Statistics, TapeRecord, TensorRecord } from './record/record.ts'
export { type RecordOptions, recordOf } from './record/record-of.ts'
export { type CapturedRecordOptions, recordOfCaptured } from './record/record-of-captured.ts'
export { tapeOf } from './record/tape-of.ts'
export { type Histogram, hashOf, mergeHistograms, statisticsOf } from './record/statistics.ts'
export { fromJSON, toJSON } from './record/json.ts'
export { TapeFileError } from './record/errors.ts'

// As a table
export { type TableOptions, type TableRow, type TapeTable, tableOf } from './table/table.ts'
export { formatTable, type TableLook } from './table/format.ts'
export type { TableNote } from './table/notes.ts'
export type { Numbers, Statistic } from './table/numbers.ts'
export type { Outlier, Range } from './table/outliers.ts'

// As a graph
export { toMermaid } from './graph/mermaid.ts'
export { toDot } from './graph/dot.ts'
export type { GraphOptions } from './graph/graph.ts'

// How it reads
export { type Look, type Paint, printable, sparkline, type Tone } from './text.ts'

// Explaining
export { type Arrival, type Explanation, type ExplainOptions, explain, type Sent } from './explain/explain.ts'
export { formatExplanation } from './explain/format-explanation.ts'
export { type Check, type CheckOptions, checkEntry } from './explain/check.ts'
export type { Finding, ModeCheck, Moved, Verdict } from './explain/judge.ts'
export type { RuleNumbers } from './explain/numbers.ts'
export type { Term, Terms } from './explain/products.ts'
export type { Shown } from './explain/shown.ts'
export { type ReplayOptions, replay } from './explain/replay.ts'
export {
  type BackendComparison,
  type CompareOptions,
  type Comparison,
  compareBackends,
  compareEntries,
  type Distance,
} from './explain/compare.ts'
export { type ComparisonLook, formatComparison } from './explain/format-comparison.ts'
export { type DiffRow, diff, type Fate, type Move, type TapeDiff } from './explain/diff.ts'
export { type DiffLook, formatDiff } from './explain/format-diff.ts'
export { type NanOrigin, type NanReport, type NanReportOptions, nanReport } from './explain/nan.ts'
export type { Cause } from './explain/causes.ts'
export type { Vanished } from './explain/vanished.ts'
export { formatNanReport } from './explain/format-nan.ts'

// Flow
export { type FlowOptions, type FlowRow, type GradientFlow, gradientFlow } from './flow/gradient-flow.ts'
export { type FlowLook, formatFlow } from './flow/format-flow.ts'
export {
  formatCost,
  type JacobianCost,
  type JacobianSpectrum,
  jacobianCost,
  jacobianSpectrum,
  type LayerSpectrumOptions,
  layerSpectrum,
  type SpectrumOptions,
} from './flow/jacobian-spectrum.ts'
export {
  type LayerSensitivities,
  type Sensitivities,
  type SensitivityColumn,
  SensitivityMap,
  type SensitivityMapOptions,
} from './flow/sensitivity-map.ts'
export {
  type DeadNeuron,
  type FlatRule,
  flatRules,
  type LayerSaturation,
  Saturation,
  type SaturationOptions,
  type SaturationReport,
} from './flow/saturation.ts'
export { formatSaturation, formatSensitivities } from './flow/format-neurons.ts'

// Maps
export {
  type FlowAt,
  type FlowMeasure,
  flowGrid,
  type Grid,
  reduced,
  type Scale,
  sensitivityGrid,
} from './flow/grid.ts'
export { formatMap, type MapLook } from './flow/format-map.ts'

// Watching
export { Recorder, type RecorderOptions } from './watch/recorder.ts'
export type { HistogramPoint, Recording, ScalarPoint, Series } from './watch/recording.ts'
export { readRecording, recordingLines } from './watch/lines.ts'
export { histogramGrid } from './watch/histogram-grid.ts'

// The ledger
export { Ledger, type StepMark } from './ledger/ledger.ts'
export type { LedgerOptions } from './ledger/options.ts'
export type { Mover, Updating } from './ledger/movers.ts'
export type {
  ChangeRecord,
  Cut,
  LayerStep,
  LedgerData,
  LedgerHeader,
  LedgerLevel,
  LedgerStep,
  NeuronChanges,
  ParameterStep,
  PartRecord,
} from './ledger/data.ts'
export { ledgerText } from './ledger/lines.ts'
export { LedgerFileError, readLedger } from './ledger/read.ts'
export { type LedgerReport, ledgerReport, type ReportRow, type Trial } from './ledger/report.ts'
export { ledgerReports } from './ledger/overview.ts'
export type { ReportOptions } from './ledger/report-options.ts'
export type { NeuronReport, NeuronRow, NeuronStep } from './ledger/neurons.ts'
export { formatLedger } from './ledger/format.ts'
export { formatLedgers } from './ledger/format-overview.ts'
export { type ReplayedStep, type SnapshotOptions, Snapshots } from './ledger/snapshots.ts'
