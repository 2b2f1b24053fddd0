/** `sensigrad tape nan`: where a number stopped being finite, and why. */

import { type Command, createCommand } from '@commander-js/extra-typings'
import { formatNanReport, nanReport } from '@sensigrad/inspect'
import { toJson } from './json.ts'
import { backendNamed, backendOption } from './tape-backends.ts'
import { readTape, withFile } from './tape-file.ts'
import { exitCodes, type Terminal } from './terminal.ts'
import { lookOf } from './terminal-look.ts'

const help = `
The file must hold the elements of inputs and constants: recordOf(tape, { values: 'all' }).

Exit codes: 0 all numbers are finite, 1 one is not, 2 wrong command line, or a file that is no tape.`

/** The command, writing to `terminal`. */
export function tapeNanCommand(terminal: Terminal): Command {
  const command = createCommand('nan')
    .description('The first NaN or infinity of a tape, the arithmetic that made it, and where it went.')
    .argument('<file>', 'a tape that was written as JSON')
    .option('--no-infinities', 'look for NaN only: where infinities are meant, as in masks')
    .addOption(backendOption('--backend <name>', 'where to compute the tape again', 'cpu'))
    .option('--ascii', 'no signs beyond ASCII')
    .option('--json', 'print the report as JSON')
    .addHelpText('after', help)
  command.action(async (file, { infinities, backend, ascii, json }) => {
    await withFile(file, terminal, async () => {
      const report = await nanReport(readTape(file), { backend: await backendNamed(backend), infinities })
      const look = lookOf(terminal.out, ascii)
      terminal.out.write(json ? toJson(report) : `${formatNanReport(report, look)}\n`)
      if (report.origin !== undefined) terminal.exitCode = exitCodes.failed
    })
  })
  return command as unknown as Command // as in tape-command.ts
}
