import { SCHEMA as LEDGER_TABLES } from '../ledger/sql.ts'

/** The server as it is now, and its timeline: a standby that took over, and a copy that was played on, have another one. */
export const SYSTEM = '(select system_identifier::text from pg_control_system())'
export const TIMELINE =
  "('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::bigint"

/** Text in the order of its bytes, as the embedded ledger has it, whatever the database's language. */
const LEDGER = LEDGER_TABLES.replaceAll(' text', ' text collate "C"')

/**
 * The rate of each account: when its next call may go, and who waits, in which lane and since when, by the clock of
 * the database in milliseconds. `take_slots` is one round trip, since everybody waits for the row meanwhile. It gives
 * call times only just before they come, so that whoever has an earlier lane can still go first; those of one lane
 * go in turn; and who waits for ten seconds counts as one lane earlier, so that nobody waits for ever. Nothing of it
 * must outlive a crash of the database, so its commits wait for no disk.
 */
const BUDGET = `create unlogged table budgets (account text collate "C" primary key, next_ms double precision not null);
create unlogged table budget_waits (
  account text collate "C" not null, process text not null, lane integer not null,
  since_ms double precision not null, until_ms double precision not null, primary key (account, process));
create function take_slots(
  its_account text, its_process text, its_lane integer, waited_ms float8, step_ms float8, wanted integer,
  earliest_ms float8, unused_from_ms float8, unused_to_ms float8, lead_ms float8, ahead_ms float8,
  out at_ms float8, out now_ms float8, out wait_ms float8)
language plpgsql as $$
declare
  free_ms float8;
  others boolean;
begin
  perform set_config('synchronous_commit', 'off', true);
  insert into budgets values (its_account, 0) on conflict do nothing;
  select next_ms into free_ms from budgets where account = its_account for update;
  now_ms := 1000 * extract(epoch from clock_timestamp());
  if abs(free_ms - unused_to_ms) < 0.5 then free_ms := unused_from_ms; end if;
  -- A clock that was set back must not stop every process for hours.
  if free_ms > now_ms + 300000 then free_ms := now_ms; end if;
  update budgets set next_ms = free_ms where account = its_account;
  free_ms := greatest(free_ms, now_ms + lead_ms, earliest_ms);
  select exists (
    select from budget_waits as other
    where account = its_account and process <> its_process and until_ms > now_ms
      and (lane - floor((now_ms - since_ms) / 10000), since_ms)
        < (its_lane - floor(waited_ms / 10000), now_ms - waited_ms)
  ) into others;
  if not others and free_ms <= now_ms + ahead_ms then
    at_ms := free_ms;
    wait_ms := 0;
    update budgets set next_ms = free_ms + wanted * step_ms where account = its_account;
    delete from budget_waits where account = its_account and (process = its_process or until_ms < now_ms);
  else
    wait_ms := greatest(free_ms - now_ms - ahead_ms, case when others then least(wanted * step_ms / 2, 50) else 0 end);
    insert into budget_waits values (its_account, its_process, its_lane, now_ms - waited_ms, now_ms + 500)
    on conflict (account, process) do update
      set lane = excluded.lane, since_ms = excluded.since_ms, until_ms = excluded.until_ms;
  end if;
end $$;
`

/**
 * Applies of each state, by lineage; of one that was left to workers the single creations, each until it ended.
 * Whoever has the lock and `yields` gives it to somebody who asks. Texts are JSON.
 */
const APPLIES = `create table applies (
  id integer generated always as identity primary key, lineage text not null, about text not null,
  begun timestamptz not null default clock_timestamp(), ended timestamptz, ending text, superseded_by integer,
  left_at timestamptz, frame text, rate double precision, own text, calls double precision not null default 0,
  given integer not null default 0, given_at timestamptz, attempts integer not null default 0,
  ended_then integer not null default 0, problem text, worker text, pid integer, seen timestamptz);
create index applies_under_way on applies (lineage) where ended is null and left_at is not null;
create table apply_changes (
  apply integer not null references applies on delete cascade,
  kind text collate "C" not null, key text collate "C" not null, operation integer not null,
  calls double precision not null, content text not null, intent text, ending text, message text, primary key (apply, kind, key));
create table workers (worker text primary key, since timestamptz not null, seen timestamptz not null);
create table sweeps (
  sweep text primary key, at timestamptz not null, seconds double precision not null, result text not null);
alter table state_lock add column yields boolean not null default false;
alter table state_lock add column asked timestamptz`

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
${BUDGET}`,
  // Where a state went, or comes from, as `place.halted` has it for a ledger.
  'alter table state_place add column mark text',
  APPLIES,
]
