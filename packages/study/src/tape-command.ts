/** `sensigrad tape`: what a recorded computation did, as a table on the terminal, as JSON, or as a graph. */

import { type Command, createCommand } from '@commander-js/extra-typings'
import { formatTable, type Statistic, type TableOptions, tableOf, toDot, toMermaid } from '@sensigrad/inspect'
import { toJson } from './json.ts'
import { whole } from './options.ts'
import { tapeCompareCommand } from './tape-compare-command.ts'
import { tapeDiffCommand } from './tape-diff-command.ts'
import { tapeExplainCommand } from './tape-explain-command.ts'
import { readTape, withFile } from './tape-file.ts'
import { tapeNanCommand } from './tape-nan-command.ts'
import type { Terminal } from './terminal.ts'
import { lookOf } from './terminal-look.ts'

/** The commands below `tape`: a file that makes one, and a place in this list. */
const below: readonly ((terminal: Terminal) => Command)[] = [
  tapeExplainCommand,
  tapeNanCommand,
  tapeCompareCommand,
  tapeDiffCommand,
]

const help = `
A file is written by a program: writeFile('step.tape', toJSON(await recordOf(tape))).

  $ sensigrad tape step.tape                        the whole, folded by modules
  $ sensigrad tape step.tape --open layers.41       the entries of one module
  $ sensigrad tape step.tape --sort flow            the modules that change the gradient most
  $ sensigrad tape step.tape --where 'grad<1e-6'    the entries whose gradient vanishes
  $ sensigrad tape step.tape --dot | dot -Tsvg > step.svg

Colours follow NO_COLOR and FORCE_COLOR, the width COLUMNS.
Exit codes: 0 done, 2 wrong command line, or a file that is no tape.`

/** The command, writing to `terminal`. */
export function tapeCommand(terminal: Terminal): Command {
  const command = createCommand('tape')
    .enablePositionalOptions() // what stands behind a command below is for that one
    .description(
      'What a recorded computation did: values, gradients, and which module is not like the others.',
    )
    .argument('<file>', 'a tape that was written as JSON')
    .optionsGroup('What:')
    .option('--depth <levels>', 'how many levels of modules to show', whole('depth', 0, 100))
    .option('--open <module>', "show the entries of these modules: layers.41, 'layers.*'")
    .option('--all', 'show everything, folding nothing')
    .option('--scope <module>', 'only what these modules made')
    .option('--op <name>', 'only entries of this operation or function: matmul, tanh')
    .option('--where <condition>', "only entries like this: 'grad<1e-6', 'sat>0.5', 'bad>0'")
    .option('--sort <column>', 'most first: value, grad, flow, sat, time, bytes or bad')
    .option('--reverse', 'least first')
    .optionsGroup('How:')
    .option('--lines <number>', 'the most lines', whole('lines', 10, 1_000_000), 40)
    .option('--ascii', 'no signs beyond ASCII')
    .option('--json', 'print the table as JSON')
    .option('--mermaid', 'print a graph for Mermaid')
    .option('--dot', 'print a graph for Graphviz')
    .addHelpText('after', help)
  for (const make of below) command.addCommand(make(terminal))

  command.action(async (file, { lines, ascii, json, mermaid, dot, sort, ...options }) => {
    await withFile(file, terminal, () => {
      const record = readTape(file)
      const { depth, open, all } = options
      const folding = { ...(depth !== undefined && { depth }), ...(open !== undefined && { open }) }
      if (mermaid) return void terminal.out.write(toMermaid(record, folding))
      if (dot) return void terminal.out.write(toDot(record, folding))
      // What the column may be called is the table's to say.
      const table = tableOf(record, given({ ...options, sort: sort as Statistic | undefined }))
      if (json) return void terminal.out.write(toJson(table))
      const most = all ? Number.POSITIVE_INFINITY : lines
      const look = { ...lookOf(terminal.out, ascii), lines: most, follow: flagsOf }
      terminal.out.write(`${formatTable(table, look)}\n`)
    })
  })
  return command as unknown as Command // its options have types of their own, which the list of commands need not know
}

/** The options that were given. */
function given(
  options: { readonly [Name in keyof TableOptions]: TableOptions[Name] | undefined },
): TableOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

/** Options as a command line writes them: `--open layers.41`. */
function flagsOf(options: TableOptions): string {
  return Object.entries(options)
    .map(([name, value]) => (value === true ? `--${name}` : `--${name} ${shellWord(String(value))}`))
    .join(' ')
}

/** A word that a shell takes as it stands: names in a file are chosen by whoever made it. */
function shellWord(text: string): string {
  return /^[\w./@:+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
