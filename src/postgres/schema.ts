import { SCHEMA as LEDGER_TABLES } from '../ledger/sql.ts'

/** The server as it is now, and its timeline: a standby that took over, and a copy that was played on, have another one. */
export const SYSTEM = '(select system_identifier::text from pg_control_system())'
export const TIMELINE =
  "('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::bigint"

/** Text in the order of its bytes, as the embedded ledger has it, whatever the database's language. */
const LEDGER = LEDGER_TABLES.replaceAll(' text', ' text collate "C"')

/**
 * Gives call times. So much (ms) of what late calls lost is caught up; whoever is no traveller is given them so long ahead;
 * time in which the windows are full for longer than a gap is not lost.
 */
const takeSlots = (
  catchUpMs: number,
  otherAheadMs = 40,
  gapMs = Number.POSITIVE_INFINITY,
): string => `create or replace function take_slots(
  its_account text, its_process text, its_lane integer, waited_ms float8, asked_rate float8, wanted integer,
  earliest_ms float8, unused float8[], unused_step_ms float8, lead_ms float8,
  out at_ms float8, out step_ms float8, out now_ms float8, out wait_ms float8)
language plpgsql as $$
declare
  b budgets;
  is_shared boolean;
  others boolean;
  rate float8;
  places integer;
  kept integer;
  even_ms float8;
  slot float8;
  ahead_ms float8;
  full_ms float8 := '-infinity';
  full_for_ms float8;
begin
  perform set_config('synchronous_commit', 'off', true);
  insert into budgets (account) values (its_account) on conflict do nothing;
  select * into b from budgets where account = its_account for update;
  now_ms := 1000 * extract(epoch from clock_timestamp());
  if cardinality(unused) > 0 then
    kept := cardinality(b.times);
    b.times := without_times(b.times, unused);
    b.next_ms := b.next_ms - (kept - cardinality(b.times)) * unused_step_ms;
  end if;
  kept := cardinality(b.times);
  if b.taker <> its_process then
    if b.taker <> '' and kept > 0 and b.times[kept] > now_ms - 10000 then b.shared_ms := now_ms + 10000; end if;
    b.taker := its_process;
  end if;
  if its_process = b.slow_by or asked_rate <= b.slow_rate or now_ms >= b.slow_ms then
    b.slow_by := its_process;
    b.slow_rate := asked_rate;
    b.slow_ms := now_ms + greatest(1500, 2000 / asked_rate);
  end if;
  rate := least(asked_rate, b.slow_rate);
  is_shared := now_ms < b.shared_ms;
  even_ms := 1000 / (rate * case when is_shared then 0.95 else 0.98 end);
  places := greatest(1, floor(least(rate, 1e9) + 1e-6));
  if greatest(b.next_ms, b.times[kept], b.paused_ms) > now_ms + 300000 then
    b.times := '{}';
    b.next_ms := now_ms + places * even_ms + ${catchUpMs};
    b.paused_ms := 0;
  end if;
  if b.times[1] < now_ms - 2 * places * even_ms then
    select coalesce(array_agg(time order by time), '{}') into b.times from unnest(b.times) as time
      where time >= now_ms - 2 * places * even_ms;
  end if;
  kept := cardinality(b.times);
  b.paused_ms := greatest(b.paused_ms, earliest_ms);
  slot := greatest(now_ms + lead_ms, b.paused_ms, b.times[kept] + even_ms / 2);
  step_ms := greatest(even_ms / 2, even_ms - least(${catchUpMs}, greatest(0, slot - b.next_ms + ${catchUpMs})) / wanted);
  slot := greatest(slot, b.next_ms - ${catchUpMs});
  for k in 0 .. least(wanted, places) - 1 loop
    if kept + k - places >= 0 then
      full_ms := greatest(full_ms, b.times[kept + k - places + 1] + places * even_ms - k * step_ms);
    end if;
  end loop;
  slot := greatest(slot, full_ms);
  full_for_ms := greatest(0, full_ms - greatest(b.times[kept] + even_ms + float8 '${gapMs}', b.next_ms - ${catchUpMs}));
  ahead_ms := case when is_shared then lead_ms + case when its_lane <= 0 then 40 else ${otherAheadMs} end else 'infinity' end;
  select exists (
    select from budget_waits as other
    where account = its_account and process <> its_process and until_ms > now_ms
      and (lane - floor((now_ms - since_ms) / 10000), since_ms)
        < (its_lane - floor(waited_ms / 10000), now_ms - waited_ms)
  ) and slot > now_ms + lead_ms into others;
  if not others and slot <= now_ms + ahead_ms then
    at_ms := slot;
    wait_ms := 0;
    b.times := b.times || array(select slot + k * step_ms from generate_series(0, wanted - 1) as k order by k);
    b.next_ms := greatest(b.next_ms + full_for_ms, slot) + wanted * even_ms;
    delete from budget_waits where account = its_account and (process = its_process or until_ms <= now_ms);
  else
    wait_ms := case when others then greatest(slot - now_ms - lead_ms, 5) else slot - now_ms - ahead_ms end;
    insert into budget_waits values (its_account, its_process, its_lane, now_ms - waited_ms, now_ms + 500)
    on conflict (account, process) do update
      set lane = excluded.lane, since_ms = excluded.since_ms, until_ms = excluded.until_ms;
  end if;
  update budgets set times = b.times, next_ms = b.next_ms, paused_ms = b.paused_ms, slow_by = b.slow_by,
    slow_rate = b.slow_rate, slow_ms = b.slow_ms, taker = b.taker, shared_ms = b.shared_ms where account = its_account;
end $$;
`

