// Runs numbered schedules in chunks. A schedule follows from its number alone.
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'

/** Which schedules to run, as the environment says. */
export interface Share {
  /** Number of the first one (`CHAOS_FIRST`). */
  readonly first: number
  /** How many (`CHAOS_SCHEDULES`). */
  readonly count: number
  /** File of the chunks that are done, which are left out (`CHAOS_DONE`). */
  readonly done: string | undefined
}

/**
 * The share that the environment asks for, else the first `usual` schedules: a merge does not fail by chance.
 * Other numbers are what `npm run chaos:schedules` is for.
 */
export function shareOf(env: NodeJS.ProcessEnv, usual: number): Share {
  return {
    first: Number(env['CHAOS_FIRST'] ?? 1),
    count: Number(env['CHAOS_SCHEDULES'] ?? usual),
    done: env['CHAOS_DONE'],
  }
}

const CHUNK = 50
/** Numbers that follow one another give schedules that have nothing in common. */
const SCATTER = 0x9e3779b1

/** The schedule of a number. */
export function scheduleOf<Value>(arbitrary: fc.Arbitrary<Value>, number: number): Value {
  const [value] = fc.sample(arbitrary, { seed: Math.imul(number, SCATTER), numRuns: 1 })
  return value as Value
}

/** A schedule takes tenths of a second; what takes so long goes round in circles. */
const LONGEST_SECONDS = 60

async function within(
  seconds: number,
  playing: Promise<readonly string[]>,
): Promise<readonly string[]> {
  const giveUp = new AbortController()
  const late = delay(seconds * 1000, [`does not end within ${seconds} s`], {
    signal: giveUp.signal,
  }).catch(() => [])
  try {
    return await Promise.race([playing, late])
  } finally {
    giveUp.abort()
  }
}

/** What a schedule did wrong, with what plays it again. */
export interface Failure {
  readonly number: number
  readonly problems: readonly string[]
}

/**
 * Plays every schedule of a share, each in turn; a chunk without problems is written to the file of those
 * that are done. All failures are gathered, so that one run shows them all.
 */
export async function playShare(
  name: string,
  { first, count, done }: Share,
  play: (number: number) => Promise<readonly string[]>,
  say: (line: string) => void,
): Promise<readonly Failure[]> {
  const finished = new Set(
    done !== undefined && existsSync(done) ? readFileSync(done, 'utf8').split('\n') : [],
  )
  const failures: Failure[] = []
  for (let start = first; start < first + count; start += CHUNK) {
    const end = Math.min(start + CHUNK, first + count) - 1
    const chunk = `${name} ${start}-${end}`
    if (finished.has(chunk)) {
      say(`${chunk} was done before`)
      continue
    }
    const began = performance.now()
    const before = failures.length
    for (let number = start; number <= end; number++) {
      const problems = await within(LONGEST_SECONDS, play(number))
      if (problems.length === 0) continue
      failures.push({ number, problems })
      say(`CHAOS_FIRST=${number} CHAOS_SCHEDULES=1 (${name}): ${problems.join('; ')}`)
    }
    say(`${chunk}: ${failures.length - before} failed, ${Math.round(performance.now() - began)} ms`)
    if (done !== undefined && failures.length === before) appendFileSync(done, `${chunk}\n`)
  }
  return failures
}
