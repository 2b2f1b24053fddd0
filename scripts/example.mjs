/** `pnpm example NAME`: runs an example from its source, without a build; with `--page`, serves the page of one that has it. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { root, run, stop } from './house.mjs'

const examples = readdirSync(join(root, 'examples')).filter(file => file.endsWith('.ts'))
const [name, ...args] = process.argv.slice(2)
const example = examples.find(file => file === name || file === `${name}.ts`)
if (!example) stop(`Which example? ${examples.map(file => file.slice(0, -'.ts'.length)).join(', ')}`)

const folder = join('examples', example.slice(0, -'.ts'.length))
if (args[0] === '--page') {
  if (!existsSync(join(root, folder, 'index.html'))) stop(`${example} has no page.`)
  process.exitCode = await run('vite', [folder, ...args.slice(1)])
} else {
  const fromSource = ['--conditions=@sensigrad/source', '--import=tsx']
  process.exitCode = await run(process.execPath, [...fromSource, join('examples', example), ...args])
}