/**
 * The rate of each account: when the calls of the last second were sent, and who waits, in which lane and since when,
 * by the clock of the database in milliseconds. `take_slots` says what src/sft/pace.ts says, in one round trip, since
 * everybody waits for the row meanwhile. Nothing of it must outlive a crash of the database, so its commits wait for
 * no disk.
 */
const BUDGET = `create unlogged table budgets (
  account text collate "C" primary key, times float8[] not null default '{}', next_ms float8 not null default 0,
  paused_ms float8 not null default 0, slow_by text not null default '', slow_rate float8 not null default 0, slow_ms float8 not null default 0,
  taker text not null default '', shared_ms float8 not null default 0) with (fillfactor = 20);
create unlogged table budget_waits (
  account text collate "C" not null, process text not null, lane integer not null,
  since_ms float8 not null, until_ms float8 not null, primary key (account, process));
create function without_times(times float8[], unwanted float8[]) returns float8[] language sql immutable as $$
  select coalesce(array_agg(time order by time), '{}') from unnest(times) as time
  where not exists (select from unnest(unwanted) as other where abs(time - other) < 0.005)
$$;
${takeSlots(50)}create function note_sent(its_account text, at_ms float8[], sent_ms float8[]) returns void language sql as $$
  select set_config('synchronous_commit', 'off', true);
  update budgets set times = array(
    select unnest(without_times(times, at_ms)) as time
    union all
    select sent from unnest(at_ms, sent_ms) as call (at, sent)
      where exists (select from unnest(times) as known where abs(known - at) < 0.005)
    order by time) where account = its_account;
$$;
create function give_back(its_account text, unused float8[], unused_step_ms float8) returns void language sql as $$
  select set_config('synchronous_commit', 'off', true);
  update budgets set times = without_times(times, unused),
    next_ms = next_ms - (cardinality(times) - cardinality(without_times(times, unused))) * unused_step_ms
    where account = its_account;
$$;
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
  // The IDs of the keys that may have encrypted a row of the ledger.
  'alter table place add column if not exists keys text',
  // Where the state stood when a record was written last, and when one was taken out: who watches reads what came since.
  `alter table state_records add column serial bigint not null default 0;
create index state_records_serial on state_records (serial);
alter table state_place add column removed bigint not null default 0`,
  // What a crash took of a budget is not known: calls of the second before it were made.
  `alter table budgets alter column paused_ms
  set default 1000 * extract(epoch from pg_postmaster_start_time())::float8 + 2000;
${takeSlots(250)}`,
  // Whoever is no traveller takes less ahead.
  takeSlots(250, 15, 50),
]
