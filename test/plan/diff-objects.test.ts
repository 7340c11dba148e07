import t from 'tap'
import { checkPlan } from '../../src/plan/check.ts'
import { resolveCatalog } from '../../src/plan/resolve.ts'
import { targetChanges } from '../../src/plan/targets.ts'
import type { AddonPlanRecord } from '../../src/resources/addon-plan.ts'
import { emptyState } from '../../src/state/apply-entry.ts'
import {
  APPLIED,
  BATCH,
  catalogFrom,
  changeOf,
  DRAFT,
  ICCIDS,
  NETWORKS,
  NOTHING_READ,
  PLAN,
  planOf,
  REPORTED_PLAN,
  REPORTED_ZONE,
  stateWith,
  ZONE,
} from './support.ts'

const NOTHING = emptyState('test')
const [FIRST, SECOND] = ICCIDS

t.test('what is nowhere is created, in an order in which it can be', async t => {
  const plan = await planOf({
    state: NOTHING,
    zones: [],
    plans: [],
    sims: [{ iccid: FIRST }],
  })
  t.strictSame(
    plan.operations.map(({ id, needs, calls }) => ({ id, needs, calls })),
    [
      { id: 'create rateZone/z', needs: [], calls: 1 },
      { id: 'create addonPlan/p', needs: ['create rateZone/z'], calls: 1 },
      { id: 'create endpoint #1 (1)', needs: [], calls: 2 },
    ],
    'the first bulk call of an account is read back',
  )
  t.equal(plan.cost.calls, 4)
  t.equal(Math.round(plan.cost.seconds * 100), 204, 'at 98 % of 2 calls a second')
})

t.test('what the account has under the same name is adopted where it fits', async t => {
  const plan = await planOf({
    state: NOTHING,
    sims: [{ iccid: FIRST, endpointId: 'E7', status: 'Pre-Active', attached: true }],
  })
  t.equal(changeOf(plan, 'rateZone/z', 'adopt').id, 'Z1')
  t.equal(changeOf(plan, 'addonPlan/p', 'adopt').id, 'P1')
  const endpoint = changeOf(plan, `endpoint/${FIRST}`, 'adopt')
  t.equal(endpoint.id, 'E7')
  t.match(endpoint.notes, ['taken on trust, not reported: name, basePlan, apnGroup'])
  t.equal(plan.cost.calls, 0)

  const silent = await planOf({ state: NOTHING, plans: [{ planId: 'P1', name: 'Plan' }], sims: [] })
  t.match(
    changeOf(silent, 'addonPlan/p', 'adopt').notes.join(),
    /taken on trust, not reported: description, priority, status, charge, rateZone, dataMB/,
  )

  const edited = await planOf({
    state: NOTHING,
    zones: [{ ...REPORTED_ZONE, networks: REPORTED_ZONE.networks?.slice(1) ?? [] }],
    plans: [{ ...REPORTED_PLAN, priority: '9' }],
  })
  t.match(changeOf(edited, 'rateZone/z', 'adopt').fields, [
    { field: 'networks', mutability: 'in-place', wanted: ['1/101', '2/101'] },
  ])
  t.match(changeOf(edited, 'addonPlan/p', 'adopt').fields, [{ field: 'priority', wanted: 1 }])
})

t.test('adoption of what does not fit is a conflict with a way out', async t => {
  const plan = await planOf({
    state: NOTHING,
    plans: [{ ...REPORTED_PLAN, benefits: [{ value: '512', rateZone: 'Z1' }] }],
    sims: [{ iccid: FIRST, endpointId: 'E7', status: 'Active', attached: true }],
  })
  t.equal(
    changeOf(plan, 'addonPlan/p', 'blocked').reason,
    'the add-on plan "Plan" (P1) of the account has other dataMB: rename the entry, or rename that one in the portal',
  )
  t.match(
    changeOf(plan, `endpoint/${FIRST}`, 'blocked').reason,
    /attached to endpoint E7, which is Active and was not made from this state: take it out of the batch, or run "sft-catalog adopt"/,
  )
})

