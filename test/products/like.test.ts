import t, { type Test } from 'tap'
import type { JsonObject } from '../../src/model.ts'
import type { Simulator } from '../../src/simulator/index.ts'
import { editByHand } from '../../src/simulator/portal.ts'
import { memoryState } from '../../src/state/memory-store.ts'
import { handMadePlan, handMadeZone, networksOf } from '../adopt/desk.ts'
import {
  applyOnce,
  catalogWith,
  endedWell,
  openTestSft,
  planOnce,
  simulate,
  withAccount,
} from '../apply/helpers.ts'
import { shopYaml, WIRE } from './shop.ts'

/** An account in which somebody made an endless plan, throttled, by hand; the catalog knows none of the words. */
async function withTemplate(
  t: Test,
  more: JsonObject = {},
): Promise<{ simulator: Simulator; template: string }> {
  const simulator = await simulate({ wire: { planTerms: WIRE } })
  t.teardown(() => simulator.close())
  const { world } = simulator
  const zone = handMadeZone(world, 'By hand', networksOf(world, 'Belgium'))
  const template = handMadePlan(world, 'Template', zone, {
    value: '-1',
    info: { pcrfRule: 'Throttle_512', lastModifiedDate: '01/01/2026' },
    validity: { validityType: '2', validityFactor: '1' },
    known: WIRE,
  })
  if (Object.keys(more).length > 0) editByHand(world, { plan: template, set: more }, WIRE)
  return { simulator, template }
}

/** Changes how the account answers. */
const speak = (simulator: Simulator, wire: JsonObject) =>
  fetch(`${simulator.url}/_simulator/settings`, {
    method: 'POST',
    body: JSON.stringify({ wire }),
  })

const shop = (plans: Readonly<Record<string, JsonObject>>) => catalogWith(shopYaml(plans))

t.test('what the language cannot say comes from a plan that was made in the portal', async t => {
  const { simulator, template } = await withTemplate(t)
  await withAccount(simulator, async (sft, store) => {
    const catalog = await shop({
      byid: { like: { planId: template }, charge: '9.50' },
      byname: { like: { name: 'Template' }, charge: '8', validity: '7 days' },
    })
    const { plan, report } = await applyOnce(catalog, sft, store)
    t.ok(endedWell(report), JSON.stringify(report.results))
    t.match(
      plan.changes.find(({ key }) => key === 'byid'),
      {
        action: 'create',
        notes: [
          new RegExp(
            `^like "Template" \\(${template}\\): .*basicInfo.pcrfRule = Throttle_512.*benefit.value = -1`,
          ),
        ],
      },
      'the plan shows what is copied, and from where',
    )
    const made = (key: string) =>
      simulator.world.plans.get(store.state.addonPlans[key]?.planId ?? '')
    const zoneId = store.state.rateZones['z']?.id
    t.match(made('byid'), {
      terms: { unlimited: true, throttle: '512 kbps', lasts: 'months' },
      basicInfo: { planName: 'Plan byid', extra: { pcrfRule: 'Throttle_512' } },
      benefit: [{ value: '-1', rateZone: zoneId }],
      charge: [{ chargeAmount: '9.5' }],
      validity: { validityType: '2', validityFactor: '1' },
    })
    t.notOk('lastModifiedDate' in (made('byid')?.basicInfo.extra ?? {}), 'but for its own dates')
    t.match(made('byname'), {
      terms: { unlimited: true, throttle: '512 kbps', lasts: 'days' },
      validity: { validityType: '1', validityFactor: '7' },
    })
    t.match(store.state.addonPlans['byid'], {
      likeSource: { planId: template, name: 'Template', copy: 1 },
      spec: { like: { 'basicInfo.pcrfRule': 'Throttle_512', 'benefit.value': '-1' } },
    })
    const next = await planOnce(catalog, sft, store)
    t.strictSame(next.plan.operations, [])
    t.strictSame(next.plan.issues, [])
  })
})

