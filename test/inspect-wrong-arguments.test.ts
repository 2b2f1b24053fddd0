/** What a newcomer types wrong first in inspect, and the one line that answers. Types would refuse it; programs do not check them. */
import {
  checkEntry,
  compareBackends,
  diff,
  explain,
  flowGrid,
  formatComparison,
  formatCost,
  formatDiff,
  formatExplanation,
  formatFlow,
  formatLedger,
  formatLedgers,
  formatMap,
  formatNanReport,
  formatSaturation,
  formatSensitivities,
  formatTable,
  gradientFlow,
  hashOf,
  histogramGrid,
  jacobianSpectrum,
  layerSpectrum,
  ledgerReports,
  ledgerText,
  mergeHistograms,
  nanReport,
  Recorder,
  readLedger,
  recordingLines,
  recordOf,
  reduced,
  replay,
  Saturation,
  SensitivityMap,
  sensitivityGrid,
  sparkline,
  statisticsOf,
  tableOf,
  toJSON,
} from '@sensigrad/inspect'
import { cpu, Dense, key, normal, record, SensigradError, Sequential, type Tensor, tanh } from 'sensigrad'
import { describe, expect, test } from 'vitest'

/** Hands over what the types would refuse. */
const wrong = <Value>(value: unknown) => value as Value

const layer = new Sequential(new Dense(3, 2, { key: key(1), activation: tanh }))
const x = normal(key(2), [4, 3])
const tape = record((x: Tensor) => layer.call(x), x)
const taped = await recordOf(tape)
const flow = await gradientFlow(tape)
const [entry] = tape.entries.slice(-1)
const map = new SensitivityMap(layer)
layer.call(x)
const [neurons] = (await map.read()).layers
map.stop()
const grid = sensitivityGrid(neurons!)

type Case = readonly [what: string, call: () => unknown, message: RegExp]

const forgottenAwaits: readonly Case[] = [
  [
    'formatTable',
    () => formatTable(wrong(recordOf(tape))),
    /^formatTable: the table is a Promise\. Await it: formatTable\(await …\)$/,
  ],
  [
    'formatFlow',
    () => formatFlow(wrong(gradientFlow(tape))),
    /^formatFlow: the flow is a Promise\. Await it/,
  ],
  [
    'formatNanReport',
    () => formatNanReport(wrong(nanReport(tape))),
    /^formatNanReport: the report is a Promise/,
  ],
  [
    'formatComparison',
    () => formatComparison(wrong(compareBackends(tape, cpu(), cpu()))),
    /^formatComparison: the comparison is a Promise/,
  ],
  [
    'formatExplanation',
    () => formatExplanation(wrong(explain(tape))),
    /^formatExplanation: the explanation is a Promise/,
  ],
  ['formatSensitivities', () => formatSensitivities(wrong(map.read())), /is a Promise\. Await it/],
  ['formatSaturation', () => formatSaturation(wrong(Promise.resolve())), /is a Promise\. Await it/],
  [
    'recordingLines',
    () => recordingLines(wrong(new Recorder().read())),
    /^recordingLines: the recording is a Promise/,
  ],
  ['histogramGrid', () => histogramGrid(wrong(new Recorder().read()), 'w'), /is a Promise\. Await it/],
  ['flowGrid', () => flowGrid(wrong(gradientFlow(tape))), /^flowGrid: the flow is a Promise/],
  [
    'replay on a backend',
    () => replay(tape, { backend: wrong(Promise.resolve(cpu())) }),
    /^replay: backend is a Promise\. Await it: await wasm\(\)$/,
  ],
]