t.test('two objects of one name are never picked from', async t => {
  const plan = await planOf({
    state: NOTHING,
    zones: [REPORTED_ZONE, { ...REPORTED_ZONE, id: 'Z2' }],
    plans: [REPORTED_PLAN, { ...REPORTED_PLAN, planId: 'P2' }],
  })
  t.equal(
    changeOf(plan, 'rateZone/z', 'blocked').reason,
    'the account has 2 rate zones named "Zone" (Z1, Z2): rename all but one in the portal',
  )
  t.equal(changeOf(plan, 'addonPlan/p', 'blocked').reason, 'it needs rateZone/z, which is blocked')
  const known = await planOf({ zones: [REPORTED_ZONE, { ...REPORTED_ZONE, id: 'Z2' }] })
  t.equal(known.summary.keep, 3, 'the ID of the state tells which is ours')
})

t.test('what needs a zone that is blocked is not replaced without it', async t => {
  const state = stateWith(state => {
    delete state.rateZones['z']
  })
  const plan = await planOf({ state, zones: [REPORTED_ZONE, { ...REPORTED_ZONE, id: 'Z2' }] })
  t.equal(changeOf(plan, 'addonPlan/p', 'blocked').reason, 'it needs rateZone/z, which is blocked')
  t.strictSame(plan.operations, [])
})

t.test(
  'a SIM that the account does not have blocks its endpoint, unless the stock was not read',
  async t => {
    const draft = { endpointBatches: [BATCH] }
    t.match(
      changeOf(await planOf({ state: NOTHING, draft }), `endpoint/${FIRST}`, 'blocked').reason,
      /the account has no SIM with ICCID 8932042000010000004: check the number/,
    )
    const skipped = await planOf({ state: NOTHING, draft, simsRead: 'skipped' })
    t.match(changeOf(skipped, `endpoint/${FIRST}`, 'create').notes, [/SIM stock not read/])
  },
)

t.test(
  'a replaced plan gets a revision name, moves nothing before its ID is known, and keeps the old one',
  async t => {
    const plan = await planOf({ draft: { ...DRAFT, addonPlans: [{ ...PLAN, data: '2 GB' }] } })
    const change = changeOf(plan, 'addonPlan/p', 'replace')
    t.equal(change.name, 'Plan (r2)')
    t.equal(change.spec['name'], 'Plan (r2)')
    t.equal(change.revision, 2)
    t.equal(plan.operations[0]?.id, 'replace addonPlan/p')

    const replaced = stateWith(state => {
      const record = state.addonPlans['p']
      if (record !== undefined)
        state.addonPlans['p'] = {
          ...record,
          planId: 'P2',
          name: 'Plan (r2)',
          revision: 2,
          superseded: [{ id: 'P1', name: 'Plan', since: '2026-01-01T00:00:00.000Z' }],
          spec: { ...record.spec, name: 'Plan (r2)' },
        }
    })
    const plans = [REPORTED_PLAN, { ...REPORTED_PLAN, planId: 'P2', name: 'Plan (r2)' }]
    t.equal((await planOf({ state: replaced, plans })).summary.keep, 3)
    const renamed = await planOf({
      state: replaced,
      plans,
      draft: { ...DRAFT, addonPlans: [{ ...PLAN, name: 'Other' }] },
    })
    const rename = changeOf(renamed, 'addonPlan/p', 'update')
    t.equal(rename.name, 'Other (r2)', 'a rename keeps the revision')
    t.match(rename.notes, ['keeps P1 from before, until --prune'])
    const again = await planOf({
      state: replaced,
      plans,
      draft: { ...DRAFT, addonPlans: [{ ...PLAN, validity: '9 days' }] },
    })
    t.equal(changeOf(again, 'addonPlan/p', 'replace').name, 'Plan (r3)')

    const pruned = await planOf({ state: replaced, plans, prune: true })
    t.equal(changeOf(pruned, 'addonPlan/p', 'retire').id, 'P1')
    t.strictSame(
      pruned.operations.map(({ id }) => id),
      ['retire addonPlan/p P1'],
    )
    const prunedToo = await planOf({
      state: replaced,
      plans,
      prune: true,
      draft: { ...DRAFT, addonPlans: [{ ...PLAN, priority: 4 }] },
    })
    t.strictSame(
      prunedToo.operations.map(({ id, needs }) => ({ id, needs })),
      [
        { id: 'update addonPlan/p', needs: [] },
        { id: 'retire addonPlan/p P1', needs: ['update addonPlan/p'] },
      ],
      'what is done to one address is done in turn',
    )
    const gone = await planOf({ state: replaced, plans: [REPORTED_PLAN] })
    const made = changeOf(gone, 'addonPlan/p', 'create')
    t.equal(made.name, 'Plan (r2)', 'a revision that is gone is made again under its name')
    t.match(made.notes, ['add-on plan P2 is gone from the account'])
    const taken = await planOf({
      state: replaced,
      plans,
      draft: {
        ...DRAFT,
        addonPlans: [
          { ...PLAN, name: 'Other' },
          { ...PLAN, key: 'q', portal: { sku: 'Q' } },
        ],
      },
    })
    t.match(
      changeOf(taken, 'addonPlan/q', 'blocked').reason,
      /"Plan" \(P1\) is addonPlan\/p of the state already: use moved: to rename an entry, or another name/,
      'an old revision is not for another entry to adopt',
    )
  },
)

