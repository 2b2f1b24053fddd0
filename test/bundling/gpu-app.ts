/** An app on the GPU, for a bundler: it trains, and prints its losses and what ran into the page. */
import { gpujs } from '@sensigrad/backend-gpujs'
import { useBackend } from 'sensigrad'
import { losses } from './training.ts'

const backend = await gpujs({ mode: 'webgl2' })
useBackend(backend)
document.body.textContent = JSON.stringify({ losses: await losses(5), info: backend.info?.() })
