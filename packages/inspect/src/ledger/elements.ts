/** The net change over any steps, where every element of them is kept. */

import { Changes } from './changes.ts'
import type { ChangeRecord, NeuronChanges } from './data.ts'
import type { Entry } from './select-steps.ts'
import { difference } from './vectors.ts'

/** `undefined` where the elements of a step are missing. What they do not tell, of momentum and of trials, is empty. */
export function netOfElements(
  entries: readonly Entry[],
): { readonly all: ChangeRecord; readonly rows: NeuronChanges | undefined } | undefined {
  const elements = entries.map(({ moved }) => moved.elements)
  const [first, last] = [elements[0], elements.at(-1)]
  if (first === undefined || last === undefined) return undefined
  const changes = new Changes(first.before.length)
  for (const each of elements) {
    if (each === undefined) return undefined
    for (const { name, change } of each.parts) changes.parts.add(name, change)
  }
  const change = difference(last.after, first.before)
  const rows = entries[0]!.moved.shape[0]
  return {
    all: changes.record(change),
    rows: rows === undefined ? undefined : changes.recordRows(change, rows),
  }
}
