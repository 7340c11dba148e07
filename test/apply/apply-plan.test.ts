import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { applyPlan } from '../../src/apply/apply-plan.ts'
import { settlePending } from '../../src/apply/settle-pending.ts'
import { SIMULATED_ACCOUNT, type Simulator } from '../../src/simulator/index.ts'
import { memoryState } from '../../src/state/memory-store.ts'
import type { StateStore } from '../../src/state/state.ts'
import { checkWorld } from './check-world.ts'
import {
  applyOnce,
  applyUntilDone,
  catalogWith,
  endedWell,
  fastClock,
  LATE_MS,
  OTHER_BASE_PLAN,
  openTestSft,
  planOnce,
  simulate,
  withAccount,
} from './helpers.ts'

const iccidsOf = (simulator: Simulator): readonly string[] => [...simulator.world.sims.keys()]

const control = async (simulator: Simulator, what: string, body: object): Promise<void> => {
  const answer = await fetch(`${simulator.url}/_simulator/${what}`, {
    method: 'POST',
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(await answer.text())
}

const ZONE = 'rateZones: [{key: be, name: Belgium, countries: [BE]}]'
const plan = (more = '') =>
  `addonPlans: [{key: p, name: Plan, rateZone: be, data: 1 GB, validity: 7 days${more}}]`

/** Settling goes on longer than a busy machine takes. */
const PATIENT = { settleSeconds: 400 }

/** Later than any reading that began when the write was sent, however busy the machine is. */
const LONG_MS = 2000

/** Waits until so many late writes have happened. */
async function untilLate(simulator: Simulator, count: number): Promise<void> {
  const happened = () =>
    simulator.calls.filter(call => call.outcome === 'fault:late' && call.executed).length
  while (happened() < count) await delay(20)
}

t.test('looking for a write of unknown outcome keeps no other work waiting', async t => {
  await using simulator = await simulate()
  const [iccid] = iccidsOf(simulator)
  const catalog = await catalogWith(`
rateZones:
  - {key: be, name: Belgium, countries: [BE]}
  - {key: fr, name: France, countries: [FR]}
addonPlans:
  - {key: be, name: Belgium, rateZone: be, data: 1 GB, validity: 7 days}
  - {key: fr, name: France, rateZone: fr, data: 1 GB, validity: 7 days}
endpointBatches: [{key: b, iccids: ["${iccid}"]}]
`)
  await withAccount(simulator, async (sft, store) => {
    simulator.fault({ operation: 'CreateRateZone', kind: 'reset-before' })
    const order: string[] = []
    const { report } = await applyOnce(catalog, sft, store, {
      apply: {
        onEvent: event => {
          if (event.type === 'settling') order.push(`settling ${event.addresses}`)
          if (event.type === 'result') order.push(event.result.address)
        },
      },
    })
    t.ok(endedWell(report))
    const settling = order.find(line => line.startsWith('settling')) ?? ''
    const lost = settling.replace('settling ', '')
    t.match(lost, /^rateZone\/(be|fr)$/, 'one zone met the reset')
    const key = lost === 'rateZone/be' ? 'fr' : 'be'
    t.strictSame(
      order.slice(-2),
      [lost, lost.replace('rateZone', 'addonPlan')],
      'all else ended before it and its plan',
    )
    for (const address of [`rateZone/${key}`, `addonPlan/${key}`, `endpoint/${iccid}`])
      t.ok(order.includes(address), address)
    t.strictSame(checkWorld(catalog, simulator.world, store.state), [])
  })
})

t.test('what depends on a failure is skipped and says on what; the rest is done', async t => {
  await using simulator = await simulate()
  const catalog = await catalogWith(`
rateZones:
  - {key: be, name: Belgium, countries: [BE]}
  - {key: fr, name: France, countries: [FR]}
addonPlans:
  - {key: be, name: Belgium, rateZone: be, data: 1 GB, validity: 7 days}
  - {key: fr, name: France, rateZone: fr, data: 1 GB, validity: 7 days}
`)
  await withAccount(simulator, async (sft, store) => {
    simulator.fault({ operation: 'CreateRateZone', kind: 'rejected' })
    const { report } = await applyOnce(catalog, sft, store)
    t.strictSame(report.counts, { done: 2, failed: 1, skipped: 1, deferred: 0 })
    const failed = report.results.find(result => result.status === 'failed')
    const skipped = report.results.find(result => result.status === 'skipped')
    t.match(failed, { message: /the platform answered 10057: Unexpected error, please retry/ })
    t.equal(skipped?.because, failed?.address)
    t.ok(endedWell((await applyOnce(catalog, sft, store)).report), 'a second apply goes on')
    const writes = simulator.calls.filter(call => call.method !== 'GET').length
    const { report: third } = await applyOnce(catalog, sft, store)
    t.strictSame(third.results, [])
    t.equal(
      simulator.calls.filter(call => call.method !== 'GET').length,
      writes,
      'after success nothing is written',
    )
  })
})

t.test(
  'told to stop, a run sends nothing new, keeps what is announced, and the next one goes on',
  async t => {
    await using simulator = await simulate({ latencyMs: 20 })
    const zones = [
      'BE',
      'FR',
      'NL',
      'DE',
      'GB',
      'LU',
      'BE',
      'FR',
      'NL',
      'DE',
      'GB',
      'LU',
      'BE',
      'FR',
    ]
    const catalog = await catalogWith(`
rateZones: ${JSON.stringify(zones.map((country, n) => ({ key: `z${n}`, name: `Z${n}`, countries: [country] })))}
`)
    await withAccount(
      simulator,
      async (sft, store) => {
        const stop = new AbortController()
        const creations = () =>
          simulator.calls.filter(call => call.operation === 'CreateRateZone').length
        let sentBefore = 0
        simulator.fault({ operation: 'CreateRateZone', kind: 'late', delayMs: LONG_MS })
        const { report } = await applyOnce(catalog, sft, store, {
          apply: {
            parallel: 2,
            stop: stop.signal,
            onEvent: event => {
              if (event.type !== 'settling' || stop.signal.aborted) return
              sentBefore = creations()
              stop.abort()
            },
          },
        })
        t.ok(report.stopped)
        const { done, failed, deferred } = report.counts
        t.equal(failed, 0)
        t.ok(done >= 1, 'what was running has ended')
        t.equal(done + deferred, zones.length)
        // Two are on their way, and two announced ones wait behind them.
        t.ok(creations() - sentBefore <= 4, 'nothing new was sent')
        t.equal(
          Object.keys(store.state.pending).length,
          1,
          'the one of unknown outcome stays announced',
        )
        await untilLate(simulator, 1)
        await applyUntilDone(catalog, sft, store)
        t.strictSame(checkWorld(catalog, simulator.world, store.state), [])
      },
      PATIENT,
    )
  },
)

t.test('a state that cannot be written ends the run, once nothing is under way', async t => {
  await using simulator = await simulate({ latencyMs: 20 })
  const catalog = await catalogWith(`
rateZones: ${JSON.stringify(['BE', 'FR', 'NL', 'DE', 'GB', 'LU'].map(country => ({ key: country.toLowerCase(), name: country, countries: [country] })))}
`)
  await withAccount(simulator, async (sft, store) => {
    let appends = 0
    const full: StateStore = {
      ...store,
      append: async (...entries) => {
        appends += 1
        if (appends > 5) throw new Error('no space left on the disk')
        await store.append(...entries)
      },
    }
    await t.rejects(applyOnce(catalog, sft, full, { apply: { parallel: 2 } }), {
      message: 'no space left on the disk',
    })
    const calls = simulator.calls.length
    await fastClock.sleep(2000)
    t.equal(simulator.calls.length, calls, 'nothing goes on behind the error')
    await applyUntilDone(catalog, sft, store)
    t.strictSame(checkWorld(catalog, simulator.world, store.state), [], 'nothing was lost')
  })
})

t.test('a SIM that was attached since the plan is adopted if it fits, else a conflict', async t => {
  await using simulator = await simulate()
  const [fits, renamed, active] = iccidsOf(simulator)
  const catalog = await catalogWith(
    `endpointBatches: [{key: b, name: "x-{n}", iccids: ["${fits}", "${renamed}", "${active}"]}]`,
  )
  for (const bulk of ['off', 'on'] as const)
    await withAccount(
      simulator,
      async (sft, store) => {
        const colleague = async (iccid: string | undefined, name: string) => {
          const { endpointId } = await sft.write.createEndpoint({
            name,
            iccid: iccid ?? '',
            basePlan: SIMULATED_ACCOUNT.basePlanId,
            apnGroup: SIMULATED_ACCOUNT.apnGroupId,
            roamingProfiles: [SIMULATED_ACCOUNT.roamingProfileId],
          })
          return endpointId ?? ''
        }
        const { plan } = await planOnce(catalog, sft, store)
        t.equal(plan.summary.create, 3)
        const id = await colleague(fits, 'x-1')
        await colleague(renamed, 'somebody else')
        await sft.write.activateEndpoint(await colleague(active, 'x-3'))
        const report = await applyPlan(plan, { sft, store, clock: fastClock, pageSize: 250 })
        const result = (iccid: string | undefined) =>
          report.results.find(one => one.address === `endpoint/${iccid}`)
        t.match(result(fits), { status: 'done', how: 'adopted', id })
        t.match(result(renamed), { status: 'failed', message: /with name "somebody else"/ })
        t.match(result(active), { status: 'failed', message: /which is Active/ })
        t.strictSame(Object.keys(store.state.endpoints), [fits], 'only what fits is ours')
        for (const { endPointId } of [...simulator.world.endpoints.values()])
          await control(simulator, 'portal', { endpoint: endPointId, delete: true })
      },
      { bulk: { mode: bulk } },
    )
})

t.test(
  'an edit that the platform drops is blocked, kept apart from later edits, and not tried for ever',
  async t => {
    await using simulator = await simulate({ wire: { editsBeyondBasicInfo: 'dropped' } })
    await withAccount(simulator, async (sft, store) => {
      await applyUntilDone(await catalogWith(`${ZONE}\n${plan(', charge: "5"')}`), sft, store)
      const dearer = await catalogWith(`${ZONE}\n${plan(', charge: "6"')}`)
      const { report } = await applyOnce(dearer, sft, store)
      const told =
        'ModifyPlan answered success, but the plan still has charge "5": change it in the portal'
      t.match(report.results, [{ status: 'failed', message: told }])
      const again = await applyOnce(dearer, sft, store)
      t.match(again.plan.changes[1], { action: 'blocked', reason: `charge: ${told}` })
      t.strictSame(again.report.results, [])
      const both = await catalogWith(`${ZONE}\n${plan(', charge: "6", priority: 3')}`)
      t.ok(endedWell((await applyOnce(both, sft, store)).report), 'another field is edited')
      const last = await planOnce(both, sft, store)
      t.match(last.plan.changes[1], { action: 'blocked', reason: `charge: ${told}` })
      t.strictSame(last.plan.operations, [], 'and the mark is still there')
    })
  },
)

t.test(
  'an escape that came along with an edit and is blocked is not recorded as applied',
  async t => {
    await using simulator = await simulate()
    const [iccid] = iccidsOf(simulator)
    await withAccount(simulator, async (sft, store) => {
      const batch = (more: string) =>
        catalogWith(`endpointBatches: [{key: b, iccids: ["${iccid}"]${more}}]`)
      await applyUntilDone(await batch(''), sft, store)
      const edited = await batch(`, basePlan: ${OTHER_BASE_PLAN}, sft: {monthlyLimit: "1"}`)
      t.ok(endedWell((await applyOnce(edited, sft, store)).report))
      t.match((await planOnce(edited, sft, store)).plan.changes, [
        { action: 'blocked', fields: [{ field: 'sft' }] },
      ])
    })
  },
)

t.test(
  'what is done to one address is done in turn: an edit and the end of an old revision',
  async t => {
    await using simulator = await simulate()
    await withAccount(simulator, async (sft, store) => {
      await applyUntilDone(await catalogWith(`${ZONE}\n${plan()}`), sft, store)
      for (const days of [8, 9])
        await applyUntilDone(
          await catalogWith(`${ZONE}\n${plan().replace('7 days', `${days} days`)}`),
          sft,
          store,
        )
      const catalog = await catalogWith(
        `${ZONE}\n${plan(', priority: 5').replace('7 days', '10 days')}`,
      )
      const { report } = await applyOnce(catalog, sft, store, { prune: true })
      t.ok(endedWell(report))
      t.equal(report.results.length, 3, 'a new revision and the end of two old ones')
      const record = store.state.addonPlans['p']
      t.equal(record?.name, 'Plan (r4)')
      t.equal(
        record?.superseded?.length,
        1,
        'the one that was just replaced waits for the next prune',
      )
      t.strictSame(checkWorld(catalog, simulator.world, store.state), [])
    })
  },
)

t.test('an object that is gone is made again under its revision', async t => {
  await using simulator = await simulate()
  await withAccount(simulator, async (sft, store) => {
    await applyUntilDone(await catalogWith(`${ZONE}\n${plan()}`), sft, store)
    const catalog = await catalogWith(`${ZONE}\n${plan().replace('7 days', '8 days')}`)
    await applyUntilDone(catalog, sft, store)
    const id = store.state.addonPlans['p']?.planId ?? ''
    await control(simulator, 'portal', { plan: id, delete: true })
    const { report } = await applyOnce(catalog, sft, store)
    t.ok(endedWell(report))
    t.not(store.state.addonPlans['p']?.planId, id)
    t.equal(store.state.addonPlans['p']?.name, 'Plan (r2)')
    t.strictSame((await planOnce(catalog, sft, store)).plan.operations, [])
    t.strictSame(checkWorld(catalog, simulator.world, store.state), [])
  })
})

t.test(
  'an object that was gone and whose making was cut short is looked for until its time',
  async t => {
    await using simulator = await simulate({ wire: { duplicateNames: 'accepted' } })
    await withAccount(
      simulator,
      async (sft, store) => {
        const catalog = await catalogWith(ZONE)
        await applyUntilDone(catalog, sft, store)
        await control(simulator, 'portal', { zone: store.state.rateZones['be']?.id, delete: true })
        const stop = new AbortController()
        simulator.fault({ operation: 'CreateRateZone', kind: 'late', delayMs: LONG_MS })
        const { report } = await applyOnce(catalog, sft, store, {
          apply: {
            stop: stop.signal,
            onEvent: event => {
              if (event.type === 'settling') stop.abort()
            },
          },
        })
        t.equal(report.counts.deferred, 1)
        await untilLate(simulator, 1)
        await applyUntilDone(catalog, sft, store)
        t.strictSame(checkWorld(catalog, simulator.world, store.state), [], 'not made twice')
      },
      PATIENT,
    )
  },
)

t.test('retiring reads first: sold since the plan, with another SIM, or gone already', async t => {
  await using simulator = await simulate()
  const [sold, swapped, gone, free, other] = iccidsOf(simulator)
  await withAccount(simulator, async (sft, store) => {
    const list = [sold, swapped, gone, free].map(iccid => `"${iccid}"`)
    await applyUntilDone(
      await catalogWith(`${ZONE}\n${plan()}\nendpointBatches: [{key: b, iccids: [${list}]}]`),
      sft,
      store,
    )
    const endpointOf = (iccid: string | undefined) =>
      store.state.endpoints[iccid ?? '']?.endpointId ?? ''
    const empty = await catalogWith('')
    const { plan: pruning } = await planOnce(empty, sft, store, { prune: true })
    t.equal(pruning.summary.retire, 5)
    await sft.write.activateEndpoint(endpointOf(sold))
    await sft.write.deLinkSim(endpointOf(swapped))
    await sft.write.linkSim({ endpointId: endpointOf(swapped), iccid: other ?? '' })
    await control(simulator, 'portal', { endpoint: endpointOf(gone), delete: true })
    await control(simulator, 'portal', { plan: store.state.addonPlans['p']?.planId, delete: true })
    const report = await applyPlan(pruning, { sft, store, clock: fastClock, pageSize: 250 })
    const result = (address: string) => report.results.find(one => one.address === address)
    t.match(result(`endpoint/${sold}`), {
      status: 'failed',
      message: /is Active: only a Pre-Active one is removed/,
    })
    t.match(result(`endpoint/${swapped}`), {
      status: 'failed',
      message: /has another SIM than \d+ by now: it is not removed/,
    })
    t.match(result(`endpoint/${gone}`), { status: 'done' })
    t.match(result(`endpoint/${free}`), { status: 'done' })
    t.match(result('addonPlan/p'), { status: 'done' })
    t.equal(simulator.world.endpoints.size, 2, 'the sold and the swapped one are there')
    t.strictSame(Object.keys(store.state.pending), [])
    t.strictSame(Object.keys(store.state.endpoints).sort(), [sold, swapped].sort())
  })
})

t.test('a retirement that was cut short is settled by reading', async t => {
  await using simulator = await simulate()
  const [iccid] = iccidsOf(simulator)
  await withAccount(
    simulator,
    async (sft, store) => {
      await applyUntilDone(
        await catalogWith(`${ZONE}\n${plan()}\nendpointBatches: [{key: b, iccids: ["${iccid}"]}]`),
        sft,
        store,
      )
      const empty = await catalogWith('')
      const stop = new AbortController()
      for (const operation of ['DeleteEndPoint', 'ModifyPlan'])
        simulator.fault({ operation, kind: 'late', delayMs: LONG_MS })
      const { report } = await applyOnce(empty, sft, store, {
        prune: true,
        apply: {
          stop: stop.signal,
          onEvent: event => {
            if (event.type !== 'settling') return
            const last = simulator.calls.filter(call => call.outcome === 'fault:late').length === 2
            if (last) stop.abort()
          },
        },
      })
      t.equal(report.counts.deferred, 2)
      t.equal(Object.keys(store.state.pending).length, 2)
      await untilLate(simulator, 2)
      await settlePending(sft, store, { clock: fastClock, pageSize: 250, heldSeconds: 120 })
      t.strictSame(Object.keys(store.state.endpoints), [])
      t.equal(store.state.addonPlans['p']?.retired, true)
      t.strictSame(Object.keys(store.state.pending), [])
    },
    PATIENT,
  )
})

t.test(
  'whether ModifyRateZone adds or replaces is learnt once, and no network is lost',
  async t => {
    for (const modifyRateZone of ['adds', 'replaces'] as const)
      for (const zoneNetworks of [true, false]) {
        await using simulator = await simulate({ modifyRateZone, wire: { zoneNetworks } })
        await withAccount(simulator, async (sft, store) => {
          const zones = (countries: string) =>
            catalogWith(
              `rateZones: [{key: a, name: A, countries: [${countries}]}, {key: b, name: B, countries: [${countries}]}]`,
            )
          await applyUntilDone(await zones('BE'), sft, store)
          const learnt: string[] = []
          const apply = {
            onEvent: (event: { readonly type: string; readonly message?: string }) => {
              if (event.type === 'learnt') learnt.push(event.message ?? '')
            },
          }
          const grown = await zones('BE, FR')
          await applyUntilDone(grown, sft, store, { apply })
          t.strictSame(checkWorld(grown, simulator.world, store.state), [], modifyRateZone)
          const again = await zones('BE, FR, NL')
          await applyUntilDone(again, sft, store, { apply })
          t.strictSame(checkWorld(again, simulator.world, store.state), [])
          t.equal(learnt.length, zoneNetworks ? 1 : 0, 'said once, where it can be seen')
          t.equal(store.state.learnt.modifyRateZone, zoneNetworks ? modifyRateZone : undefined)
        })
      }
  },
)

t.test('what an edit does not show about ModifyRateZone is not learnt from it', async t => {
  await using simulator = await simulate({ modifyRateZone: 'replaces' })
  await withAccount(simulator, async (sft, store) => {
    const zone = (countries: string) =>
      catalogWith(`rateZones: [{key: a, name: A, countries: [${countries}]}]`)
    const belgian = await zone('BE')
    await applyUntilDone(belgian, sft, store)
    for (const one of simulator.world.zones.values()) one.networks.length = 0
    await applyUntilDone(belgian, sft, store)
    t.equal(store.state.learnt.modifyRateZone, undefined, 'there was nothing to add to')
    await store.append({ type: 'learn', learnt: { modifyRateZone: 'adds' } })
    const grown = await zone('BE, FR')
    await applyUntilDone(grown, sft, store)
    t.strictSame(checkWorld(grown, simulator.world, store.state), [], 'Belgium was put back')
    t.equal(store.state.learnt.modifyRateZone, 'replaces', 'and a wrong lesson is put right')
  })
})

t.test(
  'two zones of one name made by hand while a write was looked for are left to people',
  async t => {
    await using simulator = await simulate({ wire: { duplicateNames: 'accepted' } })
    await withAccount(simulator, async (sft, store) => {
      const catalog = await catalogWith(ZONE)
      simulator.fault({ operation: 'CreateRateZone', kind: 'reset-after' })
      const colleague = async () => {
        const networks = (await sft.read.networks()).items.slice(0, 1)
        const { destGroupId } = SIMULATED_ACCOUNT
        await sft.write.createRateZone({ name: 'Belgium', destGroupId, networks })
      }
      let made: Promise<void> | undefined
      const sly = {
        ...sft,
        read: {
          ...sft.read,
          rateZones: async () => {
            await made
            return sft.read.rateZones()
          },
        },
      }
      const { report } = await applyOnce(catalog, sft, store, {
        applySft: sly,
        apply: {
          onEvent: event => {
            if (event.type === 'settling') made = colleague()
          },
        },
      })
      t.match(report.results, [
        {
          status: 'failed',
          message: 'the account has 2 rate zones named "Belgium": rename all but one in the portal',
        },
      ])
      t.strictSame(Object.keys(store.state.pending), [])
      t.match((await planOnce(catalog, sft, store)).plan.changes, [{ action: 'blocked' }])
    })
  },
)

t.test('a canary that does not read back as it was written stops the rest', async t => {
  await using simulator = await simulate()
  const iccids = iccidsOf(simulator).slice(0, 4)
  const catalog = await catalogWith(
    `endpointBatches: [{key: b, name: "x-{n}", iccids: ${JSON.stringify(iccids)}}]`,
  )
  await withAccount(simulator, async (sft, store) => {
    const forgetful = {
      ...sft,
      read: {
        ...sft.read,
        endpointProfile: async (id: string) => ({
          ...(await sft.read.endpointProfile(id)),
          name: 'something else',
        }),
      },
    }
    const { report } = await applyOnce(catalog, sft, store, { canary: 1, applySft: forgetful })
    t.strictSame(report.counts, { done: 1, failed: 0, skipped: 0, deferred: 3 })
    t.match(
      report.results.find(result => result.status === 'deferred'),
      { message: 'stopped after the canary endpoints' },
    )
    const seen: string[] = []
    const asked = await applyOnce(catalog, sft, store, {
      canary: 1,
      apply: {
        confirmCanary: async results => {
          seen.push(...results.map(result => `${result.address} ${result.status}`))
          return true
        },
      },
    })
    t.ok(endedWell(asked.report))
    t.strictSame(seen, [`endpoint/${iccids[1]} done`], 'the first of what is left, before the rest')
  })
})

t.test('a moved entry whose run died is healed, with nothing left under the old key', async t => {
  await using simulator = await simulate()
  await using sft = openTestSft(simulator)
  await using store = memoryState()
  await applyUntilDone(await catalogWith(`${ZONE}\n${plan()}`), sft, store)
  const moved = await catalogWith(
    `${ZONE}\n${plan().replace('key: p', 'key: q').replace('7 days', '8 days')}\nmoved: [{from: addonPlan/p, to: addonPlan/q}]`,
  )
  const stop = new AbortController()
  simulator.fault({ operation: 'CreatePlan', kind: 'late', delayMs: LATE_MS })
  await applyOnce(moved, sft, store, {
    apply: {
      stop: stop.signal,
      onEvent: event => {
        if (event.type === 'settling') stop.abort()
      },
    },
  })
  await applyUntilDone(moved, sft, store)
  t.strictSame(Object.keys(store.state.addonPlans), ['q'])
  t.strictSame(checkWorld(moved, simulator.world, store.state), [])
  t.strictSame((await planOnce(moved, sft, store)).plan.operations, [])
})

t.test(
  'a network named by TADIG code that leaves coverage is news in every later run, never an error',
  async t => {
    await using simulator = await simulate()
    const [first, second] = [...simulator.world.networks.values()]
    const catalog = await catalogWith(`
rateZones:
  - { key: named, name: Named, countries: [BE], networks: [${first?.tadig}, ${second?.tadig}] }
`)
    await withAccount(simulator, async (sft, store) => {
      await applyUntilDone(catalog, sft, store)
      await control(simulator, 'networks/leave', { tadig: first?.tadig ?? '' })
      for (let run = 1; run <= 3; run += 1) {
        const { plan } = await applyOnce(catalog, sft, store)
        t.match(plan.issues, [{ code: 'TADIG_UNKNOWN', severity: 'warning' }], `run ${run}`)
      }
      t.ok(store.state.rateZones['named']?.networks.some(({ tadig }) => tadig === first?.tadig))
    })
  },
)
