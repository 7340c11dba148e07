import { isUtf8 } from 'node:buffer'
import { createHash, type Hash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { findForeignBytes } from './decode.ts'
import type { IssueLog, Problem } from './issue-log.ts'
import type { CatalogLimits } from './limits.ts'
import { issueOf, reasonOf, tooLarge } from './read.ts'
import { issueOnLine } from './source.ts'

/** A cell of a file that should be an ICCID, with what an issue about it needs. */
export interface IccidCell {
  readonly text: string
  readonly line: number
  /** Logs a problem of it, with line, column and caret. */
  report(problem: Problem): void
}

/**
 * Reads a list of ICCIDs, one a line, or the column `iccid` of a CSV with a line of names (commas,
 * semicolons or tabs). Line by line, so that memory does not grow with the file. Returns the digest of
 * what was read, or `undefined` where the file cannot be used; the log says why.
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
    return refuse({ code: 'FILE_UNREADABLE', message, hint: 'check its permissions' })
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
  let column: Column | undefined
  let line = 0
  let rest = Buffer.alloc(0)
  let stopped = false
  const problemAt = (text: string, offset: number, length: number, problem: Problem) => {
    const position = { file: display, line, column: offset + 1 }
    if (log.isFull(display)) log.countOnly(display, problem.severity === 'warning' ? 0 : 1)
    else log.add(issueOnLine(position, text, length, problem))
  }
  const takeLine = (bytes: Buffer) => {
    line += 1
    if (!isUtf8(bytes)) {
      problemAt(bytes.toString('latin1'), 0, 1, notUtf8)
      return
    }
    const text = bytes
      .toString('utf8')
      .replace(/^\uFEFF/, '')
      .replace(/\r$/, '')
    if (text.trim() === '') return
    if (column === undefined) {
      column = findColumn(text)
      if ('problem' in column) {
        problemAt(text, 0, text.length, column.problem)
        stopped = true
        return
      }
      if (column.header) return
    }
    if ('problem' in column) return
    const cell = cellOf(text, column)
    if (cell === undefined) {
      problemAt(text, 0, text.length, {
        code: 'CSV_INVALID',
        message: 'this line has fewer columns than the first, or a quote is not closed',
        hint: 'every line needs the column iccid; a field cannot go over several lines',
      })
      return
    }
    onCell({
      text: cell.text,
      line,
      report: problem => problemAt(text, cell.offset, Math.max(1, cell.text.length), problem),
    })
  }
  for await (const chunk of chunks) {
    hash.update(chunk)
    if (stopped) continue
    let start = 0
    for (let end = chunk.indexOf(10); end !== -1 && !stopped; end = chunk.indexOf(10, start)) {
      const part = chunk.subarray(start, end)
      takeLine(rest.length === 0 ? part : Buffer.concat([rest, part]))
      rest = Buffer.alloc(0)
      start = end + 1
    }
    rest = Buffer.concat([rest, chunk.subarray(start)])
    if (rest.length > limits.iccidLineBytes) {
      line += 1
      problemAt('', 0, 1, longLine(limits.iccidLineBytes))
      stopped = true
    }
  }
  if (rest.length > 0 && !stopped) takeLine(rest)
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

type Column =
  | { readonly separator: string; readonly index: number; readonly header: boolean }
  | { readonly problem: Problem }

/** From the first line: the column named iccid, or a plain list. */
function findColumn(first: string): Column {
  for (const separator of [',', ';', '\t']) {
    const cells = splitLine(first, separator)
    const index = cells?.findIndex(({ text }) => text.trim().toLowerCase() === 'iccid') ?? -1
    if (index !== -1) return { separator, index, header: true }
  }
  const separator = [',', ';', '\t'].find(sign => first.includes(sign))
  if (separator === undefined) return { separator: '\n', index: 0, header: false }
  const names = (splitLine(first, separator) ?? []).map(({ text }) => text.trim()).slice(0, 8)
  return {
    problem: {
      code: 'CSV_INVALID',
      message: `the first line names no column iccid, but ${names.join(', ')}`,
      hint: 'name the column iccid in the first line, or keep one ICCID a line and nothing else',
    },
  }
}

interface Cell {
  readonly text: string
  readonly offset: number
}

function cellOf(line: string, column: { separator: string; index: number }): Cell | undefined {
  // The usual case: one ICCID a line.
  if (column.separator === '\n' && !line.includes('"')) return { text: line, offset: 0 }
  return splitLine(line, column.separator)?.[column.index]
}

/** Fields of a line as RFC 4180 has them; `undefined` where a quote is not closed. */
function splitLine(line: string, separator: string): readonly Cell[] | undefined {
  const cells: Cell[] = []
  let at = 0
  for (;;) {
    if (line[at] === '"') {
      let end = at + 1
      while (end < line.length && (line[end] !== '"' || line[end + 1] === '"')) {
        end += line[end] === '"' ? 2 : 1
      }
      if (end >= line.length) return undefined
      cells.push({ text: line.slice(at + 1, end).replaceAll('""', '"'), offset: at + 1 })
      at = end + 1
    } else {
      const found = line.indexOf(separator, at)
      const end = found === -1 ? line.length : found
      cells.push({ text: line.slice(at, end), offset: at })
      at = end
    }
    if (at >= line.length) return cells
    at += 1
  }
}
