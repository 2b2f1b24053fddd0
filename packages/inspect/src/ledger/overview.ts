/** All parameters of a ledger side by side: how far each came, and by whom. */

import { checkGiven, checkOptions } from '../checks.ts'
import type { LedgerData } from './data.ts'
import { type LedgerReport, ledgerReport } from './report.ts'
import type { ReportOptions } from './report-options.ts'
import { pathsIn, stepsOf } from './select-steps.ts'

/**
 * A report on each parameter that moved.
 *
 * @throws ValueError for what is no ledger's data, an option that there is not, or steps that are not there
 * @example for (const { parameter, rows } of ledgerReports(ledger.data)) console.log(parameter, rows)
 */
export function ledgerReports(
  data: LedgerData,
  options: Pick<ReportOptions, 'steps' | 'by'> = {},
): LedgerReport[] {
  checkGiven('ledgerReports', 'ledger', data, ['header', 'steps'], 'ledger.data or readLedger(text)')
  checkOptions('ledgerReports', options, ['steps', 'by'])
  return pathsIn(stepsOf(data, options.steps)).map(parameter => ledgerReport(data, { ...options, parameter }))
}
