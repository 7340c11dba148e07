import type { Issue } from '../issues.ts'
import { readIccidFile } from './iccid-file.ts'
import { type CheckDigitRule, checkIccid } from './inventory.ts'
import { createIssueLog } from './issue-log.ts'
import { DEFAULT_LIMITS } from './limits.ts'

/** A file of ICCIDs that belongs to no catalog. */
export interface IccidList {
  /** Normalised, each once, in the order of the file. */
  readonly iccids: readonly string[]
  /** What is wrong with it. */
  readonly issues: readonly Issue[]
}

/** Reads a list of ICCIDs as a batch's `iccidFile` is read: one a line, or a CSV with a column `iccid`. */
export async function readIccidList(
  path: string,
  checkDigit: CheckDigitRule = 'error',
): Promise<IccidList> {
  const log = createIssueLog(DEFAULT_LIMITS.issuesPerFile)
  const iccids = new Set<string>()
  await readIccidFile({ real: path, display: path }, DEFAULT_LIMITS, log, ({ text, report }) => {
    const iccid = checkIccid(text, checkDigit, report)
    if (iccid !== undefined) iccids.add(iccid)
  })
  return { iccids: [...iccids], issues: log.sorted() }
}