const otherThings: readonly Case[] = [
  [
    'a record for a table',
    () => formatTable(wrong(taped)),
    /^formatTable: the table is an object\. Give one of tableOf\(record\)$/,
  ],
  [
    'all explanations for one',
    () => formatExplanation(wrong([])),
    /^formatExplanation: the explanation is an array\. Give one of those of explain/,
  ],
  [
    'nothing for a difference',
    () => formatDiff(wrong(undefined)),
    /^formatDiff: the difference is undefined/,
  ],
  [
    'a flow for a map',
    () => formatMap(wrong(flow)),
    /^formatMap: the grid is an object\. Give one of flowGrid\(flow\)/,
  ],
  [
    'a ledger for a report',
    () => formatLedger(wrong({})),
    /^formatLedger: the report is an object\. Give one of ledgerReport/,
  ],
  [
    'a report for reports',
    () => formatLedgers(wrong({})),
    /^formatLedgers: the list is an object\. Give one of ledgerReports/,
  ],
  ['nothing among reports', () => formatLedgers(wrong([null])), /^formatLedgers: the report is null/],
  [
    'a number for a cost',
    () => formatCost(wrong(7)),
    /^formatCost: the cost is 7\. Give one of jacobianCost/,
  ],
  [
    'all sensitivities for a layer',
    () => sensitivityGrid(wrong({ layers: [] })),
    /^sensitivityGrid: the layer is an object/,
  ],
  [
    'a flow without its step',
    () => flowGrid(wrong([flow])),
    /^flowGrid: the element is an object\. Give one of \{ step, flow/,
  ],
  ['a flow for a grid to reduce', () => reduced(wrong(flow), 3, 3), /^reduced: the grid is an object/],
  ['NaN rows', () => reduced(grid, Number.NaN, 3), /^reduced: NaN is no size/],
  [
    'a ledger for its data',
    () => ledgerText(wrong(undefined)),
    /^ledgerText: the ledger is undefined\. Give one of ledger\.data$/,
  ],
  [
    'a text for a ledger',
    () => ledgerReports(wrong('text')),
    /^ledgerReports: the ledger is 'text'\. Give one of ledger\.data or readLedger/,
  ],
  [
    'bytes that are none for a text',
    () => readLedger(wrong(7)),
    /^readLedger: the text is 7\. Give the text of the file, or its lines$/,
  ],
  ['nothing to write', () => toJSON(wrong(undefined)), /^toJSON: the record is undefined/],
  [
    'a tensor for its elements',
    () => statisticsOf(wrong(x)),
    /^statisticsOf: the elements are a Tensor\. Give .*await x\.data\(\)/,
  ],
  ['a number to hash', () => hashOf(wrong(7)), /^hashOf: the elements are 7/],
  ['one histogram for several', () => mergeHistograms(wrong({})), /^mergeHistograms: the list is an object/],
  ['numbers for a histogram', () => sparkline(wrong([1, 2]), 8), /^sparkline: the histogram is an array/],
  [
    'a function for a tape',
    () =>
      layerSpectrum(
        wrong(() => x),
        'Dense',
      ),
    /^layerSpectrum: the tape is a function\. Make one/,
  ],
  [
    'a number for a layer',
    () => layerSpectrum(tape, wrong(3)),
    /^layerSpectrum: the tape has no layer 3\. It has/,
  ],
]

const looks: readonly Case[] = [
  [
    'a width',
    () => formatTable(tableOf(taped), wrong({ width: 80 })),
    /^formatTable: there is no option width\. There is columns, ascii, paint, lines, follow$/,
  ],
  [
    'no columns',
    () => formatFlow(flow, { columns: Number.NaN }),
    /^formatFlow: columns is NaN\. Give a whole number/,
  ],
  [
    'lines below 1',
    () => formatTable(tableOf(taped), { lines: -1 }),
    /^formatTable: lines is -1\. Give a whole number, 1 or more$/,
  ],
  [
    'rows in words',
    () => formatDiff(diff(taped, taped), { rows: wrong('all') }),
    /^formatDiff: rows is 'all'/,
  ],
  [
    'a colour for paint',
    () => formatFlow(flow, { paint: wrong('red') }),
    /^formatFlow: paint is 'red'\. Give a function$/,
  ],
  [
    'a number for a look',
    () => formatMap(grid, wrong(80)),
    /^formatMap: the options are 80\. Give an object with columns/,
  ],
  [
    'ASCII in words',
    () => formatMap(grid, { ascii: wrong('yes') }),
    /^formatMap: ascii is 'yes'\. Give true or false$/,
  ],
  ['no look at all', () => formatLedgers([], wrong(null)), /^formatLedgers: the options are null/],
]

const options: readonly Case[] = [
  [
    'explain: a misspelt option',
    () => explain(tape, wrong({ entry: [3] })),
    /^explain: there is no option entry\. There is entries, at/,
  ],
  [
    'explain: one id',
    () => explain(tape, { entries: wrong(5) }),
    /^explain: entries is 5\. Give ids of entries: \{ entries: \[3, 5\] \}$/,
  ],
  [
    'explain: a row for an element',
    () => explain(tape, { at: wrong(3) }),
    /^explain: at is 3\. Give the index of an element/,
  ],
  [
    'explain: an element that nothing has',
    () => explain(tape, { at: [99, 0] }),
    /^explain: no tensor here has an element \[99, 0\]\. .*: the largest is float32\[4, 3\]$/,
  ],
  [
    'explain: a name for a backend',
    () => explain(tape, { checkOn: wrong('wasm') }),
    /^explain: checkOn is 'wasm'\. Give a backend, such as cpu\(\)$/,
  ],
  [
    'explain: a name for a module',
    () => explain(tape, { module: wrong('layer') }),
    /^explain: the module is 'layer'/,
  ],
  [
    'explain: a check in words',
    () => explain(tape, { check: wrong('no') }),
    /^explain: check is 'no'\. Give true or false$/,
  ],
  [
    'checkEntry: a misspelt option',
    () => checkEntry(tape, entry!, wrong({ backend: cpu() })),
    /^checkEntry: there is no option backend\. There is checkOn, from$/,
  ],
  [
    'compareBackends: a bare tolerance',
    () => compareBackends(tape, cpu(), cpu(), { tolerance: wrong(1e-5) }),
    /^compareBackends: the tolerance is 0\.00001\. Give \{ ulps: 64 \} or/,
  ],
  [
    'compareBackends: less than nothing',
    () => compareBackends(tape, cpu(), cpu(), { tolerance: { ulps: -1 } }),
    /^compareBackends: the tolerance is ulps: -1/,
  ],
  [
    'compareBackends: two tolerances',
    () => compareBackends(tape, cpu(), cpu(), { tolerance: { ulps: 1, relative: 1 } }),
    /^compareBackends: the tolerance is an object/,
  ],
  [
    'nanReport: a misspelt option',
    () => nanReport(tape, wrong({ infinites: false })),
    /^nanReport: there is no option infinites/,
  ],
  [
    'nanReport: a backend that is none',
    () => nanReport(taped, { backend: wrong(7) }),
    /^nanReport: backend is 7/,
  ],
  [
    'replay: one tensor for a list',
    () => replay(tape, { inputs: wrong(x) }),
    /^replay: the inputs are a Tensor\. Give a list of tensors/,
  ],
  [
    'gradientFlow: a misspelt option',
    () => gradientFlow(tape, wrong({ tangent: 3 })),
    /^gradientFlow: there is no option tangent/,
  ],
  [
    'gradientFlow: a number of tangents',
    () => gradientFlow(tape, { tangents: wrong(3) }),
    /^gradientFlow: tangents: the options are 3\. Give an object with samples, key$/,
  ],
  [
    'jacobianSpectrum: no limit',
    () => jacobianSpectrum(x => layer.call(x), x, { limit: Number.NaN }),
    /^jacobianSpectrum: the limit is NaN/,
  ],
  [
    'layerSpectrum: a misspelt option',
    () => layerSpectrum(tape, 'layers.0', wrong({ steps: 0 })),
    /^layerSpectrum: there is no option steps/,
  ],
  [
    'SensitivityMap: a misspelt option',
    () => new SensitivityMap(layer, wrong({ last: 100 })),
    /^SensitivityMap: there is no option last\. There is keep/,
  ],
  [
    'SensitivityMap: sequences in words',
    () => new SensitivityMap(layer, { sequences: wrong('yes') }),
    /^SensitivityMap: sequences is 'yes'/,
  ],
  [
    'Saturation: a misspelt option',
    () => new Saturation(layer, wrong({ rule: {} })),
    /^Saturation: there is no option rule\. There is rules$/,
  ],
  [
    'Saturation: rules that are none',
    () => new Saturation(layer, { rules: wrong('tanh') }),
    /^Saturation: the rules are 'tanh'/,
  ],
  [
    'Recorder: a misspelt option',
    () => new Recorder(wrong({ capacity: 10 })),
    /^Recorder: there is no option capacity\. There is keep, stream$/,
  ],
  [
    'ledgerReports: a parameter',
    () => ledgerReports(wrong({ header: {}, steps: [] }), wrong({ parameter: 'w' })),
    /^ledgerReports: there is no option parameter\. There is steps, by$/,
  ],
  [
    'tableOf: an operation that is no name',
    () => tableOf(taped, { op: wrong(tanh) }),
    /^tableOf: op is a function\. Give the name/,
  ],
  [
    'tableOf: a misspelt module to open',
    () => tableOf(taped, { open: 'layer.0' }),
    /^tableOf: open is 'layer\.0', and no module is called that\. There is layers, layers\.0$/,
  ],
  [
    'tableOf: a misspelt module alone',
    () => tableOf(taped, { scope: 'layers.7' }),
    /^tableOf: scope is 'layers\.7', and no module is called that/,
  ],
  [
    'tableOf: all in words',
    () => tableOf(taped, { all: wrong('no') }),
    /^tableOf: all is 'no'\. Give true or false$/,
  ],
  ['recordOf: times', () => recordOf(tape, { time: wrong(3) }), /^recordOf: time is 3\. Give true or false$/],
]

/** What a call says; nothing when it takes what it was given. */
async function messageOf(call: () => unknown): Promise<string> {
  try {
    await call()
  } catch (error) {
    expect(error).toBeInstanceOf(SensigradError)
    return (error as Error).message
  }
  return ''
}

describe.each([
  ['a forgotten await', forgottenAwaits],
  ['something else than was asked for', otherThings],
  ['a look', looks],
  ['an option', options],
])('%s is answered in one line', (_, cases) => {
  test.each(cases)('%s', async (_, call, message) => {
    const said = await messageOf(call)
    expect(said).toMatch(message)
    expect(said).not.toContain('\n')
  })
})
