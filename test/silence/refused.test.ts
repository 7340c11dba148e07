// Writes of the catalog that the platform executed although it answered that it refused them.
import t from 'tap'
import { applyPlan } from '../../src/apply/apply-plan.ts'
import type { Catalog } from '../../src/model.ts'
import type { Sft } from '../../src/sft/api.ts'
import type { Fault, SimulatedWire, Simulator } from '../../src/simulator/index.ts'
import { memoryState } from '../../src/state/memory-store.ts'
import type { StateStore } from '../../src/state/state.ts'
import { checkWorld } from '../apply/check-world.ts'
import { mortal } from '../apply/crash.ts'
import {
  applyOnce,
  applyUntilDone,
  catalogWith,
  endedWell,
  fastClock,
  openTestSft,
  planOnce,
  simulate,
} from '../apply/helpers.ts'

const REFUSALS: Readonly<Record<string, Omit<Fault, 'operation'>>> = {
  'an inner failure code': { kind: 'rejected-after' },
  'the code of "it is so already"': { kind: 'already-after' },
  'HTTP 400 with a page': { kind: '5xx-after', status: 400 },
  'HTTP 403 with a page': { kind: '5xx-after', status: 403 },
  'HTTP 404 with a page': { kind: '5xx-after', status: 404 },
}

interface Text {
  readonly countries?: string
  /** Volume of the plan; null for none. */
  readonly data?: string | null
  readonly more?: string
  readonly endpoints?: number
}

const PLAN = 'validity: 7 days, charge: "5", activation: first-use'

/** One zone and one plan, and as many endpoints as are asked for. */
const catalogText = (
  iccids: readonly string[],
  { countries = 'BE', data = '1 GB', more = '', endpoints = 0 }: Text,
) => `rateZones: [{key: z, name: Zone, countries: [${countries}]}]
${data === null ? '' : `addonPlans: [{key: p, name: Plan, rateZone: z, data: ${data}, ${PLAN}${more}}]`}
${endpoints === 0 ? '' : `endpointBatches: [{key: b, name: "x-{n}", iccids: ${JSON.stringify(iccids.slice(0, endpoints))}}]`}
`

interface Step {
  /** What was applied before, if anything. */
  readonly before?: Text
  readonly after: Text
  readonly prune?: boolean
  readonly bulkMode?: 'on'
}

/** A write, and the step of a catalog that takes it. */
const STEPS: Readonly<Record<string, { readonly operation: string } & Step>> = {
  'a new zone': { operation: 'CreateRateZone', after: {} },
  'a new plan': { operation: 'CreatePlan', after: {} },
  'the next revision of a plan': {
    operation: 'CreatePlan',
    before: {},
    after: { data: '3 GB', more: ', description: bigger, priority: 2' },
  },
  'a single endpoint': { operation: 'CreateEndPoint', after: { endpoints: 1 } },
  'the first bulk': { operation: 'CreateBulkEndPoint', after: { endpoints: 4 } },
  'a later bulk': {
    operation: 'CreateBulkEndPoint',
    before: { endpoints: 4 },
    after: { endpoints: 10 },
  },
  'a bulk where bulks are told to work': {
    operation: 'CreateBulkEndPoint',
    bulkMode: 'on',
    after: { endpoints: 4 },
  },
  'networks of a zone': {
    operation: 'ModifyRateZone',
    before: {},
    after: { countries: 'BE, NL' },
  },
  'the description of a plan': {
    operation: 'ModifyPlan',
    before: { more: ', description: old' },
    after: { more: ', description: new' },
  },
  'a plan taken out of use': {
    operation: 'ModifyPlan',
    before: {},
    after: { data: null },
    prune: true,
  },
}

/** An account as it is before a step, and a catalog of the step. */
async function atStep(
  { operation, before, after, prune = false, bulkMode }: Step & { readonly operation: string },
  work: (given: {
    readonly simulator: Simulator
    readonly store: StateStore
    readonly catalog: Catalog
    readonly prune: boolean
    readonly open: () => Sft
  }) => Promise<void>,
): Promise<void> {
  const isSingle = operation === 'CreateEndPoint'
  await using simulator = await simulate({
    sims: 10,
    wire: { duplicateNames: 'accepted' },
    ...(isSingle && { bulk: 'unknown' }),
  })
  await using store = memoryState()
  const iccids = [...simulator.world.sims.keys()]
  const open = () => openTestSft(simulator, bulkMode && { bulk: { mode: bulkMode } })
  await using sft = open()
  if (before !== undefined)
    await applyUntilDone(await catalogWith(catalogText(iccids, before)), sft, store)
  await work({
    simulator,
    store,
    catalog: await catalogWith(catalogText(iccids, after)),
    prune,
    open,
  })
}

