/** An app without a GPU, for a bundler: it trains on the backend that the front door brings. */
import { losses } from './training.ts'

document.body.textContent = JSON.stringify({ losses: await losses(5), info: [] })
