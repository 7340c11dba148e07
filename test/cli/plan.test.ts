import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ACCOUNT, batch, type Desk, openDesk, smallCatalog } from './desk.ts'

/** Twelve plans of one zone, of which a test changes as many as it likes. */
const twelvePlans = (charge: (n: number) => string): string => `${ACCOUNT}
rateZones:
  - { key: malta, name: Malta, countries: [MT] }
addonPlans:
${Array.from(
  { length: 12 },
  (_, n) =>
    `  - { key: p${n}, name: Plan ${n}, rateZone: malta, data: 1 GB, validity: 7 days, activation: first-use, charge: "${charge(n)}" }\n`,
).join('')}`

const json = (text: string): Record<string, unknown> => JSON.parse(text)

/** Every file of a folder but the call budget's, with its content. */
const filesOf = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter(name => statSync(join(folder, name)).isFile() && !name.endsWith('.calls'))
      .map(name => [name, readFileSync(join(folder, name), 'utf8')]),
  )

t.test('plan writes nothing, on the account or on disk, and tells by its exit code', async t => {
  const desk = await openDesk(t, iccids => smallCatalog(iccids.slice(0, 3)))
  const plan = async () => {
    const { code, stdout } = await desk.run('plan --detailed-exitcode')
    return { code, last: stdout.trim().split('\n').at(-1) }
  }
  const before = filesOf(desk.folder)
  t.same(await plan(), { code: 2, last: 'Plan: 5 to create, 0 unchanged' })
  t.equal((await desk.run('plan')).code, 0, 'changes are no failure unless asked for')
  t.same(filesOf(desk.folder), before)
  t.same(desk.writes(), [])
  t.equal((await desk.run('apply --auto-approve')).code, 0)
  const after = filesOf(desk.folder)
  const calls = desk.simulator.calls.length
  t.same(await plan(), { code: 0, last: 'Nothing to do: 5 unchanged' })
  t.same(filesOf(desk.folder), after)
  t.same(desk.writes(calls), [])
  desk.write('catalog/catalog.yaml', `${desk.read('catalog/catalog.yaml')}addonPlan: []\n`)
  const wrong = await desk.run('plan --detailed-exitcode')
  t.equal(wrong.code, 1)
  t.equal(wrong.stdout, '')
  t.match(wrong.stderr, /catalog\/catalog\.yaml:\d+:1: error UNKNOWN_KEY: .*addonPlan/)
  t.match(wrong.stderr, 'addonPlans')
})

t.test('a plan that changes more than a share of what exists is refused until --force', async t => {
  const desk = await openDesk(t, () => ({ 'catalog/c.yaml': twelvePlans(() => '5') }))
  t.equal((await desk.run('apply --auto-approve')).code, 0)
  desk.write(
    'catalog/c.yaml',
    twelvePlans(n => (n < 4 ? '6' : '5')),
  )
  const plan = await desk.run('plan --detailed-exitcode')
  t.equal(plan.code, 3)
  t.equal(
    plan.stderr.slice(plan.stderr.indexOf('error ')),
    `error CHANGE_SHARE: the plan changes or retires 4 of 12 add-on plans (33 %); the limit is 30 %
  hint: read the plan; "--force" goes ahead, limits: in the catalog sets another share
1 error, 0 warnings
`,
  )
  t.match(plan.stdout, /~ addonPlan\/p3 .*\n.*5 → 6/, 'and lists what it would have done')
  const before = desk.simulator.calls.length
  const refused = await desk.run('apply --auto-approve')
  t.equal(refused.code, 3)
  t.match(refused.stdout, 'Plan: 4 to update, 9 unchanged')
  t.same(desk.writes(before), [])
  const asData = await desk.run('apply --auto-approve --json')
  t.equal(asData.code, 3)
  t.match(json(asData.stdout), {
    report: null,
    plan: { summary: { update: 4 }, issues: [{ code: 'CHANGE_SHARE', severity: 'error' }] },
  })
  t.equal((await desk.run('apply --auto-approve --force')).code, 0)
  desk.write(
    'catalog/c.yaml',
    `${twelvePlans(n => (n < 4 ? '7' : '5'))}limits: { addonPlans: 50% }\n`,
  )
  t.equal((await desk.run('plan --detailed-exitcode')).code, 2, 'the catalog may set its own share')
})

