/** What a newcomer gives a figure that it cannot draw, and the one line that answers. */
import { gradientFlow, Recorder, SensitivityMap, sensitivityGrid } from '@sensigrad/inspect'
import {
  plotFlow,
  plotGrid,
  plotHistograms,
  plotLedger,
  plotScalars,
  plotSensitivities,
  standalone,
} from '@sensigrad/inspect/plot'
import { Dense, key, normal, SensigradError, Sequential, tanh } from 'sensigrad'
import { expect, test } from 'vitest'

/** Hands over what the types would refuse. */
const wrong = <Value>(value: unknown) => value as Value

const model = new Sequential(new Dense(3, 2, { key: key(1), activation: tanh }))
const map = new SensitivityMap(model)
const flow = await gradientFlow(model, () => model.call(normal(key(2), [4, 3])).sum())
const [layer] = (await map.read()).layers
map.stop()
const recorder = new Recorder()
recorder.scalar('loss', 1)
const recording = await recorder.read()

const cases: [what: string, call: () => unknown, message: RegExp][] = [
  [
    'a drawing that was not waited for',
    () => standalone(wrong(plotFlow(flow))),
    /^standalone: the drawing is a Promise\. Await it: standalone\(await …\)$/,
  ],
  ['a text for a drawing', () => standalone('flow'), /^standalone: the drawing is a text that is no SVG\./],
  [
    'a flow that was not waited for',
    () => plotFlow(wrong(Promise.resolve(flow))),
    /the flow is a Promise\. Await it/,
  ],
  [
    'a misspelt measure',
    () => plotFlow(flow, wrong({ mesure: 'gain' })),
    /^plotFlow: there is no option mesure\. There is name, title, measure$/,
  ],
  [
    'a flow for a grid',
    () => plotGrid(wrong(flow)),
    /^plotGrid: the grid is an object\. Give one of flowGrid/,
  ],
  [
    'a title that is no text',
    () => plotGrid(sensitivityGrid(layer!), { title: wrong(7) }),
    /^plotGrid: the title is 7\. Give a text$/,
  ],
  [
    'a ledger that is none',
    () => plotLedger(wrong(undefined)),
    /^plotLedger: the ledger is undefined\. Give one of ledger\.data/,
  ],
  [
    'a path for options',
    () => plotLedger(wrong({ header: {}, steps: [] }), wrong('weight')),
    /^plotLedger: the options are 'weight'\. Give an object with name, title, parameter, steps$/,
  ],
  [
    'a name for options',
    () => plotScalars(recording, wrong('loss')),
    /^plotScalars: the options are 'loss'\. Give an object with name, title, names, log$/,
  ],
  [
    'one name for a list',
    () => plotScalars(recording, { names: wrong('loss') }),
    /^plotScalars: the names are 'loss'\. Give a list: \{ names: \['loss'\] \}$/,
  ],
  [
    'a base for log',
    () => plotScalars(recording, { log: wrong(10) }),
    /^plotScalars: log is 10\. Give true or/,
  ],
  [
    'a recorder for a recording',
    () => plotScalars(wrong(recorder)),
    /^plotScalars: the recording is a Recorder\. Give one of recorder\.read\(\)$/,
  ],
  [
    'another option of histograms',
    () => plotHistograms(recording, 'loss', wrong({ bins: 3 })),
    /^plotHistograms: there is no option bins\. There is name, title$/,
  ],
  [
    'another option of sensitivities',
    () => plotSensitivities(layer!, wrong({ targets: 1 })),
    /^plotSensitivities: there is no option targets/,
  ],
]

test.each(cases)('%s is answered in one line', async (_, call, message) => {
  const said = await Promise.resolve()
    .then(call)
    .then(
      () => undefined,
      (error: unknown) => error,
    )
  expect(said).toBeInstanceOf(SensigradError)
  expect((said as Error).message).toMatch(message)
  expect((said as Error).message).not.toContain('\n')
})
