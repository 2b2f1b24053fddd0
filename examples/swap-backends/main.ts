/** The page: runs the program on each backend of the browser in turn, and shows how far it is and what came out. */
/// <reference lib="dom" />
import { gpujs } from '@sensigrad/backend-gpujs'
import { wasm } from '@sensigrad/backend-wasm'
import { type Backend, cpu, useBackend } from 'sensigrad'
import { type Outcome, program, steps } from './program.ts'

interface Choice {
  readonly name: string
  readonly about: string
  readonly make: () => Backend | Promise<Backend>
}

const choices: readonly Choice[] = [
  { name: 'cpu', about: 'plain TypeScript on the processor', make: () => cpu() },
  { name: 'wasm', about: 'WebAssembly SIMD on the processor', make: () => wasm() },
  { name: 'gpujs, webgl2', about: 'WebGL2 through gpu.js', make: () => gpujs({ mode: 'webgl2' }) },
  { name: 'gpujs, webgpu', about: 'WebGPU through gpu.js', make: () => gpujs({ mode: 'webgpu' }) },
]

const find = <T extends Element>(selector: string): T => document.querySelector<T>(selector)!
const [body, button, status] = [
  find<HTMLTableSectionElement>('tbody'),
  find<HTMLButtonElement>('button'),
  find('[role=status]'),
]
const labels = [...document.querySelectorAll('thead th')].slice(1).map(({ textContent }) => textContent)

find('#summary').textContent =
  `A net of three layers learns a surface in ${steps} captured steps, and then says how its sensitivity ` +
  'would change with its weights: a gradient of a gradient. Only the marked line differs.'

/** An element with what is in it. */
function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  properties: Partial<HTMLElementTagNameMap[Name]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const made = Object.assign(document.createElement(name), properties)
  made.append(...children)
  return made
}

const whole = (...children: (Node | string)[]) => element('td', { colSpan: labels.length }, ...children)

/** Lets the browser draw. */
const aMoment = () => new Promise(resolve => setTimeout(resolve))

/** The row of a backend, which fills while it runs. */
async function run({ name, about, make }: Choice, row: HTMLTableRowElement): Promise<Outcome | undefined> {
  const note = element('small', {}, about)
  const progress = element('progress', { max: steps, value: 0 })
  progress.setAttribute('aria-label', name)
  row.replaceChildren(element('th', { scope: 'row' }, name, note), whole(progress))
  await aMoment()
  let backend: Backend | undefined
  try {
    backend = await make()
    useBackend(backend)
    const outcome = await program(async step => {
      progress.value = step
      await aMoment()
    })
    if (backend.name === 'gpujs') note.textContent = backend.info!()[1]!.replace('gpujs: ', '') // the device
    row.replaceChildren(row.cells[0]!, ...cellsOf(outcome))
    return outcome
  } catch (error) {
    const cell = whole(error instanceof Error ? error.message : String(error))
    cell.className = 'error'
    row.replaceChildren(row.cells[0]!, cell)
    return undefined
  } finally {
    if (backend !== undefined && 'stop' in backend) await (backend as { stop(): Promise<void> }).stop()
  }
}

function cellsOf({ loss, sensitivity, slope, first, step }: Outcome): HTMLTableCellElement[] {
  const texts = [
    loss.toFixed(6),
    sensitivity.toFixed(4),
    slope.toFixed(4),
    `${first.toFixed(0)} ms`,
    `${step.toFixed(2)} ms`,
  ]
  return texts.map((text, i) => {
    const cell = element('td', {}, element('span', {}, text))
    cell.dataset.label = labels[i] ?? ''
    return cell
  })
}

/** Draws the times of a step as bars, the longest as wide as its cell. */
function compare(outcomes: readonly (readonly [HTMLTableRowElement, Outcome | undefined])[]): void {
  const longest = Math.max(...outcomes.map(([, outcome]) => outcome?.step ?? 0))
  for (const [row, outcome] of outcomes) {
    if (outcome === undefined) continue
    const bar = element('div', { className: 'bar' })
    bar.style.width = `${Math.max(2, (100 * outcome.step) / longest)}%`
    row.cells[row.cells.length - 1]!.append(bar)
  }
}

async function runAll(): Promise<void> {
  button.disabled = true
  status.textContent = 'Running …'
  const rows = choices.map(({ name, about }) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, name, element('small', {}, about)),
      whole('waits for its turn'),
    ),
  )
  body.replaceChildren(...rows)
  const outcomes: [HTMLTableRowElement, Outcome | undefined][] = []
  for (const [i, choice] of choices.entries()) outcomes.push([rows[i]!, await run(choice, rows[i]!)])
  compare(outcomes)
  const count = outcomes.filter(([, outcome]) => outcome !== undefined).length
  status.textContent = `Done: ${count} of ${choices.length} ran.`
  button.disabled = false
}

button.addEventListener('click', runAll)
await runAll()