for (const [what, step] of Object.entries(STEPS))
  for (const [how, refusal] of Object.entries(REFUSALS))
    t.test(`${what}, made and answered with ${how}, is ours after the same run`, t =>
      atStep(step, async ({ simulator, store, catalog, prune, open }) => {
        await using sft = open()
        simulator.fault({ ...refusal, operation: step.operation })
        const { report } = await applyOnce(catalog, sft, store, { prune })
        t.ok(endedWell(report), JSON.stringify(report.results))
        t.same(Object.keys(store.state.pending), [])
        t.same(checkWorld(catalog, simulator.world, store.state), [], 'nothing twice, no ID lost')
        const { plan } = await planOnce(catalog, sft, store, { prune })
        t.same(
          plan.changes.filter(({ action }) => action !== 'keep'),
          [],
        )
      }),
    )

for (const [what, step] of Object.entries(STEPS))
  t.test(`${what}, made and refused, is found by the next run where this one dies`, t =>
    atStep(step, async ({ simulator, store, catalog, prune, open }) => {
      await using doomed = open()
      simulator.fault({ kind: 'rejected-after', operation: step.operation })
      const mortals = mortal(doomed, store, { on: step.operation, when: 'answered' })
      const run = applyOnce(catalog, mortals.sft, mortals.store, {
        prune,
        apply: { clock: fastClock },
      })
      await Promise.race([mortals.death, run])
      await using sft = open()
      await applyUntilDone(catalog, sft, store, { prune })
      t.same(checkWorld(catalog, simulator.world, store.state), [], 'nothing twice, no ID lost')
    }),
  )

t.test('what has the name of a refused plan and is another plan is left alone, and said', t =>
  atStep({ operation: 'CreatePlan', after: {} }, async ({ simulator, store, catalog }) => {
    await using sft = openTestSft(simulator)
    const { plan } = await planOnce(catalog, sft, store)
    // Between plan and apply a colleague makes both by hand.
    await using theirs = memoryState()
    await applyUntilDone(await catalogWith(catalogText([], { data: '3 GB' })), sft, theirs)
    for (const operation of ['CreatePlan', 'CreateRateZone'])
      simulator.fault({ kind: 'rejected', operation })
    const report = await applyPlan(plan, { sft, store, clock: fastClock, pageSize: 250 })
    t.match(report.results, [
      { address: 'rateZone/z', status: 'done', how: 'adopted' },
      {
        status: 'failed',
        message: /add-on plan \d+ is there already, with dataMB 3072: change it/,
      },
    ])
    t.same(Object.keys(store.state.addonPlans), [])
    t.same(Object.keys(store.state.pending), [])
    const next = await planOnce(catalog, sft, store)
    t.match(next.plan.changes[1], { action: 'blocked', reason: /has other dataMB/ })
  }),
)

t.test('a refusal that cannot be looked at leaves its announcement to the next run', t =>
  atStep({ operation: 'CreatePlan', after: {} }, async ({ simulator, store, catalog }) => {
    await using sft = openTestSft(simulator)
    const { plan } = await planOnce(catalog, sft, store)
    simulator.fault({ kind: 'rejected-after', operation: 'CreatePlan' })
    await withJunk(simulator, { QueryRatePlan: 'nulls' })
    const report = await applyPlan(plan, { sft, store, clock: fastClock, pageSize: 250 })
    t.match(report.results[1], { status: 'deferred', message: /the next run looks for it first/ })
    t.equal(Object.keys(store.state.pending).length, 1)
    await withJunk(simulator, {})
    await applyUntilDone(catalog, sft, store)
    t.same(checkWorld(catalog, simulator.world, store.state), [], 'nothing twice, no ID lost')
  }),
)

async function withJunk(simulator: Simulator, junkRows: SimulatedWire['junkRows']): Promise<void> {
  const body = JSON.stringify({ wire: { junkRows } })
  const answer = await fetch(`${simulator.url}/_simulator/settings`, { method: 'POST', body })
  if (!answer.ok) throw new Error(await answer.text())
}
