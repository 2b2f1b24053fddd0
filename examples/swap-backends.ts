/**
 * One program, swap-backends/program.ts, on four backends: only the line with useBackend differs. The same in a browser,
 * on WebGL2 and WebGPU too: `pnpm example swap-backends --page`.
 */
import { gpujs } from '@sensigrad/backend-gpujs'
import { wasm } from '@sensigrad/backend-wasm'
import { type Backend, cpu, useBackend } from 'sensigrad'
import { program, steps } from './swap-backends/program.ts'

const backends: readonly (readonly [name: string, make: () => Backend | Promise<Backend>])[] = [
  ['cpu', () => cpu()],
  ['wasm', () => wasm()],
  ['gpujs, webasm', () => gpujs({ mode: 'webasm' })],
  ['gpujs, headlessgl', () => gpujs({ mode: 'headlessgl' })],
]

const widths = [18, 10, 12, 8, 12, 12]
const row = (cells: readonly string[]) =>
  cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[i]!))).join('')

console.log(`${steps} steps of a small net, and the gradient of its sensitivity\n`)
console.log(row(['backend', 'loss', 'sensitivity', 'slope', 'first step', 'each step']))
for (const [name, make] of backends) {
  try {
    useBackend(await make())
    const { loss, sensitivity, slope, first, step } = await program()
    console.log(
      row([
        name,
        loss.toFixed(6),
        sensitivity.toFixed(4),
        slope.toFixed(4),
        `${first.toFixed(0)} ms`,
        `${step.toFixed(2)} ms`,
      ]),
    )
  } catch (error) {
    console.log(row([name, error instanceof Error ? `  ${error.message}` : String(error)]))
  }
}
