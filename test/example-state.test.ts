import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { loadCatalog } from '../src/catalog/index.ts'
import { openSnapshot } from '../src/durable/snapshot.ts'
import { startSimulator } from '../src/simulator/index.ts'
import { ordered } from '../src/state/file-store.ts'
import { SNAPSHOT_FORMAT } from '../src/state/state-files.ts'
import { readState } from '../src/stores/states.ts'
import { PASSWORD, runCli } from './cli/run-cli.ts'

/** What of the shipped catalog the example shows. */
const PLANS = ['japan-5gb-30d', 'japan-10gb-30d', 'switzerland-1gb-7d', 'turkey-5gb-30d']
const ENDPOINTS = 5
const SINCE = '2026-11-20T09:00:00.000Z'

/**
 * The state of an apply of that part to a new simulated account, as of a real host and with a lineage that
 * stays the same. `UPDATE_EXAMPLE=1 npx tap test/example-state.test.ts` writes it anew.
 */
t.test('state.json.example is what an apply of the shipped catalog leaves', async t => {
  const { catalog } = await loadCatalog('catalog')
  const batch = catalog?.endpointBatches[0]
  const plans = catalog?.addonPlans.filter(plan => PLANS.includes(plan.key)) ?? []
  t.equal(plans.length, PLANS.length)
  await using simulator = await startSimulator({
    callsPerSecond: Number.POSITIVE_INFINITY,
    password: PASSWORD,
    iccids: batch?.iccids ?? [],
    sims: 0,
  })
  const folder = t.testdir({})
  const targets = [
    ...PLANS.map(key => `addonPlan/${key}`),
    ...(batch?.iccids ?? []).slice(0, ENDPOINTS).map(iccid => `endpoint/${iccid}`),
  ]
  const state = join(folder, 'state.json')
  const { code, stderr } = await runCli(
    [
      'apply',
      '--auto-approve',
      '--init',
      // One after the other, so that IDs come in the order of the catalog.
      ...['--parallel', '1', '--state', state, '--catalog', join(process.cwd(), 'catalog')],
      ...targets.flatMap(target => ['--target', target]),
    ],
    {
      cwd: folder,
      env: {
        SFT_BASE_URL: simulator.url,
        SFT_USERNAME: 'simulator',
        SFT_PASSWORD: PASSWORD,
        SFT_CALLS_PER_SECOND: '1000',
      },
    },
  )
  t.equal(code, 0, stderr)
  const left = await readState(state)
  const endpoints = Object.fromEntries(
    Object.entries(left.endpoints).map(([iccid, record]) => [iccid, { ...record, since: SINCE }]),
  )
  const made = {
    ...left,
    // They were made just now.
    endpoints,
    lineage: '00000000-0000-4000-8000-000000000000',
    // The simulator's port is another one each time.
    account: { host: 'sft.bics.com', destGroupId: '2515' },
  }
  if (process.env['UPDATE_EXAMPLE'] === '1')
    await openSnapshot('state.json.example', SNAPSHOT_FORMAT).write(ordered(made), false)
  const copy = join(folder, 'example', 'state.json')
  mkdirSync(dirname(copy))
  writeFileSync(copy, readFileSync('state.json.example', 'utf8'))
  const example = await readState(copy)
  t.same(example, made, 'UPDATE_EXAMPLE=1 writes it')
  t.equal(Object.keys(example.rateZones).length, 3)
  t.equal(Object.keys(example.addonPlans).length, 4)
  t.equal(Object.keys(example.endpoints).length, ENDPOINTS)
})