t.test('plan --json and apply --json are pure data on stdout', async t => {
  const desk = await openDesk(t, iccids => smallCatalog(iccids.slice(0, 2)))
  const plan = await desk.run('plan --json')
  t.equal(plan.code, 0)
  t.match(json(plan.stdout), {
    format: 1,
    summary: {
      create: 4,
      adopt: 0,
      update: 0,
      replace: 0,
      retire: 0,
      orphan: 0,
      blocked: 0,
      keep: 0,
    },
    cost: { calls: 5, seconds: Number, callsPerSecond: 1000 },
    changes: [
      {
        action: 'create',
        address: 'rateZone/alps',
        kind: 'rateZone',
        key: 'alps',
        name: 'Alps',
        fields: [],
        spec: { destGroupId: '2515', networks: Array },
      },
      { action: 'create', address: 'addonPlan/alps-1gb', spec: { dataMB: 1024, charge: '4.5' } },
      { action: 'create', address: `endpoint/${desk.iccids[0]}` },
      { action: 'create', address: `endpoint/${desk.iccids[1]}` },
    ],
    issues: [],
  })
  const apply = await desk.run('apply --json --auto-approve')
  t.equal(apply.code, 0)
  t.match(json(apply.stdout), {
    format: 2,
    plan: { summary: { create: 4 } },
    report: {
      counts: { done: 4, failed: 0, skipped: 0, deferred: 0 },
      calls: Number,
      seconds: Number,
      stopped: false,
      results: [
        {
          address: 'rateZone/alps',
          kind: 'rateZone',
          status: 'done',
          action: 'create',
          id: '1201',
        },
      ],
    },
  })
  t.match(apply.stderr, /5 of 5 calls/, 'progress goes to stderr')
  desk.write(
    'catalog/catalog.yaml',
    desk.read('catalog/catalog.yaml').replace('"4.50"', '"4.40"').replace('1 GB\n', '2 GB\n'),
  )
  const changed = json((await desk.run('plan --json --detailed-exitcode')).stdout)
  t.match(changed, {
    changes: [
      {
        action: 'replace',
        address: 'addonPlan/alps-1gb',
        name: 'Alps 1 GB 7 days (r2)',
        revision: 2,
        fields: [
          {
            field: 'charge',
            mutability: 'in-place',
            origin: 'ours',
            applied: '4.5',
            wanted: '4.4',
            account: '4.5',
          },
          { field: 'dataMB', mutability: 'replace', origin: 'ours', applied: 1024, wanted: 2048 },
        ],
        impact: { skus: ['ALPS-1GB-7D'] },
      },
    ],
  })
})

t.test('colour is for terminals, unless the environment says otherwise', async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  const code = '\u001b['
  const piped = await desk.run('plan')
  t.notOk(`${piped.stdout}${piped.stderr}`.includes(code))
  const forced = await desk.run('plan', { env: { FORCE_COLOR: '1' } })
  t.ok(forced.stdout.includes(`${code}32m+ rateZone/alps${code}39m`))
  const never = await desk.run('plan', { env: { FORCE_COLOR: '1', NO_COLOR: '1' } })
  t.notOk(`${never.stdout}${never.stderr}`.includes(code))
})

t.test('a plan of thousands of changes fits a comment on a pull request', async t => {
  const many = Array.from(
    { length: 2500 },
    (_, n) =>
      `  - { key: plan-number-${n}, name: Plan number ${n}, rateZone: malta, data: 1 GB, validity: 7 days, activation: first-use, charge: "5" }\n`,
  )
  const desk = await openDesk(t, () => ({
    'catalog/c.yaml': `${ACCOUNT}
rateZones:
  - { key: malta, name: Malta, countries: [MT] }
addonPlans:
${many.join('')}`,
  }))
  const { code, stdout } = await desk.run('plan --markdown')
  t.equal(code, 0)
  t.ok(stdout.length < 60_000, `${stdout.length} characters`)
  t.match(stdout, '<!-- sft-catalog plan -->\n## sft-catalog plan: 2,501 operations\n')
  t.match(stdout, '| create | unchanged |\n|---|---|\n| 2,501 | 0 |')
  t.match(stdout, '\n+ rateZone/malta  "Malta"')
  t.match(stdout, /… and [\d,]+ more lines: see "sft-catalog plan"/)
  t.equal(stdout.match(/<details>/g)?.length, stdout.match(/<\/details>/g)?.length)
})

