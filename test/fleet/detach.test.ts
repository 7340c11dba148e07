import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { openDatabase } from '../../src/postgres/database.ts'
import type { SimulatorOptions } from '../../src/simulator/index.ts'
import { type Desk, openDesk, smallCatalog } from '../cli/desk.ts'
import type { Ended, Running } from '../cli/run-cli.ts'
import { noPostgres, type PostgresServer, startPostgres } from '../postgres/server.ts'

/** A desk whose state is in PostgreSQL, and the workers that it starts. */
interface Office extends Desk {
  /** A worker inside this process; there is one at a time. */
  readonly worker: () => Promise<Running>
  /** A worker that can be killed or stopped. */
  readonly workerProcess: () => Promise<Running>
  readonly status: () => Promise<Status>
  readonly endpoints: () => number
  /** Where the state is. */
  readonly place: string
}

interface Status {
  readonly apply: {
    readonly id: number
    readonly status: string
    readonly outcome?: string
    readonly problem?: string
    readonly attempts: number
    readonly by: string
    readonly commit?: string
    readonly endpoints: Readonly<Record<'total' | 'done' | 'failed' | 'running' | 'queued', number>>
    readonly callsLeft: number
    readonly secondsLeft: number
  }
  readonly workers: readonly unknown[]
  readonly sweeps: readonly { readonly sweep: string; readonly result: string }[]
}

let schemas = 0

async function openOffice(
  t: Test,
  server: PostgresServer,
  count: number,
  options: SimulatorOptions & { readonly rate?: number } = {},
): Promise<Office> {
  const { rate = 40, ...simulator } = options
  schemas += 1
  const env = {
    SFT_STATE: `${server.url}?schema=detach_${schemas}`,
    SFT_CALLS_PER_SECOND: String(rate),
    SFT_BULK: 'off',
    GITHUB_ACTOR: 'ana',
    GITHUB_SHA: 'c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00',
  }
  const desk = await openDesk(t, iccids => smallCatalog(iccids.slice(0, count)), {
    sims: count + 10,
    latencyMs: 20,
    ...simulator,
  })
  const with_ = <Given extends { readonly env?: object }>(given: Given) => ({
    ...given,
    env: { ...env, ...given.env },
  })
  const run: Desk['run'] = (args, given = {}) => desk.run(args, with_({ asTyped: true, ...given }))
  const startInside: Desk['startInside'] = (args, given = {}) => {
    const running = desk.startInside(args, with_({ asTyped: true, ...given }))
    t.teardown(async () => {
      running.kill('SIGTERM')
      await running.ended
    })
    return running
  }
  return {
    ...desk,
    run,
    startInside,
    place: env.SFT_STATE,
    async worker() {
      const running = startInside('worker --every 0.5')
      await running.until(/the worker runs/)
      return running
    },
    async workerProcess() {
      const running = desk.start('worker --every 0.5', { asTyped: true, env })
      t.teardown(() => running.kill('SIGKILL'))
      await running.until(/the worker runs/)
      return running
    },
    async status() {
      const { stdout, stderr } = await run('status --json')
      if (stdout === '') throw new Error(stderr)
      return JSON.parse(stdout)
    },
    endpoints: () => desk.simulator.world.endpoints.size,
  }
}

/** Waits until something holds; fails after five minutes. */
async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const began = performance.now()
  while (!(await holds())) {
    if (performance.now() - began > 300_000) throw new Error(`it never came to this: ${what}`)
    await sleep(100)
  }
}

const creations = ({ simulator }: Desk): number =>
  simulator.calls.filter(({ operation }) => operation === 'CreateEndPoint').length

/** How the last run ended, for a message. */
const told = ({ code, stdout, stderr }: Ended): string => `${code}\n${stdout}\n${stderr}`

