/** `sensigrad ledger`: who moved this weight? Reads the file of a ledger and answers for a parameter, or a neuron of it. */

import { readFileSync, statSync } from 'node:fs'
import { Argument, Command, Option } from '@commander-js/extra-typings'
import { ValueError } from '@sensigrad/core'
import {
  formatLedger,
  formatLedgers,
  type LedgerData,
  type LedgerReport,
  ledgerReport,
  ledgerReports,
  readLedger,
} from '@sensigrad/inspect'
import { SettingsError } from './errors.ts'
import { toJson } from './json.ts'
import { whole, words } from './options.ts'
import { withFile } from './tape-file.ts'
import type { Terminal } from './terminal.ts'
import { lookOf } from './terminal-look.ts'

/** The largest file that is read, in bytes. */
const largest = 2 ** 29

const help = `
Without --parameter it shows a line for each parameter that moved. Shares are of the change, and sum to 100%: a source
with a negative one worked against what came of all.

Examples:
  sensigrad ledger run.ledger.jsonl
  sensigrad ledger run.ledger.jsonl --parameter rnn.recurrentWeight --steps 1-200
  sensigrad ledger run.ledger.jsonl --parameter rnn.recurrentWeight --neuron 17
`

/** The command, writing to `terminal`. */
export function ledgerCommand(terminal: Terminal): Command<[string]> {
  const command = new Command('ledger')
    .description('Who moved this weight? The task, clipping, decay, SAL, … in the file of a ledger.')
    .addArgument(new Argument('<file>', 'that a ledger wrote, a line of JSON for each step'))
    .option('--parameter <path>', 'the path of a parameter')
    .option('--neuron <number>', 'one neuron, or row, of the parameter', whole('neuron', 0, 1e9))
    .option('--steps <first-last>', 'the steps to answer for, such as 1-200', range)
    .addOption(
      new Option('--by <what>', 'tell parts apart by who made them, or by whether they are new or momentum')
        .choices(['source', 'age'] as const)
        .default('source' as const),
    )
    .option('--without <stages>', 'show only what was tried without these stages, such as clip', words)
    .option('--json', 'print the numbers as JSON')
    .option('--ascii', 'use no signs beyond ASCII')
    .addHelpText('after', help)

  return command.action((file, { parameter, neuron, steps, by, without, json, ascii = false }) => {
    if (neuron !== undefined && parameter === undefined) {
      throw new SettingsError('neuron', neuron, 'of which parameter is not said', 'Add --parameter.')
    }
    const look = lookOf(terminal.out, ascii)
    const answer = () => {
      const data = opened(file)
      if (without !== undefined) checkTried(data, without)
      const asked = { by, ...(steps && { steps }) }
      if (parameter === undefined) {
        const reports = ledgerReports(data, asked).map(report => trying(report, without))
        return json ? toJson(reports) : formatLedgers(reports, look)
      }
      const report = ledgerReport(data, { ...asked, parameter, ...(neuron !== undefined && { neuron }) })
      return json ? toJson(trying(report, without)) : formatLedger(trying(report, without), look)
    }
    return withFile(file, terminal, () => void terminal.out.write(answer()))
  })
}

/** The ledger in a file. */
function opened(file: string): LedgerData {
  const refuse = (why: string) => new ValueError('ledger', why, 'Give a file that a ledger wrote')
  const found = statSync(file, { throwIfNoEntry: false })
  if (!found?.isFile()) throw refuse(found === undefined ? 'there is no such file' : 'it is no file')
  if (found.size > largest) throw refuse(`it has ${found.size} bytes, of at most ${largest}`)
  return readLedger(readFileSync(file, 'utf8'))
}

/** Reads `7` or `1-200`. */
function range(text: string): [first: number, last: number] {
  const [, first, last = first] = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(text) ?? []
  if (first !== undefined && Number(first) <= Number(last)) return [Number(first), Number(last)]
  throw new SettingsError('steps', text, 'this is no range', 'Give the first and the last, such as 1-200.')
}

/** @throws SettingsError when the ledger has not tried without a stage */
function checkTried({ header }: LedgerData, stages: readonly string[]): void {
  const missing = stages.find(stage => !header.without.includes(stage))
  if (missing === undefined) return
  const there = header.without.length === 0 ? 'nothing' : header.without.join(', ')
  throw new SettingsError(
    'without',
    missing,
    `this ledger tried without ${there}`,
    `Train with new Ledger({ without: ['${missing}'] }).`,
  )
}

/** A report with what was tried without some stages only. */
function trying(report: LedgerReport, stages: readonly string[] | undefined): LedgerReport {
  if (stages === undefined) return report
  const without = report.without.filter(({ stage }) => stages.includes(stage))
  return { ...report, without }
}
