import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { rateSpacedBy, spacingMs } from '../../src/call-rate.ts'
import { openDatabase } from '../../src/postgres/database.ts'
import { createPace, type KnownTimes, NOTHING_KNOWN } from '../../src/sft/pace.ts'
import type { Slots } from '../../src/sft/slots.ts'
import { randomOf } from '../random.ts'
import { noPostgres, type PostgresServer, startPostgres } from './server.ts'

const SEED = Number(process.env['PACE_SEED'] ?? Date.now() % 2 ** 31)
const STEPS = 200
const STARTED = 'select 1000 * extract(epoch from pg_postmaster_start_time())::float8 as ms'

/** Asks both at the same time for the same: whoever says something else is wrong. */
async function testSame(t: Test, server: PostgresServer, rate: number): Promise<void> {
  const random = randomOf(SEED)
  const database = await openDatabase(`${server.url}?schema=pace_${rate}`)
  t.teardown(() => database[Symbol.asyncDispose]())
  await database.prepare()
  const [started] = await database.ask(STARTED)
  // Nobody knows what was called right before the server started.
  let known: KnownTimes = { ...NOTHING_KNOWN, pausedUntil: Number(started?.['ms']) + 2000 }
  let given: { readonly process: string; readonly slots: Slots }[] = []
  const any = (most: number) => Math.floor(random() * most)
  const timesOf = ({ at, stepMs, left }: Slots) =>
    Array.from({ length: left }, (_, k) => at + k * stepMs)
  const takeOne = () => (given.length > 0 ? given.splice(any(given.length), 1)[0] : undefined)
  let granted = 0
  for (let step = 0; step < STEPS; step++) {
    const pace = createPace(known)
    const what = random()
    if (what < 0.1) {
      const one = takeOne()
      if (one === undefined) continue
      const [at] = timesOf(one.slots)
      const sentAt = (at ?? 0) + random() * 80
      if (known.times.some(time => Math.abs(time - sentAt) < 0.1)) continue
      await database.ask('select note_sent($1, $2, $3)', 'a', [at ?? 0], [sentAt])
      pace.sent(at ?? 0, sentAt)
    } else if (what < 0.15) {
      const one = takeOne()
      if (one === undefined) continue
      await database.ask('select give_back($1, $2, $3)', 'a', timesOf(one.slots), one.slots.stepMs)
      pace.release(one.slots)
    } else {
      const unused = random() < 0.1 ? takeOne()?.slots : undefined
      const process = `p${any(step < STEPS / 4 ? 1 : 4)}`
      const count = 1 + any(Math.max(1, Math.floor(rate / 20)))
      const stepMs = spacingMs(random() < 0.1 ? rate / 2 : rate)
      const [lane, waitedMs] = [any(3), random() < 0.1 ? 25_000 : any(2000)]
      const notBefore = random() < 0.02 ? Date.now() + 100 : 0
      const leadMs = random() < 0.2 ? any(30) : 0
      const [row] = await database.ask(
        'select * from take_slots($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)',
        'a',
        process,
        lane,
        waitedMs,
        rateSpacedBy(stepMs),
        count,
        notBefore,
        unused === undefined ? [] : timesOf(unused),
        unused?.stepMs ?? 0,
        leadMs,
      )
      const ask = { process, lane, waitedMs, stepMs, count, notBefore, unused, leadMs }
      const taken = pace.take(ask, Number(row?.['now_ms']))
      const at = row?.['at_ms'] ?? null
      const isSame =
        taken.slots === undefined
          ? at === null && Math.abs(taken.waitMs - Number(row?.['wait_ms'])) < 0.1
          : Math.abs(taken.slots.at - Number(at)) < 0.1 &&
            Math.abs(taken.slots.stepMs - Number(row?.['step_ms'])) < 0.001
      if (!isSame) {
        t.fail(`step ${step}, seed ${SEED}: ${JSON.stringify({ ask, taken, row, known })}`)
        return
      }
      if (taken.slots !== undefined) {
        granted += taken.slots.left
        given = [...given, { process, slots: taken.slots }].slice(-20)
      }
      if (random() < 0.3) await sleep(Math.min(taken.waitMs ?? 1, 60) * random())
    }
    known = pace.known()
  }
  t.ok(granted > 0, `${granted} granted, seed ${SEED}`)
}

t.test(
  'the database gives the call times that the library gives',
  { skip: noPostgres },
  async t => {
    const server = await startPostgres(t)
    for (const rate of [2, 20, 300])
      await t.test(`${rate} a second`, t => testSame(t, server, rate))
    await t.test(
      'a crash of the database forgets calls, and a second passes before the next',
      async t => {
        await using database = await openDatabase(`${server.url}?schema=crashed`)
        await database.prepare()
        const take = async () => {
          const [row] = await database.ask(
            "select * from take_slots('a', 'p', 0, 0, 2, 1, 0, '{}', 0, 0)",
          )
          return Number(row?.['at_ms'])
        }
        await take()
        const last = await take()
        await server.stop('immediate')
        await server.start()
        const next = await take()
        t.ok(next >= last + 1000, `${next - last} ms later`)
      },
    )
  },
)