function testDetached(server: PostgresServer): void {
  t.test(
    'a detached apply ends once zones and plans are done; a worker that is killed is replaced, and each endpoint is made once',
    async t => {
      const office = await openOffice(t, server, 100)
      const applied = await office.run('apply --auto-approve --init --detach')
      t.equal(applied.code, 0, told(applied))
      t.match(applied.stdout, /left to workers/)
      t.match(
        applied.stdout,
        /0 of 100 endpoints, 100 calls left, about \d+ seconds at 40 calls\/s/,
      )
      t.match(applied.stderr, /no worker is alive/)
      t.equal(office.endpoints(), 0, 'no endpoint is made by the process that ended')
      t.match(await office.status(), {
        apply: {
          status: 'queued',
          by: 'ana',
          commit: /^c0ffee/,
          endpoints: { total: 100, done: 0, queued: 100 },
        },
        workers: [],
      })

      const first = await office.workerProcess()
      await until('some are made', () => office.endpoints() > 20)
      first.kill('SIGKILL')
      const killedAt = performance.now()
      const made = office.endpoints()
      t.ok(made < 100, `${made} were made when it was killed`)
      const second = await office.worker()
      await second.until(/apply 1: taken up/)
      t.comment(`taken up ${((performance.now() - killedAt) / 1000).toFixed(1)} s after the kill`)
      const waited = await office.run('apply --wait --json')
      t.equal(waited.code, 0, told(waited))
      t.match(JSON.parse(waited.stdout), {
        outcome: 'ok',
        detached: { status: 'ended', endpoints: { total: 100, done: 100, failed: 0 } },
      })
      t.equal(office.endpoints(), 100)
      t.equal(
        new Set([...office.simulator.world.endpoints.values()].map(one => one.iccid)).size,
        100,
        'each SIM has one endpoint',
      )
      const plan = await office.run('plan --detailed-exitcode')
      t.equal(plan.code, 0, told(plan))
      const { stdout } = await office.run('history --json')
      t.match(JSON.parse(stdout), {
        applies: [
          {
            id: 1,
            by: 'ana',
            outcome: 'ok',
            plan: { summary: { create: 102 } },
            counts: { done: 102, failed: 0 },
          },
        ],
      })
      second.kill('SIGTERM')
      t.equal((await second.ended).code, 0)
      t.match(await office.status(), { workers: [] })
    },
  )

  t.test('a newer plan takes the place of the one that workers carry out', async t => {
    const office = await openOffice(t, server, 100)
    t.equal((await office.run('apply --auto-approve --init --detach')).code, 0)
    const worker = await office.worker()
    await until('some are made', () => office.endpoints() > 10)
    const files = smallCatalog(office.iccids.slice(0, 60))
    office.write('catalog/catalog.yaml', files['catalog/catalog.yaml'] ?? '')
    const newer = await office.run('apply --auto-approve --detach')
    t.equal(newer.code, 0, told(newer))
    t.match(newer.stderr, /waiting for .*worker, apply 1.* to let go of the state|to end its calls/)
    t.match(newer.stderr, /apply 2 takes the place of apply 1.* dropped/)
    await worker.until(/apply 1: left for now: somebody else wants to write the state/)
    const ended = await office.run('apply --wait')
    t.equal(ended.code, 0, told(ended))
    t.equal(office.endpoints(), 60, 'what the newer plan does not want is not made')
    t.match(JSON.parse((await office.run('history --json')).stdout), {
      applies: [
        { id: 2, outcome: 'ok' },
        { id: 1, outcome: 'superseded', supersededBy: 2 },
      ],
    })
    t.equal(creations(office), 60)
  })

  t.test(
    'a worker that is stopped loses the state to another one, and does nothing more when it goes on',
    { skip: process.env['FLEET_ORDERS'] === undefined && 'npm run test:all has it' },
    async t => {
      const office = await openOffice(t, server, 80)
      const workers = [await office.workerProcess(), await office.workerProcess()]
      t.equal((await office.run('apply --auto-approve --init --detach')).code, 0)
      await until('some are made', () => office.endpoints() > 5)
      const hasIt = (one: Running) => /apply 1: taken up/.test(one.stderr())
      const [first, second] = workers.toSorted((a, b) => Number(hasIt(b)) - Number(hasIt(a)))
      if (first === undefined || second === undefined) throw new Error('there are two')
      first.kill('SIGSTOP')
      t.ok(office.endpoints() < 80, 'it is stopped in the midst')
      const stoppedAt = performance.now()
      await until('another takes it up', () => hasIt(second))
      t.comment(`taken up ${((performance.now() - stoppedAt) / 1000).toFixed(1)} s after the stop`)
      first.kill('SIGCONT')
      await until('the stopped one lets go', () => /apply 1: left for now/.test(first.stderr()))
      const ended = await office.run('apply --wait')
      t.equal(ended.code, 0, told(ended))
      t.equal(office.endpoints(), 80)
      t.equal((await office.run('plan --detailed-exitcode')).code, 0)
    },
  )

  t.test('a plan of a part is done in between, and what workers carry out goes on', async t => {
    // So many that workers are at them for longer than two commands take on a busy machine.
    const office = await openOffice(t, server, 400)
    t.equal((await office.run('apply --auto-approve --init --detach')).code, 0)
    await office.worker()
    await until('some are made', () => office.endpoints() > 5)
    const refused = await office.run('apply --auto-approve --detach --target rateZone/alps')
    t.equal(refused.code, 3, told(refused))
    t.match(refused.stderr, /workers carry out apply 1/)
    const part = await office.run('apply --auto-approve --target rateZone/alps')
    t.equal(part.code, 0, told(part))
    t.match(part.stderr, /apply 1 goes on afterwards/)
    t.equal((await office.run('status --watch')).code, 0)
    t.equal(office.endpoints(), 400)
  })

  t.test('an account that lets a worker no longer in leaves endpoints to be done', async t => {
    const office = await openOffice(t, server, 30)
    t.equal((await office.run('apply --auto-approve --init --detach')).code, 0)
    const wrong = office.startInside('worker --every 0.5', { env: { SFT_PASSWORD: 'wrong' } })
    await wrong.until(/apply 1: left for now: the account cannot be used/)
    t.match(await office.status(), {
      apply: { problem: /the account cannot be used/, endpoints: { failed: 0, queued: 30 } },
    })
    wrong.kill('SIGTERM')
    await wrong.ended
    const late = await office.run('apply --wait --max-minutes 0.02')
    t.equal(late.code, 4, told(late))
    t.match(late.stderr, /no worker is alive/)
  })

  t.test(
    'an apply that ten attempts brought no further is parked and said to be, and applying again goes on',
    async t => {
      const office = await openOffice(t, server, 6)
      await using database = await openDatabase(office.place)
      t.equal((await office.run('apply --auto-approve --init --detach')).code, 0)
      const wrong = office.startInside('worker --every 0.5', { env: { SFT_PASSWORD: 'wrong' } })
      await wrong.until(/apply 1: left for now: the account cannot be used/)
      wrong.kill('SIGTERM')
      await wrong.ended
      t.match(await office.status(), { apply: { status: 'queued', attempts: 1 } })
      // As after nine more, the last of which was long enough ago for another one.
      await database.ask(
        "update applies set attempts = 10, given_at = clock_timestamp() - interval '1 day'",
      )
      const worker = await office.worker()
      // It looks every half second.
      await sleep(3000)
      t.notMatch(worker.stderr(), /taken up/)
      t.match(await office.status(), {
        apply: { status: 'parked', attempts: 10, endpoints: { queued: 6, failed: 0 } },
      })
      const waited = await office.run('apply --wait')
      t.equal(waited.code, 1, told(waited))
      t.match(
        waited.stdout,
        /parked: no worker tries any more; apply again.*the account cannot be used/s,
      )
      t.equal(office.endpoints(), 0)
      const again = await office.run('apply --auto-approve --detach --wait')
      t.equal(again.code, 0, told(again))
      t.match(again.stderr, /apply 2 takes the place of apply 1/)
      t.equal(office.endpoints(), 6)
      t.match(await office.status(), { apply: { id: 2, status: 'ended', outcome: 'ok' } })
    },
  )

  t.test(
    'an endpoint that the account refuses counts as failed, and so does the apply',
    async t => {
      const office = await openOffice(t, server, 12)
      t.equal((await office.run('apply --auto-approve --init --detach')).code, 0)
      await office.control('faults', {
        operation: 'CreateEndPoint',
        kind: 'rejected',
      })
      await office.worker()
      const ended = await office.run('apply --wait --json')
      t.equal(ended.code, 1, told(ended))
      t.match(JSON.parse(ended.stdout), {
        detached: { outcome: 'failed', endpoints: { total: 12, done: 11, failed: 1 } },
      })
    },
  )

  t.test(
    'usage is refreshed and stock counted once in their time, and status tells it; who waits where nothing is has no success',
    async t => {
      const office = await openOffice(t, server, 3)
      const place = { SFT_LEDGER: `${server.url}?schema=detach_${schemas}` }
      const nowhere = await office.run(`apply --wait --state ${server.url}?schema=mistyped`)
      t.equal(nowhere.code, 1)
      t.match(
        nowhere.stderr,
        /there is no state at postgres:.*: is the address right, and the schema/,
      )
      t.equal((await office.run('apply --auto-approve --init')).code, 0)
      t.equal((await office.run('apply --wait')).code, 0, 'nothing was left, and that is known')
      const worker = office.startInside('worker --every 0.5 --usage-every 1d --stock-every 1d', {
        env: place,
      })
      await worker.until(/stock: 3 eSIMs for sale/)
      await worker.until(/usage: usage of 0 endpoints refreshed/)
      t.match((await office.status()).sweeps, [{ sweep: 'stock' }, { sweep: 'usage' }])
    },
  )
}

