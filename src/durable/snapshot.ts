import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { type Adapter, Low } from 'lowdb'
import { isJsonObject } from '../json.ts'
import { PlainError, plainly } from '../plain-error.ts'
import { keyThatStandsTwice } from './duplicate-keys.ts'
import { isMissing, readBytesOf, writeFileDurably } from './files.ts'

/** A snapshot that cannot be used as it stands; `reason` says in which way. */
export class SnapshotError extends Error {
  override readonly name = 'SnapshotError'
  readonly path: string
  readonly reason: 'missing' | 'empty' | 'damaged'
  readonly problem: string
  constructor(
    path: string,
    reason: SnapshotError['reason'],
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`${path}: ${problem}`, options)
    this.path = path
    this.reason = reason
    this.problem = problem
  }
}

/** How data becomes a file and back. */
export interface SnapshotFormat<Data> {
  /** Takes what its digest proves to be as it was written; throws an error where it is of another version. */
  readonly take: (value: unknown) => Data
  /** Judges what nothing proves: an older form, an edit; throws an error that says what is wrong and where. */
  readonly decode: (value: unknown) => Data
  /** What stands in the file for data; left out: data itself. `take` and `decode` are given it back. */
  readonly print?: (data: Data) => object
  /** How many levels are broken into lines; deeper values stand on one line each. */
  readonly levels: number
  /** The last `version` that was written without a seal. */
  readonly unsealed: number
}

/** What a snapshot says. */
export interface Sealed<Data> {
  readonly data: Data
  /** Whether a journal goes with it; undefined where it is of a form without a seal, which does not say. */
  readonly journal: boolean | undefined
}

/**
 * The file of a snapshot as lowdb's adapter: lowdb's own turns 0600 into 0644, never syncs, and reads a missing
 * file as its default. Here `read` throws a `SnapshotError` where the file is missing, empty, cut short, changed
 * or not what the format takes, and `write` replaces it in one durable step, with a seal: the digest of all
 * before it, and whether a journal goes with it.
 */
