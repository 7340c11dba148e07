// Stock at scale where the account says less than there is, says no, or is slow.
import t from 'tap'
import { ACCOUNT, batch, type Desk, openDesk } from '../cli/desk.ts'
import { hasTerminal } from '../cli/run-cli.ts'

const stocked = (iccids: readonly string[]): Readonly<Record<string, string>> => ({
  'catalog/catalog.yaml': `${ACCOUNT}${batch('first', iccids.slice(0, 12), '    tags: [shop]\n')}`,
})

const ACTIVATE = 'endpoints activate --tag shop --force --auto-approve'

interface Row {
  /** What was done before. */
  readonly given?: (desk: Desk) => Promise<unknown> | unknown
  readonly line?: string
  readonly code: number
  readonly told: RegExp
  /** Endpoints that are Active after it, and after the next run. */
  readonly active: number
  readonly next?: number
  readonly env?: (desk: Desk) => Readonly<Record<string, string>>
}

const faultOf =
  (kind: Parameters<Desk['simulator']['fault']>[0]['kind'], operation: string, count = 99) =>
  (desk: Desk) =>
    desk.simulator.fault({ operation, kind, count })

const ROWS: Readonly<Record<string, Row>> = {
  'a stock of SIMs that comes empty is not known, and nothing is sent': {
    given: faultOf('lists-empty', 'fetchSIM'),
    code: 5,
    told: /12 blocked/,
    active: 0,
    next: 12,
  },
  'a SIM that has another endpoint by now is blocked, and no flag lifts it': {
    async given(desk) {
      const [endpoint] = [...desk.simulator.world.endpoints.keys()]
      await desk.control('portal', { endpoint, delete: true })
    },
    code: 5,
    told: /has no endpoint, and the state says/,
    active: 11,
  },
  'what both calls refuse has failed, and is for sale again': {
    given(desk) {
      desk.simulator.fault({ operation: 'EndPointLifeCycleChange', kind: 'rejected', count: 1 })
      desk.simulator.fault({ operation: 'EndPointActivation', kind: 'rejected', count: 1 })
    },
    code: 1,
    told: /11 done, 1 failed/,
    active: 11,
    next: 12,
  },
  'an answer that says no to what was done is not believed': {
    given: faultOf('rejected-after', 'EndPointLifeCycleChange', 3),
    code: 0,
    told: /12 done/,
    active: 12,
  },
  'answers that are lost are settled by reading, and sent once': {
    given: faultOf('reset-after', 'EndPointLifeCycleChange', 5),
    code: 0,
    told: /12 done/,
    active: 12,
  },
  'an account that cannot be read after an unclear answer leaves it to the next run': {
    given(desk) {
      desk.simulator.fault({ operation: 'EndPointLifeCycleChange', kind: 'reset-after', count: 1 })
      desk.simulator.fault({ operation: 'fetchSIM', kind: '5xx-before', count: 99, skip: 1 })
    },
    code: 1,
    told: /1 deferred[\s\S]*|outcome not known yet/,
    active: 12,
  },
  'a state of another account is refused': {
    env: ({ simulator }) => ({
      SFT_BASE_URL: simulator.url.replace('127.0.0.1', 'localhost'),
    }),
    code: 1,
    told: /STATE_OTHER_ACCOUNT/,
    active: 0,
    next: 12,
  },
  'a run whose time is over goes on in the next one': {
    given: desk => desk.control('settings', { latencyMs: 150 }),
    line: `${ACTIVATE} --max-minutes 0.008 --parallel 1`,
    code: 4,
    told: /time limit reached/,
    active: -1,
    next: 12,
  },
}

for (const [name, row] of Object.entries(ROWS))
  t.test(name, async t => {
    const desk = await openDesk(t, stocked)
    t.equal((await desk.run('apply --auto-approve')).code, 0)
    await row.given?.(desk)
    const ended = await desk.run(row.line ?? ACTIVATE, { ...(row.env && { env: row.env(desk) }) })
    t.equal(ended.code, row.code, ended.stdout + ended.stderr)
    t.match(ended.stdout + ended.stderr, row.told)
    const active = () =>
      [...desk.simulator.world.endpoints.values()].filter(({ status }) => status === 'Active')
    if (row.active >= 0) t.equal(active().length, row.active)
    else t.ok(active().length < 12, 'it was cut short')
    desk.simulator.clearFaults()
    const next = await desk.run(`${ACTIVATE} --allow-blocked`)
    t.equal(next.code, 0, next.stdout + next.stderr)
    t.equal(active().length, row.next ?? row.active)
    const { report } = JSON.parse((await desk.run('endpoints report --no-inventory --json')).stdout)
    t.equal(report.inService, row.next ?? row.active, 'the ledger has each of them')
    const sent = desk.simulator.calls.filter(
      ({ operation, executed }) =>
        executed && /^EndPoint(LifeCycleChange|Activation)$/.test(operation),
    )
    t.equal(sent.length, row.next ?? row.active, 'each was activated once')
  })

t.test(
  'a suspension that was done before the run was cut short is found, and not sent',
  async t => {
    const desk = await openDesk(t, stocked)
    await desk.run('apply --auto-approve')
    await desk.run(ACTIVATE)
    const [endpoint] = [...desk.simulator.world.endpoints.keys()]
    await desk.control('portal', { endpoint, set: { status: 'Suspended' } })
    const before = desk.simulator.calls.length
    const ended = await desk.run('endpoints suspend --status suspended --auto-approve')
    t.equal(ended.code, 0, ended.stdout + ended.stderr)
    t.match(ended.stdout, /it is Suspended already; the ledger is told/)
    t.same(desk.writes(before), [])
    const again = await desk.run('endpoints suspend --status suspended --auto-approve')
    t.match(again.stdout, /Nothing to do: 1 unchanged/)
  },
)

t.test('nobody says yes: nothing is changed', { skip: !hasTerminal }, async t => {
  const desk = await openDesk(t, stocked)
  await desk.run('apply --auto-approve')
  const run = desk.start('endpoints activate --tag shop --force', { terminal: true, input: '' })
  await run.until(/Activate 12 endpoints of .*Only "yes" is taken/)
  run.type('y\n')
  const { code, stdout } = await run.ended
  t.equal(code, 1)
  t.match(stdout, /nothing was changed/)
  t.equal(desk.writes().filter(name => name === 'EndPointLifeCycleChange').length, 0)
})