t.test(
  'without PostgreSQL nothing is left to workers, and history is kept beside the file',
  async t => {
    const desk = await openDesk(t, iccids => smallCatalog(iccids.slice(0, 3)))
    const refused = await desk.run('apply --auto-approve --detach')
    t.equal(refused.code, 64)
    t.match(refused.stderr, /workers cannot carry out applies of .*keep the state in PostgreSQL/)
    t.match((await desk.run('history')).stderr, /nothing was applied/)
    t.equal((await desk.run('apply --auto-approve')).code, 0)
    t.equal((await desk.run('apply --auto-approve')).code, 0)
    const { stdout } = await desk.run('history --json')
    const { applies } = JSON.parse(stdout)
    t.equal(applies.length, 1, 'an apply that has nothing to do is none')
    t.match(applies[0], {
      id: 1,
      outcome: 'ok',
      counts: { done: 5 },
      plan: { summary: { create: 5 } },
    })
    t.match(
      (await desk.run('history')).stdout,
      /^1 {2}20\S+Z {2}.*5 to create; ok: 5 done, 0 failed/,
    )
    t.match((await desk.run('status')).stdout, /No apply was left to the workers/)
    for (const waiting of ['apply --wait', 'status --watch']) {
      const { code, stderr } = await desk.run(waiting)
      t.equal(code, 64, 'SFT_STATE may be missing, which is no success of anybody')
      t.match(stderr, /workers cannot carry out applies of .*name it by SFT_STATE/)
    }
  },
)

if (noPostgres === false) testDetached(await startPostgres(t))
else t.test('detached applies', { skip: noPostgres }, async () => {})