class SealedFile<Data extends object> implements Adapter<Sealed<Data> | null> {
  readonly #path: string
  readonly #format: SnapshotFormat<Data>
  readonly #edits: 'refused' | 'taken'
  constructor(path: string, format: SnapshotFormat<Data>, edits: 'refused' | 'taken') {
    this.#path = path
    this.#format = format
    this.#edits = edits
  }
  async read(): Promise<Sealed<Data>> {
    const bytes = await readBytes(this.#path)
    return unseal(this.#path, bytes, this.#format, this.#edits)
  }
  async write(sealedData: Sealed<Data> | null): Promise<void> {
    if (sealedData === null) return
    const { data, journal = false } = sealedData
    const { print = value => value, levels } = this.#format
    await writeFileDurably(this.#path, sealed(printJson(print(data), levels), journal))
  }
}

/** Reads and writes the snapshot at a path, by lowdb. */
export interface Snapshot<Data> {
  /** What the file says now. Throws `SnapshotError`. */
  read(): Promise<Sealed<Data>>
  /** Puts data in its place in one durable step; `journal`: the journal beside it goes on from it. */
  write(data: Data, journal: boolean): Promise<void>
}

/** Opens a snapshot. One that was changed since it was written is refused, unless `edits` are taken. */
export function openSnapshot<Data extends object>(
  path: string,
  format: SnapshotFormat<Data>,
  edits: 'refused' | 'taken' = 'refused',
): Snapshot<Data> {
  const store = new Low<Sealed<Data> | null>(new SealedFile(path, format, edits), null)
  return {
    async read() {
      await store.read()
      if (store.data === null) throw new SnapshotError(path, 'missing', 'is missing')
      return store.data
    },
    async write(data, journal) {
      store.data = { data, journal }
      await store.write()
    },
  }
}

function unseal<Data>(
  path: string,
  bytes: Buffer,
  format: SnapshotFormat<Data>,
  edits: 'refused' | 'taken',
): Sealed<Data> {
  const text = bytes.toString('utf8')
  if (text.trim() === '') throw new SnapshotError(path, 'empty', 'is empty')
  const damaged = (problem: string) => new SnapshotError(path, 'damaged', problem)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw damaged(`is not whole JSON${placeOf(error.message, text)}`)
  }
  const seal = readSeal(bytes)
  const isWhole = seal?.matches === true
  if (!isWhole) {
    // JSON.parse keeps the last of two: what the first one said would be lost without a word.
    const twice = keyThatStandsTwice(text)
    if (twice !== undefined)
      throw damaged(`has the key ${twice.key} twice (line ${twice.line}): keep one of the two`)
  }
  let data: Data
  try {
    data = isWhole ? format.take(value) : format.decode(value)
  } catch (error) {
    // What says so itself is no damage, such as a key that is not given.
    if (!(error instanceof Error) || error instanceof PlainError) throw error
    throw new SnapshotError(path, 'damaged', error.message, { cause: error })
  }
  const isOld = seal === undefined && versionOf(value) <= format.unsealed
  if (!isWhole && !isOld && edits === 'refused') throw damaged(CHANGED)
  return { data, journal: seal?.journal }
}

const CHANGED =
  'does not match its digest: it was changed since it was written, by hand, a merge, a copy or a disk fault'

async function readBytes(path: string): Promise<Buffer> {
  try {
    return await readBytesOf(path)
  } catch (error) {
    if (isMissing(error)) throw new SnapshotError(path, 'missing', 'is missing')
    throw plainly(error, path)
  }
}

/** A value without a number for a version is judged by `decode`. */
const versionOf = (value: unknown): number =>
  isJsonObject(value) && typeof value['version'] === 'number' ? value['version'] : 0

/** Where the flag stands, counted from the end of a sealed file. */
const FLAG_FROM_END = '0\n}\n'.length
const SEAL = /,\n {2}"digest": "([0-9a-f]{64})",\n {2}"journal": ([01])\n\}\n$/
const SEAL_LENGTH = `,\n  "digest": "${'0'.repeat(64)}",\n  "journal": 0\n}\n`.length

function readSeal(
  bytes: Buffer,
): { readonly matches: boolean; readonly journal: boolean } | undefined {
  const start = Math.max(0, bytes.length - SEAL_LENGTH)
  const seal = SEAL.exec(bytes.toString('latin1', start))
  if (seal === null) return undefined
  const digest = createHash('sha256').update(bytes.subarray(0, start)).digest('hex')
  return { matches: digest === seal[1], journal: seal[2] === '1' }
}

/** JSON text without its last brace, and after it the digest over it and the flag. */
function* sealed(chunks: Iterable<string>, journal: boolean): Generator<string> {
  const hash = createHash('sha256')
  for (const chunk of chunks) {
    hash.update(chunk)
    yield chunk
  }
  yield `,\n  "digest": "${hash.digest('hex')}",\n  "journal": ${journal ? 1 : 0}\n}\n`
}

/**
 * Says in a sealed snapshot whether a journal goes with it: one byte in its place, outside the digest, so
 * that the first entry of a large file costs what every other costs.
 */
export async function markJournal(path: string, journal: boolean): Promise<void> {
  const file = await open(path, 'r+')
  try {
    const { size } = await file.stat()
    await file.write(journal ? '1' : '0', size - FLAG_FROM_END)
    await file.datasync()
  } finally {
    await file.close()
  }
}

/** Where the JSON ends to make sense, without quoting the file. */
function placeOf(message: string, text: string): string {
  if (message.includes('end of JSON')) return ': it is cut short'
  const offset = / at position (\d+)/.exec(message)?.[1]
  if (offset === undefined) return ''
  const before = text.slice(0, Number(offset)).split('\n')
  return ` (line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1})`
}

/** Characters gathered before they are written, so that a large file is not held as one more string. */
const CHUNK = 1 << 20

/**
 * JSON text whose first `levels` levels of objects take a line an entry; deeper ones are compact. It lacks
 * the brace at its end, before which the seal goes.
 */
function* printJson(value: object, levels: number): Generator<string> {
  let chunk = ''
  for (const piece of printEntries(value, levels, '')) {
    chunk += piece
    if (chunk.length < CHUNK) continue
    yield chunk
    chunk = ''
  }
  yield chunk
}

function* printEntries(value: object, levels: number, indent: string): Generator<string> {
  const inner = `${indent}  `
  let separator = '{\n'
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue
    yield `${separator}${inner}${JSON.stringify(key)}: `
    yield* print(item, levels - 1, inner)
    separator = ',\n'
  }
}

function* print(value: unknown, levels: number, indent: string): Generator<string> {
  if (levels === 0 || typeof value !== 'object' || value === null || Array.isArray(value)) {
    yield JSON.stringify(value)
    return
  }
  if (Object.values(value).every(item => item === undefined)) {
    yield '{}'
    return
  }
  yield* printEntries(value, levels, indent)
  yield `\n${indent}}`
}
