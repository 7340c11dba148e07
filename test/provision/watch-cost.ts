import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import pg from 'pg'

/** What is asked of the database, and in how many goes: one begins where no answer is waited for. */
export function watchQuestions() {
  const { query } = pg.Client.prototype
  const asked: string[] = []
  let waiting = 0
  let trips = 0
  const end = (): void => {
    waiting -= 1
  }
  pg.Client.prototype.query = function (this: pg.Client, ...args: unknown[]) {
    const [config] = args
    const text =
      typeof config === 'object' && config !== null ? Reflect.get(config, 'text') : config
    const answer: unknown = Reflect.apply(query, this, args)
    // Nobody waits for a notice, for what the pool looks up for later sales, or for the end of what only read: the end of
    // what wrote goes out with the writes.
    const isAside =
      /pg_notify|from esims where endpoint_id in/.test(String(text)) ||
      (text === 'commit' && waiting === 0)
    if (!(answer instanceof Promise) || isAside) return answer
    if (waiting === 0) trips += 1
    waiting += 1
    asked.push(String(text))
    answer.then(end, end)
    return answer
  } as typeof query
  return {
    asked,
    trips: () => trips,
    stop: () => {
      pg.Client.prototype.query = query
    },
  }
}

/** Calls of the file system that hold the process up. */
export function watchSyncCalls() {
  const calls: string[] = []
  const before = new Map<string, unknown>()
  for (const [name, work] of Object.entries(fs)) {
    if (!name.endsWith('Sync') || typeof work !== 'function') continue
    before.set(name, work)
    Reflect.set(fs, name, (...args: unknown[]) => {
      calls.push(`${name} ${String(args[0])}`)
      return Reflect.apply(work, fs, args)
    })
  }
  syncBuiltinESMExports()
  return {
    calls,
    stop: () => {
      for (const [name, work] of before) Reflect.set(fs, name, work)
      syncBuiltinESMExports()
    },
  }
}
