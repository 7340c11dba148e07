import t from 'tap'
import type { ApplyReport, Result } from '../../src/apply/report.ts'
import { withImpact } from '../../src/plan/impact.ts'
import { planToJson } from '../../src/render/plan-json.ts'
import { renderPlan } from '../../src/render/plan-text.ts'
import { renderReport, reportToJson } from '../../src/render/report-text.ts'
import { emptyState } from '../../src/state/apply-entry.ts'
import {
  APPLIED,
  BATCH,
  DRAFT,
  ICCIDS,
  PLAN,
  planOf,
  REPORTED_PLAN,
  REPORTED_ZONE,
  stateWith,
  ZONE,
} from '../plan/support.ts'

const show = async (given: Parameters<typeof planOf>[0]): Promise<string> =>
  `\n${renderPlan(await planOf(given)).join('\n')}\n`

t.test('nothing to do is one line', async t => {
  t.equal(await show({}), '\nNothing to do: 3 unchanged\n')
})

t.test('creations say what they are and what they cost', async t => {
  t.equal(
    await show({
      state: emptyState('test'),
      zones: [],
      plans: [],
      sims: ICCIDS.map(iccid => ({ iccid })),
      draft: {
        ...DRAFT,
        addonPlans: [
          PLAN,
          {
            ...PLAN,
            key: 'monthly',
            name: 'Monthly',
            portal: { sku: 'M' },
            data: '500 MB',
            activation: 'immediate',
            renewal: { on: 'expiry', times: 12 },
            sft: { notification: [] },
          },
        ],
        endpointBatches: [{ ...BATCH, iccids: ICCIDS }],
      },
    }),
    `
Rate zones
  + rateZone/z  "Zone"  2 networks

Add-on plans
  + addonPlan/p  "Plan"  1 GB, 7 days, first-use, charge 5
  + addonPlan/monthly  "Monthly"  500 MB, 7 days, immediate, on expiry, 12 times, charge 5
      sft: sent as it stands, unchecked

Endpoints
  + 3 endpoints of endpointBatch/b  8932042000010000004 … 8932042000010000020

Applying takes 6 calls, about 3 seconds at 2 calls/s. It activates no SIM.
Plan: 6 to create, 0 unchanged
`,
  )
})

t.test('changes say the field, old and new, and who moved', async t => {
  t.equal(
    await show({
      draft: {
        ...DRAFT,
        rateZones: [{ ...ZONE, name: 'Zone renamed', countries: ['BE', 'NL'] }],
        addonPlans: [
          {
            ...PLAN,
            charge: '6',
            description: 'A description that is so long that its words are compared one by one',
            portal: { sku: 'Q' },
          },
        ],
        endpointBatches: [{ ...BATCH, name: 'new-{n}' }],
      },
      state: stateWith(state => {
        const plan = state.addonPlans['p']
        if (plan !== undefined)
          state.addonPlans['p'] = {
            ...plan,
            spec: {
              ...plan.spec,
              description: 'A description that is so long that words are compared one by one',
            },
          }
      }),
      plans: [
        {
          ...REPORTED_PLAN,
          charge: '7',
          priority: '3',
          description: 'A description that is so long that words are compared one by one',
        },
      ],
    }),
    `
Rate zones
  ~ rateZone/z  "Zone renamed" (Z1)
      networks (changed in the catalog)
        + NLDPT, KPN, Netherlands (5/101)
      blocked: name: the platform does not change the name of a rate zone: give it the name back; "moved:" renames the key of an entry and keeps its zone; a zone of another name is an entry with another key, and its plans get new revisions

Add-on plans
  ~ addonPlan/p  "Plan" (P1)
      description (changed in the catalog)
        A description that is so long that {+its +}words are compared one by one
      priority (changed on the account)  3 → 1
      charge (changed on both sides)  7 → 6
        last applied 5, on the account 7
      portal (kept in the state only)  {"sku":"P"} → {"sku":"Q"}

Endpoints
  ~ 1 endpoint of endpointBatch/b  8932042000010000004
      name (changed in the catalog)  esim-1 → new-1

Applying takes 6 calls, about 3 seconds at 2 calls/s. It activates no SIM.
Plan: 3 to update, 0 unchanged, 1 blocked in part
`,
  )
})

