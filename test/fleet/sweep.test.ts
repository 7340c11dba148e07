import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { AtWork } from '../../src/fleet/duty.ts'
import { sweepDuty } from '../../src/fleet/sweep.ts'
import { aloneIn } from '../../src/postgres/alone.ts'
import { openDatabase } from '../../src/postgres/database.ts'
import { noPostgres, type PostgresServer, startPostgres } from '../postgres/server.ts'
import { scriptBeside, spawnNode } from '../program.ts'

/** Something that is told once. */
function openGate() {
  const gate = new AbortController()
  return { opened: once(gate.signal, 'abort'), open: () => gate.abort() }
}

function testSweeps({ url }: PostgresServer): void {
  const at: AtWork = {
    tell: () => {},
    stopping: new AbortController().signal,
    closing: new AbortController().signal,
    alone: (name, work) => aloneIn(url, name, work),
  }

  t.test('a sweep that takes longer than its time is not overtaken by the next one', async t => {
    const begun = openGate()
    const goOn = openGate()
    const swept: string[] = []
    const dutyOf = (who: string, sweep: () => Promise<void>) =>
      sweepDuty({
        kind: 'usage',
        everySeconds: 60,
        fleet: undefined,
        async sweep() {
          swept.push(who)
          await sweep()
          return who
        },
      })
    const slow = dutyOf('slow', async () => {
      begun.open()
      await goOn.opened
    })
    const quick = dutyOf('quick', async () => {})
    const first = slow.work('', at)
    await begun.opened
    t.match(await quick.work('', at), /left out/)
    t.same(swept, ['slow'], 'no other one begins meanwhile')
    goOn.open()
    t.equal(await first, 'slow')
    t.equal(await quick.work('', at), 'quick', 'its place is free at its end')
  })

  t.test('a sweep ends where the database lets it go, and another one may begin', async t => {
    const begun = openGate()
    const duty = sweepDuty({
      kind: 'stock',
      everySeconds: 60,
      fleet: undefined,
      async sweep(stop) {
        begun.open()
        while (!stop.aborted) await sleep(5)
        return 'half'
      },
    })
    const work = duty.work('', at)
    await begun.opened
    await using database = await openDatabase(url)
    await database.ask(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'sft-catalog stock'",
    )
    t.equal(await work, 'stopped')
    t.equal(await at.alone('stock', async () => 'free'), 'free')
  })

  t.test(
    'a worker that is stopped in its sweep holds the others up no longer than 10 s',
    async t => {
      const worker = spawnNode([...scriptBeside(import.meta, 'sweep-alone'), url])
      t.teardown(() => worker.kill('SIGKILL'))
      let said = ''
      worker.stdout.on('data', chunk => {
        said += String(chunk)
      })
      while (!said.includes('begun')) await sleep(20)
      worker.kill('SIGSTOP')
      t.equal(await at.alone('usage', async () => 'free'), undefined)
      while ((await at.alone('usage', async () => 'free')) === undefined) await sleep(200)
      worker.kill('SIGCONT')
      while (!said.includes('lost')) await sleep(20)
      t.pass('it knows when it goes on')
    },
  )
}

if (noPostgres === false) testSweeps(await startPostgres(t))
else t.test('sweeps of a fleet', { skip: noPostgres }, async () => {})
