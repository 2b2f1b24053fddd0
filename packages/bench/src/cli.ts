/** The command line `pnpm bench`: each benchmark is a command, and all have the same options but for whom they compare. */

import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { dirname, join } from 'node:path'
import { Command, CommanderError, InvalidArgumentError } from '@commander-js/extra-typings'
import type { Benchmark, Outcome } from './benchmark.ts'
import { benchmarks } from './benchmarks.ts'

/** Where a run writes: tables and help to `out`, progress and errors to `err`. */
export interface Output {
  readonly out: (text: string) => unknown
  readonly err: (text: string) => unknown
}

const exitCodes = { done: 0, failed: 1, usage: 2 } as const
const folder = join('results', 'bench')

const ofProcess: Output = {
  out: text => process.stdout.write(text),
  err: text => process.stderr.write(text),
}

/**
 * Runs one command line.
 *
 * @param args    the words after the program's name; without the name of a benchmark the first one is run
 * @param output  where to write, by default this process's streams
 * @returns the exit code: 0 done, 1 failed, 2 wrong command line
 */
export async function main(args: readonly string[], output: Output = ofProcess): Promise<number> {
  try {
    await program(output).parseAsync(named(args), { from: 'user' })
    return exitCodes.done
  } catch (error) {
    // Commander has printed its own message by now; --help also ends this way, with code 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage
    output.err(`error: ${error instanceof Error ? error.message : String(error)}\n`)
    return exitCodes.failed
  }
}

/** The command line with the name of a benchmark. */
function named(args: readonly string[]): readonly string[] {
  const [first = ''] = args
  return first === '--help' || (first !== '' && !first.startsWith('-'))
    ? args
    : [benchmarks[0]!.name, ...args]
}

function program(output: Output): Command {
  const bench = new Command('bench')
    .description(`Measures sensigrad. Without a command: ${benchmarks[0]!.name}.`)
    .helpCommand(false)
  for (const benchmark of benchmarks) bench.addCommand(commandOf(benchmark, output))
  for (const command of [bench, ...bench.commands]) {
    command
      .helpOption('--help', 'print this help')
      .showHelpAfterError('Add --help for what there is.')
      .exitOverride()
      .configureOutput({ writeOut: text => output.out(text), writeErr: text => output.err(text) })
  }
  return bench
}

function commandOf({ name, summary, parts, peers = {}, run }: Benchmark, output: Output): Command {
  const command = new Command(name)
    .summary(summary)
    .description(`${summary[0]!.toUpperCase()}${summary.slice(1)}.`)
    .option('--only <parts>', 'some parts only, with commas between them', namesFrom('part', parts))
    .option('--quick', 'short lengths and few repeats: does everything work?')
    .option('--json <file>', 'write what was measured to this file')
    .option('--figures <folder>', 'where the figures go', folder)
    .addHelpText('after', `\nParts:\n${listOf(parts)}`)
  const read = namesFrom('peer', peers)
  if (Object.keys(peers).length > 0) {
    command
      .option('--peers <names>', 'some of those that are compared, or none', text =>
        text === 'none' ? [] : read(text),
      )
      .addHelpText('after', `\nPeers:\n${listOf(peers)}`)
  }
  command.action(async ({ only = Object.keys(parts), quick = false, json, figures, ...others }) => {
    const progress = (line: string) => output.err(`${line}\n`)
    attempt(figures, () => mkdirSync(figures, { recursive: true }))
    if (json !== undefined) save(json, '', appendFileSync) // better refused now than after minutes of work
    const { peers: chosen = Object.keys(peers) } = others as { peers?: string[] }
    const outcome = await run({ parts: only, peers: chosen, quick, progress })
    output.out(outcome.text)
    const files = Object.entries(outcome.figures).map(([figure, svg]) =>
      save(join(figures, `${figure}.svg`), svg),
    )
    if (json !== undefined) files.push(save(json, asJson(name, outcome)))
    output.out(files.map(file => `wrote ${file}\n`).join(''))
  })
  return command as unknown as Command // its options have types of their own, which a list of commands need not know
}

/** Names with what they mean, a line each. */
function listOf(texts: Readonly<Record<string, string>>): string {
  const width = Math.max(...Object.keys(texts).map(name => name.length))
  return Object.entries(texts)
    .map(([name, text]) => `  ${name.padEnd(width)}  ${text}`)
    .join('\n')
}

/** Reads a list of names of one kind. */
function namesFrom(kind: string, texts: Readonly<Record<string, string>>): (text: string) => string[] {
  const names = Object.keys(texts)
  return text => {
    const given = text.split(',').map(name => name.trim())
    const strange = given.find(name => !names.includes(name))
    if (strange === undefined) return names.filter(name => given.includes(name))
    throw new InvalidArgumentError(`There is no ${kind} '${strange}'. The ${kind}s are ${names.join(', ')}.`)
  }
}

function asJson(benchmark: string, { rows, findings }: Outcome): string {
  const machine = {
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? 'unknown',
    node: process.versions.node,
    arch: process.arch,
  }
  const lines = (list: Outcome['rows']) => list.map(row => `    ${JSON.stringify(row)}`).join(',\n')
  const head = { benchmark, date: new Date().toISOString().slice(0, 10), machine }
  const fields = Object.entries(head).map(([field, value]) => `  "${field}": ${JSON.stringify(value)},\n`)
  return `{\n${fields.join('')}  "rows": [\n${lines(rows)}\n  ],\n  "findings": [\n${lines(findings)}\n  ]\n}\n`
}

/** @returns the file, for a message */
function save(file: string, text: string, write: typeof appendFileSync = writeFileSync): string {
  attempt(file, () => {
    mkdirSync(dirname(file), { recursive: true })
    write(file, text)
  })
  return file
}

function attempt(place: string, write: () => void): void {
  try {
    write()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`${place} cannot be written (${reason}). Give another place`, { cause: error })
  }
}
