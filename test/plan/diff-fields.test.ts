import t from 'tap'
import type { Json, JsonObject } from '../../src/model.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { kindOf, kinds } from '../../src/resources/kinds.ts'
import type { ReportedPlan } from '../../src/sft/api.ts'
import {
  BATCH,
  changeOf,
  DRAFT,
  type Draft,
  ICCIDS,
  NETWORKS,
  PLAN,
  planOf,
  REPORTED_PLAN,
  REPORTED_ZONE,
  stateWith,
  ZONE,
} from './support.ts'

const withPlan = (
  patch: Readonly<Record<string, Json | undefined>>,
  account: JsonObject = {},
): Draft => ({
  ...DRAFT,
  account,
  rateZones: [ZONE, { key: 'other', name: 'Other', countries: ['FR'] }],
  addonPlans: [{ ...PLAN, ...patch }],
})
const OTHER = stateWith(state => {
  state.rateZones['other'] = {
    id: 'Z2',
    name: 'Other',
    networks: [],
    spec: { name: 'Other', networks: ['3/101', '4/101'], destGroupId: '2515' },
  }
})
const ZONES = [REPORTED_ZONE, { id: 'Z2', name: 'Other' }]

interface PlanCase {
  /** The catalog with the field changed. */
  readonly ours?: Draft
  /** What a colleague left on the account. */
  readonly theirs?: Partial<ReportedPlan>
  /** The same value as `ours`, as the account reports it. */
  readonly ourValueThere?: Partial<ReportedPlan>
  readonly unreported?: keyof ReportedPlan
  readonly wanted: Json
  readonly theirValue?: Json
}

const subscription = (patch: Partial<NonNullable<ReportedPlan['subscription']>>) => ({
  subscription: { ...REPORTED_PLAN.subscription, ...patch },
})

const PLAN_CASES: Readonly<Record<string, PlanCase>> = {
  name: {
    ours: withPlan({ name: 'Renamed' }),
    theirs: { name: 'Theirs' },
    ourValueThere: { name: 'Renamed' },
    wanted: 'Renamed',
    theirValue: 'Theirs',
  },
  description: {
    ours: withPlan({ description: 'New' }),
    theirs: { description: 'Theirs' },
    ourValueThere: { description: 'New' },
    unreported: 'description',
    wanted: 'New',
    theirValue: 'Theirs',
  },
  priority: {
    ours: withPlan({ priority: 2 }),
    theirs: { priority: '3' },
    ourValueThere: { priority: '2' },
    unreported: 'priority',
    wanted: 2,
    theirValue: 3,
  },
  status: {
    theirs: { status: 'In-Active' },
    unreported: 'status',
    wanted: 'Active',
    theirValue: 'In-Active',
  },
  charge: {
    ours: withPlan({ charge: '6.50' }),
    theirs: { charge: '7' },
    ourValueThere: { charge: '6.5' },
    unreported: 'charge',
    wanted: '6.5',
    theirValue: '7',
  },
  rateZone: {
    ours: withPlan({ rateZone: 'other' }),
    theirs: { benefits: [{ value: '1024', rateZone: 'Z9' }] },
    ourValueThere: { benefits: [{ value: '1024', rateZone: 'Z2' }] },
    unreported: 'benefits',
    wanted: 'Z2',
    theirValue: 'Z9',
  },
  dataMB: {
    ours: withPlan({ data: '2 GB' }),
    theirs: { benefits: [{ value: '512', rateZone: 'Z1' }] },
    ourValueThere: { benefits: [{ value: '2048', rateZone: 'Z1' }] },
    unreported: 'benefits',
    wanted: 2048,
    theirValue: 512,
  },
  validityDays: {
    ours: withPlan({ validity: '30 days' }),
    theirs: { validity: { type: '1', factor: '3' } },
    ourValueThere: { validity: { type: '1', factor: '30' } },
    unreported: 'validity',
    wanted: 30,
    theirValue: 3,
  },
  activation: {
    ours: withPlan({ activation: 'immediate' }),
    theirs: subscription({ activatedBy: '0' }),
    ourValueThere: subscription({ activatedBy: '0' }),
    unreported: 'subscription',
    wanted: 'immediate',
    theirValue: 'immediate',
  },
  renewal: {
    ours: withPlan({ renewal: { on: 'expiry', times: 3 } }),
    theirs: subscription({ rule: '2', occurrences: '9' }),
    ourValueThere: subscription({ rule: '1', occurrences: '3' }),
    unreported: 'subscription',
    wanted: { on: 'expiry', times: 3 },
    theirValue: { on: 'exhaustion', times: 9 },
  },
  serviceProfile: {
    ours: withPlan({ serviceProfile: 'SP_2' }),
    theirs: { serviceProfile: 'SP_9' },
    ourValueThere: { serviceProfile: 'SP_2' },
    unreported: 'serviceProfile',
    wanted: 'SP_2',
    theirValue: 'SP_9',
  },
  currencyId: {
    ours: withPlan({ currencyId: '45' }),
    theirs: { currencyId: '46' },
    ourValueThere: { currencyId: '45' },
    unreported: 'currencyId',
    wanted: '45',
    theirValue: '46',
  },
  planType: {
    ours: withPlan({}, { planType: 'postpaid' }),
    theirs: { planType: '1' },
    ourValueThere: { planType: '1' },
    unreported: 'planType',
    wanted: 'postpaid',
    theirValue: 'postpaid',
  },
  destinationGroup: {
    ours: withPlan({ destinationGroup: '3018' }),
    theirs: { destinationGroup: '3019' },
    ourValueThere: { destinationGroup: '3018' },
    unreported: 'destinationGroup',
    wanted: '3018',
    theirValue: '3019',
  },
  dataPer: {
    ours: withPlan({ data: '1 GB a day' }, { wire: { 'daily-data': { 'benefit.period': 'DAY' } } }),
    theirs: { dataPer: 'day' },
    ourValueThere: { dataPer: 'day' },
    unreported: 'dataPer',
    wanted: 'day',
    theirValue: 'day',
  },
  smsCount: {
    ours: withPlan(
      { data: undefined, benefits: { data: '1 GB', sms: 20 } },
      { wire: { 'benefit-id': { sms: '4' } } },
    ),
    theirs: { smsCount: '30' },
    ourValueThere: { smsCount: '20' },
    unreported: 'smsCount',
    wanted: 20,
    theirValue: 30,
  },
  throttleKbps: {
    ours: withPlan(
      { throttle: '512 kbps' },
      { wire: { throttle: { '512 kbps': { 'basicInfo.rule': 'T512' } } } },
    ),
    theirs: { throttleKbps: '128' },
    ourValueThere: { throttleKbps: '512' },
    unreported: 'throttleKbps',
    wanted: 512,
    theirValue: 128,
  },
  recurringCharge: {
    ours: withPlan(
      { recurringCharge: '1.50' },
      { wire: { 'recurring-charge': { 'charge.type': '2' } } },
    ),
    theirs: { recurringCharge: '3' },
    ourValueThere: { recurringCharge: '1.5' },
    unreported: 'recurringCharge',
    wanted: '1.5',
    theirValue: '3',
  },
  sft: { ours: withPlan({ sft: { notification: [] } }), wanted: { notification: [] } },
}

