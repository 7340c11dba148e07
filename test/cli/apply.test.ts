import t from 'tap'
import type { World } from '../../src/simulator/index.ts'
import { batch, type Desk, openDesk, smallCatalog } from './desk.ts'
import { hasTerminal, type Running } from './run-cli.ts'

/** Thirty single calls, each a fifth of a second, two at a time: three seconds of work. */
const SLOW = { latencyOf: { CreateEndPoint: 200 }, bulk: 'unknown' } as const
const slowDesk = (t: Parameters<typeof openDesk>[0]) =>
  openDesk(t, iccids => smallCatalog(iccids.slice(0, 30)), SLOW)
const APPLY = 'apply --auto-approve --parallel 2'

/** What an account has, without the order in which it came. */
const contentOf = (world: World) => ({
  zones: [...world.zones.values()].map(({ name, networks }) => [name, networks.length]),
  plans: [...world.plans.values()].map(({ basicInfo }) => basicInfo.planName),
  endpoints: [...world.endpoints.values()]
    .map(({ iccid, name, status }) => [iccid, name, status])
    .sort(),
})

/** Waits for the slow calls to be under way. */
async function untilSent(desk: Desk, run: Running, calls: number): Promise<void> {
  for (;;) {
    const sent = desk.simulator.calls.filter(call => call.operation === 'CreateEndPoint').length
    if (sent >= calls) return
    const gone = await Promise.race([
      run.ended.then(() => true),
      new Promise<false>(resolve => setTimeout(() => resolve(false), 20)),
    ])
    if (gone) throw new Error(`ended after ${sent} calls:\n${run.stdout()}${run.stderr()}`)
  }
}

/** Everything is there, once, and the state knows it. */
async function checkWhole(t: Parameters<typeof openDesk>[0], desk: Desk): Promise<void> {
  const { world } = desk.simulator
  t.equal(world.endpoints.size, 30)
  t.equal(world.executions.get('CreateEndPoint'), 30, 'each of them once')
  const { endpoints, pending } = await desk.state()
  t.same(
    Object.entries(endpoints)
      .map(([iccid, record]) => [iccid, record.endpointId])
      .sort(),
    desk.iccids
      .slice(0, 30)
      .map(iccid => [iccid, world.sims.get(iccid)?.endPointId])
      .sort(),
  )
  t.same(pending, {})
  t.match((await desk.run('plan --detailed-exitcode')).stdout, 'Nothing to do: 32 unchanged')
}

t.test('several runs with a time limit end the same as one run', async t => {
  const desk = await slowDesk(t)
  const codes: (number | undefined)[] = []
  for (let run = 0; run < 30 && codes.at(-1) !== 0; run++) {
    const { code, stderr, stdout } = await desk.run(`${APPLY} --max-minutes 0.04`)
    codes.push(code)
    if (code === 4)
      t.match(
        stderr,
        /time limit reached after .*: the next run goes on|stopped before anything was changed/,
      )
    else t.equal(code, 0, `${stdout}${stderr}`)
  }
  t.equal(codes.at(-1), 0)
  t.ok(codes.length > 1, `${codes.length} runs`)
  t.ok(codes.slice(0, -1).every(code => code === 4))
  await checkWhole(t, desk)
  const other = await slowDesk(t)
  t.equal((await other.run(APPLY)).code, 0)
  t.same(contentOf(desk.simulator.world), contentOf(other.simulator.world))
})

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)
  t.test(
    `${signal} waits for what is under way, ends with ${code}, and the next run goes on`,
    async t => {
      const desk = await slowDesk(t)
      const run = desk.start(APPLY)
      await untilSent(desk, run, 6)
      run.kill(signal)
      const ended = await run.ended
      t.equal(ended.code, code)
      t.match(
        ended.stderr,
        /stopping: waiting for (what is|\d+ calls?) under way \(once more to stop at once\)/,
      )
      t.match(ended.stdout, /Deferred to the next run\n/)
      t.match(ended.stdout, /Ended: \d+ done, 0 failed, 0 skipped, \d+ deferred/)
      const { endpoints, pending } = await desk.state()
      t.same(pending, {}, 'nothing is left open')
      t.equal(Object.keys(endpoints).length, desk.simulator.world.endpoints.size)
      t.ok(desk.simulator.world.endpoints.size < 30)
      t.equal((await desk.run(APPLY)).code, 0)
      await checkWhole(t, desk)
    },
  )