t.test('a replacement says what forces it, and whom it touches', async t => {
  const plan = await planOf({
    draft: {
      ...DRAFT,
      addonPlans: [{ ...PLAN, data: '2 GB', renewal: { on: 'expiry', times: 2 } }],
    },
  })
  const sales = { soldIccids: new Set<string>(), endpointsByPlan: new Map([['P1', 4]]) }
  const changes = withImpact(plan.changes, APPLIED, sales)
  t.equal(
    `\n${renderPlan({ ...plan, changes }).join('\n')}\n`,
    `
Add-on plans
  ± addonPlan/p  "Plan (r2)" (P1)
      dataMB (changed in the catalog, needs a new one)  1 GB → 2 GB
      renewal (changed in the catalog, needs a new one)  one time → on expiry, 2 times
      SKU P; 4 sold instances keep their 1 GB until they end

Applying takes 1 call, under a second at 2 calls/s. It activates no SIM.
Plan: 1 to replace, 2 unchanged
`,
  )
})

t.test('what is adopted, kept, blocked or retired says why', async t => {
  t.equal(
    await show({
      state: emptyState('test'),
      plans: [{ planId: 'P1', name: 'Plan' }],
      sims: [{ iccid: ICCIDS[0], endpointId: 'E7', status: 'Active' }],
    }),
    `
Rate zones
  = rateZone/z  "Zone" (Z1)
      taken on trust, not reported: destGroupId

Add-on plans
  = addonPlan/p  "Plan" (P1)
      taken on trust, not reported: description, priority, status, charge, rateZone, dataMB, validityDays, activation, renewal, serviceProfile, currencyId, planType, destinationGroup

Endpoints
  ! 1 endpoint  8932042000010000004
      SIM 8932042000010000004 is attached to endpoint E7, which is Active and was not made from this state: take it out of the batch, or run "sft-catalog adopt"

Applying makes no call.
Plan: 2 to adopt, 0 unchanged, 1 blocked
`,
  )
  t.equal(
    await show({
      draft: { rateZones: [{ ...ZONE, countries: [], networks: ['BELPR'] }] },
      prune: true,
      sims: [{ iccid: ICCIDS[0], endpointId: 'E1', status: 'Pre-Active' }],
      zones: [REPORTED_ZONE, { id: 'Z9', name: 'Elsewhere' }],
    }),
    `
Rate zones
  ! rateZone/z  "Zone" (Z1)
      networks: networks can be added to a rate zone, and no public call takes one out: take out BELMO, Orange, Belgium (2/101) in the portal, put it back into the catalog, or set onNetworkRemoval: replace

Add-on plans
  - addonPlan/p  "Plan" (P1)

Endpoints
  - 1 endpoint  8932042000010000004

Applying takes 4 calls, about 2 seconds at 2 calls/s. It activates no SIM.
Plan: 2 to retire, 0 unchanged, 1 blocked
`,
  )
})

/** A plan of so many new entries, and whatever else was done to it. */
const manyPlans = (n: number) =>
  planOf({
    draft: {
      ...DRAFT,
      addonPlans: [
        PLAN,
        ...Array.from({ length: n }, (_, at) => ({
          ...PLAN,
          key: `more-${at}`,
          name: `More ${at}`,
          portal: { sku: `M-${at}` },
        })),
      ],
    },
  })

