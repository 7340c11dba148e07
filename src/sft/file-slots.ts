import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readFileSync,
  statSync,
  writeSync,
} from 'node:fs'
import type { Clock } from '../clock.ts'
import { followLinks, isMissing, requireFile } from '../durable/files.ts'
import { withShortLock } from '../durable/lock.ts'
import { FileError, inPlainWords, PlainError } from '../plain-error.ts'
import { memorySlots, SLOT_SLACK_MS, type SlotRequest, type SlotSource, takeBack } from './slots.ts'

/** Finds the file, whose links are then followed: its lock must stand beside what it locks. Asked for each call. */
type Locate = () => Promise<string>

/**
 * Call times shared by every process of this machine that names the same file, one after another or at
 * once. The file holds the time of the next free slot. Its folder is never made: it may be a volume that is not
 * mounted.
 */
export function fileSlots(locate: Locate, clock: Clock): SlotSource {
  const find = async () => followLinks(await locate())
  let lead = 0
  return {
    async reserve(request) {
      const path = await find()
      const began = clock.now()
      return await locked(path, () => {
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
      const path = await find()
      await locked(path, () => {
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
  locate: Locate,
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
      let path: string | undefined
      try {
        path = await locate()
        if (!existsSync(path)) return own.reserve(request)
        shared ??= fileSlots(locate, clock)
        return await shared.reserve(request)
      } catch (error) {
        if (!(error instanceof FileError)) throw error
        cannotShare = true
        onAlone(
          `${path ?? error.path} cannot be written, so the account's rate cannot be shared with other runs: going on alone, at half the rate`,
        )
        return halved(request)
      }
    },
    release: unused => (cannotShare ? own.release(unused) : shared?.release(unused)),
  }
}

/** Always as long, so that the file is overwritten in place: cutting it off first would cost a disk flush. */
const LINE_LENGTH = 48

/** A clock set back, or a damaged file, must not stop every run for hours. */
const FARTHEST_MS = 300_000

function readNext(path: string, now: number): number {
  let text: string
  try {
    requireFile(statSync(path), path)
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (isMissing(error)) return 0
    throw error
  }
  if (text.length > 2 * LINE_LENGTH)
    throw new PlainError(
      `${path}: it is no file of call times, and is left as it is; move it away, or name another place`,
    )
  const next = Number(/"next"\s*:\s*([\d.]+)/.exec(text)?.[1])
  // What cannot be read was written by a run just now, so a full window is waited.
  return Number.isFinite(next) && next < now + FARTHEST_MS ? next : now + 1000
}

function writeNext(path: string, next: number): void {
  const file = openSync(path, constants.O_WRONLY | constants.O_CREAT, 0o600)
  try {
    writeSync(file, `${JSON.stringify({ next }).padEnd(LINE_LENGTH - 1)}\n`, 0)
  } finally {
    closeSync(file)
  }
}

/** Reads and writes the file alone, in a fraction of a millisecond. */
const locked = <Result>(path: string, work: () => Result): Promise<Result> =>
  inPlainWords(path, () => withShortLock(`${path}.lock`, work))