const told = (plan: Plan, address: string) => {
  const change = plan.changes.find(change => change.address === address)
  return change === undefined || !('fields' in change)
    ? change?.action
    : {
        action: change.action,
        fields: change.fields.map(({ field, mutability, origin, applied, wanted, account }) => ({
          field,
          mutability,
          origin,
          ...(applied !== undefined && { applied }),
          ...(wanted !== undefined && { wanted }),
          ...(account !== undefined && { account }),
        })),
      }
}

t.test('what was applied and is there is kept, for every kind', async t => {
  const plan = await planOf()
  t.strictSame(
    plan.changes.map(({ action, address }) => `${action} ${address}`),
    ['keep rateZone/z', 'keep addonPlan/p', `keep endpoint/${ICCIDS[0]}`],
  )
  t.strictSame(plan.operations, [])
})

t.test(
  'every field of a plan is told apart as our change, drift, both or not reported',
  async t => {
    t.strictSame(
      // What is copied from another plan has tests of its own.
      [...Object.keys(PLAN_CASES), 'like'].sort(),
      Object.keys(kindOf('addonPlan').fields).sort(),
      'the table has every field',
    )
    for (const [field, given] of Object.entries(PLAN_CASES)) {
      const rule = kindOf('addonPlan').fields[field]
      const action = rule?.mutability === 'replace' ? 'replace' : 'update'
      const base = { state: OTHER, zones: ZONES, draft: withPlan({}) }
      const inState = OTHER.addonPlans['p']?.spec[field]
      const before = inState === undefined ? rule?.unset?.({}) : inState
      const mark = (origin: string, values: JsonObject) => ({
        action,
        fields: [{ field, mutability: rule?.mutability, origin, ...values }],
      })
      const applied: JsonObject = before === undefined ? {} : { applied: before }
      if (given.ours !== undefined) {
        const { wanted } = given
        const reported: JsonObject =
          rule?.reported && before !== undefined ? { account: before } : {}
        t.strictSame(
          told(await planOf({ ...base, draft: given.ours }), 'addonPlan/p'),
          mark('ours', { ...applied, wanted, ...reported }),
          `${field}: ours`,
        )
        if (given.ourValueThere !== undefined)
          t.match(
            told(
              await planOf({
                ...base,
                draft: given.ours,
                plans: [{ ...REPORTED_PLAN, ...given.ourValueThere }],
              }),
              'addonPlan/p',
            ),
            { action: 'update', fields: [{ field, mutability: 'local', origin: 'both' }] },
            `${field}: the account has it already, so that only the state learns of it`,
          )
      }
      if (given.theirs !== undefined && given.theirValue !== undefined) {
        const plans = [{ ...REPORTED_PLAN, ...given.theirs }]
        const account = given.theirValue
        t.strictSame(
          told(await planOf({ ...base, plans }), 'addonPlan/p'),
          mark('drift', { ...applied, wanted: before ?? null, account }),
          `${field}: drift`,
        )
        if (given.ours !== undefined && JSON.stringify(given.wanted) !== JSON.stringify(account))
          t.strictSame(
            told(await planOf({ ...base, draft: given.ours, plans }), 'addonPlan/p'),
            mark('both', { ...applied, wanted: given.wanted, account }),
            `${field}: both`,
          )
      }
      if (given.unreported !== undefined) {
        const { [given.unreported]: _left, ...rest } = REPORTED_PLAN
        t.equal(
          told(await planOf({ ...base, plans: [rest as ReportedPlan] }), 'addonPlan/p'),
          'keep',
          `${field}: not reported is not drift`,
        )
      }
    }
  },
)

