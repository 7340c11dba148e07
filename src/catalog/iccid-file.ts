import { isUtf8 } from 'node:buffer'
import { createHash, type Hash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { announcedSeparator, fieldOf, findShape, type Shape } from './csv-line.ts'
import { findForeignBytes } from './decode.ts'
import type { IssueLog, Problem } from './issue-log.ts'
import type { CatalogLimits } from './limits.ts'
import { adviceOf, issueOf, reasonOf, tooLarge } from './read.ts'
import { issueOnLine } from './source.ts'

/** A problem that is worded only where it will be shown: there may be millions. */
export interface ToReport {
  readonly severity: 'error' | 'warning'
  readonly make: () => Problem
}

/** A cell of a file that should be an ICCID, with what an issue about it needs. */
export interface IccidCell {
  readonly text: string
  readonly line: number
  /** Logs a problem of it, with line, column and caret. */
  report(problem: ToReport): void
}

/**
 * Reads a list of ICCIDs, one a line, or the column `iccid` of a CSV with a line of names (commas,
 * semicolons or tabs). Line by line, so that memory does not grow with the file, and not to the end where
 * it has more problems than `problemsPerFile`. Returns the digest of what was read, or `undefined` where
 * the file cannot be used; the log says why.
 */
export async function readIccidFile(
  file: { readonly real: string; readonly display: string },
  limits: CatalogLimits,
  log: IssueLog,
  onCell: (cell: IccidCell) => void,
): Promise<string | undefined> {
  const refuse = (problem: Problem) => {
    log.add(issueOf(file.display, problem))
    return undefined
  }
  try {
    await using handle = await open(file.real)
    const { size } = await handle.stat()
    if (size > limits.iccidFileBytes) return refuse(tooLarge(size, limits.iccidFileBytes))
    const head = Buffer.alloc(Math.min(size, 64 * 1024))
    await handle.read(head, 0, head.length, 0)
    const foreign = findForeignBytes(head)
    if (foreign !== undefined) return refuse(foreign)
    const hash = createHash('sha256')
    const chunks = handle.createReadStream({ start: 0, autoClose: false })
    await readLines(chunks, file.display, limits, log, onCell, hash)
    return hash.digest('hex')
  } catch (error) {
    const message = `the file cannot be read: ${reasonOf(error)}`
    return refuse({ code: 'FILE_UNREADABLE', message, hint: adviceOf(error) })
  }
}

async function readLines(
  chunks: AsyncIterable<Buffer>,
  display: string,
  limits: CatalogLimits,
  log: IssueLog,
  onCell: (cell: IccidCell) => void,
  hash: Hash,
): Promise<void> {
  let shape: Shape | undefined
  let announced: string | undefined
  let problems = 0
  const problemAt = (text: string, offset: number, length: number, what: ToReport) => {
    const position = { file: display, line: lines.line, column: offset + 1 }
    if (what.severity === 'error') problems += 1
    // One more would tell nobody anything: a file of millions of wrong lines is another file.
    if (problems > limits.problemsPerFile) {
      lines.stop()
      log.cutShort(display)
    } else if (log.isFull(display)) log.countOnly(display, what.severity === 'error' ? 1 : 0)
    else log.add(issueOnLine(position, text, length, { ...what.make(), severity: what.severity }))
  }
  const refuse = (text: string, problem: Problem): undefined => {
    problemAt(text, 0, text.length, { severity: 'error', make: () => problem })
  }
  /** The form of the file by its first lines; undefined where this one is not a row yet. */
  const shapeAt = (text: string): Shape | undefined => {
    const separator = announcedSeparator(text)
    announced ??= separator
    if (separator !== undefined) return undefined
    const found = findShape(text, announced)
    if ('code' in found) {
      lines.stop()
      return refuse(text, found)
    }
    shape = found
    return found.header ? undefined : found
  }
  const lines = createSplitter(limits.iccidLineBytes, bytes => {
    if (bytes === undefined) return refuse(' ', longLine(limits.iccidLineBytes))
    if (skipBlanks(bytes, 0) === bytes.length) return
    if (!isUtf8(bytes)) return refuse(bytes.toString('latin1'), notUtf8)
    const text = bytes
      .toString('utf8')
      .replace(/^\uFEFF/, '')
      .replace(/\r$/, '')
    if (text.trim() === '') return
    const form = shape ?? shapeAt(text)
    if (form === undefined) return
    const field = fieldOf(text, form)
    if ('code' in field) return refuse(text, field)
    onCell({
      text: field.text,
      line: lines.line,
      report: what => problemAt(text, field.offset, Math.max(1, field.text.length), what),
    })
  })
  for await (const chunk of chunks) {
    hash.update(chunk)
    if (!lines.push(chunk)) return
  }
  lines.end()
}

/** Cuts bytes into lines, passing over empty ones; `undefined` stands for a line that is too long. */
function createSplitter(longest: number, onLine: (bytes: Buffer | undefined) => void) {
  let line = 0
  let rest = NOTHING
  let stopped = false
  const tell = (bytes: Buffer | undefined) => {
    line += 1
    onLine(bytes)
  }
  return {
    /** Counted from 1. */
    get line() {
      return line
    },
    stop() {
      stopped = true
    },
    /** Whether there is anything left to do. */
    push(chunk: Buffer): boolean {
      let start = 0
      while (!stopped) {
        const text = rest.length > 0 ? start : skipBlanks(chunk, start)
        if (rest.length === 0 && chunk[text] === NEW_LINE) {
          line += 1
          start = text + 1
          continue
        }
        const end = chunk.indexOf(NEW_LINE, text)
        if (end === -1) break
        const part = chunk.subarray(start, end)
        tell(rest.length === 0 ? part : Buffer.concat([rest, part]))
        rest = NOTHING
        start = end + 1
      }
      rest = Buffer.concat([rest, chunk.subarray(start)])
      if (!stopped && rest.length > longest) {
        tell(undefined)
        stopped = true
      }
      return !stopped
    },
    end() {
      if (rest.length > 0 && !stopped) tell(rest)
    },
  }
}

const notUtf8: Problem = {
  code: 'FILE_ENCODING',
  message: 'this line is not UTF-8; it may be Latin-1 or Windows-1252',
  hint: 'save the file as UTF-8; in a spreadsheet choose "CSV UTF-8"',
}

function longLine(limit: number): Problem {
  return {
    code: 'CSV_INVALID',
    message: `this line is longer than ${limit} bytes`,
    hint: 'put one ICCID on a line',
  }
}

const NEW_LINE = 10
const NOTHING: Buffer = Buffer.alloc(0)
/** Space, tab, carriage return, comma and semicolon: of nothing else spreadsheets make empty rows. */
const BLANKS: ReadonlySet<number | undefined> = new Set([0x20, 0x09, 0x0d, 0x2c, 0x3b])

/** Where the blanks and separators from `start` on end. */
function skipBlanks(bytes: Buffer, start: number): number {
  let at = start
  while (BLANKS.has(bytes[at])) at += 1
  return at
}
