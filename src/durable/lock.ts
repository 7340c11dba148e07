import { randomUUID } from 'node:crypto'
import {
  closeSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { plainly, systemReason } from '../plain-error.ts'
import { errorCode, isMissing, requireFile } from './files.ts'
import { describeOwner, OWNER, type Owner, ownerState, thisProcess } from './owner.ts'

/** Who holds a lock. */
export interface LockHolder {
  /** Undefined: the file cannot be read as a lock, as a power cut may leave it. */
  readonly owner: Owner | undefined
  readonly since: Date
  /** Last sign of life, by the clock of the file system. */
  readonly touched: Date
  /** Whether the holder gives signs of life; one of release 0.1.0 does not. */
  readonly beats: boolean
  readonly token: string
}

/** A lock that is held; disposing it sets it free. */
export interface Lock extends AsyncDisposable {
  readonly path: string
  readonly owner: Owner
  /** Whether the file still says so: another may have removed it by hand. */
  isHeld(): boolean
}

export interface LockOptions {
  /** How long to wait for another owner, in milliseconds; 0 by default. */
  readonly waitMs?: number
  /** What the lock is for, shown to whoever finds it taken. */
  readonly purpose?: string
  /**
   * An owner on another machine loses the lock after this many milliseconds without a sign of life; the
   * holder gives one four times as often, and every 15 seconds at least. Without it only `removeLock` ends
   * such a lock.
   */
  readonly staleMs?: number
  /**
   * After how many milliseconds of silence an owner that has this host's name and another boot is followed;
   * ten minutes by default. It is this machine before it was started again, or another one of its name.
   */
  readonly otherBootMs?: number
  readonly signal?: AbortSignal
  /** What to do about the lock of an owner that cannot be seen, for the error's text. */
  readonly advice?: string
}

/** Somebody else has the lock. */
export class LockedError extends Error {
  override readonly name = 'LockedError'
  readonly path: string
  readonly holder: LockHolder
  constructor(path: string, holder: LockHolder, advice?: string) {
    super(`${path}: ${describeHolder(holder)}. ${adviceFor(path, holder, advice)}`)
    this.path = path
    this.holder = holder
  }
}

const BEAT_MS = 15_000
const OTHER_BOOT_MS = 10 * 60_000

/** A holder in words, with the time since when. */
export const describeHolder = ({ owner, since }: LockHolder): string =>
  `locked by ${owner === undefined ? 'an unknown owner' : describeOwner(owner)} since ${since.toISOString()}`

function adviceFor(path: string, { owner, beats, touched }: LockHolder, advice?: string): string {
  const state = owner === undefined ? undefined : ownerState(owner)
  if (owner !== undefined && state === 'alive')
    return owner.pid === process.pid
      ? 'That is this very process: it must dispose of the first before opening a second.'
      : `Wait until it has ended, or end it (process ${owner.pid}).`
  const boot =
    state === 'another boot' && beats
      ? "It has this host's name and another boot: this machine before it was started again, or another " +
        `one of the same name. After ten minutes without a sign of life (the last at ${touched.toISOString()}) ` +
        'it is followed by itself. '
      : ''
  return (
    `${boot}Whether it still runs cannot be seen from here. Wait until it has ended; ` +
    `once you know that it has, ${advice ?? `remove ${path}`}.`
  )
}

/** Who holds the lock at `path`; undefined where nobody does. A dead owner still counts. */
export function readLock(path: string): LockHolder | undefined {
  return readChain(path).at(-1)
}

/** Removes a lock whoever holds it, if it is still the one that was looked at. */
export function removeLock(path: string, holder: LockHolder): boolean {
  if (readLock(path)?.token !== holder.token) return false
  removeAll(path, readChain(path))
  rmSync(path, { force: true })
  return true
}

/**
 * Takes the lock at `path`: a file that names its owner. The lock of an owner known to be dead is taken
 * over; of several takers one wins. Throws `LockedError` when somebody else has it after `waitMs`.
 */
export async function acquireLock(path: string, options: LockOptions = {}): Promise<Lock> {
  const { waitMs = 0, purpose, staleMs, otherBootMs = OTHER_BOOT_MS, signal, advice } = options
  const owner = thisProcess(purpose)
  const token = randomUUID()
  const deadline = Date.now() + waitMs
  const patience = { staleMs, otherBootMs }
  for (;;) {
    signal?.throwIfAborted()
    const holder = takeLock(path, token, owner, patience)
    if (holder === undefined) break
    if (Date.now() >= deadline) throw new LockedError(path, holder, advice)
    await sleep(Math.min(50 + Math.random() * 100, deadline - Date.now()), undefined, { signal })
  }
  const heartbeat = setInterval(
    () => touch(path, token),
    Math.min(BEAT_MS, (staleMs ?? Number.POSITIVE_INFINITY) / 4, otherBootMs / 4),
  ).unref()
  return {
    path,
    owner,
    isHeld: () => readRecord(path)?.token === token,
    async [Symbol.asyncDispose]() {
      clearInterval(heartbeat)
      releaseLock(path, token)
    },
  }
}

/** Milliseconds after which a short section of an owner that cannot be seen is given up for dead. */
const SHORT_STALE_MS = 20_000
const SHORT_WAIT_MS = 30_000
const SHORT_PATIENCE = { staleMs: SHORT_STALE_MS, otherBootMs: SHORT_STALE_MS }

/** Short sections of this process by path: they queue here and not at the file. */
const queues = new Map<string, Promise<unknown>>()

/**
 * Runs `fn` while holding the lock at `path`, for sections of milliseconds that many processes want. An
 * owner killed inside is noticed within some milliseconds; one on another machine after 20 seconds.
 * Calls of one process run in order. Not re-entrant. Throws `LockedError` after 30 seconds.
 */
export async function withShortLock<Result>(
  path: string,
  fn: () => Result | Promise<Result>,
): Promise<Result> {
  const before = queues.get(path)
  const mine = (async () => {
    await before
    const token = randomUUID()
    await takeShortLock(path, token)
    try {
      return await fn()
    } finally {
      releaseLock(path, token)
    }
  })()
  const settled = mine.then(
    () => undefined,
    () => undefined,
  )
  queues.set(path, settled)
  try {
    return await mine
  } finally {
    if (queues.get(path) === settled) queues.delete(path)
  }
}

async function takeShortLock(path: string, token: string): Promise<void> {
  const owner = thisProcess()
  const deadline = Date.now() + SHORT_WAIT_MS
  for (;;) {
    const holder = takeLock(path, token, owner, SHORT_PATIENCE)
    if (holder === undefined) return
    if (Date.now() >= deadline) throw new LockedError(path, holder)
    await sleep(1 + Math.random() * 4)
  }
}

// How a dead owner's lock is taken over by one taker only: a lock has a token, and the right to follow
// token T is a file `PATH.T.next`, made with link(2), which only one can make. Whoever made it looks
// once more that T (with the followers that died on the way) still stands, then renames its own record
// over the lock. As tokens are never used twice, a claim that comes too late sees another token and
// goes away; a follower that dies before the rename is followed in the same way.

const recordPath = (path: string, token: string): string => `${path}.${token}`
const claimPath = (path: string, token: string): string => `${path}.${token}.next`

/** How long owners may be silent that cannot be seen from here. */
interface Patience {
  readonly staleMs: number | undefined
  readonly otherBootMs: number
}

/** Tries once; the holder where it is taken. */
function takeLock(
  path: string,
  token: string,
  owner: Owner,
  patience: Patience,
): LockHolder | undefined {
  const record = recordPath(path, token)
  const since = new Date().toISOString()
  const content = `${JSON.stringify({ ...owner, since, token, beats: true })}\n`
  try {
    writeFileSync(record, content, { mode: 0o600, flag: 'wx' })
    // Clocks of machines differ: signs of life are dated, and silence is measured, by the file system's.
    const now = statSync(record).mtimeMs
    for (;;) {
      if (linkOnce(record, path)) return undefined
      const chain = readChain(path)
      const last = chain.at(-1)
      if (last === undefined) continue
      if (!isGone(last, patience, now)) return last
      const claim = claimPath(path, last.token)
      if (!linkOnce(record, claim)) continue
      const standing = readChain(path).map(holder => holder.token)
      if (standing.join() === [...chain.map(holder => holder.token), token].join()) {
        renameSync(record, path)
        removeAll(path, chain)
        return undefined
      }
      rmSync(claim, { force: true })
    }
  } catch (error) {
    throw plainly(error, path)
  } finally {
    removeQuietly(record)
  }
}

/** What could not be made need not be removed: the first failure is what people are told. */
function removeQuietly(record: string): void {
  try {
    rmSync(record, { force: true })
  } catch (error) {
    if (systemReason(errorCode(error)) === undefined) throw error
  }
}

function releaseLock(path: string, token: string): void {
  if (readRecord(path)?.token === token) rmSync(path, { force: true })
}

/** A sign of life: the same bytes again, which the file system dates by its own clock. */
function touch(path: string, token: string): void {
  if (readRecord(path)?.token !== token) return
  try {
    const file = openSync(path, 'r+')
    try {
      const text = readFileSync(file, 'utf8')
      if (text.includes(token)) writeSync(file, text, 0)
    } finally {
      closeSync(file)
    }
  } catch (error) {
    // Taken away by hand in between: whoever holds it looks before each write.
    if (!isMissing(error)) throw error
  }
}

/** Creates `target` with the content of `file`, whole or not at all; false where there is one. */
function linkOnce(file: string, target: string): boolean {
  try {
    linkSync(file, target)
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    throw error
  }
}

/** The lock's record and those that claimed to follow it, in order; the last one holds the lock. */
function readChain(path: string): readonly LockHolder[] {
  const chain: LockHolder[] = []
  for (let file = path; ; ) {
    const holder = readRecord(file)
    if (holder === undefined) return chain
    chain.push(holder)
    file = claimPath(path, holder.token)
  }
}

function removeAll(path: string, chain: readonly LockHolder[]): void {
  for (const { token } of chain) {
    rmSync(recordPath(path, token), { force: true })
    rmSync(claimPath(path, token), { force: true })
  }
}

function isGone(
  holder: LockHolder,
  { staleMs = Number.POSITIVE_INFINITY, otherBootMs }: Patience,
  now: number,
): boolean {
  const silent = now - holder.touched.getTime()
  // A record is always whole, but for a power cut before its content reached the disk.
  if (holder.owner === undefined) return silent > Math.min(staleMs, otherBootMs)
  const state = ownerState(holder.owner)
  if (state === 'another boot')
    return silent > (holder.beats ? Math.min(staleMs, otherBootMs) : staleMs)
  return state === 'dead' || (state === 'elsewhere' && silent > staleMs)
}

function readRecord(file: string): LockHolder | undefined {
  let text: string
  let touched: Date
  let inode: number
  try {
    requireFile(statSync(file), file)
    text = readFileSync(file, 'utf8')
    ;({ mtime: touched, ino: inode } = statSync(file))
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
  const unreadable = {
    owner: undefined,
    since: touched,
    touched,
    beats: false,
    token: `unreadable-${inode}-${touched.getTime()}`,
  }
  const record = parseRecord(text)
  if (record === undefined) return unreadable
  const { token, since, beats, ...owner } = record
  return { owner, since: dateOf(since) ?? touched, touched, beats: beats === true, token }
}

/** A lock's record: its owner, and which lock it is. */
const RECORD = OWNER.extend({
  // It becomes a part of file names.
  token: z.string().regex(/^[\w-]+$/),
  since: z.unknown().optional(),
  /** Absent in those of release 0.1.0. */
  beats: z.unknown().optional(),
})

function parseRecord(text: string): z.infer<typeof RECORD> | undefined {
  try {
    return RECORD.safeParse(JSON.parse(text)).data
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function dateOf(value: unknown): Date | undefined {
  const date = new Date(String(value))
  return Number.isNaN(date.getTime()) ? undefined : date
}
