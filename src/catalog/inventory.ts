import { listOf, textOf } from '../json.ts'
import { type IccidProblem, INVISIBLE, parseIccid } from '../units.ts'
import { type Draft, reportAt, whereIs } from './drafts.ts'
import { readIccidFile, type ToReport } from './iccid-file.ts'
import type { IssueLog, Problem } from './issue-log.ts'
import type { CatalogLimits } from './limits.ts'
import { type CatalogFolder, resolveInside } from './read.ts'

/** How a wrong check digit of a 19-digit ICCID is taken. Of one with 20 digits it is a warning at most. */
export type CheckDigitRule = 'error' | 'warning' | 'off'

/** The ICCIDs of all batches. */
export interface Inventory {
  /** Normalised; inline ones first, then those of the file. */
  readonly iccids: ReadonlyMap<Draft, readonly string[]>
  /** Digest of each ICCID file by its path. */
  readonly digests: ReadonlyMap<string, string>
}

/** Reads and checks the ICCIDs of all batches, in their order. */
export async function readInventory(
  batches: readonly Draft[],
  folder: CatalogFolder,
  options: { readonly checkDigit: CheckDigitRule; readonly limits: CatalogLimits },
  log: IssueLog,
): Promise<Inventory> {
  const iccids = new Map<Draft, readonly string[]>()
  const digests = new Map<string, string>()
  const firsts = createFirsts()
  for (const batch of batches) {
    const own: string[] = []
    const take = (text: string, source: string, line: number, report: Report) => {
      const iccid = checkIccid(text, options.checkDigit, report)
      if (iccid === undefined) return
      const other = firsts.claim(iccid, source, line)
      if (other === undefined) own.push(iccid)
      else report({ severity: 'error', make: () => duplicate(iccid, other) })
    }
    const inline = `${whereIs(batch)}, iccids`
    for (const [index, item] of listOf(batch.raw['iccids']).entries()) {
      const text = textOf(item)
      if (text === undefined || isWrong(batch, ['iccids', index])) continue
      take(text, inline, index + 1, ({ severity, make }) => {
        const { path } = batch.file.source
        if (log.isFull(path)) log.countOnly(path, severity === 'warning' ? 0 : 1)
        else reportAt(log, batch, ['iccids', index], { ...make(), severity })
      })
    }
    const file = await findIccidFile(batch, folder, log)
    if (file !== undefined) {
      const before = own.length
      const issues = log.count()
      const digest = await readIccidFile(file, options.limits, log, cell =>
        take(cell.text, file.display, cell.line, cell.report),
      )
      if (digest !== undefined) digests.set(file.display, digest)
      if (own.length === before && log.count() === issues) {
        const hint = 'add ICCIDs, one a line'
        const message = `${file.display} has no ICCID`
        reportAt(log, batch, ['iccidFile'], { code: 'BATCH_EMPTY', message, hint })
      }
    }
    iccids.set(batch, own)
  }
  return { iccids, digests }
}

type Report = (problem: ToReport) => void

async function findIccidFile(batch: Draft, folder: CatalogFolder, log: IssueLog) {
  const named = batch.raw['iccidFile']
  const text = named === undefined ? undefined : textOf(named)
  if (text === undefined) return undefined
  const found = await resolveInside(folder, batch.file.relative, text)
  if (!('problem' in found)) return found
  reportAt(log, batch, ['iccidFile'], found.problem)
  return undefined
}

function isWrong(batch: Draft, below: readonly (string | number)[]): boolean {
  return batch.file.values.wrong.has([...batch.path, ...below].join('/'))
}

/** A normalised ICCID; undefined where it is none, which is reported. */
export function checkIccid(text: string, rule: CheckDigitRule, report: Report): string | undefined {
  const parsed = parseIccid(text)
  if ('problem' in parsed) {
    report({ severity: 'error', make: () => explain(text, parsed.problem) })
    return undefined
  }
  const { iccid, checkDigit } = parsed
  if (!checkDigit && rule !== 'off') {
    const severity = rule === 'error' && iccid.length === 19 ? 'error' : 'warning'
    report({ severity, make: () => (isRounded(iccid) ? rounded(iccid) : wrongDigit(iccid)) })
  }
  return iccid
}

/** A spreadsheet's numbers have fifteen digits: the others become zeros. */
const isRounded = (iccid: string): boolean => /^0+$/.test(iccid.slice(15))

const rounded = (iccid: string): Problem => ({
  code: 'ICCID_INVALID',
  message: `${iccid} looks rounded to fifteen digits, as a spreadsheet does: the last ${iccid.length - 15} are lost`,
  hint: AS_TEXT,
})

const wrongDigit = (iccid: string): Problem => ({
  code: 'ICCID_CHECK_DIGIT',
  message: `the last digit of ${iccid} is not its check digit`,
  hint: 'compare it with the list of your supplier: a digit is wrong or two are swapped',
})

const AS_TEXT = 'export the column again, formatted as text'

function explain(text: string, problem: IccidProblem): Problem {
  const written = JSON.stringify(text.length > 40 ? `${text.slice(0, 39)}…` : text)
  switch (problem) {
    case 'spreadsheet':
      return {
        code: 'ICCID_INVALID',
        message: `${written} is what a spreadsheet makes of an ICCID: its last digits are lost`,
        hint: AS_TEXT,
      }
    case 'invisible':
      return {
        code: 'ICCID_INVALID',
        message: `${written} has a character that cannot be seen (${codePointOf(text)})`,
        hint: 'type the ICCID again, or remove the character',
      }
    case 'characters':
      return {
        code: 'ICCID_INVALID',
        message: `${written} is no ICCID: it has other characters than digits`,
        hint: 'write 19 or 20 digits; a column of a CSV needs the name iccid',
      }
    case 'length':
      return {
        code: 'ICCID_INVALID',
        message: `${written} has ${text.replace(/[^0-9]/g, '').length} digits; an ICCID has 19 or 20`,
        hint: 'copy it again from the list of your supplier',
      }
  }
}

function codePointOf(text: string): string {
  const [sign = ''] = INVISIBLE.exec(text) ?? []
  return `U+${sign.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`
}

function duplicate(iccid: string, other: string): Problem {
  const message = `${iccid} stands at ${other} already`
  if (isRounded(iccid))
    return {
      code: 'DUPLICATE_ICCID',
      message: `${message}; both look rounded to fifteen digits`,
      hint: AS_TEXT,
    }
  return { code: 'DUPLICATE_ICCID', message, hint: 'keep it in one place: a SIM has one endpoint' }
}

const LINES = 2 ** 32

/** Remembers where each ICCID stood first, as one number each: there may be a million. */
function createFirsts() {
  const sources: string[] = []
  const numbers = new Map<string, number>()
  const firsts = new Map<string, number>()
  return {
    /** The place that has the ICCID already, if one has. */
    claim(iccid: string, source: string, line: number): string | undefined {
      const first = firsts.get(iccid)
      if (first !== undefined) {
        const name = sources[Math.floor(first / LINES)] ?? ''
        return name.endsWith('iccids') ? `${name}[${first % LINES}]` : `${name}:${first % LINES}`
      }
      const number = numbers.get(source) ?? sources.push(source) - 1
      numbers.set(source, number)
      firsts.set(iccid, number * LINES + line)
      return undefined
    },
  }
}
