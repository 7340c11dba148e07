import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { type MovedPart, migrateStore, openState } from '../../src/index.ts'
import { makeLedger } from '../../src/ledger/make-ledger.ts'
import { openDatabase } from '../../src/postgres/database.ts'
import { NO_KEYS } from '../../src/secrets/cipher.ts'
import type { ApplyLog } from '../../src/state/apply-log.ts'
import { runCli, startCli } from '../cli/run-cli.ts'
import {
  ABOUT,
  ALL_MOVES,
  contentOf,
  ENDED,
  files,
  fillLedger,
  fillState,
  ledgerRows,
  migrate,
  type Places,
  testMoves,
  testRunningShop,
  testThereAndBack,
  testWaiting,
} from '../stores/moves.ts'
import { noPostgres, startPostgres } from './server.ts'

if (noPostgres !== false) t.plan(0, noPostgres)
else {
  const server = await startPostgres(t)
  let schemas = 0
  const postgres: Places = {
    name: 'PostgreSQL',
    place: () => {
      schemas += 1
      return `${server.url}?schema=move_${schemas}`
    },
  }
  for (const part of ['state', 'ledger'] as const) {
    testMoves(t, part, files, postgres)
    testThereAndBack(t, part, postgres, postgres)
  }
  testMoves(t, 'ledger', postgres, files)
  testWaiting(t, postgres)

  t.test('shops that run are refused once their ledger went to a database', async t => {
    await testRunningShop(t, files, postgres)
  })

  t.test(
    'shops that run are refused once their ledger went from a database',
    { skip: !ALL_MOVES && 'npm run test:all has it' },
    async t => {
      await testRunningShop(t, postgres, files)
    },
  )

  t.test(
    'of a database both move at once, and of one that lost its ledger the state is used',
    async t => {
      const [from, to] = [postgres.place(t, 'state'), postgres.place(t, 'state')]
      await fillState(from, 30)
      await fillLedger(from, 30)
      const [state, ledger] = [await contentOf('state', from), await contentOf('ledger', from)]
      const file = files.place(t, 'state')
      const confirm = () => true
      await t.rejects(migrateStore({ from, to: file, confirm }), {
        message: /say --part state or --part ledger/,
      })
      t.equal(await migrateStore({ from, to, confirm: () => false }), undefined)
      t.same(await contentOf('ledger', from), ledger, 'nobody said yes')
      await migrate('ledger', from, files.place(t, 'ledger'))
      t.same(await contentOf('state', from), state, 'the state is used beside a ledger that went')
      await (await openState(from))[Symbol.asyncDispose]()
      const other = postgres.place(t, 'state')
      await fillState(other, 30)
      await fillLedger(other, 30)
      const sold = await contentOf('ledger', other)
      const done = (await migrateStore({ from: other, to, confirm })) ?? []
      t.match(done, [
        { part: 'ledger', step: 'begin' },
        { part: 'state', step: 'begin' },
      ])
      for (const { from: shown, to: there } of done) t.notMatch(`${shown} ${there}`, /postgres@/)
      t.same(await contentOf('ledger', to), sold)
    },
  )

  t.test(
    'a state whose apply workers carry out stays where it is, and goes with its history once that is over',
    async t => {
      const [from, to] = [postgres.place(t, 'state'), files.place(t, 'state')]
      await fillState(from, 3)
      const detached = async (work: (log: ApplyLog) => Promise<unknown>) => {
        await using store = await openState(from)
        if (store.log !== undefined) await work(store.log)
      }
      await detached(async log => {
        const { id } = await log.begin(ABOUT, true)
        await log.detached?.leave(id, {
          operations: [{ changes: [{ kind: 'endpoint', key: '89', content: '{}' }], calls: 1 }],
          frame: '{}',
          callsPerSecond: 2,
          counts: { done: 0, failed: 0, skipped: 0, deferred: 0 },
          calls: 0,
        })
      })
      await t.rejects(migrate('state', from, to), {
        message:
          /workers carry out apply 3 of this state.*apply --wait.*or run `sft-catalog apply`/,
      })
      await detached(async log => {
        const { id, superseded } = await log.begin(ABOUT, true)
        t.match(superseded, { id: 3, left: 1 })
        await log.end(id, ENDED)
      })
      const before = await contentOf('state', from)
      t.match(
        before.filter(row => row.startsWith('applies')).join('\n'),
        /"id":1,.*commit":"c0ffee[\s\S]*"id":3,.*"leftAt":"2.*"supersededBy":4[\s\S]*"id":4/,
      )
      await migrate('state', from, to)
      t.same(await contentOf('state', to), before)
      await migrate('state', to, from)
      t.same(await contentOf('state', from), before)
      await detached(async log => t.match(await log.begin(ABOUT, true), { id: 5 }))
    },
  )

  const ORDERS = Number(process.env['MOVE_ORDERS'] ?? 500)
  const ENDPOINTS = Number(process.env['MOVE_ENDPOINTS'] ?? 500)

  t.test(
    `${ORDERS} orders and ${ENDPOINTS} endpoints go to a database, killed in the midst, and back`,
    async t => {
      const state = files.place(t, 'state')
      const ledger = files.place(t, 'ledger')
      const database = postgres.place(t, 'state')
      await makeLedger(
        ledger,
        { lineage: 'a-lineage', serial: 7, keys: NO_KEYS },
        ledgerRows(ORDERS),
      )
      await fillState(state, ENDPOINTS)
      const digest = async (part: MovedPart, place: string) => {
        const hash = createHash('sha256')
        for (const row of await contentOf(part, place)) hash.update(row)
        return hash.digest('hex')
      }
      const before = [await digest('state', state), await digest('ledger', ledger)]
      for (const [part, from, to] of [
        ['ledger', ledger, database],
        ['state', state, database],
        ['ledger', database, ledger],
        ['state', database, state],
      ] as const) {
        const words = [
          'store',
          'migrate',
          '--from',
          from,
          '--to',
          to,
          '--part',
          part,
          '--auto-approve',
        ]
        if (to === database) {
          const killed = startCli(words, { cwd: dirname(state) })
          const [table, half] =
            part === 'state' ? ['state_records', ENDPOINTS / 2] : ['orders', ORDERS / 2]
          const rows = await whenHalfIsThere(database, table, half, killed.ended)
          killed.kill('SIGKILL')
          await killed.ended
          t.comment(`${part}: killed with ${rows} rows of ${table} there`)
        }
        const cwd = dirname(state)
        if (!ALL_MOVES) {
          t.match(await runCli(words, { cwd }), { code: 0 })
          continue
        }
        const began = performance.now()
        const child = startCli(words, { cwd })
        const peak = watchMemory(child.pid)
        t.match(await child.ended, { code: 0 })
        const seconds = ((performance.now() - began) / 1000).toFixed(1)
        t.comment(
          `${part} ${to === database ? 'there' : 'back'}: ${seconds} s, at most ${peak()} MB`,
        )
      }
      t.same([await digest('state', state), await digest('ledger', ledger)], before)
    },
  )
}

/** Resolves, with the rows of a table, once there are so many, or whoever puts them there has ended. */
async function whenHalfIsThere(
  place: string,
  table: string,
  half: number,
  ended: Promise<unknown>,
): Promise<number> {
  await using database = await openDatabase(place)
  let hasEnded = false
  const end = ended.then(() => {
    hasEnded = true
  })
  for (let rows = 0; ; ) {
    if (await database.isPrepared().catch(() => false)) {
      const [row] = await database.ask(`select count(*) as n from ${table}`)
      rows = Number(row?.['n'])
    }
    if (rows >= half || hasEnded) return rows
    await Promise.race([end, sleep(20)])
  }
}

/** The most memory that a process had, in MB, as far as the system tells. */
function watchMemory(pid: number): () => string {
  let most = 'an unknown number of'
  const look = () => {
    try {
      const kilobytes = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
      if (kilobytes !== undefined) most = String(Math.round(Number(kilobytes) / 1024))
    } catch {
      // It has ended, or this system has no such files.
    }
  }
  const timer = setInterval(look, 50)
  timer.unref()
  return () => {
    clearInterval(timer)
    return most
  }
}
