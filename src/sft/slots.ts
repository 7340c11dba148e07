import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Clock } from '../clock.ts'
import { PlainError } from '../plain-error.ts'

/** A run of call times: the first, and one each `stepMs` after it, `left` in all. */
export interface Slots {
  readonly at: number
  readonly stepMs: number
  readonly left: number
}

/** What is asked of a slot source. */
interface SlotRequest {
  readonly stepMs: number
  readonly count: number
  /** No slot before this time (ms), for the pause after throttling. */
  readonly notBefore: number
  /** Slots not used: taken back if nobody was given later ones since. */
  readonly unused: Slots | undefined
}

/** Where call times come from. No two slots that one source gives are nearer than their step. */
export interface SlotSource {
  reserve(request: SlotRequest): Slots | Promise<Slots>
  /** Takes unused slots back. */
  release(unused: Slots): void | Promise<void>
}

/** How late (ms) a slot may be used. A later one could meet its successors in the platform's window. */
export const SLOT_SLACK_MS = 10

/** Call times of this process alone. */
export function memorySlots(clock: Pick<Clock, 'now'>): SlotSource {
  let next = 0
  return {
    reserve(request) {
      next = takeBack(next, request.unused)
      // Up to the slack may be caught up, or every late timer would lose a little of the rate.
      const at = Math.max(next, clock.now() - SLOT_SLACK_MS + 1, request.notBefore)
      next = at + request.count * request.stepMs
      return { at, stepMs: request.stepMs, left: request.count }
    },
    release(unused) {
      next = takeBack(next, unused)
    },
  }
}

/**
 * Call times shared by every process of this machine that names the same file, one after another or at
 * once. The file holds the time of the next free slot. Throws where its folder does not exist.
 */
export function fileSlots(path: string, clock: Clock): SlotSource {
  if (!existsSync(dirname(path)))
    throw new PlainError(
      `${path}: the folder ${resolve(dirname(path))} does not exist; mount it, or make it first`,
    )
  let lead = 0
  return {
    async reserve(request) {
      const began = clock.now()
      return await locked(path, clock, () => {
        const now = clock.now()
        const next = takeBack(readNext(path, now), request.unused)
        // A slow disk must not make every slot stale before it is known here.
        const at = Math.max(next, now + lead, request.notBefore)
        writeNext(path, at + request.count * request.stepMs)
        lead = Math.min(1000, Math.max(0, clock.now() - began - SLOT_SLACK_MS / 2))
        return { at, stepMs: request.stepMs, left: request.count }
      })
    },
    async release(unused) {
      await locked(path, clock, () => {
        const next = readNext(path, clock.now())
        const back = takeBack(next, unused)
        if (back !== next) writeNext(path, back)
      })
    },
  }
}

/**
 * Call times for a client that only reads: shared where the file is there and can be written, and never
 * making it, for one made by another user would lock its owner out. Where it is not there no writer has
 * ever used the account from here. Where it cannot be written, `onAlone` is told once, and the calls go at
 * half the rate, since others may use the other half.
 */
export function readerSlots(
  path: string,
  clock: Clock,
  onAlone: (message: string) => void,
): SlotSource {
  const own = memorySlots(clock)
  let shared: SlotSource | undefined
  let cannotShare = false
  const halved = (request: SlotRequest) => own.reserve({ ...request, stepMs: 2 * request.stepMs })
  return {
    async reserve(request) {
      if (cannotShare) return halved(request)
      if (!existsSync(path)) return own.reserve(request)
      try {
        shared ??= fileSlots(path, clock)
        return await shared.reserve(request)
      } catch (error) {
        if (!isSystemError(error)) throw error
        cannotShare = true
        onAlone(
          `${path} cannot be written, so the account's rate cannot be shared with other runs: going on alone, at half the rate`,
        )
        return halved(request)
      }
    },
    release: unused => (cannotShare ? own.release(unused) : shared?.release(unused)),
  }
}

const isSystemError = (error: unknown): boolean =>
  error instanceof Error && 'syscall' in error && 'code' in error

function takeBack(next: number, unused: Slots | undefined): number {
  if (unused === undefined || unused.left === 0) return next
  const end = unused.at + unused.left * unused.stepMs
  // Sums of fractions of a millisecond: equal means nearly equal.
  return Math.abs(next - end) < 0.5 ? unused.at : next
}

/** A clock set back, or a damaged file, must not stop every run for hours. */
const FARTHEST_MS = 300_000

function readNext(path: string, now: number): number {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return 0
    throw error
  }
  const next = Number(/"next"\s*:\s*([\d.]+)/.exec(text)?.[1])
  // What cannot be read was written by a run just now, so a full window is waited.
  return Number.isFinite(next) && next < now + FARTHEST_MS ? next : now + 1000
}

/** Always as long, so that the file is overwritten in place: cutting it off first would cost a disk flush. */
const LINE_LENGTH = 48

function writeNext(path: string, next: number): void {
  const file = openSync(path, constants.O_WRONLY | constants.O_CREAT, 0o600)
  try {
    writeSync(file, `${JSON.stringify({ next }).padEnd(LINE_LENGTH - 1)}\n`, 0)
  } finally {
    closeSync(file)
  }
}

const LOCK_STALE_MS = 2000

/** Runs synchronous work under an exclusive lock file, which so is held for a fraction of a millisecond. */
async function locked<Result>(path: string, clock: Clock, work: () => Result): Promise<Result> {
  const lock = `${path}.lock`
  for (let wait = 1; ; wait = Math.min(wait * 2, 20)) {
    if (tryLock(lock)) break
    await clock.sleep(wait)
  }
  try {
    return work()
  } finally {
    rmSync(lock, { force: true })
  }
}

function tryLock(lock: string): boolean {
  try {
    closeSync(openSync(lock, 'wx', 0o600))
    return true
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  }
  const stats = statSync(lock, { throwIfNoEntry: false })
  // Its holder died: no live one keeps it for seconds. Two who remove it at once share one slot at worst.
  if (stats !== undefined && Date.now() - stats.mtimeMs > LOCK_STALE_MS)
    rmSync(lock, { force: true })
  return false
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
