/** The study as one page: what held, how it looks, every number, and how to run it again. */

import { darkColours } from '@sensigrad/inspect/plot'
import { count, digits, plural } from '../format.ts'
import { type Html, html, page, table, trusted } from '../html.ts'
import { flag, seedFlags } from '../options.ts'
import { recordStyle } from '../recording/section.ts'
import { version, versions } from '../version.ts'
import { claimNames, claimTests, exceptions, headline, paragraph } from './findings.ts'
import type { Plan } from './plan.ts'
import { type Settings, unit } from './settings.ts'
import type { Study } from './study.ts'
import { type Claim, claims, criteria, type RunSummary, type SizeSummary, type Verdict } from './summary.ts'

/** A figure as drawn: one drawing a size. */
export interface Drawn {
  title: string
  caption: string
  drawings: string[]
}

/** The page's HTML. It holds no times, so the same results give the same page. */
export function report(
  study: Study,
  runs: RunSummary[],
  sizes: SizeSummary[],
  figures: Drawn[],
  recorded: Html | string = '',
): string {
  const { plan } = study
  const body = html`
<h1>Edge of chaos</h1>
<p class="lead">SAL is a local rule that raises each neuron's sensitivity. Does it carry a network to the edge of
chaos, and does the network's log-sensitivity tell how far away that is?</p>

<p class="result">${headline(sizes)}</p>
${incomplete(study)}
${scores(sizes, plan.settings)}
${broken(runs)}
${sizes.map(size => html`<p>${paragraph(size, plan.settings)}</p>\n`)}
<p><small>Numbers are medians over the finished seeds, ranges in parentheses. S and λ are in ${unit(plan.settings)}.</small></p>

${figures.length > 0 ? html`<h2>Figures</h2>\n${figures.map(figure)}` : ''}
${recorded}
<h2>Every run</h2>
${sizes.map(size => every(size, runs))}
<h2>What was measured</h2>
${measured(plan)}
<h2>Settings</h2>
${table(['setting', 'value'], settingRows(plan))}
<h2>Run it again</h2>
<p>The same command gives the same numbers on the same version and type of machine. They do not depend on the
number of workers. Elsewhere the last digits may differ, and a chaotic run makes much of little: compare the
distributions over seeds.</p>
<pre>${command(plan)}</pre>
<p><small>sensigrad ${version}, Node ${versions().node} (V8 ${versions().v8}) on ${versions().arch}.</small></p>
`
  return page('Edge of chaos', body, `@media (prefers-color-scheme: dark) { ${darkColours} }${recordStyle}`)
}

function incomplete({ plan, interrupted, failures, runs }: Study): Html {
  const partial = runs.filter(run => run.status === 'interrupted').length
  const missing = plan.sizes.length * plan.seeds.length - runs.length - failures.length
  const failed = failures.map(
    ({ size, seed, error }) =>
      html`<p class="note">The run with N = ${size} and seed ${seed} failed: ${error.name}: ${error.message}</p>\n`,
  )
  const stopped = html`<p class="note">The study was interrupted: ${plural(partial, 'run')} stopped on the way and
${missing} did not begin. The medians are over finished runs only.</p>\n`
  return html`${interrupted ? stopped : ''}${failed}`
}

function broken(runs: RunSummary[]): Html {
  const lines = exceptions(runs)
  if (lines.length === 0) return html``
  return html`<p>What did not hold:</p>\n<ul>${lines.map(line => html`<li>${line}</li>\n`)}</ul>`
}

function scores(sizes: SizeSummary[], settings: Plan['settings']): Html {
  const tests = claimTests(settings)
  return table(
    ['claim', ...sizes.map(({ size }) => `N = ${size}`)],
    claims.map(claim => [
      html`${claimNames[claim]}<br><small>${tests[claim]}</small>`,
      ...sizes.map(size => score(size, claim)),
    ]),
  )
}

function score({ counts, seeds }: SizeSummary, claim: Claim): Html {
  const { yes, no, open } = counts[claim]
  if (seeds.length === 0) return mark('open', 'no run')
  return mark(
    no > 0 ? 'no' : yes > 0 ? 'yes' : 'open',
    `${yes} of ${seeds.length}${open ? `, ${open} open` : ''}`,
  )
}

const marks: Record<Verdict, string> = { yes: '✓', no: '✗', open: '·' }

const mark = (verdict: Verdict, text: string): Html =>
  html`<span class="${verdict}">${marks[verdict]} ${text}</span>`

function figure({ title, caption, drawings }: Drawn): Html {
  return html`<figure>
<h3>${title}</h3>
<div class="plots">${drawings.map(trusted)}</div>
<figcaption>${caption}</figcaption>
</figure>\n`
}

