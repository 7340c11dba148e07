import type { LedgerKeys, LedgerWatch } from '../provision/ledger.ts'
import { makeWatch, type Watcher } from '../provision/watches.ts'
import type { Database, Session } from './database.ts'

/** Tells of changed rows, whichever process changed them: by LISTEN and NOTIFY. */
export interface Notices extends AsyncDisposable {
  watch(keys: LedgerKeys): LedgerWatch
  /** Says that rows changed. Nothing waits for it: whoever misses it looks again from time to time. */
  tell(names: readonly string[]): void
}

/** What fits in a notice (8,000 bytes); of more is said only that there was something. */
const LONGEST = 7000
const ANYTHING = '*'

/** What rows are called in notices and locks. */
export const namesOf = ({ orderIds = [], endpointIds = [] }: LedgerKeys): readonly string[] => [
  ...orderIds.map(id => `order ${id}`),
  ...endpointIds.map(id => `endpoint ${id}`),
]

/** Opens the notices of a ledger; while nobody waits nothing is listened to. */
export function openNotices(database: Database): Notices {
  const channel = `${database.schema}_rows`
  const watchers = new Map<Watcher, ReadonlySet<string>>()
  let session: Promise<Session | undefined> | undefined
  const telling = new Set<Promise<void>>()

  const tellAll = (): void => {
    for (const watcher of watchers.keys()) watcher.tell()
  }

  const listen = async (): Promise<Session> => {
    const opened = await database.connect('sft-catalog waits')
    opened.onNotice((_channel, payload) => {
      if (payload === ANYTHING) return tellAll()
      const changed = payload.split('\n')
      for (const [watcher, names] of watchers)
        if (changed.some(name => names.has(name))) watcher.tell()
    })
    opened.onLost(() => {
      session = undefined
      tellAll()
    })
    await opened.query(`listen ${channel}`)
    // What changed until now was not heard.
    tellAll()
    return opened
  }

  return {
    watch(keys) {
      const { watch, watcher } = makeWatch(keys, () => watchers.delete(watcher))
      watchers.set(watcher, new Set(namesOf(keys)))
      session ??= listen().catch(() => {
        // Whoever waits looks from time to time, and is told then what is wrong with the database.
        session = undefined
        return undefined
      })
      return watch
    },
    tell(names) {
      if (names.length === 0) return
      const text = names.join('\n')
      const payload = Buffer.byteLength(text) > LONGEST ? ANYTHING : text
      const told = database
        .ask('select pg_notify($1, $2)', channel, payload)
        .then(
          () => undefined,
          () => undefined,
        )
        .finally(() => telling.delete(told))
      telling.add(told)
    },
    async [Symbol.asyncDispose]() {
      watchers.clear()
      await Promise.all(telling)
      await (await session)?.[Symbol.asyncDispose]()
    },
  }
}
