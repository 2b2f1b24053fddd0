/** The command line `sensigrad`. A new command is a file that makes it and a place in the list below. */

import { Command, CommanderError } from '@commander-js/extra-typings'
import { edgeOfChaos } from './edge-of-chaos/command.ts'
import { OutputError, SettingsError } from './errors.ts'
import { flag } from './options.ts'
import { exitCodes, processTerminal, type Terminal } from './terminal.ts'
import { version } from './version.ts'

const commands: ((terminal: Terminal) => Command)[] = [edgeOfChaos]

/**
 * Runs one command line.
 *
 * @param args     the words after the program's name
 * @param terminal where it writes, by default this process's
 * @returns        the exit code: 0 done, 1 failed, 2 wrong command line, 130 interrupted
 */
export async function main(args: string[], terminal: Terminal = processTerminal()): Promise<number> {
  try {
    await program(terminal).parseAsync(args, { from: 'user' })
    return terminal.exitCode
  } catch (error) {
    return explain(error, terminal)
  }
}

function program(terminal: Terminal): Command {
  const sensigrad = new Command('sensigrad')
    .description('Sensitivity, its adjustment by SAL, and the studies of both.')
    .version(version, '--version', 'print the version')
  for (const make of commands) sensigrad.addCommand(make(terminal))
  for (const command of [sensigrad, ...sensigrad.commands]) {
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

function explain(error: unknown, terminal: Terminal): number {
  // Commander has printed its own message by now; help and --version also end this way, with code 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage
  const say = (message: string) => terminal.err.write(`error: ${message}\n`)
  if (error instanceof SettingsError) {
    say(`${flag(error.field)} ${error.value}: ${error.advice}`)
    return exitCodes.usage
  }
  if (error instanceof OutputError) {
    say(`--output ${error.folder}: ${error.advice}`)
    return exitCodes.usage
  }
  say(error instanceof Error ? (error.stack ?? error.message) : String(error))
  return exitCodes.failed
}
