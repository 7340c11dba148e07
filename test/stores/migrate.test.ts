import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openState, registerStore } from '../../src/index.ts'
import { openDesk, smallCatalog } from '../cli/desk.ts'
import { hasTerminal } from '../cli/run-cli.ts'
import { openRelease } from '../release.ts'
import {
  contentOf,
  files,
  fillState,
  migrate,
  testMoves,
  testRunningShop,
  testWaiting,
} from './moves.ts'
import { movingStore } from './moving-store.ts'

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'))

testMoves(t, 'state', files, files)
testMoves(t, 'ledger', files, files)
testWaiting(t, files)

t.test(
  'a shop that runs is refused once its ledger went, and sells nothing from there',
  async t => {
    await testRunningShop(t, files, files)
  },
)

t.test('files of release 0.1.0 move too, and every command refuses where they were', async t => {
  const desk = await openRelease(t, { state: 'pending', ledger: 'journal' })
  const run = (line: string) => desk.run(line)
  const records = (await run('state list')).stdout
  const orders = (await run('orders')).stdout
  const [state, ledger] = [
    await run('store migrate --from state.json --to moved.json --auto-approve'),
    await run('store migrate --from orders.json --to shop.db --auto-approve'),
  ]
  t.match(state, { code: 0, stdout: /2 rateZone, .* [1-9]\d* pending/ })
  t.match(ledger, { code: 0, stdout: /no lineage yet, serial \d+: .* orders/ })
  for (const line of [
    'plan',
    'state list',
    'state restore',
    'state accept-edit --yes',
    'apply --auto-approve',
    'doctor',
    'drift',
    'export',
  ])
    t.match(
      await run(line),
      { code: 1, stderr: /state\.json: the state was moved to .*moved\.json/ },
      line,
    )
  for (const line of [
    'orders --state moved.json',
    'stock --state moved.json',
    'order A-1001 --state moved.json',
    'provision --order B-1 --sku ALPS-1GB --state moved.json',
    'resume --state moved.json',
    'plan --state moved.json',
    'ledger check',
    'ledger backup',
    'reconcile --auto-approve --state moved.json',
    'ledger accept-edit --yes',
  ])
    t.match(
      await run(line),
      { code: 1, stderr: /orders\.json: the ledger was moved to .*shop\.db/ },
      line,
    )
  t.equal((await run('state list --state moved.json')).stdout, records)
  t.equal((await run('orders --ledger shop.db --state moved.json')).stdout, orders)
  t.match(await run('apply --auto-approve --state moved.json --ledger shop.db'), { code: 0 })
  t.match(readJson(join(desk.folder, 'state.json')), { version: 3 }, 'a release before refuses it')
  t.ok(existsSync(join(desk.folder, 'orders.json.old-form')))
})

t.test('what is moved is shown, asked for and told', async t => {
  const desk = await openDesk(t, iccids => smallCatalog(iccids.slice(0, 3)))
  t.equal((await desk.run('apply --auto-approve')).code, 0)
  const from = '--from state.json'
  for (const [line, stderr] of [
    ['migrate', /needs --from and --to/],
    ['move', /no store command "move"/],
    [`migrate ${from} --to x.json`, /nobody to ask: give --auto-approve/],
    [`migrate ${from} --to x.json --json`, /--json needs --auto-approve/],
    [`migrate ${from} --to x.json --part budget --auto-approve`, /give one of state, ledger/],
  ] as const)
    t.match(await desk.run(`store ${line}`), { code: 64, stderr }, line)
  for (const [line, stderr] of [
    [`${from} --to ./state.json`, /the same place/],
    [`${from} --to memory:`, /memory:.*a state there cannot be moved/],
    ['--from memory: --to x.json', /memory:.*cannot be moved/],
    ['--from nowhere.json --to x.json', /neither a state nor a ledger/],
    [`${from} --to x.db --part ledger`, /that is a state, not a ledger/],
    [`${from} --to catalog/catalog.yaml`, /catalog\.yaml is not whole JSON/],
    [`${from} --to nowhere/x.json`, /the folder .* does not exist/],
  ] as const)
    t.match(await desk.run(`store migrate ${line} --auto-approve`), { code: 1, stderr }, line)
  t.equal((await desk.run('state list')).code, 0, 'nothing was changed')
  await using held = await openState(join(desk.folder, 'state.json'), { purpose: 'nightly apply' })
  t.match(await desk.run(`store migrate ${from} --to x.json --auto-approve`), {
    code: 75,
    stderr: /nightly apply/,
  })
  t.notOk(existsSync(join(desk.folder, 'x.json')))
  await held[Symbol.asyncDispose]()
  if (hasTerminal) {
    const asked = desk.start(`store migrate ${from} --to x.json`, { terminal: true })
    await asked.until(/Move it\?/)
    asked.type('no\r')
    t.match(await asked.ended, { code: 1, stdout: /nothing was changed/ })
    t.equal((await desk.run('state list')).code, 0)
  }
})

t.test('a store of one’s own takes part by having the ability', async t => {
  registerStore('moving:', async () => movingStore())
  const place = `moving:${files.place(t, 'state')}`
  const from = files.place(t, 'state')
  await fillState(from, 20)
  const before = await contentOf('state', from)
  await migrate('state', from, place)
  t.same(await contentOf('state', place), before)
  await t.rejects(contentOf('state', from), { name: 'MovedError', message: /moved to .*state/ })
  await migrate('state', place, from)
  t.same(await contentOf('state', from), before)
  await t.rejects(contentOf('state', place), { name: 'MovedError' })
})

t.test('a store that loses or changes a row is found out, and the source stays in use', async t => {
  const from = files.place(t, 'state')
  await fillState(from, 20)
  const before = await contentOf('state', from)
  for (const fault of ['loses', 'changes', 'adds'] as const) {
    registerStore(`${fault}:`, async () => movingStore(fault))
    const place = `${fault}:${files.place(t, 'state')}`
    await t.rejects(migrate('state', from, place), { message: /is not what .* has/ }, fault)
    await t.rejects(contentOf('state', place), { name: 'MovedError', message: /not all here/ })
    t.same(await contentOf('state', from), before)
  }
})
