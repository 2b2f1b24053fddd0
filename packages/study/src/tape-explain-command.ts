/** `sensigrad tape explain`: the rule of an entry with its numbers in it, and whether it is right where it ran. */

import { type Command, createCommand } from '@commander-js/extra-typings'
import { type Explanation, explain, formatExplanation, type Look, type Verdict } from '@sensigrad/inspect'
import { toJson } from './json.ts'
import { numbers, whole } from './options.ts'
import { backendNamed, backendOption } from './tape-backends.ts'
import { readTape, withFile } from './tape-file.ts'
import { exitCodes, type Terminal } from './terminal.ts'
import { lookOf } from './terminal-look.ts'

const help = `
The file must hold the elements of inputs and constants: recordOf(tape, { values: 'all' }).

  $ sensigrad tape explain step.tape                checks every rule, and shows those that are not right
  $ sensigrad tape explain step.tape --entry 5      shows one entry with its numbers
  $ sensigrad tape explain step.tape --entry 5 --at 3,17

Exit codes: 0 done, 1 a rule is wrong, 2 wrong command line, or a file that is no tape.`

/** How many entries are shown in full when none was asked for. */
const shown = 5

/** The command, writing to `terminal`. */
export function tapeExplainCommand(terminal: Terminal): Command {
  const command = createCommand('explain')
    .description('The rules of entries with their numbers in them, checked against finite differences.')
    .argument('<file>', 'a tape that was written as JSON')
    .option(
      '--entry <ids>',
      'these entries, as the table numbers them: 5, or 5,6,7',
      numbers('entry', 'numbers of entries'),
    )
    .option(
      '--at <index>',
      'this element of tensors that have more than 12: 3,17',
      numbers('at', 'an index such as 3,17'),
    )
    .option('--all', 'every entry, right or not')
    .option('--no-check', 'say what happened, and do not check it')
    .option(
      '--lines <number>',
      'how many entries to show where none was named',
      whole('lines', 1, 1_000_000),
      shown,
    )
    .addOption(backendOption('--backend <name>', 'where to compute the tape again', 'cpu'))
    .option('--ascii', 'no signs beyond ASCII')
    .option('--json', 'print the explanations as JSON')
    .addHelpText('after', help)
  command.action(async (file, { entry, at, all, check, lines, backend, ascii, json }) => {
    await withFile(file, terminal, async () => {
      const explanations = await explain(readTape(file), {
        backend: await backendNamed(backend),
        check,
        ...(entry && { entries: entry }),
        ...(at && { at }),
      })
      const look = lookOf(terminal.out, ascii)
      const most = all || entry !== undefined ? Number.POSITIVE_INFINITY : lines
      const isWhole = all || entry !== undefined || !check
      terminal.out.write(json ? toJson(explanations) : `${textOf(explanations, most, isWhole, look)}\n`)
      if (explanations.some(each => each.check?.verdict === 'wrong')) terminal.exitCode = exitCodes.failed
    })
  })
  return command as unknown as Command // as in tape-command.ts
}

/** The explanations that were asked for, or those that one should look at, and how many there are of each kind. */
function textOf(explanations: readonly Explanation[], most: number, isWhole: boolean, look: Look): string {
  const isCalm = ({ check }: Explanation) => check?.verdict === 'right' || check?.verdict === 'not-checked'
  const chosen = isWhole ? explanations : [...explanations].filter(each => !isCalm(each)).sort(wrongFirst)
  const texts = chosen.slice(0, most).map(each => formatExplanation(each, look))
  const left = chosen.length - texts.length
  return [
    ...texts,
    ...(left > 0 ? [`${left} more: --all, or --lines`] : []),
    ...(explanations.every(({ check }) => check === undefined) ? [] : [summary(explanations)]),
  ].join('\n')
}

const wrongFirst = (a: Explanation, b: Explanation) =>
  Number(b.check?.verdict === 'wrong') - Number(a.check?.verdict === 'wrong')

const words: readonly (readonly [Verdict, string])[] = [
  ['wrong', 'wrong'],
  ['right', 'right'],
  ['noise', 'lost in noise'],
  ['not-differentiable', 'not differentiable where they ran'],
  ['not-checked', 'not checked'],
]

function summary(explanations: readonly Explanation[]): string {
  const counts = words.flatMap(([verdict, word]) => {
    const count = explanations.filter(({ check }) => check?.verdict === verdict).length
    return count > 0 ? [`${count} ${word}`] : []
  })
  return `rules: ${counts.join(', ')}`
}
