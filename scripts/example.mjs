/** `pnpm example NAME`: runs an example from its source, without a build. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { root, run, stop } from './house.mjs'

const examples = readdirSync(join(root, 'examples')).filter(file => file.endsWith('.ts'))
const [name, ...args] = process.argv.slice(2)
const example = examples.find(file => file === name || file === `${name}.ts`)
if (!example) stop(`Which example? ${examples.map(file => file.slice(0, -'.ts'.length)).join(', ')}`)

const fromSource = ['--conditions=@sensigrad/source', '--import=tsx']
process.exitCode = await run(process.execPath, [...fromSource, join('examples', example), ...args])
