import type { SqlRow } from '../ledger/connection.ts'
import { numberIn, textIn } from '../ledger/rows.ts'
import type { Cipher } from '../secrets/cipher.ts'
import type {
  AppliedPlan,
  ApplyCounts,
  ApplyEnd,
  ApplyLog,
  LeftChange,
  LeftWork,
  Superseded,
} from '../state/apply-log.ts'
import { openDatabase } from './database.ts'
import type { Query } from './query.ts'

/** A worker whose last sign of life is older than so many seconds is dead, or stopped. */
export const SILENT_SECONDS = 6

/** Of a row of applies: the worker that has it gives no signs of life any more. */
export const IS_SILENT = `applies.ended is null and seen < clock_timestamp() - interval '${SILENT_SECONDS} seconds'`
/** Ends the connection of the worker that has a row of applies. */
export const END_SILENT = 'bool_or(pg_terminate_backend(applies.pid))'

/** A row of applies whose rest workers carry out, of the state that stands here now. */
export const UNDER_WAY = `applies.ended is null and applies.left_at is not null
  and applies.lineage = (select lineage from state_place where mark is null)`

/** Columns of an apply as the history has it. */
export const APPLIED = 'applies.id, about, begun, applies.ended, ending, superseded_by, left_at'

const SUPERSEDE = `update applies set ended = clock_timestamp(), superseded_by = $1
  where ${UNDER_WAY} returning id`

const counted = (condition: string): string =>
  `(select count(*) from apply_changes where apply = $1 and ${condition})`
const COUNT = `select ${counted("ending = 'done'")} as done, ${counted("ending = 'failed'")} as failed,
  ${counted('ending is null')} as left, own, calls from applies where id = $1`

const LEAVE = `insert into apply_changes (apply, kind, key, operation, calls, content)
  select $1::integer, * from unnest($2::text[], $3::text[], $4::integer[], $5::float8[], $6::text[])`
/** Changes a statement. */
const PAGE = 1000

/** What keeps the applies of a state, on the connection that has its lock. */
export function postgresApplyLog(query: Query, lineage: string, cipher: Cipher): ApplyLog {
  return {
    async begin(about, isWhole) {
      return await together(query, async () => {
        const [made] = await query(
          'insert into applies (lineage, about) values ($1, $2) returning id',
          lineage,
          JSON.stringify(about),
        )
        const id = numberIn(made, 'id')
        const [old] = isWhole ? await query(SUPERSEDE, id) : []
        return old === undefined
          ? { id }
          : { id, superseded: await supersede(query, numberIn(old, 'id')) }
      })
    },
    async end(id, end) {
      await query(
        'update applies set ended = clock_timestamp(), ending = $2 where id = $1',
        id,
        JSON.stringify(end),
      )
    },
    detached: {
      async underWay() {
        const [found] = await query(`select id from applies where ${UNDER_WAY}`)
        return found === undefined ? undefined : numberIn(found, 'id')
      },
      leave: (id, work) => together(query, () => leave(query, id, work, cipher)),
    },
  }
}

/** Ends a detached apply for a newer one, as far as it is. */
async function supersede(query: Query, id: number): Promise<Superseded> {
  const { done, left } = await endOf(query, id, 'superseded')
  return { id, done, left }
}

/** What a detached apply came to; the ending is written, `left` are changes without one. */
export async function endOf(
  query: Query,
  id: number,
  outcome: string | ((counts: ApplyCounts) => string),
): Promise<{ readonly end: ApplyEnd; readonly done: number; readonly left: number }> {
  const [row] = await query(COUNT, id)
  const own: Pick<LeftWork, 'counts' | 'calls'> = JSON.parse(textIn(row, 'own'))
  const done = numberIn(row, 'done')
  const left = numberIn(row, 'left')
  const counts = {
    ...own.counts,
    done: own.counts.done + done,
    failed: own.counts.failed + numberIn(row, 'failed'),
    deferred: own.counts.deferred + left,
  }
  const end = {
    outcome: typeof outcome === 'string' ? outcome : outcome(counts),
    counts,
    calls: own.calls + numberIn(row, 'calls'),
  }
  await query(
    'update applies set ended = coalesce(ended, clock_timestamp()), ending = $2 where id = $1',
    id,
    JSON.stringify(end),
  )
  return { end, done, left }
}

