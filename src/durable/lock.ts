import { randomUUID } from 'node:crypto'
import {
  linkSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { uptime } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { errorCode, isMissing } from './files.ts'
import { describeOwner, isOwner, type Owner, ownerState, thisProcess } from './owner.ts'

/** Who holds a lock. */
export interface LockHolder {
  /** Undefined: the file cannot be read as a lock, as a power cut may leave it. */
  readonly owner: Owner | undefined
  readonly since: Date
  /** Last sign of life, for locks with `staleMs`. */
  readonly touched: Date
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
   * An owner that cannot be seen from here loses the lock after this many milliseconds without a sign of
   * life; the holder gives one four times as often. Without it only `removeLock` ends such a lock.
   */
  readonly staleMs?: number
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

/** A holder in words, with the time since when. */
export const describeHolder = ({ owner, since }: LockHolder): string =>
  `locked by ${owner === undefined ? 'an unknown owner' : describeOwner(owner)} since ${since.toISOString()}`

function adviceFor(path: string, { owner }: LockHolder, advice?: string): string {
  if (owner !== undefined && ownerState(owner) === 'alive')
    return owner.pid === process.pid
      ? 'That is this very process: it must dispose of the first before opening a second.'
      : `Wait until it has ended, or end it (process ${owner.pid}).`
  return (
    'Whether it still runs cannot be seen from here. Wait until it has ended; ' +
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
  const { waitMs = 0, purpose, staleMs, signal, advice } = options
  const owner = thisProcess(purpose)
  const token = randomUUID()
  const deadline = Date.now() + waitMs
  for (;;) {
    signal?.throwIfAborted()
    const holder = takeLock(path, token, owner, staleMs)
    if (holder === undefined) break
    if (Date.now() >= deadline) throw new LockedError(path, holder, advice)
    await sleep(Math.min(50 + Math.random() * 100, deadline - Date.now()), undefined, { signal })
  }
  const heartbeat =
    staleMs === undefined ? undefined : setInterval(() => touch(path, token), staleMs / 4).unref()
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
    const holder = takeLock(path, token, owner, SHORT_STALE_MS)
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

/** Tries once; the holder where it is taken. */
function takeLock(
  path: string,
  token: string,
  owner: Owner,
  staleMs: number | undefined,
): LockHolder | undefined {
  const record = recordPath(path, token)
  const content = `${JSON.stringify({ ...owner, since: new Date().toISOString(), token })}\n`
  writeFileSync(record, content, { mode: 0o600, flag: 'wx' })
  try {
    for (;;) {
      if (linkOnce(record, path)) return undefined
      const chain = readChain(path)
      const last = chain.at(-1)
      if (last === undefined) continue
      if (!isGone(last, staleMs)) return last
      const claim = claimPath(path, last.token)
      if (!linkOnce(record, claim)) continue
      const now = readChain(path).map(holder => holder.token)
      if (now.join() === [...chain.map(holder => holder.token), token].join()) {
        renameSync(record, path)
        removeAll(path, chain)
        return undefined
      }
      rmSync(claim, { force: true })
    }
  } finally {
    rmSync(record, { force: true })
  }
}

function releaseLock(path: string, token: string): void {
  if (readRecord(path)?.token === token) rmSync(path, { force: true })
}

function touch(path: string, token: string): void {
  if (readRecord(path)?.token === token) utimesSync(path, new Date(), new Date())
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

function isGone(holder: LockHolder, staleMs: number | undefined): boolean {
  const silent = Date.now() - holder.touched.getTime()
  const stale = staleMs !== undefined && silent > staleMs
  // A record is always whole, but for a power cut before its content reached the disk.
  if (holder.owner === undefined) return stale || silent > uptime() * 1000
  const state = ownerState(holder.owner)
  return state === 'dead' || (state === 'elsewhere' && stale)
}

function readRecord(file: string): LockHolder | undefined {
  let text: string
  let touched: Date
  let inode: number
  try {
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
    token: `unreadable-${inode}-${touched.getTime()}`,
  }
  try {
    const value: unknown = JSON.parse(text)
    if (!isOwner(value)) return unreadable
    if (!('token' in value) || typeof value.token !== 'string' || !/^[\w-]+$/.test(value.token))
      return unreadable
    const since = 'since' in value ? new Date(String(value.since)) : touched
    return {
      owner: value,
      since: Number.isNaN(since.getTime()) ? touched : since,
      touched,
      token: value.token,
    }
  } catch (error) {
    if (error instanceof SyntaxError) return unreadable
    throw error
  }
}