t.test('a saved plan is applied exactly, or refused with what has moved', async t => {
  const desk = await openDesk(t, iccids => smallCatalog(iccids.slice(0, 2)))
  const apply = () => desk.run('apply tuesday.plan')
  const save = async () => {
    const saved = await desk.run('plan --out tuesday.plan')
    t.equal(saved.code, 0)
    t.match(
      saved.stderr,
      'saved to tuesday.plan: "sft-catalog apply tuesday.plan" does exactly this',
    )
  }
  const refusal = async (what: RegExp) => {
    const before = desk.simulator.calls.length
    const { code, stderr } = await apply()
    t.equal(code, 3)
    t.match(stderr, /the saved plan of \d{4}-\d\d-\d\dT[\d:.]+Z does not hold any more: /)
    t.match(stderr, what)
    t.match(stderr, 'nothing was changed: make a new plan')
    t.same(desk.writes(before), [])
  }
  await save()
  t.equal(statSync(join(desk.folder, 'tuesday.plan')).mode & 0o777, 0o600)
  const done = await apply()
  t.equal(done.code, 0, 'it was read by somebody: nobody is asked again')
  t.match(done.stdout, 'Done: 4 done')
  await refusal(/any more: the state is another one; the account has changed\n/)

  await save()
  const text = desk.read('catalog/catalog.yaml')
  desk.write('catalog/catalog.yaml', text.replace('"4.50"', '"4.40"'))
  await refusal(/any more: the catalog has changed\n/)
  desk.write('catalog/catalog.yaml', text)
  await desk.run('state mv addonPlan/alps-1gb addonPlan/alps')
  await desk.run('state mv addonPlan/alps addonPlan/alps-1gb')
  await refusal(/any more: the state went from serial \d+ to \d+\n/)

  await save()
  const { addonPlans } = await desk.state()
  await desk.control('portal', { plan: addonPlans['alps-1gb']?.planId, set: { charge: '3' } })
  await refusal(/any more: the account has changed\n/)

  desk.write('tuesday.plan', 'Dear colleague')
  const noPlan = await apply()
  t.equal(noPlan.code, 1)
  t.equal(
    noPlan.stderr,
    'error tuesday.plan is not a saved plan (no JSON): make one with "sft-catalog plan --out plan.json"\n',
  )
  desk.write('tuesday.plan', '{"format":3}')
  t.match((await apply()).stderr, 'tuesday.plan is not a saved plan (format 3)')
  desk.write('tuesday.plan', '')
  await save()
  const saved = JSON.parse(desk.read('tuesday.plan'))
  for (const [damage, why] of [
    [{ planHash: 7 }, 'planHash: is no hash'],
    [{ init: 'yes' }, 'init: is neither true nor false'],
    [{ options: undefined }, 'options: is missing'],
    [{ options: { prune: 'yes' } }, 'options.prune: is neither true nor false'],
    [{ options: { pruned: true } }, 'options: has one that is not known'],
    [{ plan: [] }, 'plan: is no plan'],
  ] as const) {
    desk.write('tuesday.plan', JSON.stringify({ ...saved, ...damage }))
    t.match((await apply()).stderr, `tuesday.plan is not a saved plan (${why})`)
  }
  t.match(
    (await desk.run('apply monday.plan')).stderr,
    /^error monday\.plan: there is no such file; make one with "sft-catalog plan --out monday\.plan"\n$/,
  )
})

