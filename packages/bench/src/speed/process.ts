/** A runner in a process of its own, so that none inherits the heap, or the compiled code, of another. */

import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { pinned } from './pin.ts'
import type { Answer, Greeting, Question } from './protocol.ts'

/** A running process, or the reason why there is none. */
export type Started = { readonly process: RunnerProcess } | { readonly missing: string }

/** A process that has greeted. */
export class RunnerProcess {
  readonly #child: ChildProcess
  readonly #answers: AsyncIterator<Answer, undefined>
  readonly #name: string
  /** The end of what it said besides. */
  #talk = ''
  #greeting: Greeting | undefined

  private constructor(name: string, command: readonly string[], env: NodeJS.ProcessEnv, threads: number) {
    const [program, ...args] = pinned(command, threads)
    this.#name = name
    this.#child = spawn(program!, args, { stdio: 'pipe', env: { ...process.env, ...env } })
    this.#child.on('error', error => (this.#talk += `${error.message}\n`))
    this.#child.stdin!.on('error', () => {}) // it is gone, which reading from it will tell
    this.#child.stderr!.on('data', (text: Buffer) => {
      this.#talk = (this.#talk + text).slice(-2000)
    })
    this.#answers = answersOf(this.#child)
  }

  /**
   * Starts the first of several commands that can greet; the others are where else a library may be installed.
   *
   * @param name     for messages
   * @param threads  how many it has
   */
  static async start(
    name: string,
    commands: readonly (readonly string[])[],
    env: NodeJS.ProcessEnv,
    threads = 1,
  ): Promise<Started> {
    let missing = ''
    for (const command of commands) {
      const process = new RunnerProcess(name, command, env, threads)
      const greeting = await process.#next()
      if (greeting !== undefined && 'version' in greeting) {
        process.#greeting = greeting
        return { process }
      }
      process.end()
      missing ||= greeting !== undefined && 'missing' in greeting ? greeting.missing : process.#lastWords()
    }
    return { missing }
  }

  /** What it said first. */
  get greeting(): Exclude<Greeting, { missing: string }> {
    return this.#greeting as Exclude<Greeting, { missing: string }>
  }

  /** @throws Error naming the runner, when it fails or its process ends */
  async ask(question: Question): Promise<Exclude<Answer, Greeting | { error: string }>> {
    this.#child.stdin!.write(`${JSON.stringify(question)}\n`)
    const answer = await this.#next()
    if (answer === undefined)
      throw new Error(`${this.#name}, ${question.id}: its process ended: ${this.#lastWords()}`)
    if ('error' in answer) throw new Error(`${this.#name}, ${question.id}: ${answer.error}`)
    return answer as Exclude<Answer, Greeting | { error: string }>
  }

  end(): void {
    this.#child.kill()
  }

  async #next(): Promise<Answer | undefined> {
    return (await this.#answers.next()).value
  }

  #lastWords(): string {
    return this.#talk.trim().split('\n').at(-1) || 'it said nothing'
  }
}

/** The lines that are answers; whatever else a library prints is passed over. */
async function* answersOf(child: ChildProcess): AsyncGenerator<Answer, undefined> {
  for await (const line of createInterface({ input: child.stdout! })) {
    if (line.startsWith('{')) yield JSON.parse(line)
  }
  return undefined
}
