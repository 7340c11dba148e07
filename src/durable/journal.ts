import { type FileHandle, open, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import { PlainError, systemReason } from '../plain-error.ts'
import { errorCode, isMissing, readBytesOf, syncFolder, writeFileDurably } from './files.ts'

/** One line: its payload with the number and the time that the journal gave it. */
export type JournalLine<Payload extends object> = Payload & {
  readonly n: number
  readonly at: string
}

/** What stood at the end of a journal and was never acknowledged: a write that a crash cut short. */
interface TornTail {
  readonly line: number
  readonly bytes: number
}

export interface JournalContent<Payload extends object> {
  readonly lines: readonly JournalLine<Payload>[]
  readonly torn?: TornTail
  /** There is no such file. */
  readonly missing?: true
}

/** A journal line that was acknowledged and cannot be read any more. */
export class JournalDamagedError extends Error {
  override readonly name = 'JournalDamagedError'
  readonly path: string
  /** From 1. */
  readonly line: number
  readonly problem: string
  constructor(path: string, line: number, problem: string) {
    super(`${path}:${line}: ${problem}`)
    this.path = path
    this.line = line
    this.problem = problem
  }
}

/**
 * An append-only file of numbered JSON lines, each with a checksum. Processes that share one append,
 * catch up and reset under a common lock only; `catchUp` comes first.
 */
export interface Journal<Payload extends object> extends AsyncDisposable {
  readonly path: string
  /** Number of the last line that is known, or that the journal continues. */
  readonly last: number
  /** Bytes of whole lines in the file. */
  readonly size: number
  /**
   * Reads what others appended since the last look and cuts off a torn tail. `replaced`: somebody
   * folded; `lines` are all there are now, and what went before is in the snapshot. Throws
   * `JournalDamagedError`.
   */
  catchUp(): Promise<JournalContent<Payload> & { readonly replaced: boolean }>
  /** Tells an empty journal which line it continues, as the snapshot says. */
  continueAfter(n: number): void
  /**
   * Resolves when the payloads are safe on disk; calls at the same time share one write and one sync.
   * After a failed write every later call fails: what the disk has is not known.
   */
  append(...payloads: readonly Payload[]): Promise<void>
  /**
   * Puts a journal in its place whose only line is `head`, with the number of the last line that is known:
   * it says what the journal continues. Numbers go on.
   */
  reset(head: Payload): Promise<void>
}

/** Writes bytes at the end of a file and waits until they are on the disk. */
async function writeWhole(handle: FileHandle, bytes: Buffer): Promise<void> {
  for (let done = 0; done < bytes.length; )
    done += (await handle.write(bytes, done, bytes.length - done)).bytesWritten
  await handle.datasync()
}

/** Opens a journal, creating it where there is none (0600). Reads nothing yet: see `catchUp`. */
export async function openJournal<Payload extends object>(
  path: string,
  options: { readonly now?: () => Date } = {},
): Promise<Journal<Payload>> {
  const { now = () => new Date() } = options
  let handle = await openFile(path)
  let inode = (await handle.stat()).ino
  let last = 0
  let lineCount = 0
  let size = 0
  let broken: Error | undefined
  let caughtUp = false

  const batches = inBatches(async lines => {
    if (broken !== undefined) throw broken
    try {
      const bytes = Buffer.from(lines.join(''))
      await writeWhole(handle, bytes)
      size += bytes.length
      lineCount += lines.length
    } catch (cause) {
      broken = await takenBack(path, handle, size, cause)
      throw broken
    }
  })

  return {
    path,
    get last() {
      return last
    },
    get size() {
      return size
    },

    async catchUp() {
      await batches.written()
      const replaced = await isReplaced(path, inode)
      if (replaced) {
        await handle.close()
        handle = await openFile(path)
        inode = (await handle.stat()).ino
        size = 0
        lineCount = 0
      }
      const bytes = await readFrom(handle, size)
      const first = !caughtUp || replaced
      const read = scan<Payload>(path, bytes, lineCount, first ? undefined : last)
      if (read.damage !== undefined) throw read.damage
      size += read.bytes
      lineCount += read.lines.length
      last = read.lines.at(-1)?.n ?? last
      caughtUp = true
      if (read.torn !== undefined) {
        await handle.truncate(size)
        await handle.datasync()
      }
      return {
        lines: read.lines,
        replaced,
        ...(read.torn !== undefined && { torn: read.torn }),
      }
    },

    continueAfter(n) {
      if (size > 0 && n > last)
        throw new JournalDamagedError(path, lineCount, `ends with number ${last}, not ${n}`)
      last = Math.max(last, n)
    },

    async append(...payloads) {
      if (!caughtUp) throw new Error(`${path}: catchUp comes before the first append`)
      if (payloads.length === 0) return
      const at = now().toISOString()
      const text = payloads.map((payload, index) => formatLine(payload, last + 1 + index, at))
      last += payloads.length
      await batches.add(text)
    },

    async reset(head) {
      await batches.written()
      if (broken !== undefined) throw broken
      const line = formatLine(head, last, now().toISOString())
      await writeFileDurably(path, line)
      await handle.close()
      handle = await openFile(path)
      inode = (await handle.stat()).ino
      size = Buffer.byteLength(line)
      lineCount = 1
      caughtUp = true
    },

    async [Symbol.asyncDispose]() {
      await batches.written()
      await handle.close()
    },
  }
}

interface Waiting {
  readonly lines: readonly string[]
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** Lets those who write in one turn of the event loop share one write; there is one at a time. */
function inBatches(write: (lines: readonly string[]) => Promise<void>) {
  let waiting: Waiting[] = []
  let writing: Promise<void> | undefined

  const writeAll = async (): Promise<void> => {
    // Callers of this turn join the first one's write.
    await Promise.resolve()
    while (waiting.length > 0) {
      const batch = waiting
      waiting = []
      try {
        await write(batch.flatMap(one => one.lines))
        for (const one of batch) one.resolve()
      } catch (error) {
        for (const one of batch) one.reject(error)
      }
    }
    writing = undefined
  }

  return {
    add: (lines: readonly string[]): Promise<void> =>
      new Promise((resolve, reject) => {
        waiting.push({ lines, resolve, reject })
        writing ??= writeAll()
      }),
    /** Resolves when nobody waits any more. */
    written: async (): Promise<void> => await writing,
  }
}

/** Takes back what may have been written after the first `size` bytes, and says what went wrong. */
async function takenBack(
  path: string,
  handle: FileHandle,
  size: number,
  cause: unknown,
): Promise<Error> {
  const why = systemReason(errorCode(cause)) ?? (cause instanceof Error ? cause.message : cause)
  const message = `${path}: cannot be written (${why}); make room or mend the disk, then run again`
  try {
    await handle.truncate(size)
  } catch (error) {
    return new PlainError(message, { cause: new AggregateError([cause, error]) })
  }
  return new PlainError(message, { cause })
}

/**
 * Reads a journal without changing it; a missing one has no lines. A tail without its newline, or with
 * the zero bytes that a power cut leaves, was never acknowledged and is reported as torn. Anything else
 * that cannot be read throws `JournalDamagedError` with file and line.
 */
export async function readJournal<Payload extends object>(
  path: string,
): Promise<JournalContent<Payload>> {
  const bytes = await readWhole(path)
  if (bytes === undefined) return { lines: [], missing: true }
  const { lines, torn, damage } = scan<Payload>(path, bytes, 0, undefined)
  if (damage !== undefined) throw damage
  return { lines, ...(torn !== undefined && { torn }) }
}

/** Reads what stands before the first damage, which it tells in words: for saving what can be saved. */
export async function readJournalUpToDamage<Payload extends object>(
  path: string,
): Promise<JournalContent<Payload> & { readonly damage?: string }> {
  const bytes = await readWhole(path)
  if (bytes === undefined) return { lines: [], missing: true }
  const { lines, torn, damage } = scan<Payload>(path, bytes, 0, undefined)
  return {
    lines,
    ...(torn !== undefined && { torn }),
    ...(damage !== undefined && { damage: `line ${damage.line} ${damage.problem}` }),
  }
}

async function readWhole(path: string): Promise<Buffer | undefined> {
  try {
    return await readBytesOf(path)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    const handle = await open(path, 'ax+', 0o600)
    await syncFolder(dirname(path))
    return handle
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error
    return await open(path, 'a+', 0o600)
  }
}

/** The open handle keeps the old file's inode from being used again, so another inode is another file. */
async function isReplaced(path: string, inode: number): Promise<boolean> {
  try {
    return (await stat(path)).ino !== inode
  } catch (error) {
    if (isMissing(error)) return true
    throw error
  }
}

async function readFrom(handle: FileHandle, offset: number): Promise<Buffer> {
  const length = (await handle.stat()).size - offset
  const bytes = Buffer.allocUnsafe(Math.max(0, length))
  let done = 0
  while (done < bytes.length) {
    const { bytesRead } = await handle.read(bytes, done, bytes.length - done, offset + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return bytes.subarray(0, done)
}

const NEWLINE = 10
const CHECKSUM = /,"crc":"([0-9a-f]{8})"\}$/

const checksum = (text: string): string => crc32(text).toString(16).padStart(8, '0')

function formatLine(payload: object, n: number, at: string): string {
  const text = JSON.stringify({ n, at, ...payload }).slice(0, -1)
  return `${text},"crc":"${checksum(text)}"}\n`
}

interface Scan<Payload extends object> extends JournalContent<Payload> {
  /** Bytes of the lines. */
  readonly bytes: number
  readonly damage?: JournalDamagedError
}

function scan<Payload extends object>(
  path: string,
  bytes: Buffer,
  linesBefore: number,
  numberBefore: number | undefined,
): Scan<Payload> {
  const lines: JournalLine<Payload>[] = []
  let start = 0
  let previous = numberBefore
  while (start < bytes.length) {
    const lineNumber = linesBefore + lines.length + 1
    const rest = bytes.subarray(start)
    const torn = { lines, bytes: start, torn: { line: lineNumber, bytes: rest.length } }
    const damaged = (problem: string) => ({
      lines,
      bytes: start,
      damage: new JournalDamagedError(path, lineNumber, problem),
    })
    const end = bytes.indexOf(NEWLINE, start)
    if (end === -1) return torn
    const line = parseLine<Payload>(bytes.toString('utf8', start, end))
    if (typeof line === 'string')
      return rest.includes(0) && !hasWholeLine(rest) ? torn : damaged(line)
    if (previous !== undefined && line.n !== previous + 1)
      return damaged(
        `has number ${line.n}, but ${previous + 1} comes next: lines are missing or mixed up`,
      )
    previous = line.n
    lines.push(line)
    start = end + 1
  }
  return { lines, bytes: start }
}

const hasWholeLine = (bytes: Buffer): boolean =>
  bytes
    .toString('utf8')
    .split('\n')
    .some(text => typeof parseLine(text) !== 'string')

/** The line, or what is wrong with it. */
function parseLine<Payload extends object>(text: string): JournalLine<Payload> | string {
  const match = CHECKSUM.exec(text)
  if (match === null) return 'is cut short or overwritten: it does not end with a checksum'
  const content = text.slice(0, match.index)
  if (checksum(content) !== match[1]) return 'does not match its checksum: it was changed'
  // The checksum vouches that this is what append wrote.
  return JSON.parse(`${content}}`) as JournalLine<Payload>
}
