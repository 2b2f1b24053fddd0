/** The pictures of a recorded run: where the gradient went, what neurons let through, and who moved a weight. */

import { type Grid, type LedgerData, LedgerFileError, readLedger, reduced } from '@sensigrad/inspect'
import { plotGrid, plotLedger } from '@sensigrad/inspect/plot'
import type { RunMaps } from './maps.ts'
import { type RecordPlace, readRecord } from './place.ts'

/** A picture as drawn. */
export interface Picture {
  /** Its file name without an ending, among those of the run. */
  readonly name: 'flow' | 'sensitivities' | 'ledger'
  readonly drawing: string
}

/** As many rows as can be told apart on a page: each cell of them is a line of SVG. */
const mostDrawn = 50

/** Draws a run. Where there is no ledger, or where it holds no steps, there is no picture of it. */
export async function picturesOf(place: RecordPlace, maps: RunMaps): Promise<Picture[]> {
  const { run } = place
  const flow = await plotGrid(drawn(maps.flow), { name: `${run}-flow`, title: 'gradient' })
  const above = { title: 'S, in nats', values: maps.logSensitivity }
  const dead = maps.dead.at(-1) ?? 0
  const title = `sensitivities of ${maps.neurons} neurons${dead > 0 ? `, ${dead} of them dead in the end` : ''}`
  const map = await plotGrid(drawn(maps.sensitivities), {
    name: `${run}-sensitivities`,
    title,
    above,
  })
  const pictures: Picture[] = [
    { name: 'flow', drawing: flow },
    { name: 'sensitivities', drawing: map },
  ]
  const ledger = ledgerOf(place)
  if (ledger?.steps.some(({ parameters }) => parameters.some(({ path }) => path === maps.shown))) {
    const drawing = await plotLedger(ledger, { parameter: maps.shown, name: `${run}-ledger` })
    pictures.push({ name: 'ledger', drawing })
  }
  return pictures
}

/** A map with the rows that are drawn, by the first and the last of what falls together in each. */
function drawn(grid: Grid): Grid {
  const small = reduced(ofOneLayer(grid), mostDrawn, grid.columns.length)
  const rows = small.rows.map(row => {
    const names = row.split(between)
    return [...new Set([names[0]!, names.at(-1)!])].join(between)
  })
  return { ...small, rows }
}

/** Of steps of time that are all of one layer, the numbers alone. */
function ofOneLayer(grid: Grid): Grid {
  const found = grid.rows.map(row => /^(.*) · (\d+)$/.exec(row))
  const layers = new Set(found.flatMap(match => match?.[1] ?? []))
  if (layers.size !== 1) return grid
  return { ...grid, down: 'step of time', rows: grid.rows.map((row, i) => found[i]?.[2] ?? row) }
}

/** What stands between the names of a row, as `reduced` writes them. */
const between = ' … '

function ledgerOf(place: RecordPlace): LedgerData | undefined {
  const text = readRecord(place, 'ledger')
  if (text === undefined) return undefined
  try {
    return readLedger(text)
  } catch (error) {
    if (error instanceof LedgerFileError) return undefined // somebody else wrote there
    throw error
  }
}
