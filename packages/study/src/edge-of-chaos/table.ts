/** The study on a terminal: a row a seed, a row of medians a size, no more than 100 columns wide. */

import { count, digits } from '../format.ts'
import { textTable } from '../text-table.ts'
import { claims, type RunSummary, type SizeSummary } from './summary.ts'

const header = ['seed', 'S', '', 'λ', '', '|λ−S|', '', 'edge at', 'λ', 'λ is 0', 'S']
const second = ['', 'start', 'end', 'start', 'end', 'mean', 'max', 'step', 'follows', 'at end', 'arrives']

/** Plain text, without colours or boxes. */
export function terminalTable(sizes: readonly SizeSummary[], runs: readonly RunSummary[]): string {
  return sizes.map(size => `N = ${size.size}\n${block(size, runs)}\n`).join('\n')
}

function block({ size, seeds, spreads }: SizeSummary, runs: readonly RunSummary[]): string {
  const rows = runs
    .filter(run => run.size === size)
    .map(run => [
      `${run.seed}${run.status === 'interrupted' ? ' interrupted' : ''}`,
      digits(run.start?.logSensitivity),
      digits(run.end?.logSensitivity),
      digits(run.start?.lyapunov),
      digits(run.end?.lyapunov),
      digits(run.gap?.mean),
      digits(run.gap?.max),
      count(run.edgeStep),
      ...claims.map(claim => run.verdicts[claim]),
    ])
  const { sensitivityStart, sensitivityEnd, lyapunovStart, lyapunovEnd, meanGap, maxGap, edgeStep } = spreads
  const middle = [sensitivityStart, sensitivityEnd, lyapunovStart, lyapunovEnd, meanGap, maxGap]
  const medians = [
    'median',
    ...middle.map(spread => digits(spread?.median)),
    count(edgeStep?.median),
    '',
    '',
    '',
  ]
  return textTable([header, second, ...rows, ...(seeds.length > 1 ? [medians] : [])])
}
