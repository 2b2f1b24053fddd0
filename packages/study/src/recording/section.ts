/** The part of a report that says what the gradients did in the runs that were recorded. */

import { standalone } from '@sensigrad/inspect/plot'
import { type Html, html, trusted } from '../html.ts'
import type { Files } from '../output.ts'
import { type Picture, picturesOf } from './figures.ts'
import { mapsFrom, type RunMaps } from './maps.ts'
import { fileOf, type RecordPlace, readRecord } from './place.ts'

/** A run that may have been recorded, and what the report calls it. */
export interface RecordedRun {
  readonly place: RecordPlace
  readonly label: string
  /** Whether it is shown at once; others are folded. */
  readonly isOpen: boolean
}

/** What the records of a study are about. */
export interface RecordWords {
  /** Which runs were recorded, and what their steps are. */
  readonly about: string
  /** What is below the map of the gradient. */
  readonly flow: string
}

/** The section, and its pictures as files of the folder. */
export interface RecordSection {
  readonly section: Html
  readonly files: Files
}

/** CSS of the section. */
export const recordStyle = `
details { border-top: 1px solid var(--line) } details:last-of-type { border-bottom: 1px solid var(--line) }
summary { cursor: pointer; padding: .6rem 0; font-weight: 600 } details[open] { padding-bottom: 1.25rem }`

/**
 * The section on the runs of a folder that were recorded; `undefined` where none was.
 *
 * @param plots  whether there are pictures
 */
export async function recordSection(
  runs: readonly RecordedRun[],
  words: RecordWords,
  plots: boolean,
): Promise<RecordSection | undefined> {
  const parts: Html[] = []
  const files: Files = {}
  for (const { place, label, isOpen } of runs) {
    const maps = mapsFrom(readRecord(place, 'maps') ?? '')
    if (maps === undefined) continue
    const pictures = plots ? await picturesOf(place, maps) : []
    for (const { name, drawing } of pictures) files[pictureOf(place.run, name)] = standalone(drawing)
    const shown = isOpen ? trusted(' open') : ''
    parts.push(html`<details${shown}><summary>${label}</summary>
${pictures.map(({ name, drawing }) => figure(captions(words, maps)[name], drawing))}
${maps.notes.map(note => html`<p><small>${note}</small></p>\n`)}<p>To read more, in this folder:</p>
<pre>${commands(place, maps)}</pre>
</details>\n`)
  }
  if (parts.length === 0) return undefined
  return { section: html`<h2>What the gradients did</h2>\n<p>${words.about}</p>\n${parts}`, files }
}

const pictureOf = (run: string, name: Picture['name']): string => `records/${run}.${name}.svg`

const figure = (caption: string, drawing: string): Html => html`<figure>
<div class="figure">${trusted(drawing)}</div>
<figcaption>${caption}</figcaption>
</figure>\n`

function captions({ flow }: RecordWords, { shown }: RunMaps): Record<Picture['name'], string> {
  const extremes = 'Where a cell stands for several, it shows the one farthest from the middle of the scale.'
  return {
    flow: `${flow} Hatched: exactly 0, where nothing arrives at all. ${extremes}`,
    sensitivities:
      'How far each neuron’s output moves when its inputs do: blue neurons shrink what passes, red ones stretch it. ' +
      `Above, S is ln of the root mean square over all neurons. ${extremes}`,
    ledger:
      `Who moved ${shown}. Left: each part’s share of the change, which sum to 100 %; below 0 a part worked against ` +
      'the others. Right: how long each part was, step by step.',
  }
}

function commands({ folder, run }: RecordPlace, { shown }: RunMaps): string {
  const [tape, ledger] = [fileOf(run, 'tape'), fileOf(run, 'ledger')]
  return [
    ...(readRecord({ folder, run }, 'tape') === undefined ? [] : [`npx sensigrad tape ${tape} --sort flow`]),
    ...(readRecord({ folder, run }, 'ledger') === undefined
      ? []
      : [`npx sensigrad ledger ${ledger}`, `npx sensigrad ledger ${ledger} --parameter ${shown}`]),
  ].join('\n')
}