t.test('--target limits a run to an entry and what it needs', async t => {
  const desk = await openDesk(t, iccids => ({
    ...smallCatalog(iccids.slice(0, 2)),
    'catalog/more.yaml': `version: 1
rateZones:
  - { key: malta, name: Malta, countries: [MT] }
addonPlans:
  - { key: malta-1gb, name: Malta 1 GB, rateZone: malta, data: 1 GB, validity: 7 days, activation: first-use, charge: "3" }
`,
  }))
  const one = await desk.run('apply --auto-approve --target addonPlan/malta-1gb')
  t.equal(one.code, 0)
  t.match(one.stdout, 'Done: 2 done', 'the plan and its zone')
  t.same(
    [...desk.simulator.world.zones.values()].map(zone => zone.name),
    ['Malta'],
  )
  const two = await desk.run('plan --target rateZone/alps --target endpointBatch/first')
  t.match(two.stdout, 'Plan: 3 to create, 0 unchanged')
  const wrong = await desk.run('plan --target rateZone/alp')
  t.equal(wrong.code, 1)
  t.equal(
    wrong.stderr.slice(wrong.stderr.indexOf('error ')),
    `error TARGET_UNKNOWN: --target rateZone/alp names nothing in the catalog or the state
  hint: did you mean rateZone/alps?
1 error, 0 warnings
`,
  )
})

t.test('the state of another account is refused', async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  t.equal((await desk.run('apply --auto-approve')).code, 0)
  const other = await openDesk(t, () => smallCatalog([]))
  const env = { SFT_BASE_URL: other.simulator.url }
  for (const command of ['plan', 'apply --auto-approve']) {
    const { code, stderr, stdout } = await desk.run(command, { env })
    t.equal(code, 1)
    t.equal(stdout, '')
    t.match(
      stderr,
      `error STATE_OTHER_ACCOUNT: the state belongs to another account: it has host ${hostOf(desk)}; this run has host ${hostOf(other)}`,
    )
    t.match(stderr, 'use the state of this account (--state), or the account of this state')
  }
  t.same(other.writes(), [])
  const text = desk.read('state.json')
  desk.write(
    'state.json',
    text.replace('"account": {', '"account": { "targetAccountId": "41274807",'),
  )
  t.equal((await desk.run('state accept-edit --yes')).code, 0)
  t.match(
    (await desk.run('plan')).stderr,
    'it has targetAccountId 41274807; this run has targetAccountId not given',
  )
})

const hostOf = (desk: Desk): string => new URL(desk.simulator.url).host

t.test('--no-inventory says what it leaves open', async t => {
  const desk = await openDesk(t, iccids => smallCatalog(iccids.slice(0, 2)))
  const { code, stdout } = await desk.run('plan --no-inventory')
  t.equal(code, 0)
  t.match(stdout, 'SIM stock not read: whether the SIM exists and is free is open')
  t.equal(desk.simulator.calls.filter(call => call.operation === 'fetchSIM').length, 0)
})

t.test('what stands against an entry is told with what to do', async t => {
  const desk = await openDesk(t, iccids => ({
    ...smallCatalog([]),
    'catalog/batch.yaml': `version: 1\n${batch('first', ['8932042000010000012', ...iccids.slice(0, 2)])}`,
  }))
  const post = (path: string, body: object) => desk.control(path, body)
  // Two zones of one name, an add-on plan with other data, and a SIM that somebody activated.
  t.equal((await desk.run(`apply --auto-approve --target endpoint/${desk.iccids[1]}`)).code, 0)
  const { endpoints } = await desk.state()
  const taken = endpoints[desk.iccids[1] ?? '']?.endpointId
  await post('portal', { endpoint: taken, set: { status: 'Active' } })
  await desk.run(`state rm endpoint/${desk.iccids[1]}`)
  const { code, stdout } = await desk.run('plan --detailed-exitcode')
  t.equal(code, 5, 'what is blocked goes before what can be done')
  t.match(
    stdout,
    'the account has no SIM with ICCID 8932042000010000012: check the number, or ask for it to be delivered',
  )
  t.match(
    stdout,
    `SIM ${desk.iccids[1]} is attached to endpoint ${taken}, which is Active and was not made from this state: take it out of the batch, or run "sft-catalog adopt"`,
  )
  t.match(stdout, /Plan: 3 to create, 0 unchanged, 2 blocked/)
})