t.test('server defaults and forms of writing are no difference', async t => {
  const written = await planOf({
    zones: [{ ...REPORTED_ZONE, networks: [...(REPORTED_ZONE.networks ?? [])].reverse() }],
    plans: [{ ...REPORTED_PLAN, charge: '5.0' }],
  })
  t.equal(written.summary.keep, 3, 'the order of networks, an amount with zeros')
  const { description: _none, ...silent } = PLAN
  const plan = await planOf({
    draft: { ...DRAFT, addonPlans: [silent] },
    plans: [{ ...REPORTED_PLAN, description: 'Something' }],
  })
  t.match(
    told(plan, 'addonPlan/p'),
    { action: 'update', fields: [{ field: 'description', mutability: 'local' }] },
    'a field that left the catalog is not managed any more, and nothing is sent',
  )
  t.equal(plan.operations[0]?.action, 'record')
  t.equal(plan.cost.calls, 0)
})

t.test(
  'a zone: a rename is blocked, networks join, and what takes some away is blocked',
  async t => {
    t.strictSame(
      Object.keys(kindOf('rateZone').fields),
      ['name', 'networks', 'destGroupId', 'sft'],
      'the cases below have every field',
    )
    const zone = async (patch: JsonObject, account: JsonObject = {}, reported = REPORTED_ZONE) =>
      told(
        await planOf({
          draft: { ...DRAFT, account, rateZones: [{ ...ZONE, ...patch }] },
          zones: [reported],
        }),
        'rateZone/z',
      )
    t.match(await zone({ name: 'Renamed' }), {
      action: 'blocked',
      fields: [{ field: 'name', mutability: 'blocked', origin: 'ours', wanted: 'Renamed' }],
    })
    t.match(await zone({}, {}, { ...REPORTED_ZONE, name: 'Theirs' }), {
      action: 'blocked',
      fields: [{ field: 'name', mutability: 'blocked', origin: 'drift', wanted: 'Zone' }],
    })
    t.match(await zone({ countries: ['BE', 'NL'] }), {
      action: 'update',
      fields: [
        {
          field: 'networks',
          mutability: 'in-place',
          origin: 'ours',
          wanted: ['1/101', '2/101', '5/101'],
        },
      ],
    })
    t.match(await zone({ countries: [], networks: ['BELPR'] }), {
      action: 'blocked',
      fields: [{ field: 'networks', mutability: 'blocked', origin: 'ours' }],
    })
    const both = await planOf({ draft: { ...DRAFT, rateZones: [{ ...ZONE, countries: ['FR'] }] } })
    const change = changeOf(both, 'rateZone/z', 'update')
    t.strictSame(change.fields[0]?.wanted, ['1/101', '2/101', '3/101', '4/101'], 'those that join')
    t.match(
      change.blocked[0]?.message,
      /take out BELPR, Proximus, Belgium \(1\/101\); BELMO, Orange, Belgium \(2\/101\) in the portal, put it back into the catalog, or set onNetworkRemoval: replace/,
      'those that leave',
    )
    const lost = { ...REPORTED_ZONE, networks: REPORTED_ZONE.networks?.slice(0, 1) ?? [] }
    t.match(await zone({}, {}, lost), {
      action: 'update',
      fields: [{ field: 'networks', mutability: 'in-place', origin: 'drift' }],
    })
    t.equal(await zone({}, {}, { id: 'Z1', name: 'Zone' }), 'keep', 'networks not reported')
    t.match(await zone({}, { destGroupId: '2516' }), {
      action: 'replace',
      fields: [{ field: 'destGroupId', mutability: 'replace', origin: 'ours' }],
    })
    t.match(await zone({ sft: { remark: 'x' } }), {
      action: 'update',
      fields: [{ field: 'sft', mutability: 'in-place', origin: 'ours', wanted: { remark: 'x' } }],
    })
  },
)

