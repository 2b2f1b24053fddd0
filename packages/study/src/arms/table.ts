/** The study on a terminal: a row an arm. */

import { digits, percent, power } from '../format.ts'
import { textTable } from '../text-table.ts'
import { medianText, score } from './findings.ts'
import type { ArmSummary } from './summary.ts'

const header = ['arm', 'successes', '95 %', 'median', 'log-rank', 'ratio start', 'S end', 'best acc.']

export function armsTable(summaries: readonly ArmSummary[]): string {
  const rows = summaries.map(summary => [
    summary.arm.label,
    score(summary),
    summary.interval ? summary.interval.map(percent).join('–') : '–',
    medianText(summary),
    rankText(summary),
    power(summary.ratioStart?.median),
    digits(summary.sensitivityEnd?.median),
    digits(summary.bestAccuracy?.median, 2),
  ])
  return textTable([header, ...rows])
}

/** The adjusted p-value, a dash where there is none. */
export function rankText({ logRank }: ArmSummary): string {
  if (!logRank) return '–'
  return logRank.adjusted < 0.001 ? '< 0.001' : digits(logRank.adjusted)
}
