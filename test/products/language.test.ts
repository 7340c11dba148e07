import t, { type Test } from 'tap'
import { settlePending } from '../../src/apply/settle-pending.ts'
import { loadCatalog } from '../../src/catalog/index.ts'
import type { JsonObject } from '../../src/model.ts'
import { renderIssue } from '../../src/render/issues.ts'
import type { WireOverrides } from '../../src/sft/wire-settings.ts'
import {
  applyOnce,
  endedWell,
  fastClock,
  openTestSft,
  planOnce,
  simulate,
  withAccount,
} from '../apply/helpers.ts'
import { PRODUCTS, shopCatalog, WIRE } from './shop.ts'

const HEAD = `version: 1
account:
  addonServiceProfile: SP_1335
  currencyId: "44"
  roamingProfiles: ["3017"]
`

/** What `validate` says of a plan with these lines, each issue with its place. */
async function complaints(
  t: Test,
  plan: string,
  account = '',
  wire?: WireOverrides,
): Promise<readonly string[]> {
  const folder = t.testdir({
    'a.yaml': `${HEAD}${account}rateZones: [{ key: z, name: Z, countries: [BE] }]
addonPlans:
  - key: p
    name: P
    rateZone: z
${plan}`,
  })
  const { issues } = await loadCatalog(folder, wire === undefined ? {} : { wire })
  return issues.map(issue => {
    const [first = ''] = renderIssue(issue)
    return first.replaceAll(`${folder}/`, '')
  })
}

interface Row {
  readonly name: string
  readonly plan: string
  readonly says: RegExp | undefined
  readonly account?: string
  readonly wire?: WireOverrides
}

const plain = '    data: 1 GB\n    validity: 7 days\n'
const THROTTLE = '  wire: { throttle: { 512 kbps: { basicInfo.pcrfRule: Throttle_512 } } }\n'

