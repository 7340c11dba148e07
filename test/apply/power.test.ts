// Proves that the checker of the fault suite and of the chaos sees what intents and settling prevent.
import t, { type Test } from 'tap'
import { notThere } from '../../src/finding.ts'
import type { Sft } from '../../src/sft/api.ts'
import type { Fault } from '../../src/simulator/index.ts'
import { memoryState } from '../../src/state/memory-store.ts'
import type { StateStore } from '../../src/state/state.ts'
import { checkWorld } from './check-world.ts'
import { mortal } from './crash.ts'
import {
  applyOnce,
  applyUntilDone,
  catalogWith,
  fastClock,
  LATE_MS,
  openTestSft,
  type RunOptions,
  simulate,
} from './helpers.ts'

const CATALOG = `
rateZones:
  - {key: be, name: Belgium, countries: [BE]}
addonPlans:
  - {key: small, name: Small, rateZone: be, data: 1 GB, validity: 7 days}
`

/** An account that makes a second zone or plan of a name, which the contract leaves open (U12). */
const wire = { duplicateNames: 'accepted' } as const

/** A store that forgets to announce. */
const withoutIntents = (store: StateStore): StateStore => ({
  location: store.location,
  state: store.state,
  append: async (...entries) => store.append(...entries.filter(entry => entry.type !== 'intent')),
  fold: () => store.fold(),
  [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
})

/** An account that finds nothing when a write is looked for. */
const withoutSettling = (sft: Sft): Sft => ({
  ...sft,
  read: {
    ...sft.read,
    rateZones: async () => ({ items: [] }),
    addonPlans: async () => ({ items: [] }),
    sim: async iccid => notThere(`no SIM ${iccid}`),
  },
})

async function settles(fault: Fault, sabotage: (sft: Sft) => RunOptions, test: Test) {
  await using simulator = await simulate({ wire })
  await using sft = openTestSft(simulator)
  await using store = memoryState()
  const catalog = await catalogWith(CATALOG)
  simulator.fault({ delayMs: LATE_MS, ...fault })
  await applyUntilDone(catalog, sft, store, sabotage(sft))
  // What is late is executed by then.
  await fastClock.sleep(2 * LATE_MS)
  test.equal(simulator.calls.filter(call => call.outcome === `fault:${fault.kind}`).length, 1)
  return checkWorld(catalog, simulator.world, store.state)
}

async function survives(keep: (store: StateStore) => StateStore, operation: string) {
  await using simulator = await simulate({ wire })
  await using sft = openTestSft(simulator)
  await using store = memoryState()
  const catalog = await catalogWith(CATALOG)
  simulator.fault({ operation, kind: 'late', delayMs: LATE_MS })
  // The process dies as soon as the write has left it.
  const doomed = mortal(sft, keep(store), { on: operation, when: 'sent' })
  void applyOnce(catalog, doomed.sft, doomed.store)
  await doomed.death
  await applyUntilDone(catalog, sft, keep(store))
  await fastClock.sleep(2 * LATE_MS)
  return checkWorld(catalog, simulator.world, store.state)
}

t.test('without settling, a write of unknown outcome is made twice', async t => {
  for (const operation of ['CreateRateZone', 'CreatePlan'])
    for (const kind of ['late', 'reset-after', 'timeout-text', '5xx-after'] as const) {
      const fault = { operation, kind }
      t.strictSame(await settles(fault, () => ({}), t), [], `${kind} on ${operation} settled`)
      const problems = await settles(fault, sft => ({ applySft: withoutSettling(sft) }), t)
      t.match(
        problems.join('\n'),
        /is not in the state/,
        `${kind} on ${operation} unsettled leaves an ID that nobody has`,
      )
    }
})

t.test(
  'without intents, a write that was under way when the process died is made twice',
  async t => {
    for (const operation of ['CreateRateZone', 'CreatePlan']) {
      t.strictSame(await survives(store => store, operation), [], `${operation} announced`)
      const problems = await survives(withoutIntents, operation)
      t.match(
        problems.join('\n'),
        /count is 2, not 1[\s\S]*is not in the state/,
        `${operation} not announced is there twice`,
      )
    }
  },
)