t.test('a second Ctrl-C stops at once, and the journal is true', async t => {
  const desk = await slowDesk(t)
  await desk.control('settings', { latencyOf: { CreateEndPoint: 1500 } })
  const run = desk.start(APPLY)
  await untilSent(desk, run, 2)
  run.kill('SIGINT')
  await run.until(/stopping:/)
  run.kill('SIGINT')
  const ended = await run.ended
  t.equal(ended.code, 130)
  t.match(
    ended.stderr,
    'stopped at once; the state is true, what was under way is looked for first by the next run',
  )
  const { pending } = await desk.state()
  t.ok(Object.keys(pending).length > 0, 'what was sent is announced')
  t.match(
    (await desk.run('plan')).stderr,
    /\d+ writes of an earlier run \(since \S+\) are not confirmed: apply looks for them first/,
  )
  await desk.control('settings', { latencyOf: {} })
  const next = await desk.run(APPLY)
  t.equal(next.code, 0, next.stderr)
  t.match(next.stderr, /looking for \d+ writes that an earlier run did not see the end of/)
  t.match(next.stderr, /^ {2}found: endpoint\/\d+/m)
  await checkWhole(t, desk)
})

t.test('told to stop while it reads, apply ends without waiting for the reading', async t => {
  const desk = await openDesk(t, () => smallCatalog([]), {
    latencyOf: { fetchNetworkList: 1000, QueryRatePlan: 20_000 },
  })
  const run = desk.start('apply --auto-approve')
  await run.until(/reading the account/)
  run.kill('SIGINT')
  const ended = await run.ended
  t.equal(ended.code, 130)
  t.match(ended.stderr, 'stopped before anything was changed')
  t.same(desk.writes(), [])
})

t.test('of two applies on one state the second is refused, with who holds it', async t => {
  const desk = await slowDesk(t)
  const first = desk.start(APPLY)
  await untilSent(desk, first, 1)
  const second = await desk.run(APPLY)
  t.equal(second.code, 75)
  t.match(
    second.stderr,
    new RegExp(
      `^error .*state\\.json\\.lock: locked by .*${first.pid}.*apply.* since \\S+Z\\. Wait until it has ended, or end it \\(process ${first.pid}\\)\\.`,
    ),
  )
  t.equal((await desk.run('state list')).code, 0, 'looking needs no lock')
  t.equal((await first.ended).code, 0)
  await checkWhole(t, desk)
})

t.test('where nobody can be asked, apply does nothing without --auto-approve', async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  for (const [command, told] of [
    ['apply', 'there is nobody to ask: give --auto-approve, or use plan to look first'],
    ['apply --json', '--json needs --auto-approve or PLAN: a question would stand in the data'],
  ] as const) {
    const { code, stderr, stdout } = await desk.run(command, { input: 'yes\n' })
    t.equal(code, 64)
    t.equal(stdout, '')
    t.equal(stderr, `sft-catalog apply: ${told}. See sft-catalog apply --help\n`)
  }
  t.equal(desk.simulator.calls.length, 0)
})

t.test('in a terminal apply asks, and only yes is taken', { skip: !hasTerminal }, async t => {
  const desk = await openDesk(t, iccids => smallCatalog(iccids.slice(0, 2)))
  const answered = async (answer: string) => {
    const run = desk.start('apply', { terminal: true, input: '' })
    await run.until(/Only "yes" is taken: /)
    run.type(answer)
    return run.ended
  }
  for (const answer of ['y\r', '\u0004']) {
    const ended = await answered(answer)
    t.equal(ended.code, 1)
    t.match(ended.stdout, 'nothing was changed')
  }
  const interrupted = await answered('\u0003')
  t.equal(interrupted.code, 130)
  t.same(desk.writes(), [])
  const done = await answered('yes\r')
  t.equal(done.code, 0)
  t.ok(done.stdout.includes('\u001b['), 'in colour')
  t.match(done.stdout, /rate zones: 1 of 1/)
  t.match(done.stdout, /Done.*: 4 done, 0 failed/)
})

t.test('the first endpoints of a batch are a canary: where one fails, the rest waits', async t => {
  const desk = await openDesk(t, iccids => smallCatalog(iccids.slice(0, 10)), { bulk: 'unknown' })
  await desk.control('faults', { operation: 'CreateEndPoint', kind: 'rejected', skip: 1, count: 1 })
  const { code, stderr, stdout } = await desk.run('apply --auto-approve --canary 2 --parallel 1')
  t.equal(code, 1)
  t.match(stderr, /canary: 1 of 2 endpoints created and read back/)
  t.match(stderr, /endpoint\/\d+: failed, /)
  t.match(stdout, /stopped after the canary endpoints/)
  t.match(stdout, /Ended: 3 done, 1 failed, 0 skipped, 8 deferred/)
  t.equal(desk.simulator.world.endpoints.size, 1)
  const again = await desk.run('apply --auto-approve --canary 2')
  t.equal(again.code, 0)
  t.match(again.stderr, /canary: 2 of 2 endpoints created and read back/)
  t.equal(desk.simulator.world.endpoints.size, 10)
})