const ROWS: readonly Row[] = [
  { name: 'data for some days needs nothing', plan: plain, says: undefined },
  {
    name: 'months are refused where their value is not known',
    plan: '    data: 1 GB\n    validity: 1 month\n',
    says: /^a\.yaml:12:15: error WIRE_VALUE_UNKNOWN: validity of the add-on plan p says a validity in months, and what this account has for that is not known/,
  },
  {
    name: 'months are taken where account.wire has their value',
    plan: '    data: 1 GB\n    validity: 1 month\n',
    account: '  wire: { validity-type: { months: 2 } }\n',
    says: undefined,
  },
  {
    name: 'months are taken where SFT_WIRE has their value',
    plan: '    data: 1 GB\n    validity: 1 month\n',
    wire: { 'validity-type': { months: '2' } },
    says: undefined,
  },
  {
    name: 'years are not months',
    plan: '    data: 1 GB\n    validity: 2 years\n',
    account: '  wire: { validity-type: { months: 2 } }\n',
    says: /:13:15: error WIRE_VALUE_UNKNOWN: validity .* says a validity in years/,
  },
  {
    name: 'a validity without an end',
    plan: '    data: 1 GB\n    validity: unlimited\n',
    says: /:12:15: error WIRE_VALUE_UNKNOWN: validity .* says a validity without an end/,
  },
  {
    name: 'data without an end',
    plan: '    data: unlimited\n    validity: 7 days\n',
    says: /:11:11: error WIRE_VALUE_UNKNOWN: data .* says data without an end/,
  },
  {
    name: 'daily data',
    plan: '    data: 1 GB a day\n    validity: 7 days\n',
    says: /:11:11: error WIRE_VALUE_UNKNOWN: data .* says data that is given anew each day/,
  },
  {
    name: 'a speed after the data',
    plan: `${plain}    throttle: 512 kbps\n`,
    says: /:13:15: error WIRE_VALUE_UNKNOWN: throttle .* says 512 kbps after the data/,
  },
  {
    name: 'another speed than the one that is known',
    plan: `${plain}    throttle: 512 kbps\n`,
    account: '  wire: { throttle: { 384 kbps: { basicInfo.rule: T384 } } }\n',
    says: /:14:15: error WIRE_VALUE_UNKNOWN: throttle/,
  },
  {
    name: 'a speed in another unit than the one that is known',
    plan: `${plain}    throttle: 1 Mbps\n`,
    account: '  wire: { throttle: { 1000 kbps: { basicInfo.rule: T1 } } }\n',
    says: undefined,
  },
  {
    name: 'SMS beside data',
    plan: '    benefits: { data: 1 GB, sms: 20 }\n    validity: 7 days\n',
    says: /:11:34: error WIRE_VALUE_UNKNOWN: benefits\.sms .* says SMS/,
  },
  {
    name: 'renewals without an end',
    plan: `${plain}    renewal: { on: expiry, times: unlimited }\n`,
    says: /:13:35: error WIRE_VALUE_UNKNOWN: renewal\.times .* says renewals without an end/,
  },
  {
    name: 'a recurring charge',
    plan: `${plain}    recurringCharge: "1.50"\n`,
    says: /:13:22: error WIRE_VALUE_UNKNOWN: recurringCharge .* says a recurring charge/,
  },
  {
    name: 'minutes are refused with the reason',
    plan: '    benefits: { data: 1 GB, minutes: 10 }\n    validity: 7 days\n',
    says: /:11:29: error NOT_ON_PLATFORM: benefits\.minutes cannot be said: the platform has no voice service/,
  },
  {
    name: 'an end for what was not started is refused with the reason',
    plan: `${plain}    activateWithin: 90 days\n`,
    says: /:13:5: error NOT_ON_PLATFORM: activateWithin cannot be said: the platform has nothing that ends an add-on which was not started/,
  },
  {
    name: 'no data at all',
    plan: '    validity: 7 days\n',
    says: /:8:5: error REQUIRED: this add-on plan needs data/,
  },
  {
    name: 'what account.wire means by throttle is not for sft beside it',
    plan: `${plain}    throttle: 512 kbps\n    sft: { basicInfo: { pcrfRule: Redirect } }\n`,
    account: THROTTLE,
    says: /error SFT_OVERRIDES: basicInfo\.pcrfRule is set from the fields of this entry/,
  },
  {
    name: 'nor without it, with a value that is known to mean a speed',
    plan: `${plain}    sft: { basicInfo: { pcrfRule: Throttle_512 } }\n`,
    account: THROTTLE,
    says: /error SFT_OVERRIDES: basicInfo\.pcrfRule/,
  },
  {
    name: 'another value of that field stays what the language does not have',
    plan: `${plain}    sft: { basicInfo: { pcrfRule: Redirect } }\n`,
    account: THROTTLE,
    says: undefined,
  },
  {
    name: 'a benefit that account.wire knows as SMS is not for sft either',
    plan: `${plain}    sft: { benefit: [{ benefitId: "4", value: "20" }] }\n`,
    account: '  wire: { benefit-id: { sms: "4" } }\n',
    says: /error SFT_OVERRIDES: benefit with benefitId 4 is set from the fields of this entry/,
  },
  {
    name: 'SMS alone is refused, and why',
    plan: '    benefits: { sms: 20 }\n    validity: 7 days\n',
    says: /error REQUIRED: this add-on plan needs data: where a plan works and how much of it is used are read from its data/,
  },
  {
    name: 'data in two places',
    plan: '    data: 1 GB\n    benefits: { data: 1 GB, sms: 1 }\n    validity: 7 days\n',
    says: /:12:23: error SCHEMA: data stands twice/,
  },
  {
    name: 'daily data that is no whole number of MB',
    plan: '    data: 0.3 GB a day\n    validity: 7 days\n',
    says: /:11:11: error UNIT_INVALID: 0\.3 GB a day is not a whole number of MB/,
  },
  {
    name: 'once is no renewal, however it is written',
    plan: `${plain}    renewal: { on: expiry, times: 1 }\n`,
    says: /:13:35: error SCHEMA: renewal\.times must be at least 2/,
  },
  {
    name: 'prices by currency, as they are written',
    plan: `${plain}    portal: { sku: P, prices: { EUR: 9.50, JPY: 1500 } }\n`,
    says: undefined,
  },
  {
    name: 'a currency that does not exist',
    plan: `${plain}    portal: { prices: { EURO: "9.50" } }\n`,
    says: /:13:25: error CURRENCY_UNKNOWN: there is no currency "EURO"/,
  },
  {
    name: 'a price that is no amount',
    plan: `${plain}    portal: { prices: { EUR: "9,50" } }\n`,
    says: /:13:30: error UNIT_INVALID: portal\.prices\.EUR must be a decimal amount such as "9\.50", not "9,50"/,
  },
  {
    name: 'a price with more places than its currency has',
    plan: `${plain}    portal: { prices: { JPY: "9.50" } }\n`,
    says: /:13:30: error UNIT_INVALID: 9\.50 has 2 decimal places, and JPY has 0/,
  },
  {
    name: 'two meanings of one wire value',
    plan: plain,
    account: '  wire: { validity-type: { months: "1" } }\n',
    says: /:6:9: error WIRE_INVALID: account\.wire cannot be used: validity-type: two meanings have the same value/,
  },
  {
    name: 'a wire value that contradicts SFT_WIRE is overruled by it',
    plan: '    data: 1 GB\n    validity: 1 month\n',
    account: '  wire: { validity-type: { months: "7" } }\n',
    wire: { 'validity-type': { months: '2' } },
    says: undefined,
  },
  {
    name: 'a field that is sent from the catalog cannot be a wire value',
    plan: plain,
    account: '  wire: { throttle: { 512 kbps: { basicInfo.planName: x } } }\n',
    says: /:6:9: error WIRE_INVALID: .*basicInfo\.planName is sent from what the catalog says/,
  },
  {
    name: 'a path that leads nowhere',
    plan: plain,
    account: '  wire: { unlimited-data: { value: "-1" } }\n',
    says: /:6:9: error WIRE_INVALID: .*is no field of a plan/,
  },
  {
    name: 'a setting that account.wire does not have',
    plan: plain,
    account: '  wire: { balance-unit: MB }\n',
    says: /:6:11: error UNKNOWN_KEY: account\.wire has no field "balance-unit"/,
  },
]

