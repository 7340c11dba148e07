import type { LedgerEntry } from '../provision/ledger.ts'

/** The form of the tables; it grows with each change of `SCHEMA`. That before it lacks `place.keys`. */
export const SCHEMA_VERSION = 3

/** The form of a ledger that went elsewhere, or comes and is not all there: who does not know it refuses it. */
export const MARKED_VERSION = 2

/** Says that an SQLite file is a ledger, as `file` and other tools show it: "SFTL". */
export const APPLICATION_ID = 0x53_46_54_4c

/**
 * A row as JSON text, encrypted where there is a key, with its checksum, and beside it the columns by which it is
 * asked for. `refreshed_at` of an eSIM is that of its usage, so that what is due is found by one index; `stock`
 * counts the eSIMs; `place.keys` has the IDs of the keys that may have encrypted a row.
 */
export const SCHEMA = `
create table place (lineage text not null, serial bigint not null, halted text, keys text);
create table orders (
  order_id text primary key, kind text not null, status text not null, unfinished integer not null,
  plan_id text not null, endpoint_id text, owner_id text, created_at text not null,
  crc bigint not null, content text not null);
create index orders_in_time on orders (created_at, order_id);
create index orders_unfinished on orders (created_at, order_id) where unfinished = 1;
create index orders_of_kind on orders (kind, status, created_at);
create index orders_of_plan on orders (plan_id, status, endpoint_id);
create index orders_owned on orders (owner_id) where owner_id is not null;
create table esims (
  endpoint_id text primary key, iccid text not null, batch text not null, tags text not null,
  status text not null, owner_id text, refreshed_at text not null,
  crc bigint not null, content text not null);
create index esims_by_iccid on esims (iccid);
create index esims_due on esims (status, refreshed_at, endpoint_id);
create index esims_owned on esims (owner_id) where owner_id is not null;
create table stock (batch text not null, tags text not null, status text not null, n bigint not null,
  primary key (batch, tags, status));
create table addons (
  endpoint_id text not null, unique_id text not null, crc bigint not null, content text not null,
  primary key (endpoint_id, unique_id));
create table usage (endpoint_id text primary key, refreshed_at text not null, crc bigint not null, content text not null);
create table processes (id text primary key, heartbeat text not null, crc bigint not null, content text not null);
create index processes_in_time on processes (heartbeat);
`

export type Table = LedgerEntry['table']

interface TableSql {
  readonly key: readonly string[]
  readonly columns: readonly string[]
}

/** The columns of each table before checksum and content; `key` names those of its primary key. */
export const TABLES: Readonly<Record<Table, TableSql>> = {
  orders: {
    key: ['order_id'],
    columns: [
      'order_id',
      'kind',
      'status',
      'unfinished',
      'plan_id',
      'endpoint_id',
      'owner_id',
      'created_at',
    ],
  },
  esims: {
    key: ['endpoint_id'],
    columns: ['endpoint_id', 'iccid', 'batch', 'tags', 'status', 'owner_id'],
  },
  addons: { key: ['endpoint_id', 'unique_id'], columns: ['endpoint_id', 'unique_id'] },
  usage: { key: ['endpoint_id'], columns: ['endpoint_id', 'refreshed_at'] },
  processes: { key: ['id'], columns: ['id', 'heartbeat'] },
}

const numbered = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `$${index + 1}`)

/** Puts a row in its place; values are its columns, checksum and content. */
export function upsert(table: Table): string {
  const { key, columns } = TABLES[table]
  const given = [...columns, 'crc', 'content']
  const values = [...numbered(given.length)]
  const names = [...given]
  if (table === 'esims') {
    names.push('refreshed_at')
    values.push("coalesce((select refreshed_at from usage where endpoint_id = $1), '')")
  }
  const changed = given.filter(name => !key.includes(name))
  return (
    `insert into ${table} (${names.join(', ')}) values (${values.join(', ')}) ` +
    `on conflict (${key.join(', ')}) do update set ${changed.map(name => `${name} = excluded.${name}`).join(', ')}`
  )
}

/** After a usage was put: endpoint and time. */
export const NOTE_REFRESHED = 'update esims set refreshed_at = $2 where endpoint_id = $1'