t.test('a network that left coverage has left its zones, reported or not', async t => {
  const covered = NETWORKS.filter(network => network.tadig !== 'BELMO')
  for (const zones of [
    [{ ...REPORTED_ZONE, networks: REPORTED_ZONE.networks?.slice(0, 1) ?? [] }],
    [{ id: 'Z1', name: 'Zone' }],
  ]) {
    const plan = await planOf({ networks: covered, zones })
    t.match(told(plan, 'rateZone/z'), {
      action: 'update',
      fields: [{ field: 'networks', mutability: 'local', wanted: ['1/101'] }],
    })
    t.equal(plan.cost.calls, 0, 'only the state learns of it')
  }
})

t.test('an endpoint is edited in place but for sft:, and its account is not asked', async t => {
  t.strictSame(Object.keys(kindOf('endpoint').fields), [
    'name',
    'basePlan',
    'apnGroup',
    'roamingProfiles',
    'sft',
  ])
  const endpoint = async (patch: JsonObject) =>
    told(
      await planOf({ draft: { ...DRAFT, endpointBatches: [{ ...BATCH, ...patch }] } }),
      `endpoint/${ICCIDS[0]}`,
    )
  for (const [field, patch, wanted] of [
    ['name', { name: 'x-{n}' }, 'x-1'],
    ['basePlan', { basePlan: 'OTHER' }, 'OTHER'],
    ['apnGroup', { apnGroup: 'PDP_2' }, 'PDP_2'],
    ['roamingProfiles', { roamingProfiles: ['3018', '3017'] }, ['3018', '3017']],
  ] as const)
    t.match(
      await endpoint(patch),
      { action: 'update', fields: [{ field, mutability: 'in-place', origin: 'ours', wanted }] },
      field,
    )
  t.match(await endpoint({ sft: { monthlyLimit: '1' } }), {
    action: 'blocked',
    fields: [{ field: 'sft', mutability: 'blocked' }],
  })
  t.match(await endpoint({ tags: ['x'] }), {
    action: 'update',
    fields: [{ field: 'tags', mutability: 'local' }],
  })
})

t.test(
  'a field that the platform did not take is blocked until the catalog wants something else',
  async t => {
    const state = stateWith(state => {
      const plan = state.addonPlans['p']
      if (plan !== undefined)
        state.addonPlans['p'] = {
          ...plan,
          refused: { charge: { wanted: '6', message: 'the plan still has charge 5' } },
        }
    })
    const asked = await planOf({
      state,
      draft: { ...DRAFT, addonPlans: [{ ...PLAN, charge: '6' }] },
    })
    t.equal(
      changeOf(asked, 'addonPlan/p', 'blocked').reason,
      'charge: the plan still has charge 5',
      'the same again',
    )
    t.strictSame(asked.operations, [])
    const other = await planOf({
      state,
      draft: { ...DRAFT, addonPlans: [{ ...PLAN, charge: '7' }] },
    })
    t.match(told(other, 'addonPlan/p'), { action: 'update', fields: [{ field: 'charge' }] })
    t.equal(told(await planOf({ state }), 'addonPlan/p'), 'keep', 'the catalog went back')
  },
)

t.test(
  'every field of every kind has a mutability, a reason, a trust tag and a section',
  async t => {
    for (const { kind: name, fields } of kinds())
      for (const [field, rule] of Object.entries(fields)) {
        t.match(rule.mutability, /^(in-place|additive|replace|blocked)$/, `${name}.${field}`)
        t.ok(rule.reason.length > 5 && /^\d/.test(rule.section), `${name}.${field} says why`)
      }
  },
)