t.test('what is not known of the wire is refused with its place until it is set', async t => {
  for (const { name, plan, says, account, wire } of ROWS)
    await t.test(name, async t => {
      const said = await complaints(t, plan, account, wire)
      if (says === undefined) t.strictSame(said, [])
      else t.match(said, [says])
      t.equal(said.length, says === undefined ? 0 : 1, said.join('\n'))
    })
})

t.test('a setting that many plans lack is one problem', async t => {
  const plans: Record<string, JsonObject> = {}
  for (let n = 0; n < 800; n++) plans[`p${n}`] = { data: '1 GB a day', validity: '1 day' }
  await t.rejects(shopCatalog(plans, {}), {
    message: /^WIRE_VALUE_UNKNOWN: data of the add-on plan p0 and of 799 more says/,
  })
})

t.test('every product: apply, then plan, is empty, and the account has what it says', async t => {
  await using simulator = await simulate({ wire: { planTerms: WIRE } })
  await withAccount(simulator, async (sft, store) => {
    const catalog = await shopCatalog(PRODUCTS)
    const { report } = await applyOnce(catalog, sft, store)
    t.ok(endedWell(report), JSON.stringify(report.results))
    const { plan } = await planOnce(catalog, sft, store)
    t.strictSame(plan.operations, [])
    t.equal(plan.summary.keep, Object.keys(PRODUCTS).length + 1)
    const made = (key: string) =>
      simulator.world.plans.get(store.state.addonPlans[key]?.planId ?? '')
    t.match(made('daily'), {
      terms: { daily: true, throttle: '512 kbps' },
      benefit: [{ benefitId: '1', value: '1024', period: 'DAY' }],
    })
    t.match(made('endless'), { terms: { unlimited: true, throttle: '128 kbps' } })
    t.match(made('messages')?.benefit, [
      { benefitId: '1', value: '5120' },
      { benefitId: '4', value: '20' },
    ])
    t.match(made('month')?.validity, { validityType: '2', validityFactor: '1' })
    t.match(made('year')?.validity, { validityType: '3', validityFactor: '1' })
    t.match(made('forever')?.validity, { validityType: '0', validityFactor: '' })
    t.match(made('renewing')?.subscription, { occurrences: '99999', reSubscriptionRule: '1' })
    t.strictSame(made('recurring')?.charge, [
      { chargeAmount: '4.5' },
      { chargeAmount: '1.5', chargeType: '2' },
    ])
  })
})

t.test('a change of what a product grants makes a new revision, there and back', async t => {
  await using simulator = await simulate({ wire: { planTerms: WIRE } })
  await withAccount(simulator, async (sft, store) => {
    const steps: readonly JsonObject[] = [
      { data: '5 GB', validity: '30 days' },
      { data: '5 GB', throttle: '512 kbps', validity: '30 days' },
      { data: '5 GB', throttle: '128 kbps', validity: '30 days' },
      { benefits: { data: '5 GB', sms: 10 }, throttle: '128 kbps', validity: '30 days' },
      { data: '5 GB a day', validity: '30 days' },
      { data: 'unlimited', validity: '1 month' },
      { data: '5 GB', validity: '1 year', recurringCharge: '2' },
      { data: '5 GB', validity: '30 days' },
    ]
    for (const [index, step] of steps.entries()) {
      const catalog = await shopCatalog({ p: step })
      const { plan, report } = await applyOnce(catalog, sft, store)
      t.ok(endedWell(report), JSON.stringify(report.results))
      const action = index === 0 ? 'create' : 'replace'
      t.match(plan.changes, [{}, { action, address: 'addonPlan/p' }], JSON.stringify(step))
      const next = await planOnce(catalog, sft, store)
      t.strictSame(next.plan.operations, [], JSON.stringify(step))
    }
  })
})

