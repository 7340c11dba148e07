/** What the database says, in plain words, and how long another process is waited for. */
import { setTimeout as sleep } from 'node:timers/promises'
import { PlainError, plainly } from '../plain-error.ts'
import { isBusy, SqlError } from './connection.ts'
import { sizeOf } from './make-ledger.ts'

/** How long a step waits for another process, in milliseconds. */
const PATIENCE_MS = 25_000

/** Does something as soon as no other process is at it; the event loop goes on meanwhile. */
export async function untilFree<Result>(
  path: string,
  work: () => Result | Promise<Result>,
): Promise<Result> {
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!isBusy(error)) throw error
      if (performance.now() > deadline) throw heldUp(path, error)
    }
    await sleep(1 + Math.random() * 9)
  }
}

const heldUp = (path: string, cause: unknown): PlainError =>
  new PlainError(
    `${path}: another process has been in the middle of a change for ${PATIENCE_MS / 1000} seconds. It may move a large ledger ` +
      '(`store migrate`), or have been stopped (SIGSTOP, a debugger): let it go on, or end it; what it had begun is then undone',
    { cause },
  )

const SQL_WORDS: readonly (readonly [code: RegExp, what: string, next: string])[] = [
  [/^SQLITE_FULL/, 'the disk is full', 'make room and run again: what was done before is kept'],
  [/^SQLITE_IOERR/, 'the disk reported an error', 'check the disk, and run again'],
  [
    /^SQLITE_(CORRUPT|NOTADB)/,
    'its pages are damaged',
    'run `sft-catalog ledger check`; `ledger restore` puts a backup in its place',
  ],
  [
    /^SQLITE_(READONLY|PERM|AUTH)/,
    'it may not be written',
    'check who owns it and its folder, and their permissions',
  ],
  [
    /^SQLITE_CANTOPEN/,
    'it cannot be opened',
    'check that it is a file, who owns it and its folder, and their permissions',
  ],
]

/** What the database says, in plain words; every other error as it is. */
export function inPlainWords(path: string, error: unknown): unknown {
  if (!(error instanceof SqlError)) return plainly(error, path)
  const words = SQL_WORDS.find(([code]) => code.test(error.code))
  if (words === undefined) return error
  return new PlainError(`${path}: ${words[1]}; ${words[2]}`, { cause: error })
}

/** Why a file could not even be looked at. */
export async function whyUnreadable(path: string, error: unknown): Promise<unknown> {
  const isLeft = error instanceof SqlError && error.code.startsWith('SQLITE_CANTOPEN')
  if (isLeft && (await sizeOf(`${path}-wal`)) !== undefined)
    return new PlainError(
      `${path}: a process that was killed left changes in ${path}-wal, and only who may write beside it can read these; ` +
        'run `sft-catalog ledger check` as a user who may, or copy all its files to a folder that can be written',
      { cause: error },
    )
  return inPlainWords(path, error)
}