function every({ size, spreads, seeds }: SizeSummary, runs: RunSummary[]): Html {
  const rows = runs
    .filter(run => run.size === size)
    .map(run => [
      html`${run.seed}${run.status === 'interrupted' ? html` <small>interrupted</small>` : ''}`,
      digits(run.start?.logSensitivity),
      digits(run.start?.lyapunov),
      digits(run.end?.logSensitivity),
      digits(run.end?.lyapunov),
      digits(run.gap?.mean),
      digits(run.gap?.max),
      count(run.edgeStep),
      ...claims.map(claim => mark(run.verdicts[claim], run.verdicts[claim])),
    ])
  const { sensitivityStart, lyapunovStart, sensitivityEnd, lyapunovEnd, meanGap, maxGap, edgeStep } = spreads
  const medians = [sensitivityStart, lyapunovStart, sensitivityEnd, lyapunovEnd, meanGap, maxGap]
  const middle = [
    'median',
    ...medians.map(spread => digits(spread?.median)),
    count(edgeStep?.median),
    '',
    '',
    '',
  ]
  const header = [
    'seed',
    'S start',
    'λ start',
    'S end',
    'λ end',
    'mean |λ − S|',
    'max |λ − S|',
    'edge at step',
  ]
  return html`<h3>N = ${size}</h3>
${table([...header, 'λ follows', 'λ is 0', 'S arrives'], seeds.length > 1 ? [...rows, middle] : rows)}`
}

const oneLayer = {
  network: 'N tanh neurons feed each other and nothing else: o ← tanh(W o + θ)',
  step: 'step',
  population: 'over all neurons and steps of the window',
}

const ringOf = (layers: number): typeof oneLayer => ({
  network: `${layers} layers of N tanh neurons stand in a ring, each fed by the one before it and by nothing else: o_l ← tanh(W_l o_{l−1} + θ_l)`,
  step: 'step, a revolution through all layers',
  population: 'over the neurons of a layer and the steps of the window, summed over the layers',
})

function measured({ settings }: Plan): Html {
  const { layers } = settings
  const { network, step, population } = layers === 1 ? oneLayer : ringOf(layers)
  return html`<p>${network}, with weights drawn from
N(0, ${settings.gain}²/N). SAL changes the weights at every ${step}. After every ${count(settings.probeEvery)} steps a
copy is frozen, runs ${count(settings.transient)} steps to settle, and is measured over ${count(settings.window)} more.</p>
<dl>
<dt>Sensitivity s</dt><dd>How far a neuron's output moves when its inputs do: <span class="formula">s = ‖∂o/∂x‖ = (1 − o²)‖w‖</span>.</dd>
<dt>Log-sensitivity S</dt><dd>The natural logarithm of the RMS of s ${population}.</dd>
<dt>Lyapunov exponent λ</dt><dd>The rate at which two nearby states part (λ &gt; 0, chaos) or meet (λ &lt; 0) over the same
window.</dd>
<dt>SAL</dt><dd>Moves w and θ by η = ${settings.rate} times the gradient of s, ${gates[settings.mode]}.</dd>
<dt>Edge</dt><dd>The first probe with λ &gt; ${digits(criteria.edge, 2)}. The tolerances stand in the program and are not fitted to the runs.</dd>
</dl>`
}

const gates: Record<Settings['mode'], string> = {
  raise: 'for a neuron whose average sensitivity is below the target',
  both: 'upwards below the target and downwards above it',
  proportional: 'scaled by what the average lacks to the target',
  always: 'at every step, without a gate',
}

const meanings: Record<keyof Settings, string> = {
  size: 'neurons in a layer, N',
  layers: 'layers in the ring',
  gain: 'gain of the first weights',
  rate: "SAL's rate, η",
  target: 'target sensitivity',
  decay: 'memory of the running average, β',
  mode: 'gate',
  noise: 'state noise while SAL acts (sd)',
  bias: 'constant bias (sd)',
  steps: 'SAL steps',
  probeEvery: 'SAL steps between probes',
  transient: 'steps before a measurement',
  window: 'steps of a measurement',
}

function settingRows({ sizes, seeds, settings }: Plan): [string, string][] {
  const rows = Object.entries(settings).map(([field, value]): [string, string] => [
    meanings[field as keyof Settings],
    String(value),
  ])
  return [[meanings.size, sizes.join(', ')], ['seeds', seeds.join(', ')], ...rows]
}

/** The command line that runs this plan. */
export function command({ sizes, seeds, settings }: Plan): string {
  const flags = Object.entries(settings).map(([field, value]) => `${flag(field)} ${value}`)
  return `npx sensigrad edge-of-chaos --size ${sizes.join(',')} ${seedFlags(seeds)} \\\n  ${flags.join(' ')}`
}
