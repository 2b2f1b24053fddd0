/** The command line `sensigrad`. A new command is a file that makes it and a place in the table below. */

import { Command, CommanderError, type CommandUnknownOpts } from '@commander-js/extra-typings'
import type { AnyStudy } from './arms/plan.ts'
import { OutputError, SettingsError } from './errors.ts'
import { flag } from './options.ts'
import { exitCodes, processTerminal, type Terminal } from './terminal.ts'
import { version } from './version.ts'

interface Entry {
  /** One line for the list of commands. */
  summary: string
  make(terminal: Terminal): Promise<CommandUnknownOpts>
}

/** A command is loaded when it is named, so that nothing waits for the framework that does not need it. */
const commands: Record<string, Entry> = {
  'edge-of-chaos': {
    summary: 'carry tanh networks to the edge of chaos with SAL',
    make: async terminal => (await import('./edge-of-chaos/command.ts')).edgeOfChaos(terminal),
  },
  'deep-300': arms(
    'train 300 layers from many starts, with SAL and without',
    () => import('./experiments/deep-300/study.ts'),
  ),
  'lag-300': arms(
    'remember over 300 time steps, with SAL and without',
    () => import('./experiments/lag-300/study.ts'),
  ),
  digits: arms(
    'classify digits of a file of yours, deep and long',
    () => import('./experiments/digits/study.ts'),
  ),
  claims: {
    summary: 'test four claims about SAL in a quarter of an hour',
    make: async terminal => (await import('./claims/command.ts')).claimsCommand(terminal),
  },
  ledger: {
    summary: 'say who moved a weight, from the file of a ledger',
    make: async terminal => (await import('./ledger-command.ts')).ledgerCommand(terminal),
  },
  tape: {
    summary: 'read a tape: what a recorded computation did, and where its gradients went',
    make: async terminal => (await import('./tape-command.ts')).tapeCommand(terminal),
  },
}

function arms(summary: string, load: () => Promise<{ default: AnyStudy }>): Entry {
  const make = async (terminal: Terminal) => {
    const [{ armsCommand }, { default: study }] = await Promise.all([import('./arms/command.ts'), load()])
    return armsCommand(study, terminal)
  }
  return { summary, make }
}

/**
 * Runs one command line.
 *
 * @param args     the words after the program's name
 * @param terminal where it writes, by default this process's
 * @returns        the exit code: 0 done, 1 failed, 2 wrong command line, 130 interrupted
 */
export async function main(args: string[], terminal: Terminal = processTerminal()): Promise<number> {
  try {
    await (await program(args, terminal)).parseAsync(args, { from: 'user' })
    return terminal.exitCode
  } catch (error) {
    return explain(error, terminal)
  }
}

async function program(args: string[], terminal: Terminal): Promise<Command> {
  const sensigrad = new Command('sensigrad')
    .description('Sensitivity, its adjustment by SAL, and the studies of both.')
    .version(version, '--version', 'print the version')
    .enablePositionalOptions() // so that a command and one below it may have an option of one name
  for (const [name, { summary, make }] of Object.entries(commands)) {
    const command = args.includes(name) ? await make(terminal) : new Command(name)
    sensigrad.addCommand(command.summary(summary))
  }
  for (const command of withThoseBelow(sensigrad)) {
    command
      .helpOption('--help', 'print this help')
      .showHelpAfterError('Add --help for what there is.')
      .exitOverride()
      .configureOutput({
        writeOut: text => terminal.out.write(text),
        writeErr: text => terminal.err.write(text),
      })
  }
  return sensigrad
}

/** A command and all below it. */
function withThoseBelow(command: CommandUnknownOpts): CommandUnknownOpts[] {
  return [command, ...command.commands.flatMap(withThoseBelow)]
}

function explain(error: unknown, terminal: Terminal): number {
  // Commander has printed its own message by now; help and --version also end this way, with code 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage
  const say = (message: string) => terminal.err.write(`error: ${message}\n`)
  if (error instanceof SettingsError) {
    say(`${[flag(error.field), error.value].join(' ').trim()}: ${error.advice}`)
    return exitCodes.usage
  }
  if (error instanceof OutputError) {
    say(`${error.option} ${error.folder}: ${error.advice}`)
    return exitCodes.usage
  }
  say(error instanceof Error ? (error.stack ?? error.message) : String(error))
  return exitCodes.failed
}
