import type { Clock } from '../src/clock.ts'

/** Turns of the event loop without work, after which everybody is taken to be waiting for time. */
const IDLE_TURNS = 3

/**
 * Time that passes only while everybody waits for it, and then at once: how busy the machine is makes no
 * difference to what happens when. For everything within one process that has no socket open; files are
 * waited for.
 */
export function virtualClock(start = Date.now()): Clock {
  let now = start
  let order = 0
  let driving = false
  const sleepers = new Map<number, { readonly until: number; readonly wake: () => void }>()

  const earliest = (): number | undefined => {
    let first: { readonly id: number; readonly until: number } | undefined
    for (const [id, { until }] of sleepers)
      if (first === undefined || until < first.until) first = { id, until }
    return first?.id
  }

  async function drive(): Promise<void> {
    while (sleepers.size > 0) {
      await untilIdle()
      const id = earliest()
      const next = id === undefined ? undefined : sleepers.get(id)
      if (id === undefined || next === undefined) break
      sleepers.delete(id)
      now = Math.max(now, next.until)
      next.wake()
    }
    driving = false
  }

  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise<void>((resolve, reject) => {
        signal?.throwIfAborted()
        const id = order++
        const abort = () => {
          sleepers.delete(id)
          reject(signal?.reason)
        }
        const wake = () => {
          signal?.removeEventListener('abort', abort)
          resolve()
        }
        signal?.addEventListener('abort', abort, { once: true })
        sleepers.set(id, { until: now + Math.max(0, ms), wake })
        if (driving) return
        driving = true
        void drive()
      }),
  }
}

/** Waits until nothing goes on in this process but waiting. */
async function untilIdle(): Promise<void> {
  for (let turns = 0; turns < IDLE_TURNS; turns++) {
    await new Promise(resolve => setImmediate(resolve))
    if (isWorking()) turns = -1
  }
}

/** Files being read or written, and whatever else threads of this process do for it. */
const isWorking = (): boolean =>
  process.getActiveResourcesInfo().some(name => name.startsWith('FSReq'))