/** Where the text of a change that is left stands, for its cipher. */
export const changePlace = (apply: number, { kind, key }: Pick<LeftChange, 'kind' | 'key'>) => [
  'change',
  String(apply),
  kind,
  key,
]

/** Where the frame of an apply stands, for its cipher. */
export const framePlace = (apply: number) => ['frame', String(apply)]

async function leave(query: Query, id: number, work: LeftWork, cipher: Cipher): Promise<void> {
  const rows = work.operations.flatMap(({ changes, calls }, operation) =>
    changes.map(change => ({ ...change, operation, calls: calls / changes.length })),
  )
  for (let at = 0; at < rows.length; at += PAGE) {
    const page = rows.slice(at, at + PAGE)
    await query(
      LEAVE,
      id,
      page.map(row => row.kind),
      page.map(row => row.key),
      page.map(row => row.operation),
      page.map(row => row.calls),
      page.map(row => cipher.encrypt(changePlace(id, row), row.content)),
    )
  }
  await query(
    `update applies set left_at = clock_timestamp(), frame = $2, rate = $3, own = $4 where id = $1`,
    id,
    cipher.encrypt(framePlace(id), work.frame),
    work.callsPerSecond ?? null,
    JSON.stringify({ counts: work.counts, calls: work.calls }),
  )
}

/** Several statements of one connection, all or none of them. */
export async function together<Result>(query: Query, work: () => Promise<Result>): Promise<Result> {
  await query('begin')
  try {
    const result = await work()
    await query('commit')
    return result
  } catch (error) {
    // Where the connection is gone, so is what was begun.
    await query('rollback').catch(() => undefined)
    throw error
  }
}

/** An apply as the history has it, of a row with `APPLIED`. */
export function appliedIn(row: SqlRow): AppliedPlan {
  const [ended, leftAt] = [row['ended'], row['left_at']]
  const supersededBy = row['superseded_by']
  const ending = textIn(row, 'ending')
  return {
    ...JSON.parse(textIn(row, 'about')),
    id: numberIn(row, 'id'),
    begunAt: isoOf(row['begun']),
    ...(ended instanceof Date && { endedAt: ended.toISOString() }),
    ...(ending !== '' && { end: JSON.parse(ending) }),
    ...(leftAt instanceof Date && { leftAt: leftAt.toISOString() }),
    ...(typeof supersededBy === 'number' && { supersededBy }),
  }
}

/** All applies of a lineage, oldest first. */
export async function appliesOf(query: Query, lineage: string): Promise<readonly AppliedPlan[]> {
  const rows = await query(`select ${APPLIED} from applies where lineage = $1 order by id`, lineage)
  return rows.map(appliedIn)
}

/** Takes applies over from elsewhere, with their numbers; those that begin here get later ones. */
export async function putApplies(
  query: Query,
  lineage: string,
  applies: readonly AppliedPlan[],
): Promise<void> {
  if (applies.length === 0) return
  await query(
    PUT_APPLIES,
    lineage,
    JSON.stringify(
      applies.map(({ id, begunAt, endedAt, end, leftAt, supersededBy, ...about }) => ({
        id,
        about: JSON.stringify(about),
        begun: begunAt,
        ended: endedAt,
        ending: end && JSON.stringify(end),
        left_at: leftAt,
        superseded_by: supersededBy,
      })),
    ),
  )
  await query(NUMBERS)
}

const PUT_APPLIES = `insert into applies (id, lineage, about, begun, ended, ending, left_at, superseded_by)
  overriding system value
  select id, $1, about, begun, ended, ending, left_at, superseded_by
  from jsonb_to_recordset($2::jsonb) as moved (id integer, about text, begun timestamptz, ended timestamptz,
    ending text, left_at timestamptz, superseded_by integer)`
const NUMBERS = `select setval(pg_get_serial_sequence('applies', 'id'), max(id)) from applies`

export const isoOf = (value: unknown): string => (value instanceof Date ? value.toISOString() : '')

/** The newest applies of a state, the newest first. */
export async function postgresHistory(
  address: string,
  limit: number,
): Promise<readonly AppliedPlan[]> {
  await using database = await openDatabase(address)
  if (!(await database.isPrepared())) return []
  const rows = await database.ask(`select ${APPLIED} from applies order by id desc limit $1`, limit)
  return rows.map(appliedIn)
}
