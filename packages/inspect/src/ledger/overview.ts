/** All parameters of a ledger side by side: how far each came, and by whom. */

import type { LedgerData } from './data.ts'
import { type LedgerReport, ledgerReport } from './report.ts'
import type { ReportOptions } from './report-options.ts'
import { pathsIn, stepsOf } from './select-steps.ts'

/**
 * A report on each parameter that moved.
 *
 * @throws ValueError for steps that are not there
 * @example for (const { parameter, rows } of ledgerReports(ledger.data)) console.log(parameter, rows)
 */
export function ledgerReports(
  data: LedgerData,
  options: Pick<ReportOptions, 'steps' | 'by'> = {},
): LedgerReport[] {
  return pathsIn(stepsOf(data, options.steps)).map(parameter => ledgerReport(data, { ...options, parameter }))
}