t.test('a template that changes is told, and taken only when it is asked for', async t => {
  const { simulator, template } = await withTemplate(t)
  await withAccount(simulator, async (sft, store) => {
    const catalog = await shop({ p: { like: { name: 'Template' }, charge: '9' } })
    await applyOnce(catalog, sft, store)
    editByHand(
      simulator.world,
      { plan: template, set: { basicInfo: { pcrfRule: 'Throttle_128' } } },
      WIRE,
    )
    const told = await planOnce(catalog, sft, store)
    t.strictSame(told.plan.operations, [])
    t.match(told.plan.issues, [
      {
        code: 'LIKE_CHANGED',
        severity: 'warning',
        message: /basicInfo\.pcrfRule$/,
        hint: /copy: 2/,
      },
    ])
    const again = await shop({ p: { like: { name: 'Template', copy: 2 }, charge: '9' } })
    const taken = await applyOnce(again, sft, store)
    t.match(
      taken.plan.changes.find(({ key }) => key === 'p'),
      { action: 'replace', name: 'Plan p (r2)', fields: [{ field: 'like' }] },
    )
    t.ok(endedWell(taken.report))
    const { plan } = await planOnce(again, sft, store)
    t.strictSame([plan.operations, plan.issues], [[], []])
  })
})

t.test('a template that is gone warns of plans that exist, and blocks new ones', async t => {
  const { simulator, template } = await withTemplate(t)
  await withAccount(simulator, async (sft, store) => {
    for (const like of [{ planId: template }, { name: 'Template' }]) {
      const key = 'planId' in like ? 'one' : 'two'
      await applyOnce(await shop({ [key]: { like, charge: '9' } }), sft, store)
    }
    simulator.world.plans.delete(template)
    const both = {
      one: { like: { planId: template }, charge: '9' },
      two: { like: { name: 'Template' }, charge: '9' },
    }
    const { plan } = await planOnce(await shop(both), sft, store)
    t.strictSame(plan.operations, [])
    t.match(plan.issues, [{ code: 'LIKE_GONE' }, { code: 'LIKE_GONE' }])
    const { plan: wanted } = await planOnce(
      await shop({
        ...both,
        three: { like: { planId: template }, charge: '1' },
        four: { like: { name: 'Template' }, charge: '1' },
      }),
      sft,
      store,
    )
    for (const key of ['three', 'four'])
      t.match(
        wanted.changes.find(change => change.key === key),
        { action: 'blocked', reason: /^like: / },
        key,
      )
    const changed = await applyOnce(
      await shop({ one: { like: { planId: template }, charge: '9', validity: '5 days' } }),
      sft,
      store,
    )
    t.match(
      changed.plan.changes.find(({ key }) => key === 'one'),
      { action: 'replace' },
      'a new revision of an existing one is made from the copy',
    )
    t.ok(endedWell(changed.report), JSON.stringify(changed.report.results))
    const planId = store.state.addonPlans['one']?.planId ?? ''
    t.match(simulator.world.plans.get(planId)?.terms, { unlimited: true, throttle: '512 kbps' })
  })
})

t.test('a template that does not report what is left to it creates nothing', async t => {
  const { simulator, template } = await withTemplate(t)
  await speak(simulator, { planQuery: 'basicInfo' })
  await withAccount(simulator, async (sft, store) => {
    const { plan } = await planOnce(await shop({ p: { like: { planId: template } } }), sft, store)
    t.match(
      plan.changes.find(({ key }) => key === 'p'),
      { action: 'blocked', reason: /does not report data, validity, activation, renewal, charge,/ },
    )
  })
})

