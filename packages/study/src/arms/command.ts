/** The command of a study of arms: its settings become options, and its runs a table and a report. */

import { join } from 'node:path'
import { Command, Option } from '@commander-js/extra-typings'
import { plural } from '../format.ts'
import { toJson } from '../json.ts'
import { flag, number, words } from '../options.ts'
import { choices, exitCodesHelp, type StudyChoices, studyOptions, watched } from '../study-command.ts'
import { exitCodes, type Terminal } from '../terminal.ts'
import type { SettingRules } from './experiment.ts'
import { comparison, headline } from './findings.ts'
import type { AnyStudy, ArmsPlan } from './plan.ts'
import { runInFolder } from './run.ts'
import type { ArmsResult } from './study.ts'
import { summarise } from './summary.ts'
import { armsTable } from './table.ts'

/** Makes the command of a study, writing to `terminal`. */
export function armsCommand(study: AnyStudy, terminal: Terminal): Command {
  const ids = study.arms.map(({ id }) => id)
  const described = new Command(study.name)
    .description(`${study.question} ${study.description}`)
    .optionsGroup('Settings:')
  for (const option of settingOptions(study)) described.addOption(option)
  const armsOption = new Option('--arms <list>', 'which arms, by their names below').argParser(words)
  const folder = join('results', study.name)
  const command = studyOptions(described, { seeds: String(study.seeds), folder })
    .addOption(armsOption.default(ids, 'all'))
    .option('--fresh', 'do the finished runs of the folder again')
    .addHelpText('after', help(study))

  return command.action(async options => {
    const quick = { ...study.quick.settings, seeds: String(study.quick.seeds) }
    const chosen = choices(command, options as typeof options & StudyChoices, quick)
    const settings = Object.fromEntries(
      Object.entries(study.defaults).map(([name, value]) => [name, chosen[name as keyof object] ?? value]),
    )
    const { output, workers, plots, progress, json, arms, seeds, fresh = false, record = false } = chosen
    const say = (line: string) => terminal.err.write(`${line}\n`)
    const begin = (plan: ArmsPlan, kept: number) => {
      for (const doubt of study.doubts?.(plan.settings) ?? []) say(`warning: ${doubt}`)
      if (kept > 0) say(`Going on after ${plural(kept, 'run')} that ${output} holds already.`)
    }
    const plan = { arms, seeds, settings }
    const { result, files } = await watched(terminal, { name: study.name, progress }, (signal, view) =>
      runInFolder(study, plan, { folder: output, workers, plots, fresh, record, signal, view, begin }),
    )
    tellFailures(result, terminal)
    if (files.length === 0) return void say('Nothing was measured, so nothing was written.')
    terminal.out.write(json ? asJson(study, result, files) : asText(study, result, output))
  })
}

function settingOptions({ defaults, rules }: AnyStudy): Option[] {
  const named = Object.entries(rules as SettingRules<Record<string, unknown>>)
  return named.map(([name, { about, give }]) => {
    const value: unknown = defaults[name as keyof object]
    if (typeof value === 'number') {
      return new Option(`${flag(name)} <number>`, about).argParser(number(name, give)).default(value)
    }
    if (value === '') return new Option(`${flag(name)} <path>`, `${about}; must be given`)
    return new Option(`${flag(name)} <word>`, `${about}: ${give}`).default(value)
  })
}

/** Says which runs failed, and leaves the exit code. */
export function tellFailures({ failures, interrupted }: ArmsResult, terminal: Terminal): void {
  for (const { arm, seed, error } of failures) {
    terminal.err.write(`error: ${arm}, seed ${seed}: ${error.name}: ${error.message}\n`)
  }
  if (failures.length > 0) terminal.exitCode = exitCodes.failed
  if (interrupted) terminal.exitCode = exitCodes.interrupted
}

function asText(study: AnyStudy, result: ArmsResult, output: string): string {
  const summaries = summarise(study, result)
  return [
    armsTable(summaries),
    '',
    `Success: ${study.success}. ratio: gradient in the first ${study.along} over the last. S: ln RMS sensitivity.`,
    headline(study, summaries),
    ...comparison(study, summaries),
    `Report: ${join(output, 'report.html')}\n`,
  ].join('\n')
}

function asJson(study: AnyStudy, result: ArmsResult, files: string[]): string {
  const { plan, failures, interrupted } = result
  const arms = summarise(study, result)
  return toJson({
    study: study.name,
    headline: headline(study, arms),
    plan,
    interrupted,
    arms,
    failures,
    files,
  })
}

function help({ name, arms, success }: AnyStudy): string {
  const width = Math.max(...arms.map(({ id }) => id.length)) + 2
  return `
Arms:
${arms.map(({ id, description }) => `  ${id.padEnd(width)}${description}`).join('\n')}

Success: ${success}.

Examples:
  $ npx sensigrad ${name} --quick           a first look
  $ npx sensigrad ${name}                   all arms, all seeds
  $ npx sensigrad ${name} --arms ${arms
    .slice(0, 2)
    .map(({ id }) => id)
    .join(',')} --seeds 10

Finished runs are kept in runs.jsonl of the folder: the same command goes on where an earlier one was stopped, and more
arms or seeds are added to what is there. ${exitCodesHelp}`
}
