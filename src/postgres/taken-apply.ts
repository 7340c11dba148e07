/** A detached apply that a worker has taken: its signs of life, what is left of it, and how it ends. */
import { LockedError } from '../durable/lock.ts'
import type { FailedChange, TakenApply } from '../fleet/fleet.ts'
import { numberIn, textIn } from '../ledger/rows.ts'
import type { Cipher, EncryptionKeys } from '../secrets/cipher.ts'
import type { ApplyCounts, LeftChange, LeftOperation } from '../state/apply-log.ts'
import { stateCipher } from '../state/encrypted-state.ts'
import type { StateEntry } from '../state/state.ts'
import { changePlace, endOf, framePlace, together, UNDER_WAY } from './apply-log.ts'
import type { Database } from './database.ts'
import type { Query } from './query.ts'
import { readAll } from './read-state.ts'
import { storeOf } from './state.ts'
import { ASKED, openLocked } from './state-lock.ts'

/** How often a worker that carries out an apply gives a sign of life, and looks whether the state is wanted (ms). */
const SIGN_MS = 500

/** Whoever gave the state to somebody who asked for it did not fail: it is taken up again as soon as it is free. */
const RELEASE = `update applies set pid = null, calls = calls + $2,
    given_at = case when $3::boolean then null else given_at end,
    attempts = case when $3::boolean then greatest(attempts - 1, 0) else attempts end
  where id = $1`

/** Opens the state for a detached apply, and counts what it has by now as done. */
export async function takeApply(
  database: Database,
  address: string,
  worker: string,
  id: number,
  keys: EncryptionKeys,
): Promise<TakenApply | undefined> {
  const purpose = `worker, apply ${id}`
  const locked = await openLocked(address, { purpose, yields: true }).catch((error: unknown) => {
    if (error instanceof LockedError) return undefined
    throw error
  })
  if (locked === undefined) return undefined
  const { shown, session, close } = locked
  const { query } = session
  try {
    const state = await readAll(shown, query, keys)
    const [row] = await query(
      `update applies set worker = $2, pid = pg_backend_pid(), seen = clock_timestamp()
        where id = $1 and ${UNDER_WAY} returning frame, pid`,
      id,
      worker,
    )
    if (state === undefined || row === undefined) {
      await close()
      return undefined
    }
    await query(
      `update apply_changes set ending = 'done' from state_records
        where apply = $1 and ending is null
          and state_records.kind = apply_changes.kind and state_records.key = apply_changes.key`,
      id,
    )
    const signs = giveSigns(database, id, numberIn(row, 'pid'))
    const release = async () => {
      await signs.end()
      // Where the connection is lost, others see that nobody has the apply.
      await query(RELEASE, id, signs.unsaid(), String(signs.wanted.aborted)).catch(() => undefined)
      await close()
    }
    const cipher = stateCipher(keys, shown, state.lineage)
    const store = storeOf(shown, session, state, keys, release, (own, entries) =>
      follow(own, id, entries),
    )
    return {
      id,
      store,
      frame: cipher.decrypt(framePlace(id), textIn(row, 'frame')),
      left: () => leftOf(query, id, cipher),
      wanted: signs.wanted,
      failed: changes => noteFailed(query, id, changes),
      spent: signs.spent,
      end: () => endWhereNothingIsLeft(query, id),
      [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Gives signs of life for an apply, and tells when somebody asks for its state. */
function giveSigns({ ask }: Database, id: number, pid: number) {
  const wanted = new AbortController()
  let calls = 0
  let giving: Promise<void> | undefined
  const give = async (): Promise<void> => {
    const said = calls
    calls = 0
    const [row] = await ask(
      `update applies set seen = clock_timestamp(), calls = calls + $2
        where id = $1 returning exists (select from state_lock where pid = $3 and ${ASKED}) as asked`,
      id,
      said,
      pid,
    )
    if (row?.['asked'] === true) wanted.abort()
  }
  const timer = setInterval(() => {
    // A database that is away ends the connection that holds the lock, and with it the attempt.
    giving ??= give()
      .catch(() => undefined)
      .finally(() => {
        giving = undefined
      })
  }, SIGN_MS)
  return {
    wanted: wanted.signal,
    spent: (more: number) => {
      calls += more
    },
    unsaid: () => calls,
    async end() {
      clearInterval(timer)
      await giving
    },
  }
}

/** What is recorded counts as done, and what is announced as under way, in the very transaction. */
async function follow(query: Query, id: number, entries: readonly StateEntry[]): Promise<void> {
  const put = entries.flatMap(entry => (entry.type === 'put' ? [entry] : []))
  const announced = entries.flatMap(entry =>
    entry.type === 'intent'
      ? entry.intent.drafts.map(({ kind, key }) => ({ kind, key, intent: entry.intent.id }))
      : [],
  )
  if (announced.length > 0)
    await query(
      `update apply_changes set intent = made.intent from unnest($2::text[], $3::text[], $4::text[]) as made (kind, key, intent)
        where apply = $1 and apply_changes.kind = made.kind and apply_changes.key = made.key`,
      id,
      announced.map(({ kind }) => kind),
      announced.map(({ key }) => key),
      announced.map(({ intent }) => intent),
    )
  if (put.length > 0)
    await query(
      `update apply_changes set ending = 'done' from unnest($2::text[], $3::text[]) as made (kind, key)
        where apply = $1 and apply_changes.kind = made.kind and apply_changes.key = made.key`,
      id,
      put.map(({ kind }) => kind),
      put.map(({ key }) => key),
    )
}

async function leftOf(query: Query, id: number, cipher: Cipher): Promise<readonly LeftOperation[]> {
  const rows = await query(
    `select operation, kind, key, calls, content from apply_changes
      where apply = $1 and ending is null order by operation, key`,
    id,
  )
  const operations = new Map<number, { changes: LeftChange[]; calls: number }>()
  for (const row of rows) {
    const number = numberIn(row, 'operation')
    const operation = operations.get(number) ?? { changes: [], calls: 0 }
    operations.set(number, operation)
    const change = { kind: textIn(row, 'kind'), key: textIn(row, 'key') }
    const content = cipher.decrypt(changePlace(id, change), textIn(row, 'content'))
    operation.changes.push({ ...change, content })
    operation.calls += numberIn(row, 'calls')
  }
  return [...operations.values()]
}

async function noteFailed(
  query: Query,
  id: number,
  changes: readonly FailedChange[],
): Promise<void> {
  await query(
    `update apply_changes set ending = 'failed', message = made.message
      from unnest($2::text[], $3::text[], $4::text[]) as made (kind, key, message)
      where apply = $1 and ending is null and apply_changes.kind = made.kind and apply_changes.key = made.key`,
    id,
    changes.map(({ kind }) => kind),
    changes.map(({ key }) => key),
    changes.map(({ message }) => message),
  )
}

async function endWhereNothingIsLeft(query: Query, id: number) {
  return await together(query, async () => {
    const [row] = await query(
      `select about from applies where id = $1
        and not exists (select from apply_changes where apply = $1 and ending is null)`,
      id,
    )
    if (row === undefined) return undefined
    const { blocked }: { readonly blocked: number } = JSON.parse(textIn(row, 'about'))
    const outcomeOf = ({ failed, skipped, deferred }: ApplyCounts): string =>
      failed + skipped + deferred > 0 ? 'failed' : blocked > 0 ? 'blocked' : 'ok'
    return (await endOf(query, id, outcomeOf)).end
  })
}
