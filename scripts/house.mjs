/** What the scripts share: saying what happens, running a program to its end, and pnpm without installing it. */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))
const { engines, packageManager } = JSON.parse(read('package.json'))
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const [leastMajor, leastMinor] = engines.node.match(/\d+/g).map(Number)
if (major < leastMajor || (major === leastMajor && minor < leastMinor)) {
  stop(`sensigrad needs Node ${engines.node}; this is Node ${process.versions.node}. See https://nodejs.org.`)
}

const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])

process.env.PATH = [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter)
process.env.TURBO_TELEMETRY_DISABLED = '1'

/** Says in one plain line what comes next. @param {string} line */
export function say(line) {
  console.log(`\n> ${line}`)
}

/** Ends the run with one clear line. @param {string} line @returns {never} */
export function stop(line) {
  console.error(`\n${line}`)
  process.exit(1)
}

/** The text of a file of ours, '' when there is none. @param {string} path from the root */
export function read(path) {
  const file = join(root, path)
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

/**
 * Runs a program at the root, on our terminal, and gives its exit code. A signal that reaches us
 * reaches the program, and once it has ended we end too: an interrupted run never claims success.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {{ quiet?: boolean }} [options] quiet: shows what the program prints only when it fails
 * @returns {Promise<number>}
 */
export function run(program, args, { quiet = false } = {}) {
  return new Promise((resolve, reject) => {
    const shell = process.platform === 'win32' && program !== process.execPath // there, tools are .cmd files
    const child = spawn(program, args, { cwd: root, stdio: quiet ? 'pipe' : 'inherit', shell })
    /** @type {Buffer[]} */
    const printed = []
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', chunk => printed.push(chunk))
    /** @type {NodeJS.Signals | undefined} */
    let heard
    /** @param {NodeJS.Signals} signal */
    const hear = signal => {
      heard = signal
      const terminalTold = signal === 'SIGINT' && process.stdin.isTTY // Ctrl-C goes to the whole group
      if (!terminalTold) child.kill(signal)
    }
    for (const signal of SIGNALS) process.on(signal, hear)
    child.on('error', reject)
    child.on('close', (code, killer) => {
      for (const signal of SIGNALS) process.off(signal, hear)
      const by = heard ?? killer
      const ending = code || (by ? 128 + constants.signals[by] : 0)
      if (ending) process.stderr.write(Buffer.concat(printed))
      if (heard) process.exit(ending)
      resolve(ending)
    })
  })
}

/** Installs what the lockfile says, without a question, unless it is there already. */
export async function install() {
  const installed = read('node_modules/.pnpm/lock.yaml') === read('pnpm-lock.yaml')
  const linked = existsSync(join(root, 'packages/study/node_modules/sensigrad'))
  if (installed && linked) return
  say(`Installing the dependencies with ${packageManager}`)
  if (await withPnpm('pnpm', ['install', '--frozen-lockfile']))
    stop('The dependencies could not be installed.')
}

/** Builds every package, or those that the arguments choose, and speaks only of what fails. @param {string[]} choice */
export function build(...choice) {
  return withPnpm('turbo', ['run', 'build', '--output-logs=errors-only', ...choice], { quiet: true })
}

/** Builds the studies and what they need, and runs their command line. @param {string[]} args */
export async function study(...args) {
  say('Building')
  if (await build('--filter=@sensigrad/study')) stop('The build failed.')
  say(['sensigrad', ...args].join(' '))
  return run(process.execPath, ['packages/study/bin/sensigrad.js', ...args])
}

/** Runs a task of turbo.json. @param {string[]} args */
export function turbo(...args) {
  return withPnpm('turbo', ['run', ...args])
}

/**
 * Runs what needs pnpm on its path; a machine with only npm lacks it.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {{ quiet?: boolean }} [options]
 */
function withPnpm(program, args, options) {
  if (process.env.npm_config_user_agent?.startsWith('pnpm/')) return run(program, args, options)
  return run('npx', ['--yes', `--package=${packageManager}`, '--', program, ...args], options)
}
