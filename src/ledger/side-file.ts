import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  statSync,
  writeSync,
} from 'node:fs'
import { errorCode, isMissing, requireFile } from '../durable/files.ts'
import { plainly } from '../plain-error.ts'

/** How far a ledger is: its lineage is made once and stays in copies, its serial grows with each change. */
export interface LedgerPlace {
  readonly lineage: string
  readonly serial: number
}

/** Where a ledger's place is noted beside it: a ledger that is behind it is an older one. */
export const sideFileOf = (path: string): string => `${path}.serial`

/**
 * The place that was noted; undefined where none was. It may be behind the ledger, never before it. What is neither
 * was written by somebody else and hides how far the ledger was.
 */
export function readSideFile(path: string): LedgerPlace | 'unreadable' | undefined {
  const file = sideFileOf(path)
  try {
    requireFile(statSync(file), file)
    const text = readFileSync(file, 'utf8')
    // It is not synced: a power cut may leave it without what was written first.
    if (/^\0*$/.test(text)) return undefined
    const found = /^(\S+) +(\d+)\n$/.exec(text)
    return found === null ? 'unreadable' : { lineage: found[1] ?? '', serial: Number(found[2]) }
  } catch (error) {
    if (isMissing(error)) return undefined
    throw plainly(error, file)
  }
}

/**
 * Notes a place that is durable in the ledger: one small write, without a sync, over what stood there. All
 * places of a lineage have the same length. Where it cannot be written it is left out: a full disk or a folder
 * that is gone stops the ledger's own next change.
 */
export function writeSideFile(path: string, { lineage, serial }: LedgerPlace): void {
  try {
    const file = openSync(sideFileOf(path), constants.O_WRONLY | constants.O_CREAT, 0o600)
    try {
      const length = writeSync(file, `${lineage} ${String(serial).padStart(16)}\n`, 0)
      // Cut off beforehand it would cost a flush each time.
      if (fstatSync(file).size > length) ftruncateSync(file, length)
    } finally {
      closeSync(file)
    }
  } catch (error) {
    if (errorCode(error) === undefined) throw error
  }
}
