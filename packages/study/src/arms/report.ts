/** A study of arms as one page: what held and what did not, how it looks, every run, and how to run it again. */

import { darkColours } from '@sensigrad/inspect/plot'
import { count, digits, percent, plural, power } from '../format.ts'
import { type Html, html, page, table, trusted } from '../html.ts'
import { flag, seedFlags } from '../options.ts'
import { recordStyle } from '../recording/section.ts'
import { version, versions } from '../version.ts'
import type { ArmRun, SettingRules } from './experiment.ts'
import { comparison, headline, medianText, paragraph, score } from './findings.ts'
import { type AnyStudy, type ArmsPlan, armOf, places } from './plan.ts'
import type { ArmsResult } from './study.ts'
import { type ArmSummary, logRms } from './summary.ts'
import { rankText } from './table.ts'

/** A figure as drawn. */
export interface Drawn {
  title: string
  caption: string
  drawing: string
}

/** The page's HTML. It holds no times, so the same results give the same page. */
export function report(
  study: AnyStudy,
  result: ArmsResult,
  summaries: ArmSummary[],
  figures: Drawn[],
  recorded: Html | string = '',
): string {
  const { plan, runs } = result
  const body = html`
<h1>${study.title}</h1>
<p class="lead">${study.question}</p>

<p class="result">${headline(study, summaries)}</p>
${incomplete(study, result)}
${scores(study, summaries)}
<p><small>Success: ${study.success}. 95 %: Wilson’s interval of the share of successes. Median: Kaplan–Meier, runs without
success censored at their end. Log-rank: p against ${armOf(study, study.reference).label}, adjusted for all comparisons (Holm).
Ratio: gradient in the first ${study.along} over the last. ln RMS s is over all neurons. Medians over the seeds.</small></p>
<p>${comparison(study, summaries).join(' ')}</p>

${figures.length > 0 ? html`<h2>Figures</h2>\n${figures.map(figure)}` : ''}
${recorded}
<h2>Arm by arm</h2>
<dl>
${summaries.map(summary => html`<dt>${summary.arm.label}</dt><dd>${summary.arm.description} ${paragraph(study, summary, runs)}</dd>\n`)}</dl>
<h2>Every run</h2>
${every(study, runs)}
<h2>What was done</h2>
<p>${study.description}</p>
<p>Each arm ran with each seed; a seed gives all arms the same task and data. A run ends at success, or after
${count(study.iterations(plan.settings))} iterations. The settings are ours, not those of a publication.</p>
<h2>Settings</h2>
${settings(study, plan)}
<h2>Run it again</h2>
<p>The same command gives the same numbers on the same version and type of machine, in one go or in several. They do not
depend on the number of workers. Elsewhere the last digits may differ, and a chaotic run makes much of little: compare the
distributions over seeds.</p>
<pre>${command(study, plan)}</pre>
<p><small>sensigrad ${version}, Node ${versions().node} (V8 ${versions().v8}) on ${versions().arch}.</small></p>
`
  return page(
    study.title,
    body,
    `.figure svg { max-width: 100%; height: auto } @media (prefers-color-scheme: dark) { ${darkColours} }${recordStyle}`,
  )
}

function incomplete(study: AnyStudy, { plan, interrupted, failures, runs }: ArmsResult): Html {
  const partial = runs.filter(run => run.status === 'interrupted').length
  const missing = places(plan).length - runs.length - failures.length
  const failed = failures.map(
    ({ arm, seed, error }) =>
      html`<p class="note">${armOf(study, arm).label}, seed ${seed} failed: ${error.name}: ${error.message}</p>\n`,
  )
  const stopped = html`<p class="note">The study was interrupted: ${plural(partial, 'run')} stopped on the way and
${missing} did not begin. All numbers are over finished runs only. The same command goes on from here.</p>\n`
  return html`${interrupted ? stopped : ''}${failed}`
}

function scores(study: AnyStudy, summaries: ArmSummary[]): Html {
  const header = [
    'arm',
    'successes',
    '95 %',
    'median',
    'log-rank',
    'ratio, start',
    'before learning',
    'ln RMS s, end',
    'best accuracy',
  ]
  const tested = summaries.some(({ bestTestAccuracy }) => bestTestAccuracy)
  return table(
    tested ? [...header, 'best test accuracy'] : header,
    summaries.map(summary => [
      summary.arm.id === study.reference ? html`<strong>${summary.arm.label}</strong>` : summary.arm.label,
      html`<span class="${mark(summary)}">${score(summary)}</span>`,
      summary.interval ? summary.interval.map(percent).join(' – ') : '–',
      medianText(summary),
      rankText(summary),
      power(summary.ratioStart?.median),
      power(summary.ratioPrepared?.median),
      digits(summary.sensitivityEnd?.median),
      digits(summary.bestAccuracy?.median, 2),
      ...(tested ? [digits(summary.bestTestAccuracy?.median, 2)] : []),
    ]),
  )
}

const mark = ({ successes, seeds }: ArmSummary): string =>
  seeds.length === 0 || (successes.length > 0 && successes.length < seeds.length)
    ? 'open'
    : successes.length > 0
      ? 'yes'
      : 'no'

function figure({ title, caption, drawing }: Drawn): Html {
  return html`<figure>
<h3>${title}</h3>
<div class="figure">${trusted(drawing)}</div>
<figcaption>${caption}</figcaption>
</figure>\n`
}

function every(study: AnyStudy, runs: readonly ArmRun[]): Html {
  const header = [
    'arm',
    'seed',
    'success',
    'iterations',
    'loss',
    'accuracy',
    'best',
    'ratio, start',
    'end',
    'ln RMS s, end',
    '',
  ]
  const rows = runs.map(run => {
    const end = run.curve.at(-1)
    const best = run.curve.reduce<number | null>((best, { accuracy }) => Math.max(best ?? 0, accuracy), null)
    return [
      armOf(study, run.arm).label,
      run.seed,
      html`<span class="${run.success ? 'yes' : 'no'}">${run.success ? '✓' : '✗'}</span>`,
      count(run.iterations),
      digits(end?.loss),
      digits(end?.accuracy, 2),
      digits(best, 2),
      power(run.gradientRatio.start),
      power(run.gradientRatio.end),
      digits(logRms(run.sensitivities.end)),
      html`<small>${[run.status === 'interrupted' ? 'interrupted' : '', run.note ?? ''].filter(Boolean).join('; ')}</small>`,
    ]
  })
  return table(header, rows)
}

function settings({ rules }: AnyStudy, { seeds, settings }: ArmsPlan): Html {
  const rows = Object.entries(rules as SettingRules<Record<string, unknown>>).map(([name, { about }]) => [
    about,
    String(settings[name as keyof object]),
  ])
  return table(['setting', 'value'], [['seeds', seeds.join(', ')], ...rows])
}

/** The command line that runs this plan. */
export function command(study: AnyStudy, { arms, seeds, settings }: ArmsPlan): string {
  const some = arms.length < study.arms.length ? ` --arms ${arms.join(',')}` : ''
  const flags = Object.entries(settings).map(([name, value]) => `${flag(name)} ${quoted(String(value))}`)
  return `npx sensigrad ${study.name}${some} ${seedFlags(seeds)} \\\n  ${flags.join(' ')}`
}

/** As a shell takes it. */
const quoted = (text: string): string =>
  /^[\w./:,+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