t.test(
  'a template that has nothing to give, several charges or other zones is refused',
  async t => {
    const { simulator } = await withTemplate(t)
    const { world } = simulator
    const zone = handMadeZone(world, 'Second', networksOf(world, 'France'))
    const plain = handMadePlan(world, 'Plain', zone)
    const charges = handMadePlan(world, 'Charges', zone)
    editByHand(
      world,
      { plan: charges, set: { charge: [{ chargeAmount: '1' }, { chargeAmount: '2', type: '2' }] } },
      WIRE,
    )
    const zones = handMadePlan(world, 'Zones', zone)
    editByHand(
      world,
      {
        plan: zones,
        set: {
          benefit: [
            { benefitId: '1', value: '1024', rateZone: zone },
            { benefitId: '4', value: '20', rateZone: [...world.zones.keys()][0] ?? '' },
          ],
        },
      },
      WIRE,
    )
    const whole = {
      data: '1 GB',
      validity: '7 days',
      activation: 'first-use',
      renewal: { on: 'expiry', times: 2 },
      charge: '1',
      priority: 1,
    }
    await withAccount(simulator, async (sft, store) => {
      const { plan } = await planOnce(
        await shop({
          plain: { ...whole, like: { planId: plain } },
          charges: { like: { planId: charges }, charge: '1' },
          zones: { like: { planId: zones } },
        }),
        sft,
        store,
      )
      const reason = (key: string) => plan.changes.find(change => change.key === key)
      t.match(reason('plain'), {
        action: 'blocked',
        reason: /reports nothing that the entry does not/,
      })
      t.match(reason('charges'), { action: 'blocked', reason: /has 2 charges: leave charge out/ })
      t.match(reason('zones'), { action: 'blocked', reason: /benefits of several rate zones/ })
      const { report } = await applyOnce(
        await shop({ charges: { like: { planId: charges } } }),
        sft,
        store,
      )
      t.ok(endedWell(report), JSON.stringify(report.results))
      const planId = store.state.addonPlans['charges']?.planId ?? ''
      t.strictSame(world.plans.get(planId)?.charge, [
        { chargeAmount: '1' },
        { chargeAmount: '2', type: '2' },
      ])
    })
  },
)

t.test('a plan that did not take what was copied is not put on sale', async t => {
  const { simulator, template } = await withTemplate(t)
  await withAccount(simulator, async (sft, store) => {
    const catalog = await shop({
      p: { data: '1 GB', validity: '7 days', charge: '9', portal: { sku: 'P' } },
    })
    await applyOnce(catalog, sft, store)
    const before = store.state.addonPlans['p']
    const wanted = await shop({
      p: { like: { planId: template }, charge: '9', portal: { sku: 'P' } },
    })
    // The platform answers success and drops a field that it does not take.
    const create = sft.write.createPlan
    const deaf = {
      ...sft,
      write: {
        ...sft.write,
        createPlan: (
          request: Parameters<typeof create>[0],
          options?: Parameters<typeof create>[1],
        ) => {
          const { 'basicInfo.pcrfRule': _dropped, ...copied } = request.copied ?? {}
          return create({ ...request, copied }, options)
        },
      },
    }
    const { report } = await applyOnce(wanted, deaf, store)
    t.match(
      report.results.find(({ address }) => address === 'addonPlan/p'),
      {
        status: 'failed',
        message:
          /was made and does not have basicInfo\.pcrfRule = Throttle_512: it is not put on sale/,
      },
    )
    t.strictSame(store.state.addonPlans['p'], before, 'the SKU means what it meant')
    t.strictSame(Object.keys(store.state.pending), [])
    const plans = simulator.world.plans.size
    const next = await applyOnce(wanted, sft, store)
    t.match(
      next.plan.changes.find(({ key }) => key === 'p'),
      { action: 'blocked' },
    )
    t.equal(simulator.world.plans.size, plans, 'nothing is made over and over')
    const [, unfit] =
      [...simulator.world.plans].findLast(
        ([, plan]) => plan.basicInfo.planName === 'Plan p (r2)',
      ) ?? []
    t.ok(unfit)
    if (unfit !== undefined) unfit.basicInfo.planName = 'Spoilt'
    const last = await applyOnce(wanted, sft, store)
    t.ok(endedWell(last.report), JSON.stringify(last.report.results))
    t.match(store.state.addonPlans['p'], { name: 'Plan p (r2)', portal: { sku: 'P' } })
  })
})

