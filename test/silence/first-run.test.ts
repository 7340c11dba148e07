import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openDesk, smallCatalog } from '../cli/desk.ts'
import { hasTerminal } from '../cli/run-cli.ts'

const typed = { asTyped: true } as const

/** Ways to apply where no state is, and what is said. */
const REFUSED: readonly (readonly [string, string, number, RegExp])[] = [
  [
    'apply without a state is refused where nobody can be asked',
    'apply --auto-approve',
    3,
    /there is no state at .*state\.json\. If this is the first apply to this account, give --init; if it was lost/,
  ],
  [
    'apply with a state on a volume that is not mounted is refused, and makes no folder',
    'apply --auto-approve --init --state volume/state.json',
    1,
    /the folder .*volume does not exist; mount it, or make it first/,
  ],
  [
    'plan with a state on a volume that is not mounted is refused, and makes no folder',
    'plan --state volume/state.json',
    1,
    /the folder .*volume does not exist/,
  ],
  [
    'a state command with a mistyped place makes no state there',
    'state mv rateZone/alps rateZone/mountains --state sate.json',
    1,
    /there is no state at .*sate\.json/,
  ],
  ['a backup of a state that is not there is refused', 'state backup', 1, /there is no state at/],
]

for (const [name, command, code, said] of REFUSED)
  t.test(name, async t => {
    const desk = await openDesk(t, () => smallCatalog([]))
    const ended = await desk.run(command, typed)
    t.equal(ended.code, code)
    t.match(ended.stderr, said)
    t.notMatch(ended.stderr, /^\s+at /m)
    for (const file of ['volume', 'state.json', 'sate.json'])
      t.notOk(existsSync(join(desk.folder, file)), file)
    t.same(desk.writes(), [])
  })

t.test('--init says that it is the first time, and is refused the second time', async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  t.match(await desk.run('plan', typed), { code: 0, stderr: /apply needs --init the first time/ })
  t.notMatch((await desk.run('plan --init', typed)).stderr, /there is no state/)
  t.equal((await desk.run('apply --auto-approve --init', typed)).code, 0)
  t.equal((await desk.run('apply --auto-approve', typed)).code, 0)
  for (const command of ['apply --auto-approve --init', 'plan --init']) {
    const again = await desk.run(command, typed)
    t.match(again, {
      code: 64,
      stderr: /there is a state at .*state\.json already; leave the flag out/,
    })
  }
})

t.test('a saved plan carries whether it was made for the first time', async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  await desk.run('plan --out plan.json', typed)
  const refused = await desk.run('apply plan.json', typed)
  t.match(refused, { code: 3, stderr: /make the plan with "sft-catalog plan --init --out"/ })
  t.same(desk.writes(), [])
  await desk.run('plan --init --out plan.json', typed)
  t.equal((await desk.run('apply plan.json', typed)).code, 0)
})

t.test('in a terminal it is asked', { skip: hasTerminal ? false : 'needs script(1)' }, async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  for (const [answer, code] of [
    ['no', 3],
    ['yes', 0],
  ] as const) {
    const running = desk.start('apply', { ...typed, terminal: true, input: '' })
    await running.until(/first apply to 127.* Only "yes" is taken: /)
    running.type(`${answer}\r`)
    if (answer === 'yes') {
      await running.until(/Apply these changes to .* Only "yes" is taken: /)
      running.type('yes\r')
    }
    t.equal((await running.ended).code, code)
  }
})

/** Ways to have a state back that was lost after the plan became "(r2)". */
const RECOVERIES: readonly (readonly [string, readonly string[]])[] = [
  ['plan and apply', ['plan', 'apply --auto-approve --init']],
  ['adopt with the catalog present', ['adopt']],
  [
    'state import',
    [
      'state import rateZone/alps ZONE',
      'state import addonPlan/alps-1gb PLAN',
      // What is not taken in one by one is found by ICCID.
      'apply --auto-approve',
    ],
  ],
]

for (const [name, commands] of RECOVERIES)
  t.test(`a state that was lost after a revision is had back by ${name}`, async t => {
    const desk = await openDesk(t, iccids => smallCatalog(iccids.slice(0, 2)))
    t.equal((await desk.run('apply --auto-approve')).code, 0)
    desk.write(
      'catalog/catalog.yaml',
      desk.read('catalog/catalog.yaml').replace('data: 1 GB', 'data: 2 GB'),
    )
    t.equal((await desk.run('apply --auto-approve')).code, 0)
    const before = await desk.state()
    t.match(before.addonPlans['alps-1gb'], { name: 'Alps 1 GB 7 days (r2)', revision: 2 })
    for (const file of ['state.json', 'state.json.backups'])
      rmSync(join(desk.folder, file), { recursive: true })
    const since = desk.simulator.calls.length
    for (const command of commands) {
      const words = command
        .replace('ZONE', before.rateZones['alps']?.id ?? '')
        .replace('PLAN', before.addonPlans['alps-1gb']?.planId ?? '')
      const ended = await desk.run(words, typed)
      t.equal(ended.code, 0, `${words}: ${ended.stderr}${ended.stdout}`)
    }
    t.same(desk.writes(since), [])
    const after = await desk.state()
    t.match(after.addonPlans['alps-1gb'], {
      planId: before.addonPlans['alps-1gb']?.planId,
      name: 'Alps 1 GB 7 days (r2)',
      revision: 2,
      spec: { name: 'Alps 1 GB 7 days (r2)', dataMB: 2048 },
    })
    t.match((await desk.run('plan --detailed-exitcode')).stdout, 'Nothing to do: 4 unchanged')
    desk.write(
      'catalog/catalog.yaml',
      desk.read('catalog/catalog.yaml').replace('data: 2 GB', 'data: 3 GB'),
    )
    t.match((await desk.run('plan')).stdout, '"Alps 1 GB 7 days (r3)"', 'and revisions go on')
  })

t.test('the folder of a ledger is never made', async t => {
  const desk = await openDesk(t, () => smallCatalog([]))
  t.equal((await desk.run('apply --auto-approve')).code, 0)
  const ended = await desk.run('orders --ledger gone/orders.json')
  t.match(ended, { code: 1, stderr: /the folder .*gone does not exist/ })
  t.notMatch(ended.stderr, /^\s+at /m)
  t.notOk(existsSync(join(desk.folder, 'gone')))
})