t.test('networks that leave a zone replace it and, in order, the plans that use it', async t => {
  const plan = await planOf({
    draft: {
      ...DRAFT,
      account: { onNetworkRemoval: 'replace' },
      rateZones: [{ ...ZONE, countries: ['FR'] }],
    },
  })
  t.equal(changeOf(plan, 'rateZone/z', 'replace').name, 'Zone (r2)')
  const dependent = changeOf(plan, 'addonPlan/p', 'replace')
  t.strictSame(dependent.spec['rateZone'], { ref: 'rateZone/z' })
  t.strictSame(
    plan.operations.map(({ id, needs }) => ({ id, needs })),
    [
      { id: 'replace rateZone/z', needs: [] },
      { id: 'replace addonPlan/p', needs: ['replace rateZone/z'] },
    ],
  )
  const zoneOnly = await planOf({
    draft: {
      ...DRAFT,
      rateZones: [{ ...ZONE, countries: ['FR'], onNetworkRemoval: 'replace' }],
    },
  })
  t.equal(zoneOnly.summary.replace, 2, 'a zone may say so for itself')
})

t.test(
  'what leaves the catalog is reported and kept, and retired with --prune as far as it may be',
  async t => {
    const plan = await planOf({ draft: {} })
    t.strictSame(
      plan.changes.map(({ action, address, notes }) => ({ action, address, notes })),
      [
        {
          action: 'orphan',
          address: 'rateZone/z',
          notes: [
            'no public call deletes a rate zone: delete it in the portal, then run "sft-catalog state rm"',
          ],
        },
        {
          action: 'orphan',
          address: 'addonPlan/p',
          notes: ['left the catalog; "apply --prune" retires it'],
        },
        {
          action: 'orphan',
          address: `endpoint/${FIRST}`,
          notes: ['left the catalog; "apply --prune" retires it'],
        },
      ],
    )
    t.strictSame(plan.operations, [])

    const sim = { iccid: FIRST, endpointId: 'E1', attached: true }
    const pruned = await planOf({
      draft: {},
      prune: true,
      sims: [{ ...sim, status: 'Pre-Active' }],
    })
    t.equal(changeOf(pruned, 'addonPlan/p', 'retire').id, 'P1')
    t.equal(changeOf(pruned, `endpoint/${FIRST}`, 'retire').id, 'E1')
    t.equal(changeOf(pruned, 'rateZone/z', 'orphan').action, 'orphan', 'a zone is for the portal')
    for (const status of ['Active', 'Suspended'])
      t.match(
        changeOf(
          await planOf({ draft: {}, prune: true, sims: [{ ...sim, status }] }),
          `endpoint/${FIRST}`,
          'orphan',
        ).notes,
        [`kept: ${status}: only a Pre-Active endpoint is removed`],
      )
    t.match(
      changeOf(
        await planOf({
          draft: {},
          prune: true,
          sims: [{ ...sim, status: 'Pre-Active' }],
          sold: new Set([FIRST]),
        }),
        `endpoint/${FIRST}`,
        'orphan',
      ).notes,
      ['kept: sold, or reserved for an order'],
    )

    const guarded = stateWith(state => {
      for (const [key, record] of Object.entries(state.addonPlans))
        state.addonPlans[key] = { ...record, preventRetire: true }
    })
    t.match(
      changeOf(await planOf({ draft: {}, prune: true, state: guarded }), 'addonPlan/p', 'orphan')
        .notes,
      ['protected by lifecycle.preventRetire'],
    )
    const nowhere = await planOf({ draft: {}, zones: [], plans: [] })
    t.strictSame(
      nowhere.changes.map(({ action, address }) => `${action} ${address}`),
      ['forget rateZone/z', 'forget addonPlan/p', `orphan endpoint/${FIRST}`],
      'gone from account and catalog',
    )
  },
)