t.test('a plan that was made and not read back is looked at by the next run', async t => {
  const { simulator, template } = await withTemplate(t)
  await withAccount(simulator, async (sft, store) => {
    const catalog = await shop({ p: { like: { planId: template }, portal: { sku: 'P' } } })
    const blind = { ...sft, read: { ...sft.read } }
    const create = sft.write.createPlan
    const list = sft.read.addonPlans
    let made = false
    const cut = {
      ...blind,
      write: {
        ...sft.write,
        createPlan: async (...args: Parameters<typeof create>) => {
          const created = await create(...args)
          made = true
          return created
        },
      },
      read: {
        ...sft.read,
        addonPlans: async (...args: Parameters<typeof list>) =>
          made ? { items: [], doubt: 'the account stumbles' } : await list(...args),
      },
    }
    const { report } = await applyOnce(catalog, cut, store)
    t.match(
      report.results.find(({ address }) => address === 'addonPlan/p'),
      { status: 'failed', message: /could not be read back yet/ },
    )
    t.equal(store.state.addonPlans['p'], undefined)
    t.equal(Object.keys(store.state.pending).length, 1)
    await applyOnce(catalog, sft, store)
    t.match(store.state.addonPlans['p'], { planId: /\d/, portal: { sku: 'P' } })
    const { plan } = await planOnce(catalog, sft, store)
    t.strictSame(plan.operations, [])
  })
})

t.test('a colleague who edits the plan itself is told from one who edits its template', async t => {
  const { simulator, template } = await withTemplate(t)
  await withAccount(simulator, async (sft, store) => {
    const catalog = await shop({ p: { like: { planId: template } } })
    await applyOnce(catalog, sft, store)
    const planId = store.state.addonPlans['p']?.planId ?? ''
    editByHand(
      simulator.world,
      { plan: planId, set: { basicInfo: { pcrfRule: 'Default_Rule' } } },
      WIRE,
    )
    const { plan } = await planOnce(catalog, sft, store)
    t.match(
      plan.changes.find(({ key }) => key === 'p'),
      {
        action: 'replace',
        fields: [
          { field: 'like', origin: 'drift', account: { 'basicInfo.pcrfRule': 'Default_Rule' } },
        ],
      },
    )
  })
})

t.test('fields that are excepted stay out; what the entry comes to say is its own', async t => {
  const { simulator, template } = await withTemplate(t)
  await withAccount(simulator, async (sft, store) => {
    const first = await shop({ p: { like: { planId: template }, charge: '9' } })
    await applyOnce(first, sft, store)
    const second = await shop({
      p: { like: { planId: template }, charge: '9', validity: '3 days' },
    })
    const said = await applyOnce(second, sft, store)
    t.ok(endedWell(said.report))
    t.notOk('validity.validityType' in Object(store.state.addonPlans['p']?.spec['like']))
    const back = await applyOnce(first, sft, store)
    t.ok(endedWell(back.report), JSON.stringify(back.report.results))
    const third = await shop({
      p: { like: { planId: template, except: ['basicInfo.pcrfRule'] }, charge: '9' },
    })
    const left = await applyOnce(third, sft, store)
    t.ok(endedWell(left.report), JSON.stringify(left.report.results))
    const planId = store.state.addonPlans['p']?.planId ?? ''
    t.match(simulator.world.plans.get(planId), {
      terms: { unlimited: true, lasts: 'months' },
      basicInfo: { extra: {} },
    })
    const { plan } = await planOnce(third, sft, store)
    t.strictSame([plan.operations, plan.issues], [[], []])
  })
})

t.test('a template that a short list hides is looked for by its ID', async t => {
  const { simulator, template } = await withTemplate(t)
  await withAccount(simulator, async (sft, store) => {
    const catalog = await shop({ p: { like: { planId: template } } })
    await speak(simulator, { hiddenRows: { QueryRatePlan: 1 } })
    const { plan } = await planOnce(catalog, sft, store)
    t.match(
      plan.changes.find(({ key }) => key === 'p'),
      { action: 'blocked', notKnown: true },
      'a list that hides one plan may hide one of this name too',
    )
    await speak(simulator, { hiddenRows: {} })
    const { report } = await applyOnce(catalog, sft, store)
    t.ok(endedWell(report))
  })
})

t.test('without a template of that name nothing is made', async t => {
  const simulator = await simulate()
  t.teardown(() => simulator.close())
  await using sft = openTestSft(simulator)
  await using store = memoryState()
  const { plan } = await planOnce(await shop({ p: { like: { name: 'None' } } }), sft, store)
  t.match(
    plan.changes.find(({ key }) => key === 'p'),
    { action: 'blocked', reason: /^like: the account has no plan "None"; make such a plan/ },
  )
})
