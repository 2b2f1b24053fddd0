/** `sensigrad edge-of-chaos`: a plan in words on a command line, and its study as a table and a report. */

import { join } from 'node:path'
import { Command, Option } from '@commander-js/extra-typings'
import { digits, plural } from '../format.ts'
import { toJson } from '../json.ts'
import { flag, number, numbers } from '../options.ts'
import { prepareFolder } from '../output.ts'
import type { ProgressView } from '../progress.ts'
import { forgetRecords, prepareRecords } from '../recording/place.ts'
import { choices, exitCodesHelp, studyOptions, watched } from '../study-command.ts'
import { exitCodes, type Terminal } from '../terminal.ts'
import { claimTests, headline } from './findings.ts'
import { checkPlan, type Plan } from './plan.ts'
import { defaults, doubts, expected, modes, unit } from './settings.ts'
import type { Progress, Study, StudyOptions } from './study.ts'
import { claims, summarise, summariseRun } from './summary.ts'
import { terminalTable } from './table.ts'

/** What --quick puts in the place of the defaults: smaller and shorter, but still up to the edge. */
const quick = {
  size: [50, 100],
  seeds: '3',
  rate: 5e-4,
  steps: 2500,
  probeEvery: 125,
  transient: 200,
  window: 300,
}

const folder = join('results', 'edge-of-chaos')

const examples = `
Examples:
  $ npx sensigrad edge-of-chaos                              100 and 300 neurons, five seeds each
  $ npx sensigrad edge-of-chaos --quick                      a first look
  $ npx sensigrad edge-of-chaos --size 20,50,100 --seeds 10  does it depend on the size?
  $ npx sensigrad edge-of-chaos --layers 3                   does it hold for a ring of three layers?
  $ npx sensigrad edge-of-chaos --bias 0.5                   where S and λ part
  $ npx sensigrad edge-of-chaos --mode always                what the gate is good for

The folder gets results.json, probes.csv, neurons.csv, report.html and the figures as .svg, which replace those of
an earlier study. Ctrl-C stops and reports what is finished; a second one, a moment later, quits at once.
${exitCodesHelp}`

/** The settings beside the size, as the help groups them. */
const groups: Record<string, Partial<Record<keyof Plan['settings'], string>>> = {
  'Network:': {
    layers: 'layers in a ring, each feeding the next',
    gain: 'weights start as N(0, gain²/N)',
    bias: 'standard deviation of a constant bias',
  },
  'SAL:': {
    rate: 'step size η',
    target: 'sensitivity at which the gate closes',
    decay: 'memory of the running average, β',
    mode: "the gate's answer",
    noise: 'standard deviation of the state noise',
    steps: 'SAL steps',
  },
  'Measurement:': {
    probeEvery: 'SAL steps between probes',
    transient: 'steps before a probe measures',
    window: 'steps over which a probe measures',
  },
}

function optionOf(field: keyof Plan['settings'], description: string): Option {
  return field === 'mode'
    ? new Option(`${flag(field)} <gate>`, description).choices(modes).default(defaults.mode)
    : new Option(`${flag(field)} <number>`, description)
        .argParser(number(field, expected(field)))
        .default(defaults[field])
}

/** The command, writing to `terminal`. */
export function edgeOfChaos(terminal: Terminal): Command {
  const network = new Command('edge-of-chaos')
    .description(
      'SAL raises the sensitivity of each neuron of a network without input. On the way, the largest Lyapunov ' +
        'exponent λ and the log-sensitivity S are measured: does λ follow S up to 0, the edge of chaos, and stay there?',
    )
    .optionsGroup('Network:')
    .option('--size <list>', 'neurons in a layer, N', numbers('size', expected('size')), [100, 300])
  for (const [group, options] of Object.entries(groups)) {
    network.optionsGroup(group)
    for (const [field, description] of Object.entries(options)) {
      network.addOption(optionOf(field as keyof Plan['settings'], description))
    }
  }
  const command = studyOptions(network, { seeds: '5', folder }).addHelpText('after', examples)

  return command.action(async options => {
    const chosen = choices(command, options as typeof options & Plan['settings'], quick)
    const { size: sizes, seeds, output, workers, plots, record = false, progress, json } = chosen
    const fields = Object.keys(defaults) as (keyof Plan['settings'])[]
    const settings = Object.fromEntries(fields.map(field => [field, chosen[field]])) as unknown
    const plan: Plan = { sizes, seeds, settings: settings as Plan['settings'] }
    checkPlan(plan)
    prepareFolder(output)
    forgetRecords(output)
    if (record) prepareRecords(output)
    const say = (line: string) => terminal.err.write(`${line}\n`)
    for (const doubt of doubts(plan.settings)) say(`warning: ${doubt}`)

    await watched(terminal, { name: 'edge of chaos', progress }, async (signal, view) => {
      const study = await runShown(plan, { workers, signal, view, ...(record && { records: output }) })
      for (const { size, seed, error } of study.failures) {
        say(`error: N = ${size}, seed ${seed}: ${error.name}: ${error.message}`)
      }
      if (study.failures.length > 0) terminal.exitCode = exitCodes.failed
      if (study.interrupted) terminal.exitCode = exitCodes.interrupted
      if (study.runs.every(run => run.probes.length === 0)) {
        say('Nothing was measured, so nothing was written.')
        return
      }
      const { writeStudy } = await import('./write.ts')
      const files = await writeStudy(study, output, { plots })
      terminal.out.write(json ? asJson(study, files) : asText(study, output))
    })
  })
}

/** Runs a plan with its progress on a view. */
export async function runShown(
  plan: Plan,
  { view, ...options }: Pick<StudyOptions, 'workers' | 'signal' | 'records'> & { view: ProgressView },
): Promise<Study> {
  const { runStudy } = await import('./study.ts') // and with it the whole framework, which --help need not load
  const finished = new Set<string>()
  const total = plan.sizes.length * plan.seeds.length
  const progress = ({ size, seed, step, probe, share }: Progress) => {
    if (step === plan.settings.steps) finished.add(`${size} ${seed}`)
    const latest = probe ? `  λ ${digits(probe.lyapunov)}  S ${digits(probe.logSensitivity)}` : ''
    view.update(share, `${finished.size} of ${plural(total, 'run')}  N = ${size}, seed ${seed}${latest}`)
  }
  try {
    return await runStudy(plan, { ...options, progress })
  } finally {
    view.end()
  }
}

function asText({ plan, runs }: Study, output: string): string {
  const summaries = runs.map(summariseRun)
  const sizes = summarise(summaries)
  const tests = claimTests(plan.settings)
  const legend = claims.map(claim => `  ${tests[claim].padEnd(58)} ${columns[claim]}`)
  return [
    terminalTable(sizes, summaries),
    `S and λ in ${unit(plan.settings)}. open: a run that could not tell. yes means:\n${legend.join('\n')}\n`,
    headline(sizes),
    `Report: ${join(output, 'report.html')}\n`,
  ].join('\n')
}

const columns = { follows: 'λ follows', stays: 'λ is 0 at end', arrives: 'S arrives' } as const

function asJson({ plan, runs, failures, interrupted }: Study, files: string[]): string {
  const summaries = runs.map(summariseRun)
  const sizes = summarise(summaries)
  return toJson({ headline: headline(sizes), plan, interrupted, sizes, runs: summaries, failures, files })
}