t.test('a retired plan that returns is made active again', async t => {
  const retired = stateWith(state => {
    for (const [key, record] of Object.entries(state.addonPlans))
      state.addonPlans[key] = {
        ...record,
        retired: true,
        spec: { ...record.spec, status: 'In-Active' },
      } satisfies AddonPlanRecord
  })
  const plans = [{ ...REPORTED_PLAN, status: 'In-Active' }]
  t.strictSame(
    (await planOf({ draft: { rateZones: [ZONE] }, state: retired, plans })).changes.map(
      ({ address }) => address,
    ),
    ['rateZone/z', `endpoint/${FIRST}`],
    'while it is out it is not spoken of',
  )
  t.match(changeOf(await planOf({ state: retired, plans }), 'addonPlan/p', 'update').fields, [
    { field: 'status', mutability: 'in-place', origin: 'ours', wanted: 'Active' },
  ])
})

t.test(
  'an inactive plan of the name that the state does not know is never taken into use on trust',
  async t => {
    const plans = [{ ...REPORTED_PLAN, status: 'In-Active' }]
    const draft = { rateZones: [ZONE], addonPlans: [PLAN] }
    const unknown = stateWith(state => {
      state.addonPlans = {}
    })
    const change = changeOf(
      await planOf({ draft, state: unknown, plans }),
      'addonPlan/p',
      'blocked',
    )
    t.match(
      change.reason,
      /has an inactive plan .* does not report what it grants: name the entry otherwise/,
    )
  },
)

t.test('moved: renames a key without replacing anything', async t => {
  const plan = await planOf({
    draft: {
      rateZones: [{ ...ZONE, key: 'zone' }],
      addonPlans: [{ ...PLAN, key: 'plan', rateZone: 'zone' }],
      endpointBatches: [BATCH],
      moved: [
        { from: 'rateZone/z', to: 'rateZone/zone' },
        { from: 'addonPlan/p', to: 'addonPlan/plan' },
      ],
    },
  })
  t.strictSame(
    plan.operations.map(({ id, calls }) => ({ id, calls })),
    [
      { id: 'record rateZone/zone', calls: 0 },
      { id: 'record addonPlan/plan', calls: 0 },
    ],
  )
  t.match(changeOf(plan, 'addonPlan/plan', 'update').notes, ['renamed from addonPlan/p'])
  t.equal(plan.changes.length, 3, 'the old keys are not orphans')

  const half = stateWith(state => {
    const record = state.addonPlans['p']
    if (record !== undefined) {
      state.addonPlans['plan'] = {
        ...record,
        planId: 'P2',
        superseded: [{ id: 'P1', name: 'Plan', since: '2026-01-01T00:00:00.000Z' }],
      }
    }
  })
  const healed = await planOf({
    state: half,
    plans: [
      { ...REPORTED_PLAN, planId: 'P2' },
      { ...REPORTED_PLAN, name: 'Plan before' },
    ],
    draft: {
      ...DRAFT,
      addonPlans: [{ ...PLAN, key: 'plan' }],
      moved: [{ from: 'addonPlan/p', to: 'addonPlan/plan' }],
    },
  })
  t.match(changeOf(healed, 'addonPlan/p', 'forget').notes, ['moved to addonPlan/plan'])
})

t.test('an entry that takes the name of another is told to move', async t => {
  const plan = await planOf({
    draft: {
      rateZones: [{ ...ZONE, key: 'zone' }],
      addonPlans: [{ ...PLAN, rateZone: 'zone' }],
      endpointBatches: [BATCH],
    },
  })
  t.match(
    changeOf(plan, 'rateZone/zone', 'blocked').reason,
    /"Zone" \(Z1\) is rateZone\/z of the state already: use moved:/,
  )
})

