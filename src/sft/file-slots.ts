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
import { memorySlots } from './memory-slots.ts'
import { createPace, type KnownTimes, NOTHING_KNOWN, type Pace } from './pace.ts'
import { sharedPaceSlots } from './shared-slots.ts'
import type { SlotRequest, SlotSource } from './slots.ts'

/** Finds the file, whose links are then followed: its lock must stand beside what it locks. Asked for each call. */
type Locate = () => Promise<string>

/**
 * Call times shared by every process of this machine that names the same file, one after another or at
 * once. The file holds those of the last second. Its folder is never made: it may be a volume that is not
 * mounted.
 */
export function fileSlots(locate: Locate, clock: Clock): SlotSource {
  const change = async <Result>(work: (pace: Pace, now: number) => Result): Promise<Result> => {
    const path = await followLinks(await locate())
    return await locked(path, () => {
      const now = clock.now()
      const { known, bytes } = readKnown(path, now)
      const pace = createPace(known)
      const result = work(pace, now)
      writeKnown(path, pace.known(), bytes)
      return result
    })
  }
  return sharedPaceSlots(
    {
      take: ask => change((pace, now) => pace.take(ask, now)),
      sent: calls =>
        change(pace => {
          for (const [at, sentAt] of calls) pace.sent(at, sentAt)
        }),
      release: unused => change(pace => pace.release(unused)),
    },
    clock,
  )
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
  const isOwn = () => cannotShare || shared === undefined
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
    sent: (at, sentAt) => (isOwn() ? own : shared)?.sent?.(at, sentAt),
    release: unused => (isOwn() ? own : shared)?.release(unused),
  }
}

/** A file is overwritten in place and never cut off, which would cost a disk flush; it grows by so much at once. */
const BLOCK = 512
/** What is larger is something else. */
const MOST_BYTES = 1_000_000

/** Files of this form begin so; those of an older version only said when the next call may go. */
const FORM = '{"version":2,'
const OLDER = /^\{"next":([\d.]+)\}\s*$/
const OLDER_BYTES = 96
/** A time that is farther away was written by another clock (ms). */
const FARTHEST_MS = 300_000
/** The platform's window: whoever knows nothing waits as long. */
const WINDOW_MS = 1000

interface Read {
  readonly known: KnownTimes | undefined
  readonly bytes: number
}

function readKnown(path: string, now: number): Read {
  let text: string
  try {
    requireFile(statSync(path), path)
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (isMissing(error)) return { known: undefined, bytes: 0 }
    throw error
  }
  if (text.length > (text.startsWith(FORM) ? MOST_BYTES : OLDER_BYTES))
    throw new PlainError(
      `${path}: it is no file of call times, and is left as it is; move it away, or name another place`,
    )
  // What cannot be read was written by a run just now.
  return { known: parseKnown(text) ?? onlyAfter(olderNext(text, now), now), bytes: text.length }
}

/** Until when an older version was busy. */
function olderNext(text: string, now: number): number {
  const next = Number(OLDER.exec(text)?.[1])
  return Number.isFinite(next) && next < now + FARTHEST_MS ? next : now
}

const onlyAfter = (time: number, now: number): KnownTimes | undefined =>
  time + WINDOW_MS < now ? undefined : { ...NOTHING_KNOWN, pausedUntil: time + WINDOW_MS }

function parseKnown(text: string): KnownTimes | undefined {
  if (!text.startsWith(FORM)) return undefined
  try {
    const parsed: unknown = JSON.parse(text)
    return isKnown(parsed) ? parsed : undefined
  } catch {
    return undefined
  }
}

const areNumbers = (value: object, names: readonly string[]): boolean =>
  names.every(name => typeof Reflect.get(value, name) === 'number')

function isKnown(value: unknown): value is KnownTimes {
  if (typeof value !== 'object' || value === null) return false
  const times: unknown = Reflect.get(value, 'times')
  const waits: unknown = Reflect.get(value, 'waits')
  return (
    Array.isArray(times) &&
    times.every(time => typeof time === 'number') &&
    Array.isArray(waits) &&
    waits.every(
      wait =>
        typeof wait === 'object' && wait !== null && areNumbers(wait, ['lane', 'since', 'until']),
    ) &&
    areNumbers(value, ['next', 'pausedUntil', 'slowRate', 'slowUntil', 'sharedUntil'])
  )
}

const inHundredths = (_name: string, value: unknown): unknown =>
  typeof value === 'number' ? Math.round(value * 100) / 100 : value

function writeKnown(path: string, known: KnownTimes, bytes: number): void {
  const text = JSON.stringify({ version: 2, ...known }, inHundredths)
  const length = Math.max(bytes, Math.ceil((text.length + 1) / BLOCK) * BLOCK)
  const file = openSync(path, constants.O_WRONLY | constants.O_CREAT, 0o600)
  try {
    writeSync(file, `${text.padEnd(length - 1)}\n`, 0)
  } finally {
    closeSync(file)
  }
}

/** Reads and writes the file alone, in a fraction of a millisecond. */
const locked = <Result>(path: string, work: () => Result): Promise<Result> =>
  inPlainWords(path, () => withShortLock(`${path}.lock`, work))
