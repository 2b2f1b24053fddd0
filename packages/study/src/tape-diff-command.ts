/** `sensigrad tape diff`: what changed from one tape to another. */

import { type Command, createCommand } from '@commander-js/extra-typings'
import { diff, formatDiff, type TapeRecord } from '@sensigrad/inspect'
import { toJson } from './json.ts'
import { whole } from './options.ts'
import { readTape, withFile } from './tape-file.ts'
import type { Terminal } from './terminal.ts'
import { lookOf } from './terminal-look.ts'

const help = `
Entries are matched by module, operation and order, not by number. "≥" stands before a distance of which only statistics
were kept: it is at least that.

Exit codes: 0 done, 2 wrong command line, or a file that is no tape.`

/** The command, writing to `terminal`. */
export function tapeDiffCommand(terminal: Terminal): Command {
  const command = createCommand('diff')
    .description('What was added, removed, reshaped or moved from one tape to another.')
    .argument('<first>', 'a tape that was written as JSON')
    .argument('<second>', 'another')
    .option('--lines <number>', 'the most entries to show', whole('lines', 1, 1_000_000), 30)
    .option('--ascii', 'no signs beyond ASCII')
    .option('--json', 'print the rows as JSON')
    .addHelpText('after', help)
  command.action(async (first, second, { lines, ascii, json }) => {
    let before: TapeRecord | undefined
    await withFile(first, terminal, () => {
      before = readTape(first)
    })
    if (before === undefined) return
    await withFile(second, terminal, () => {
      const found = diff(named(before!, first), named(readTape(second), second))
      const look = { ...lookOf(terminal.out, ascii), rows: lines }
      terminal.out.write(json ? toJson(found) : `${formatDiff(found, look)}\n`)
    })
  })
  return command as unknown as Command // as in tape-command.ts
}

/** A record that has no title goes by the name of its file. */
const named = (record: TapeRecord, file: string): TapeRecord =>
  record.title === '' ? { ...record, title: file } : record
