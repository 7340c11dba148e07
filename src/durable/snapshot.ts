import { readFile } from 'node:fs/promises'
import { Low } from 'lowdb'
import { isMissing, writeFileDurably } from './files.ts'

/** A snapshot that cannot be used as it stands; `reason` says in which way. */
export class SnapshotError extends Error {
  override readonly name = 'SnapshotError'
  readonly path: string
  readonly reason: 'missing' | 'empty' | 'damaged'
  readonly problem: string
  constructor(path: string, reason: SnapshotError['reason'], problem: string) {
    super(`${path}: ${problem}`)
    this.path = path
    this.reason = reason
    this.problem = problem
  }
}

/** How data becomes a file and back. */
export interface SnapshotFormat<Data> {
  /** Judges what was parsed from JSON; throws an error that says what is wrong and where. */
  readonly decode: (value: unknown) => Data
  /** How many levels are broken into lines; deeper values stand on one line each. */
  readonly levels: number
}

/**
 * A JSON file driven by lowdb through an adapter of our own: lowdb's turns 0600 into 0644, never syncs,
 * and reads a missing file as its default. Here `read` throws `SnapshotError` where the file is missing,
 * empty, cut short or not what `decode` takes, and `write` replaces it in one durable step.
 */
export function openSnapshot<Data extends object>(
  path: string,
  initial: Data,
  format: SnapshotFormat<Data>,
): Low<Data> {
  return new Low(
    {
      read: () => readSnapshot(path, format.decode),
      write: data => writeFileDurably(path, printJson(data, format.levels)),
    },
    initial,
  )
}

/** Reads a snapshot without opening it; throws `SnapshotError`. */
export async function readSnapshot<Data>(
  path: string,
  decode: (value: unknown) => Data,
): Promise<Data> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (isMissing(error)) throw new SnapshotError(path, 'missing', 'is missing')
    throw error
  }
  if (text.trim() === '') throw new SnapshotError(path, 'empty', 'is empty')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new SnapshotError(path, 'damaged', `is not whole JSON${placeOf(error.message, text)}`)
  }
  try {
    return decode(value)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    throw new SnapshotError(path, 'damaged', error.message)
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

/** JSON text whose first `levels` levels of objects take a line an entry; deeper ones are compact. */
function* printJson(value: object, levels: number): Generator<string> {
  let chunk = ''
  for (const piece of print(value, levels, '')) {
    chunk += piece
    if (chunk.length < CHUNK) continue
    yield chunk
    chunk = ''
  }
  yield `${chunk}\n`
}

function* print(value: unknown, levels: number, indent: string): Generator<string> {
  if (levels === 0 || typeof value !== 'object' || value === null || Array.isArray(value)) {
    yield JSON.stringify(value)
    return
  }
  const entries = Object.entries(value).filter(([, item]) => item !== undefined)
  if (entries.length === 0) {
    yield '{}'
    return
  }
  const inner = `${indent}  `
  let separator = '{\n'
  for (const [key, item] of entries) {
    yield `${separator}${inner}${JSON.stringify(key)}: `
    yield* print(item, levels - 1, inner)
    separator = ',\n'
  }
  yield `\n${indent}}`
}