t.test('what a colleague changes of it in the portal is drift', async t => {
  await using simulator = await simulate({ wire: { planTerms: WIRE } })
  await withAccount(simulator, async (sft, store) => {
    const catalog = await shopCatalog({ p: PRODUCTS['daily'] ?? {} })
    await applyOnce(catalog, sft, store)
    const planId = store.state.addonPlans['p']?.planId
    await fetch(`${simulator.url}/_simulator/portal`, {
      method: 'POST',
      body: JSON.stringify({ plan: planId, set: { basicInfo: { pcrfRule: 'Default_Rule' } } }),
    })
    const { plan } = await planOnce(catalog, sft, store)
    t.match(plan.changes[1], {
      action: 'replace',
      fields: [
        { field: 'throttleKbps', origin: 'drift', applied: 512, wanted: 512, account: null },
      ],
    })
  })
})

t.test('an account that does not know a value refuses the plan', async t => {
  await using simulator = await simulate()
  await withAccount(simulator, async (sft, store) => {
    for (const key of ['messages', 'month', 'forever'] as const) {
      const catalog = await shopCatalog({ [key]: PRODUCTS[key] ?? {} })
      const { report } = await applyOnce(catalog, sft, store)
      t.match(
        report.results.find(({ address }) => address === `addonPlan/${key}`),
        { status: 'failed', message: /must be/ },
        key,
      )
    }
  })
})

t.test('a client without the settings sends nothing of the kind', async t => {
  await using simulator = await simulate({ wire: { planTerms: WIRE } })
  await using sft = openTestSft(simulator)
  await t.rejects(
    sft.write.createPlan({
      name: 'X',
      planType: '0',
      serviceProfile: 'SP_1335',
      currencyId: '44',
      destinationGroup: '3017',
      priority: '1',
      rateZoneId: '1201',
      dataMB: 'unlimited',
      validityDays: 7,
      charge: '0',
      activatedBy: '1',
      reSubscription: 'true',
      reSubscriptionRule: '2',
      occurrences: '1',
    }),
    /what the account has for unlimited-data is not known: set it under account.wire/,
  )
  t.notOk(simulator.calls.some(({ operation }) => operation === 'CreatePlan'))
})

t.test('a plan that a killed run made is found by the words of the catalog', async t => {
  await using simulator = await simulate({ wire: { planTerms: WIRE } })
  await withAccount(simulator, async (sft, store) => {
    const catalog = await shopCatalog({ renewing: PRODUCTS['renewing'] ?? {} })
    const list = sft.read.addonPlans
    const create = sft.write.createPlan
    let made = false
    const cut = {
      ...sft,
      withWire: (wire: JsonObject) => ({ ...sft.withWire(wire), ...broken(sft.withWire(wire)) }),
    }
    function broken(spoken: typeof sft) {
      return {
        write: {
          ...spoken.write,
          createPlan: async (...args: Parameters<typeof create>) => {
            const created = await spoken.write.createPlan(...args)
            made = true
            return created
          },
        },
        read: {
          ...spoken.read,
          addonPlans: async (...args: Parameters<typeof list>) =>
            made
              ? { items: [], doubt: 'the account stumbles' }
              : await spoken.read.addonPlans(...args),
        },
      }
    }
    const { report } = await applyOnce(catalog, cut, store)
    t.match(
      report.results.find(({ address }) => address === 'addonPlan/renewing'),
      { status: 'failed', message: /could not be read back yet/ },
    )
    await settlePending(sft, store, { clock: fastClock })
    t.equal(Object.keys(store.state.pending).length, 1, 'without the catalog it is not known')
    await settlePending(sft, store, { clock: fastClock, catalog })
    t.strictSame([Object.keys(store.state.pending), simulator.world.plans.size], [[], 3])
    t.match(store.state.addonPlans['renewing'], { planId: /\d/, name: 'Plan renewing' })
    const { plan } = await planOnce(catalog, sft, store)
    t.strictSame(plan.operations, [])
  })
})
