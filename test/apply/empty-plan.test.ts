import fc from 'fast-check'
import t from 'tap'
import type { Change } from '../../src/plan/plan.ts'
import { memoryState } from '../../src/state/memory-store.ts'
import {
  arbitraryAccount,
  arbitrarySteps,
  type CatalogDraft,
  catalogText,
  makeTemplate,
  replayable,
} from './arbitrary-catalog.ts'
import { checkWorld } from './check-world.ts'
import { applyUntilDone, catalogOf, openTestSft, planOnce, simulate } from './helpers.ts'

/**
 * A name that an old revision of an entry still has, whose key has moved on; a zone's new name, which the
 * platform does not take; or what needs such a one.
 */
const isTaken = (change: Change): boolean =>
  change.action === 'blocked' &&
  /of the state already|which is blocked|\bname\b/.test(change.reason)

/** What stays in a plan for good, and rightly so: each says what a person can do about it. */
function mayStay(change: Change): boolean {
  switch (change.action) {
    case 'keep':
    case 'orphan':
      return true
    case 'blocked':
      return (
        isTaken(change) ||
        (change.fields.length > 0 &&
          change.fields.every(
            ({ field }) =>
              (change.kind === 'rateZone' && field === 'networks') ||
              (change.kind === 'addonPlan' && field === 'charge') ||
              (change.kind === 'endpoint' && field === 'sft'),
          ))
      )
    default:
      return false
  }
}

t.test('apply, then plan, is empty, for any catalog, any account and any edit', async t => {
  t.setTimeout(600_000)
  const account = await simulate()
  const iccids = [...account.world.sims.keys()].slice(0, 5)
  const tadigs = [...new Set([...account.world.networks.values()].map(network => network.tadig))]
  const networks = tadigs.filter(tadig => /^(BEL|NLD|FRA|DEU|GBR)/.test(tadig)).slice(0, 8)
  await account.close()
  const parameters = replayable(process.env['CHAOS_ROUNDS'] === undefined ? 20 : 40)
  t.comment(`FC_SEED=${parameters.seed} FC_RUNS=${parameters.numRuns}`)
  await fc.assert(
    fc.asyncProperty(
      // What a plan has beyond data for some days is read back, which takes an account that reports it.
      arbitraryAccount().chain(options =>
        fc.tuple(
          fc.constant(options),
          arbitrarySteps(iccids, networks, 4, 1, options.wire?.planQuery === 'full'),
        ),
      ),
      async ([options, steps]) => {
        await using simulator = await simulate(options)
        const byHand = makeTemplate(simulator.world)
        await using sft = openTestSft(simulator)
        await using store = memoryState()
        let before: CatalogDraft | undefined
        for (const step of steps) {
          const catalog = await catalogOf(catalogText(step, before))
          const { prune } = step
          await applyUntilDone(catalog, sft, store, { prune }, 3)
          // Old revisions that this run made wait for the next --prune.
          const { plan } = await planOnce(catalog, sft, store)
          const left = plan.changes.filter(change => !mayStay(change))
          if (left.length + plan.operations.length > 0)
            throw new Error(`the plan is not empty: ${JSON.stringify(left)}`)
          const taken = new Set(plan.changes.filter(isTaken).map(change => change.address))
          const { planTerms } = options.wire ?? {}
          const problems = checkWorld(
            catalog,
            simulator.world,
            store.state,
            taken,
            byHand,
            planTerms,
          )
          if (problems.length > 0) throw new Error(problems.join('\n'))
          before = step.catalog
        }
      },
    ),
    parameters,
  )
})
