/** `sensigrad edge-of-chaos`: a plan in words on a command line, and its study as a table and a report. */

import { join } from 'node:path'
import { Command, Option } from '@commander-js/extra-typings'
import { digits, plural } from '../format.ts'
import { onInterrupt } from '../interrupt.ts'
import { toJson } from '../json.ts'
import { number, numbers, seedList, whole } from '../options.ts'
import { prepareFolder } from '../output.ts'
import { defaultWorkers } from '../pool.ts'
import { type ProgressView, progressOn, silent } from '../progress.ts'
import { exitCodes, type Terminal } from '../terminal.ts'
import { claimTests, headline } from './findings.ts'
import { checkPlan, type Plan } from './plan.ts'
import { defaults, doubts, expected, modes, type NumericSetting } from './settings.ts'
import type { Progress, Study } from './study.ts'
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
  $ npx sensigrad edge-of-chaos --bias 0.5                   where S and λ part
  $ npx sensigrad edge-of-chaos --mode always                what the gate is good for

The folder gets results.json, probes.csv, neurons.csv, report.html and the figures as .svg, which replace those of
an earlier study. Ctrl-C stops and reports what is finished; a second one, a moment later, quits at once.
Exit codes: 0 finished, 1 a run failed, 2 wrong command line, 130 interrupted.`

const read = (field: NumericSetting) => number(field, expected(field))

/** The command, writing to `terminal`. */
export function edgeOfChaos(terminal: Terminal): Command {
  const command = new Command('edge-of-chaos')
    .summary('carry tanh networks to the edge of chaos with SAL')
    .description(
      'SAL raises the sensitivity of each neuron of a network without input. On the way, the largest Lyapunov ' +
        'exponent λ and the log-sensitivity S are measured: does λ follow S up to 0, the edge of chaos, and stay there?',
    )
    .optionsGroup('Network:')
    .option('--size <list>', 'numbers of neurons, N', numbers('size', expected('size')), [100, 300])
    .option('--gain <number>', 'weights start as N(0, gain²/N)', read('gain'), defaults.gain)
    .option('--bias <number>', 'standard deviation of a constant bias', read('bias'), defaults.bias)
    .optionsGroup('SAL:')
    .option('--rate <number>', 'step size η', read('rate'), defaults.rate)
    .option('--target <number>', 'sensitivity at which the gate closes', read('target'), defaults.target)
    .option('--decay <number>', 'memory of the running average, β', read('decay'), defaults.decay)
    .addOption(new Option('--mode <gate>', "the gate's answer").choices(modes).default(defaults.mode))
    .option('--noise <number>', 'standard deviation of the state noise', read('noise'), defaults.noise)
    .option('--steps <number>', 'SAL steps', read('steps'), defaults.steps)
    .optionsGroup('Measurement:')
    .option('--probe-every <number>', 'SAL steps between probes', read('probeEvery'), defaults.probeEvery)
    .option('--transient <number>', 'steps before a probe measures', read('transient'), defaults.transient)
    .option('--window <number>', 'steps over which a probe measures', read('window'), defaults.window)
    .optionsGroup('Study:')
    .option('--seeds <count or list>', 'how many seeds, or which ones: 3,7,9', '5')
    .option('--first-seed <number>', 'the first one of a count', whole('firstSeed', 0, 2 ** 32 - 1), 1)
    .option('--quick', 'a first look: fewer, smaller and faster runs, unless told otherwise')
    .option('--output <folder>', 'where the report goes', folder)
    .option('--workers <number>', 'worker threads, 0 for none', whole('workers', 0, 64), defaultWorkers())
    .option('--no-plots', 'write the numbers and the report without figures')
    .option('--no-progress', 'show no progress')
    .option('--json', 'print the summary as JSON')
    .addHelpText('after', examples)

  return command.action(async options => {
    const given = (name: string) => command.getOptionValueSource(name) === 'cli'
    const shortcuts = Object.entries(options.quick ? quick : {}).filter(([name]) => !given(name))
    const chosen: typeof options = { ...options, ...Object.fromEntries(shortcuts) }
    const { size: sizes, seeds, firstSeed, output, workers, plots, json } = chosen
    const { gain, rate, target, decay, mode, noise, bias, steps, probeEvery, transient, window } = chosen
    const plan: Plan = {
      sizes,
      seeds: seedList(seeds, given('firstSeed') ? firstSeed : undefined),
      settings: { gain, rate, target, decay, mode, noise, bias, steps, probeEvery, transient, window },
    }
    checkPlan(plan)
    prepareFolder(output)
    const say = (line: string) => terminal.err.write(`${line}\n`)
    for (const doubt of doubts(plan.settings)) say(`warning: ${doubt}`)

    const stop = new AbortController()
    const view = chosen.progress ? progressOn(terminal.err, 'edge of chaos') : silent
    const stopListening = onInterrupt(() => {
      view.end()
      say('Stopping, to report what is finished. Once more to quit at once.')
      stop.abort()
    })
    try {
      const study = await runWatched(plan, workers, stop.signal, view)
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
    } finally {
      stopListening()
    }
  })
}

async function runWatched(
  plan: Plan,
  workers: number,
  signal: AbortSignal,
  view: ProgressView,
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
    return await runStudy(plan, { workers, signal, progress })
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
    `S and λ in nats per step. open: a run that could not tell. yes means:\n${legend.join('\n')}\n`,
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