t.test(
  'a plan that touches more than its share of what exists is refused, from ten objects on',
  async t => {
    const many = (count: number) =>
      stateWith(state => {
        for (let n = 0; n < count; n++) {
          const record = APPLIED.addonPlans['p']
          if (record !== undefined)
            state.addonPlans[`p${n}`] = {
              ...record,
              planId: `P1${n}`,
              name: `Plan ${n}`,
              spec: { ...record.spec, name: `Plan ${n}` },
            }
        }
        delete state.addonPlans['p']
      })
    const refused = async (count: number, changed: number, limit = '30%') => {
      const state = many(count)
      const entries = Array.from({ length: count }, (_, n) => ({
        ...PLAN,
        key: `p${n}`,
        name: `Plan ${n}`,
        portal: { sku: `S${n}` },
        priority: n < changed ? 2 : 1,
      }))
      const draft = {
        ...DRAFT,
        addonPlans: entries,
        limits: { rateZones: '30%', addonPlans: limit, endpoints: '30%' },
      }
      const plans = entries.map((entry, n) => ({
        ...REPORTED_PLAN,
        planId: `P1${n}`,
        name: entry.name,
      }))
      const plan = await planOf({ draft, state, plans })
      return checkPlan(plan, state, (await catalogFrom(draft)).limits)
    }
    t.strictSame(await refused(10, 3), [], '3 of 10 are 30 %')
    t.match(await refused(10, 4), [
      {
        code: 'CHANGE_SHARE',
        severity: 'error',
        message: 'the plan changes or retires 4 of 10 add-on plans (40 %); the limit is 30 %',
        hint: /--force/,
      },
    ])
    t.strictSame(await refused(9, 9), [], 'shares of few say little')
    t.strictSame(await refused(10, 4, '50%'), [], 'the catalog may allow more')
    t.equal((await refused(10, 1, '0%')).length, 1, 'or nothing')
  },
)

t.test('--target takes entries, what they need, and whole batches', async t => {
  const draft = {
    ...DRAFT,
    rateZones: [ZONE, { key: 'other', name: 'Other', countries: ['FR'] }],
    endpointBatches: [{ ...BATCH, iccids: [FIRST, SECOND] }],
  }
  const catalog = await catalogFrom(draft)
  const plan = await planOf({
    draft,
    state: NOTHING,
    zones: [],
    plans: [],
    sims: [{ iccid: FIRST }],
  })
  const graph = resolveCatalog(
    catalog,
    {
      ...NOTHING_READ,
      networks: { items: NETWORKS },
    },
    NOTHING,
  )
  const chosen = (...targets: string[]) =>
    targetChanges(plan.changes, targets, graph).changes.map(change => change.address)
  t.strictSame(chosen('addonPlan/p'), ['rateZone/z', 'addonPlan/p'])
  t.strictSame(chosen('rateZone/other'), ['rateZone/other'])
  t.strictSame(
    chosen('endpointBatch/b'),
    [`endpoint/${FIRST}`, `endpoint/${SECOND}`],
    'a blocked endpoint is of its batch too',
  )
  t.equal(chosen().length, plan.changes.length)
  t.match(targetChanges(plan.changes, ['rateZone/no', 'endpointBatch/no'], graph).issues, [
    {
      code: 'TARGET_UNKNOWN',
      message: '--target rateZone/no names nothing in the catalog or the state',
    },
    { code: 'TARGET_UNKNOWN' },
  ])
})

t.test('canary endpoints go first and their reading back is counted', async t => {
  const draft = { endpointBatches: [{ ...BATCH, iccids: ICCIDS }] }
  const sims = ICCIDS.map(iccid => ({ iccid }))
  const state = { ...NOTHING, learnt: { bulk: 'works' as const } }
  const plan = await planOf({ draft, state, sims, canary: 1 })
  t.strictSame(
    plan.operations.map(({ changes, stage, calls }) => ({ n: changes.length, stage, calls })),
    [
      { n: 1, stage: 'canary', calls: 2 },
      { n: 2, stage: 'main', calls: 1 },
    ],
  )
})