t.test(
  'what fails is told with its reason, what needs it is skipped, and the next run mends it',
  async t => {
    const desk = await openDesk(t, () => smallCatalog([]))
    await desk.control('faults', { operation: 'CreateRateZone', kind: 'rejected' })
    const { code, stdout } = await desk.run('apply --auto-approve')
    t.equal(code, 1)
    t.match(stdout, /Failed\n {2}rateZone\/alps: .*10057/)
    t.match(stdout, 'Skipped\n  addonPlan/alps-1gb: it needs rateZone/alps, which was not done')
    t.match(stdout, /Ended: 0 done, 1 failed, 1 skipped, 0 deferred/)
    t.equal((await desk.run('apply --auto-approve')).code, 0)
  },
)

t.test('what an account cannot do is told once it is learnt, and not again', async t => {
  const desk = await openDesk(t, iccids => smallCatalog(iccids.slice(0, 3)), { bulk: 'unknown' })
  const first = await desk.run('apply --auto-approve')
  t.equal(first.code, 0)
  t.equal(first.stderr.match(/learnt: /g)?.length, 1)
  t.match(first.stderr, /learnt: .*CreateBulkEndPoint/)
  desk.write('catalog/second.yaml', `version: 1\n${batch('second', desk.iccids.slice(3, 6))}`)
  const second = await desk.run('apply --auto-approve')
  t.equal(second.code, 0)
  t.notMatch(second.stderr, 'learnt')
})

t.test('errors of the account say what to do', async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  const wrong = async (env: Record<string, string>) => {
    const { code, stderr, stdout } = await desk.run('plan', { env })
    t.equal(code, 1)
    t.equal(stdout, '')
    return stderr
  }
  t.match(
    await wrong({ SFT_PASSWORD: 'not-this-one' }),
    /^error .*It is not tried again, since failed logins lock the account.*\n {2}they are told by SFT_USERNAME, .*SFT_TARGET_ACCOUNT_ID\n$/,
  )
  t.match(
    await wrong({ SFT_BASE_URL: 'http://127.0.0.1:9' }),
    /^error .*no connection.*\n {2}the base URL is told by SFT_BASE_URL, .*; nothing was sent\n$/,
  )
  t.equal(
    await wrong({ SFT_USERNAME: '' }),
    'error the user name of the SFT account is missing: set SFT_USERNAME\n',
  )
  t.equal(
    await wrong({ SFT_PASSWORD: '' }),
    'error the password of the SFT account is missing: set SFT_PASSWORD or SFT_PASSWORD_FILE\n',
  )
  t.match(
    await wrong({ SFT_PASSWORD: '', SFT_PASSWORD_FILE: 'nowhere' }),
    /SFT_PASSWORD_FILE names nowhere, which cannot be read/,
  )
  t.match(await wrong({ SFT_BASE_URL: 'http://sft.example.com' }), /^error the base URL/)
  t.match(
    await wrong({ SFT_BASE_URL: 'sft' }),
    "error the base URL 'sft' is not a URL: give one such as",
  )
  t.match(await wrong({ SFT_BASE_URL: 'ftp://sft' }), 'is neither https nor http')
  t.match(
    await wrong({ SFT_CALLS_PER_SECOND: 'many' }),
    "error SFT_CALLS_PER_SECOND is 'many': give a number above 0",
  )
  t.match(
    await wrong({ SFT_BULK: 'maybe' }),
    "error SFT_BULK is 'maybe': give one of on, off, auto",
  )
})

t.test('a reseller is told to name the child account', async t => {
  const desk = await openDesk(t, iccids => smallCatalog(iccids.slice(0, 1)), {
    accountType: 'reseller',
  })
  const { code, stderr } = await desk.run('plan')
  t.equal(code, 1)
  t.match(
    stderr,
    /error .*\n {2}endpoint calls need an enterprise account: a reseller gives SFT_TARGET_ACCOUNT_ID/,
  )
  t.equal((await desk.run('plan --target-account-id 41274807')).code, 0)
})

t.test('a state that cannot be trusted is refused with the way back', async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  t.equal((await desk.run('apply --auto-approve')).code, 0)
  const text = desk.read('state.json')
  for (const damaged of ['', text.slice(0, 200), '{"hello":1}']) {
    desk.write('state.json', damaged)
    for (const command of ['plan', 'apply --auto-approve']) {
      const { code, stderr } = await desk.run(command)
      t.equal(code, 1)
      t.match(stderr, /^error .*state\.json/)
      t.match(stderr, /state restore/)
    }
  }
  t.equal((await desk.run('state restore')).code, 0)
  t.match((await desk.run('plan')).stdout, 'Nothing to do: 2 unchanged')
})
