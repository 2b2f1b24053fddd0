/** `npm start`: from a fresh clone to the edge-of-chaos study, in one command. Arguments go to the study. */
import { install, study } from './house.mjs'

await install()
process.exitCode = await study('edge-of-chaos', ...process.argv.slice(2))