t.test(
  'what happens to many entries is told of the first few, and of the rest as a number',
  async t => {
    const folded = renderPlan(await manyPlans(1500), undefined, undefined, { fold: true })
    t.match(
      folded.join('\n'),
      /more-2 .*\n {2}\+ … and 1,497 more to create like these \(--full shows all\)\n/,
    )
    t.match(folded.at(-1), 'Plan: 1,500 to create, 3 unchanged')
    t.ok(folded.length < 12)
    const few = await manyPlans(6)
    t.same(renderPlan(few, undefined, undefined, { fold: true }), renderPlan(few), 'six are few')
    const whole = renderPlan(await manyPlans(40))
    t.equal(whole.filter(line => line.startsWith('  + ')).length, 40, 'unless it is asked for')
  },
)

t.test('what is taken away is never folded, and what differs is shown for itself', async t => {
  const plan = await manyPlans(20)
  const odd = plan.changes.map((change, at) =>
    change.key === 'more-15' ? { ...change, notes: ['not like the others'] } : { ...change, at },
  )
  const text = renderPlan({ ...plan, changes: odd }, undefined, undefined, { fold: true }).join(
    '\n',
  )
  t.match(text, /more-15 .*\n {6}not like the others/)
  t.match(text, '… and 16 more to create')
  const retired = plan.changes.map(change =>
    change.action === 'create'
      ? {
          action: 'retire' as const,
          id: '1',
          record: APPLIED.addonPlans['p'] ?? { name: 'Plan', spec: {} },
          address: change.address,
          kind: change.kind,
          key: change.key,
          name: change.name,
          notes: [],
        }
      : change,
  )
  const gone = renderPlan({ ...plan, changes: retired }, undefined, undefined, { fold: true })
  t.equal(gone.filter(line => line.startsWith('  - ')).length, 20)
})

t.test('why a plan is refused stands at its end', async t => {
  const plan = await manyPlans(20)
  const refused = {
    ...plan,
    issues: [
      {
        code: 'CHANGE_SHARE' as const,
        severity: 'error' as const,
        message: 'too much',
        hint: 'look again',
      },
    ],
  }
  t.equal(renderPlan(refused).at(-1), 'Refused: CHANGE_SHARE: too much (look again)')
})

t.test('as data a plan has its counts, its changes with their fields, its cost', async t => {
  const plan = await planOf({ draft: { ...DRAFT, addonPlans: [{ ...PLAN, priority: 2 }] } })
  t.strictSame(planToJson(plan), {
    format: 1,
    summary: { ...plan.summary, blockedInPart: 0, outcome: 'changes', exitCode: 2 },
    cost: { calls: 2, seconds: 1, callsPerSecond: 2, activations: 0 },
    changes: [
      {
        action: 'update',
        address: 'addonPlan/p',
        kind: 'addonPlan',
        key: 'p',
        name: 'Plan',
        id: 'P1',
        fields: [
          {
            field: 'priority',
            mutability: 'in-place',
            origin: 'ours',
            applied: 1,
            wanted: 2,
            account: 1,
          },
        ],
      },
    ],
    issues: [],
  })
})

t.test('a report says what failed and why first, and the counts last', async t => {
  const results: readonly Result[] = [
    { address: 'rateZone/a', kind: 'rateZone', status: 'done', action: 'create', id: '1' },
    { address: 'rateZone/b', kind: 'rateZone', status: 'failed', message: 'it was refused' },
    { address: 'addonPlan/b', kind: 'addonPlan', status: 'skipped', because: 'rateZone/b' },
    { address: 'addonPlan/c', kind: 'addonPlan', status: 'deferred', message: 'told to stop' },
  ]
  const report: ApplyReport = {
    results,
    counts: { done: 1, failed: 1, skipped: 1, deferred: 1 },
    calls: 3,
    seconds: 2,
    stopped: true,
    blocked: [],
  }
  t.equal(
    `\n${renderReport(report).join('\n')}\n`,
    `
Failed
  rateZone/b: it was refused
Skipped
  addonPlan/b: it needs rateZone/b, which was not done
Deferred to the next run
  1 add-on plan (addonPlan/c): told to stop
Ended: 1 done, 1 failed, 1 skipped, 1 deferred; 3 calls in 2 seconds
`,
  )
  t.match(reportToJson(report), { format: 2, counts: report.counts, stopped: true, results })
})
