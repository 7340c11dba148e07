// Commands that are told to stop while the account does not answer: what a pipeline and a portal are told.
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { openDesk, smallCatalog } from '../cli/desk.ts'

interface Row {
  readonly name: string
  readonly args: string
  /** Sent one after another, once the account was asked. */
  readonly signals: readonly NodeJS.Signals[]
  readonly code: number
  readonly outcome: string
}

const TABLE: readonly Row[] = [
  {
    name: 'a read of the usage that is stopped',
    args: 'usage --endpoint ENDPOINT',
    signals: ['SIGTERM'],
    code: 143,
    outcome: 'terminated',
  },
  {
    name: 'a top-up that is stopped',
    args: 'topup --order T-1 --endpoint ENDPOINT --sku ALPS-1GB-7D',
    signals: ['SIGINT'],
    code: 130,
    outcome: 'interrupted',
  },
  {
    name: 'a sale that is stopped at once by a second signal',
    args: 'provision --order A-2 --sku ALPS-1GB-7D',
    signals: ['SIGTERM', 'SIGTERM'],
    code: 143,
    outcome: 'terminated',
  },
  {
    name: 'a plan that is stopped',
    args: 'plan',
    signals: ['SIGTERM'],
    code: 143,
    outcome: 'terminated',
  },
  {
    name: 'a top-up whose time is over',
    args: 'topup --order T-2 --endpoint ENDPOINT --sku ALPS-1GB-7D --timeout 1',
    signals: [],
    code: 4,
    outcome: 'outOfTime',
  },
]

t.test('whoever stops a command is told so, by its code and by its JSON', async t => {
  const desk = await openDesk(t, iccids => smallCatalog(iccids.slice(0, 2)))
  t.equal((await desk.run('apply --auto-approve')).code, 0)
  t.equal((await desk.run('provision --order A-1 --sku ALPS-1GB-7D')).code, 0)
  const [endpointId = ''] = desk.simulator.world.endpoints.keys()
  desk.simulator.fault({ operation: '*', kind: 'no-answer', count: 1000 })
  for (const { name, args, signals, code, outcome } of TABLE)
    await t.test(name, async t => {
      const before = desk.simulator.calls.length
      const run = desk.start(`${args.replace('ENDPOINT', endpointId)} --json`)
      while (desk.simulator.calls.length === before) await sleep(20)
      for (const [at, signal] of signals.entries()) {
        if (at > 0) await run.until(/stopping/)
        run.kill(signal)
      }
      const { stdout, ...ended } = await run.ended
      t.equal(ended.code, code, ended.stderr)
      t.match(JSON.parse(stdout), { outcome, exitCode: code })
      t.notMatch(ended.stderr, / at .*\.js/)
    })
})