/** Whether an eSIM is counted as what it is to be: endpoint, batch, tags, status. */
export const IS_COUNTED =
  'select 1 from esims where endpoint_id = $1 and batch = $2 and tags = $3 and status = $4'
/** Counts an endpoint no more as what it was. */
export const COUNT_OUT = `update stock set n = n - 1
  where (batch, tags, status) = (select batch, tags, status from esims where endpoint_id = $1)`
/** Counts one as a batch, tags and status. */
export const COUNT_IN = `insert into stock (batch, tags, status, n) values ($1, $2, $3, 1)
  on conflict (batch, tags, status) do update set n = stock.n + 1`
/** The counts that are not those of the eSIMs. */
export const MISCOUNTED = `select batch, tags, status from (
    select batch, tags, status, n from stock where n > 0
    union all select batch, tags, status, count(*) from esims group by batch, tags, status) as counts
  group by batch, tags, status having count(*) <> 2 or min(n) <> max(n)`

/** Counts all eSIMs anew. */
export const RECOUNT = `delete from stock; insert into stock (batch, tags, status, n)
  select batch, tags, status, count(*) from esims group by batch, tags, status`

/** What a row is read by, with the key that it is encrypted for. */
const contentOf = (table: Table): string => [...TABLES[table].key, 'crc', 'content'].join(', ')

/**
 * What is asked for: by keys, or with a limit and the place after which a page begins, by an index each. `among`
 * is how a database has the elements of the JSON array $1.
 */
export const selects = (among: string) => ({
  order: `select ${contentOf('orders')} from orders where order_id = $1`,
  esim: `select ${contentOf('esims')} from esims where endpoint_id = $1`,
  addons: `select ${contentOf('addons')} from addons where endpoint_id = $1 order by unique_id`,
  usage: `select ${contentOf('usage')} from usage where endpoint_id = $1`,
  process: `select ${contentOf('processes')} from processes where id = $1`,
  ordersAfter: `select ${contentOf('orders')} from orders where (created_at, order_id) > ($1, $2)
    order by created_at, order_id limit $3`,
  unfinishedAfter: `select ${contentOf('orders')} from orders where unfinished = 1 and (created_at, order_id) > ($1, $2)
    order by created_at, order_id limit $3`,
  esimsAmong: `select endpoint_id, batch, tags, status from esims where endpoint_id in ${among}`,
  esimsOf: `select ${contentOf('esims')} from esims where endpoint_id in ${among}`,
  takenIccidsAmong: `select iccid from esims where iccid in ${among} and status not in ('released', 'made', 'not made')`,
  esimOfIccid: `select ${contentOf('esims')} from esims where iccid = $1 and endpoint_id <> 'sim:' || $1 limit 1`,
  esimsIn: `select refreshed_at, ${contentOf('esims')} from esims
    where status = $1 and refreshed_at <= $2 and (refreshed_at, endpoint_id) > ($3, $4)
    order by refreshed_at, endpoint_id limit $5`,
  stock: 'select batch, tags, status, n from stock where n > 0',
  firstSale: `select min(created_at) as at from orders where kind = 'purchase' and status = 'delivered'`,
  salesSince: `select count(*) as n from orders
    where kind = 'purchase' and status = 'delivered' and created_at >= $1`,
  holders: `select plan_id, count(distinct endpoint_id) as n from orders
    where status not in ('failed', 'cancelled') and endpoint_id is not null group by plan_id`,
  orderMarks: `select order_id as id, crc from orders where order_id in ${among} order by order_id`,
  esimMarks: `select endpoint_id as id, crc from esims where endpoint_id in ${among} order by endpoint_id`,
  // All of it: an older form lacks a column.
  place: 'select * from place',
})

export type Selects = ReturnType<typeof selects>

/** The questions as SQLite takes them. */
export const SELECT = selects('(select value from json_each($1))')

/** Says why nothing may be sold: text, or the mark of a move as JSON. */
export const HALT = 'update place set halted = $1'

export const NEXT_SERIAL = 'update place set serial = serial + 1'

/** Notes the IDs of the keys in use. */
export const SET_KEYS = 'update place set keys = $1'

/** Signs of life from before a time that no row names any more have nobody to be found alive. */
export const FORGET_PROCESSES = `delete from processes where heartbeat < $1
  and not exists (select 1 from orders where owner_id = processes.id)
  and not exists (select 1 from esims where owner_id = processes.id)`
