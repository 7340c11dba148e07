import { SCHEMA as LEDGER_TABLES } from '../ledger/sql.ts'

/** The server as it is now, and its timeline: a standby that took over, and a copy that was played on, have another one. */
export const SYSTEM = '(select system_identifier::text from pg_control_system())'
export const TIMELINE =
  "('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::bigint"

/** Text in the order of its bytes, as the embedded ledger has it, whatever the database's language. */
const LEDGER = LEDGER_TABLES.replaceAll(' text', ' text collate "C"')

/**
 * What makes the tables, a step a release that changed them. A step that was released never changes: what it made
 * is there. `origin` says on which server they are, and how far that went: a copy that is put back elsewhere, or
 * a standby that took over, is another one.
 */
export const MIGRATIONS: readonly string[] = [
  `${LEDGER}
alter table processes add column seen timestamptz not null default clock_timestamp();
create sequence ledger_serial;
insert into place (lineage, serial) values (gen_random_uuid()::text, 0);
create table origin (system text not null, timeline bigint not null);
insert into origin select ${SYSTEM}, ${TIMELINE};
create table commits (session text primary key, mark text not null, at timestamptz not null default clock_timestamp());
create table state_place (lineage text not null, serial bigint not null, head text not null, crc bigint not null);
create table state_records (
  kind text collate "C" not null, key text collate "C" not null, crc bigint not null, content text not null,
  primary key (kind, key));
create table state_pending (id text collate "C" primary key, crc bigint not null, content text not null);
create table state_lock (owner text not null, since timestamptz not null, pid integer not null);
create table budgets (account text collate "C" primary key, next_ms double precision not null);
`,
]
