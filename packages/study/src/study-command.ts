/** What the commands of all studies have in common: their options, and how they run and are stopped. */

import type { Command, CommandUnknownOpts, OptionValues } from '@commander-js/extra-typings'
import { onInterrupt } from './interrupt.ts'
import { seedList, whole } from './options.ts'
import { defaultWorkers } from './pool.ts'
import { type ProgressView, progressOn, silent } from './progress.ts'
import { maxSeed } from './seeds.ts'
import type { Terminal } from './terminal.ts'

/** The last lines of the help of every study. */
export const exitCodesHelp = 'Exit codes: 0 finished, 1 a run failed, 2 wrong command line, 130 interrupted.'

/** The options of every study, as they were read. */
export interface StudyChoices {
  seeds: string
  firstSeed: number
  quick?: true | undefined
  output: string
  workers: number
  plots: boolean
  record?: true | undefined
  progress: boolean
  json?: true | undefined
}

const recordHelp =
  'record what the gradients did in one run of each: the first seed. That run takes some three times as long, and ' +
  'some MB of the folder; results stay the same'

/** Adds the options of every study. Their types are written down, since inferring a chain on top of others' takes minutes. */
export function studyOptions<Options extends OptionValues>(
  command: Command<[], Options>,
  { seeds, folder }: { seeds: string; folder: string },
): Command<[], Options & StudyChoices> {
  const untyped: CommandUnknownOpts = command
  untyped
    .optionsGroup('Study:')
    .option('--seeds <count or list>', 'how many seeds, or which ones: 3,7,9', seeds)
    .option('--first-seed <number>', 'the first one of a count', whole('firstSeed', 0, maxSeed), 1)
    .option('--quick', 'a first look: fewer, smaller and faster runs, unless told otherwise')
    .option('--output <folder>', 'where the report goes', folder)
    .option('--workers <number>', 'worker threads, 0 for none', whole('workers', 0, 64), defaultWorkers())
    .option('--no-plots', 'write the numbers and the report without figures')
    .option('--record', recordHelp)
    .option('--no-progress', 'show no progress')
    .option('--json', 'print the summary as JSON')
  return command as unknown as Command<[], Options & StudyChoices>
}

/**
 * The options with `quick` in the place of the defaults where --quick was said, and the seeds as a list.
 * What was said explicitly stays.
 */
export function choices<Options extends StudyChoices>(
  command: { getOptionValueSource(name: string): string | undefined },
  options: Options,
  quick: Partial<Record<keyof Options, unknown>>,
): Omit<Options, 'seeds'> & { seeds: number[] } {
  const given = (name: string) => command.getOptionValueSource(name) === 'cli'
  const shortcuts = Object.entries(options.quick ? quick : {}).filter(([name]) => !given(name))
  const chosen: Options = { ...options, ...Object.fromEntries(shortcuts) }
  return { ...chosen, seeds: seedList(chosen.seeds, given('firstSeed') ? chosen.firstSeed : undefined) }
}

/**
 * Runs work with its progress on display. The first Ctrl-C aborts the signal; a second one ends the program.
 *
 * @param name begins the line of progress
 */
export async function watched<Result>(
  terminal: Terminal,
  { name, progress }: { name: string; progress: boolean },
  work: (signal: AbortSignal, view: ProgressView) => Promise<Result>,
): Promise<Result> {
  const stop = new AbortController()
  const view = progress ? progressOn(terminal.err, name) : silent
  const stopListening = onInterrupt(() => {
    view.end()
    terminal.err.write('Stopping, to report what is finished. Once more to quit at once.\n')
    stop.abort()
  })
  try {
    return await work(stop.signal, view)
  } finally {
    view.end()
    stopListening()
  }
}
