/** The records of a study: every probe, and nothing that differs from run to run. */
import { expect, test } from 'vitest'
import { neuronsCsv, probesCsv, resultsJson } from './records.ts'
import { good, probe, run } from './runs.test-data.ts'
import { defaults } from './settings.ts'
import type { Study } from './study.ts'

const study: Study = {
  plan: { sizes: [2], seeds: [1, 2], settings: defaults },
  runs: [run(good)],
  failures: [{ size: 2, seed: 2, error: { name: 'RangeError', message: 'too large', stack: 'at /home/me' } }],
  interrupted: false,
}

test('results.json names its format, the plan, the versions and every probe', () => {
  const results = JSON.parse(resultsJson(study))
  expect(results.format).toEqual({ name: 'sensigrad/edge-of-chaos', version: 2 })
  expect(results.plan).toEqual(study.plan)
  expect(Object.keys(results.versions)).toEqual(['sensigrad', 'node', 'v8', 'arch'])
  expect(results.runs).toEqual(study.runs)
})

test('the same study gives the same bytes, without times or folders of this machine', () => {
  expect(resultsJson(structuredClone(study))).toBe(resultsJson(study))
  expect(resultsJson(study)).not.toMatch(/home|\d{4}-\d\d-\d\d|"(time|date|wall)/)
})

test('infinite numbers survive as words', () => {
  const dead = { ...study, runs: [run([[Number.NEGATIVE_INFINITY, Number.NaN]])] }
  expect(JSON.parse(resultsJson(dead)).runs[0].probes[0]).toMatchObject({
    lyapunov: '-Infinity',
    logSensitivity: 'NaN',
  })
})

test('probes.csv has a row a probe, with quartiles over the neurons and all digits', () => {
  const [header, first, ...rest] = probesCsv([
    run([
      [-0.1, 1 / 3],
      [0, 0],
    ]),
  ])
    .trimEnd()
    .split('\n')
  expect(header).toBe(
    'size,layers,seed,status,step,log_sensitivity,lyapunov,spectral_radius,mean_abs_state,saturated,' +
      'sensitivity_min,sensitivity_q25,sensitivity_median,sensitivity_q75,sensitivity_max',
  )
  expect(first).toBe(`2,1,1,finished,0,0.3333333333333333,-0.1,${Math.exp(-0.1)},0,0,0.5,0.75,1,1.25,1.5`)
  expect(rest).toHaveLength(1)
})

test('neurons.csv has a row a neuron and probe, empty where SAL has no average yet', () => {
  const probes = [probe(0, 0), probe(0, 0, { step: 5, averages: [0.4, 1.4] })]
  expect(neuronsCsv([{ ...run([]), probes }])).toBe(
    'size,seed,step,layer,neuron,sensitivity,average\n2,1,0,0,0,0.5,\n2,1,0,0,1,1.5,\n2,1,5,0,0,0.5,0.4\n2,1,5,0,1,1.5,1.4\n',
  )
})

test('neurons.csv counts the neurons of each layer of a ring from 0', () => {
  const probes = [probe(0, 0, { sensitivities: [1, 2, 3, 4] })]
  const rows = neuronsCsv([{ ...run([], { layers: 2 }), probes }])
    .trimEnd()
    .split('\n')
    .slice(1)
  expect(rows).toEqual(['2,1,0,0,0,1,', '2,1,0,0,1,2,', '2,1,0,1,0,3,', '2,1,0,1,1,4,'])
})
