/** `sensigrad tape compare`: where two backends part on a tape. */

import { type Command, createCommand } from '@commander-js/extra-typings'
import { compareBackends, formatComparison } from '@sensigrad/inspect'
import { toJson } from './json.ts'
import { number, whole } from './options.ts'
import { backendNamed, backendOption } from './tape-backends.ts'
import { readTape, withFile } from './tape-file.ts'
import { exitCodes, type Terminal } from './terminal.ts'
import { lookOf } from './terminal-look.ts'

const help = `
Each entry is computed on the second backend twice: from the first one's inputs, which judges its kernel alone ("local"),
and from what the second one computed itself ("so far"). The file must hold the elements of inputs and constants:
recordOf(tape, { values: 'all' }).

Exit codes: 0 they agree, 1 they part, 2 wrong command line, or a file that is no tape.`

/** The command, writing to `terminal`. */
export function tapeCompareCommand(terminal: Terminal): Command {
  const command = createCommand('compare')
    .description('Where two backends first part on a tape, by which entry and by how much.')
    .argument('<file>', 'a tape that was written as JSON')
    .addOption(backendOption('--first <name>', 'the backend whose numbers count as right', 'cpu'))
    .addOption(backendOption('--second <name>', 'the backend that is looked at', 'wasm'))
    .option('--ulps <number>', 'how far an entry may be off by itself', number('ulps', 'a number'), 64)
    .option('--lines <number>', 'the most entries to show', whole('lines', 1, 1_000_000), 30)
    .option('--ascii', 'no signs beyond ASCII')
    .option('--json', 'print the rows as JSON')
    .addHelpText('after', help)
  command.action(async (file, { first, second, ulps, lines, ascii, json }) => {
    await withFile(file, terminal, async () => {
      const backends = [await backendNamed(first), await backendNamed(second)] as const
      const found = await compareBackends(readTape(file), ...backends, { tolerance: { ulps } })
      const look = { ...lookOf(terminal.out, ascii), rows: lines }
      terminal.out.write(json ? toJson(found) : `${formatComparison(found, look)}\n`)
      if (found.parting !== undefined) terminal.exitCode = exitCodes.failed
    })
  })
  return command as unknown as Command // as in tape-command.ts
}
