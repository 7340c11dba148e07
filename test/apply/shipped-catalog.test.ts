// The shipped catalog on an account of 20 calls a second: what is on the account afterwards, field by
// field, and what the account saw on the way.
import t from 'tap'
import { loadCatalog } from '../../src/catalog/index.ts'
import { openSft } from '../../src/sft/client.ts'
import { type Simulator, startSimulator } from '../../src/simulator/index.ts'
import { memoryState } from '../../src/state/memory-store.ts'
import { checkWorld } from './check-world.ts'
import { applyOnce, endedWell, fastClock, planOnce } from './helpers.ts'

const RATE = 20

const isWrite = ({ method, operation }: Simulator['calls'][number]) =>
  method !== 'GET' && operation !== 'Login'

t.test(
  'one write a zone, one a plan, one a hundred endpoints; lists read to their end; never too fast',
  async t => {
    const { catalog, issues } = await loadCatalog('catalog')
    if (catalog === undefined) throw new Error(issues.map(issue => issue.message).join('\n'))
    const iccids = catalog.endpointBatches.flatMap(batch => batch.iccids)
    await using simulator = await startSimulator({
      callsPerSecond: RATE,
      clock: fastClock,
      iccids,
      latencyMs: 50,
    })
    await using store = memoryState()
    await using sft = openSft({
      baseUrl: simulator.url,
      username: 'simulator',
      password: 'simulator',
      callsPerSecond: RATE,
      settleSeconds: 5,
      clock: fastClock,
      fetch: (url, init) => simulator.fetch(url, init),
    })
    const { report, plan } = await applyOnce(catalog, sft, store)
    t.ok(endedWell(report))
    t.strictSame(checkWorld(catalog, simulator.world, store.state), [])

    const count = (operation: string) =>
      simulator.calls.filter(call => call.operation === operation).length
    t.equal(count('CreateRateZone'), catalog.rateZones.length)
    t.equal(count('CreatePlan'), catalog.addonPlans.length)
    // A trial of one, then the rest of its batch and the other one.
    t.equal(
      count('CreateBulkEndPoint'),
      1 +
        catalog.endpointBatches.reduce(
          (calls, { iccids }, at) => calls + Math.ceil((iccids.length - (at === 0 ? 1 : 0)) / 100),
          0,
        ),
    )
    t.equal(count('CreateEndPoint'), 0)
    t.equal(count('GetCustomerProfile'), 1)
    // What is new is made on whole lists only: a second page of those that have rows, a second reading of
    // those that have none, and the plans of each planType.
    t.equal(count('fetchNetworkList'), 2)
    t.equal(count('GetRateZone'), 2)
    t.equal(count('QueryRatePlan'), 4)
    t.equal(count('Login'), 1)
    t.strictSame(
      simulator.calls.filter(call => call.outcome !== 'ok'),
      [],
      'nothing throttled, nothing refused',
    )
    t.equal(
      simulator.calls.length,
      plan.cost.calls + simulator.calls.filter(call => !isWrite(call)).length - 1,
      'the plan said how many calls it takes, the reading back of the trial included',
    )

    const writing = simulator.calls.slice(simulator.calls.findIndex(isWrite))
    const seconds = ((writing.at(-1)?.at ?? 0) - (writing[0]?.at ?? 0)) / 1000
    const share = writing.length / (RATE * seconds)
    t.comment(
      `${writing.length} calls in ${seconds.toFixed(2)} s: ${(share * 100).toFixed(1)} % of ${RATE} calls/s`,
    )

    const before = simulator.calls.length
    const again = await planOnce(catalog, sft, store)
    t.strictSame(again.plan.operations, [], 'the second plan is empty')
    t.equal(again.plan.summary.keep, again.plan.changes.length)
    t.equal(simulator.calls.length - before, 4, 'and reads no SIM, nor the profile')
  },
)
