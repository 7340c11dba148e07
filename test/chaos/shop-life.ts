// A shop that sells through faults and deaths on an account of some form, while travellers use and people meddle.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import type { Test } from 'tap'
import type { Clock } from '../../src/clock.ts'
import {
  type Ledger,
  memoryLedger,
  openProvisioner,
  type ProvisionEvent,
  type Provisioner,
} from '../../src/provision/index.ts'
import type { Sft } from '../../src/sft/api.ts'
import {
  type AddonInstance,
  type FaultKind,
  SIMULATED_ACCOUNT,
  type SimulatedWire,
} from '../../src/simulator/index.ts'
import { virtualClock } from '../clocks.ts'
import { type Doom, doomAt, doomedLedger, doomedSft } from '../provision/crash.ts'
import { allEsims, allOrders } from '../provision/rows.ts'
import { type Market, openMarket } from '../provision/support.ts'
import { fromElsewhere } from '../silence/elsewhere.ts'
import { checkTruth } from './check-truth.ts'
import { arbitraryWire, hidesAddons, silentOnce } from './variants.ts'

const DAY_MS = 86_400_000
const SETTLE_SECONDS = 4
/** Before the time at which settling gives up. */
const LATEST_MS = 1200

const FAULTS: readonly FaultKind[] = [
  'late',
  'late-after-answer',
  'timeout-text',
  'timeout-text-not-executed',
  'throttle-429',
  'throttle-200-text',
  'throttle-words',
  'expired-token-inner',
  'expired-token-outer',
  'expired-token-words',
  '5xx-before',
  '5xx-after',
  'non-json-before',
  'non-json-after',
  'empty-body-after',
  'half-answer',
  'reset-before',
  'reset-after',
  'no-answer',
  'field-missing',
  'rejected',
  'rejected-after',
  'gateway-words-after',
  'already-after',
  'unauthorised-html-after',
  'unauthorised-words-after',
  'throttle-html-after',
  'throttle-words-after',
  'no-data',
  'lists-empty',
]

const OPERATIONS = [
  'SubscribeAddon',
  'EndPointLifeCycleChange',
  'CreateEndPoint',
  'ModifyEndPoint',
  'GetEndpointAddonDetails',
  'GetEndPointProfile',
  'fetchSIM',
  'writes',
  '*',
] as const

const PURCHASES = ['P-0', 'P-1'] as const
const TOP_UPS = ['T-0', 'T-1', 'T-2'] as const

const purchaseOf = fc.constantFrom(...PURCHASES)
const sku = fc.constantFrom('EU-1GB', 'EU-10GB-30D')

/** One thing that the portal, a traveller or a colleague does; `of` names a purchase. */
const act = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('buy' as const), order: purchaseOf }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('topUp' as const),
      order: fc.constantFrom(...TOP_UPS),
      of: purchaseOf,
      sku,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('use' as const),
      of: purchaseOf,
      share: fc.constantFrom(0.3, 0.9, 1),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('usage' as const), of: purchaseOf }) },
  fc.record({ do: fc.constant('later' as const), days: fc.constantFrom(1, 40) }),
  fc.record({ do: fc.constant('removeElsewhere' as const), of: purchaseOf }),
  fc.record({ do: fc.constant('remove' as const), of: purchaseOf }),
  fc.record({
    do: fc.constant('cancel' as const),
    order: fc.constantFrom(...PURCHASES, ...TOP_UPS),
  }),
  fc.record({ do: fc.constant('suspend' as const), of: purchaseOf }),
  fc.record({ do: fc.constant('reactivate' as const), of: purchaseOf }),
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('stock' as const),
      action: fc.constantFrom('activate', 'activate', 'suspend', 'reactivate'),
      limit: fc.constantFrom(1, 2),
    }),
  },
)
type Act = typeof act extends fc.Arbitrary<infer Value> ? Value : never

/**
 * A process of another machine that sells from the same ledger at the same time. Between its steps it is slow, and
 * at some it is stopped, or its machine sleeps, for longer than others wait for a sign of life.
 */
const rival = fc.record({
  acts: fc.array(
    fc.oneof(
      { weight: 3, arbitrary: fc.record({ do: fc.constant('buy' as const), order: purchaseOf }) },
      {
        weight: 3,
        arbitrary: fc.record({
          do: fc.constant('topUp' as const),
          order: fc.constantFrom(...TOP_UPS),
          of: purchaseOf,
          sku,
        }),
      },
      fc.record({
        do: fc.constant('cancel' as const),
        order: fc.constantFrom(...PURCHASES, ...TOP_UPS),
      }),
    ),
    { minLength: 1, maxLength: 3 },
  ),
  pausesMs: fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.integer({ min: 0, max: 50 }) },
      { weight: 1, arbitrary: fc.constantFrom(15_000, 70_000, 300_000) },
    ),
    { minLength: 1, maxLength: 30 },
  ),
  /** How long it is alone before the other one begins. */
  headStartMs: fc.constantFrom(0, 40, 200),
  /** Whether its monotonic clock stands still in a long pause, as while a machine sleeps. */
  asleep: fc.boolean(),
})
type Rival = typeof rival extends fc.Arbitrary<infer Value> ? Value : never

/** One process: what it is asked for, the faults that it meets, and the step at which it dies. */
const life = fc.record({
  rival: fc.option(rival, { nil: undefined }),
  acts: fc.array(act, { minLength: 1, maxLength: 5 }),
  together: fc.boolean(),
  faults: fc.array(
    fc.record({
      operation: fc.constantFrom(...OPERATIONS),
      kind: fc.constantFrom(...FAULTS),
      skip: fc.nat(3),
      count: fc.constantFrom(1, 1, 1, 2, 3),
      delayMs: fc.integer({ min: 1, max: LATEST_MS }),
    }),
    { maxLength: 3 },
  ),
  diesAt: fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined }),
  /** How far its host's clock is off. */
  deskSecondsAhead: fc.constantFrom(0, 0, 0, 70, -70, 3600),
})

/** All of a shop's schedule. */
export const arbitraryShop = fc.record({
  wire: arbitraryWire(),
  /** Endpoints in stock at first; where there is none, all are made on demand. */
  stock: fc.constantFrom(6, 6, 0),
  activatedBy: fc.constantFrom('0', '1'),
  /** How far the account's clock is off: validities and jumps of time are longer. */
  accountDaysAhead: fc.constantFrom(0, 0, 0, -3, 3),
  lives: fc.array(life, { minLength: 1, maxLength: 4 }),
})
export type ShopSchedule = typeof arbitraryShop extends fc.Arbitrary<infer Value> ? Value : never

/** What a test may take away, to see that it is missed. */
export interface Sabotage {
  readonly sft?: (sft: Sft) => Sft
  readonly ledger?: (ledger: Ledger) => Ledger
}

const TROUBLE = new Set(['usage exhausted', 'usage expired'])

/** Plays a schedule to its end; answers what is wrong then. */
export async function playShop(
  t: Pick<Test, 'teardown'>,
  { wire, stock, activatedBy, accountDaysAhead, lives }: ShopSchedule,
  sabotage: Sabotage = {},
): Promise<readonly string[]> {
  const clock = virtualClock()
  // The stock is made on an account that nobody need guess at.
  const itsWire: SimulatedWire = {}
  const market = await openMarket(t, {
    endpoints: stock,
    activatedBy,
    simulator: { sims: SIMS, wire: itsWire },
    sft: { timeoutSeconds: 3, settleSeconds: SETTLE_SECONDS },
    clock,
  })
  Object.assign(itsWire, wire)
  const folder = stock === 0 ? catalogOfLater(market) : undefined
  market.simulator.world.clockOffsetMs = accountDaysAhead * DAY_MS
  const kept = memoryLedger()
  const ledger = sabotage.ledger?.(kept) ?? kept
  const problems: string[] = []
  const told = new Map<string, number>()
  const unsure = openDoubts()
  const onEvent = (event: ProvisionEvent) => {
    if (!TROUBLE.has(event.type) || !('uniqueId' in event)) return
    const mark = `${event.type} of ${event.uniqueId}`
    told.set(mark, (told.get(mark) ?? 0) + 1)
  }
  const open = (sft: Sft, its: Ledger, deskClock: Clock) =>
    openProvisioner({
      state: async () => market.state(),
      sft: sabotage.sft?.(sft) ?? sft,
      ledger: its,
      clock: deskClock,
      env: {},
      resumeAtOpen: false,
      policies: { esimsTried: 5, ...(folder !== undefined && { createOnDemand: 'later' }) },
      ...(folder !== undefined && { catalog: folder }),
      onEvent,
    })
  const acting = (shop: Provisioner) => (one: Act) => perform(shop, market, kept, one, unsure)

  const competeAs = async ({ acts, pausesMs, asleep }: Rival) => {
    const pace = paceOf(clock, pausesMs, asleep)
    await using sft = market.openSft({ clock: pace.clock })
    await using shop = await open(
      doomedSft(sft, pace.doom),
      paced(fromElsewhere(ledger), pace.doom),
      pace.clock,
    )
    for (const one of acts) await acting(shop)(one)
  }

  for (const { rival, acts, together, faults, diesAt, deskSecondsAhead } of lives) {
    // Clocks of machines that share a ledger are taken to differ by minutes at the most.
    const aheadMs = (rival === undefined ? deskSecondsAhead : deskSecondsAhead % 3600) * 1000
    const deskClock = { ...clock, now: () => clock.now() + aheadMs }
    for (const fault of silentOnce(faults)) market.simulator.fault(fault)
    const work = async (shop: Provisioner) => {
      await shop.resume()
      if (together) await Promise.all(acts.map(acting(shop)))
      else for (const one of acts) await acting(shop)(one)
    }
    const competing = rival === undefined ? undefined : competeAs(rival)
    if (rival !== undefined) await clock.sleep(rival.headStartMs)
    if (diesAt === undefined) {
      await using sft = market.openSft({ clock: deskClock })
      await using shop = await open(sft, ledger, deskClock)
      await work(shop)
    } else {
      const doom = doomAt(diesAt)
      const shop = await open(
        doomedSft(market.openSft({ clock: deskClock }), doom),
        doomedLedger(ledger, doom),
        deskClock,
      )
      await Promise.race([work(shop), doom.died])
    }
    await competing
    // What is late is executed by then.
    await clock.sleep(2 * LATEST_MS)
    problems.push(...(await lookAt(market, kept, clock.now(), unsure.endpoints())))
  }
  market.simulator.clearFaults()
  // Creations whose end nobody saw are over by then, whatever the clocks say.
  if (folder !== undefined) await clock.sleep(30 * 60_000)
  await using sft = market.openSft()
  await using shop = await open(sft, ledger, clock)
  await shop.resume()
  for (const orderId of PURCHASES) await acting(shop)({ do: 'buy', order: orderId })
  await shop.refreshUsage({ olderThan: 0 })
  await shop.refreshUsage({ olderThan: 0 })
  problems.push(...(await lookAt(market, kept, clock.now(), unsure.endpoints())))
  if (!hidesAddons(wire)) problems.push(...(await unsold(kept)))
  for (const [mark, times] of told) if (times > 1) problems.push(`${mark} was told ${times} times`)
  problems.push(...(await strayEndpoints(market, kept)))
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  await market.simulator.close()
  return [...new Set(problems)]
}

/** How a process goes on: slowly, now and then not at all, and by its own clocks. */
function paceOf(
  clock: Clock,
  pausesMs: readonly number[],
  asleep: boolean,
): { readonly clock: Clock; readonly doom: Doom } {
  let steps = 0
  let sleptMs = 0
  const doom: Doom = {
    died: new Promise(() => {}),
    signal: new AbortController().signal,
    onDeath() {},
    async step() {
      // Who is slow for ever announces for ever: each of its announcements is too old to be sent.
      const pause = pausesMs[steps++] ?? 0
      await clock.sleep(pause)
      if (asleep) sleptMs += pause
    },
  }
  return { doom, clock: { ...clock, monotonic: () => clock.now() - sleptMs } }
}

/** A ledger between whose steps there are those of a process. */
const paced = (ledger: Ledger, { step }: Doom): Ledger => ({
  ...ledger,
  async transact(keys, decide) {
    await step()
    const result = await ledger.transact(keys, decide)
    await step()
    return result
  },
})

/** Endpoints with a suspension or reactivation of which nobody was told the end: each counts by itself. */
interface Doubts {
  during(endpointId: string, work: () => Promise<unknown>): Promise<void>
  endpoints(): ReadonlySet<string>
}

function openDoubts(): Doubts {
  const open = new Map<symbol, string>()
  return {
    async during(endpointId, work) {
      const mark = Symbol(endpointId)
      open.set(mark, endpointId)
      await work()
      open.delete(mark)
    },
    endpoints: () => new Set(open.values()),
  }
}

const lookAt = (market: Market, ledger: Ledger, now: number, unsure: ReadonlySet<string>) =>
  checkTruth(ledger, market.simulator, now + market.simulator.world.clockOffsetMs, unsure)

/** SIMs of an account. */
const SIMS = 8

/** What the simulated account answers where a SIM has an endpoint already. */
const SIM_ATTACHED = '9904'

/** A catalog of the SIMs that have no endpoint yet. */
function catalogOfLater({ simulator }: Market): string {
  const folder = mkdtempSync(join(tmpdir(), 'later-'))
  const free = [...simulator.world.sims.values()].filter(sim => sim.endPointId === undefined)
  const batch = { key: 'later', create: 'on-demand', iccids: free.map(sim => sim.iccid) }
  const account = {
    basePlan: SIMULATED_ACCOUNT.basePlanId,
    apnGroup: SIMULATED_ACCOUNT.apnGroupId,
    roamingProfiles: [SIMULATED_ACCOUNT.roamingProfileId],
  }
  const catalog = { version: 1, account, endpointBatches: [batch] }
  writeFileSync(join(folder, 'catalog.yaml'), JSON.stringify(catalog))
  return folder
}

/** Endpoints that neither the state nor the ledger knows of, and SIMs that were to get two. */
async function strayEndpoints(market: Market, ledger: Ledger): Promise<readonly string[]> {
  const { world, calls } = market.simulator
  const esims = await allEsims(ledger)
  const known = new Set([
    ...Object.values(market.state().endpoints).map(record => record.endpointId),
    ...esims.map(row => row.endpointId),
  ])
  const open = new Set(esims.filter(row => row.status === 'being made').map(row => row.iccid))
  const stray = [...world.endpoints.values()].filter(
    ({ endPointId, iccid = '' }) => !known.has(endPointId) && !open.has(iccid),
  )
  const twice = calls.filter(
    ({ operation, outcome }) =>
      operation === 'CreateEndPoint' && outcome === `rejected:${SIM_ATTACHED}`,
  )
  return [
    ...stray.map(({ endPointId }) => `nobody knows of endpoint ${endPointId}`),
    ...twice.map(
      ({ body }) => `an endpoint was made for a SIM that has one: ${JSON.stringify(body)}`,
    ),
  ]
}

/** Purchases that nothing stands in the way of, and that are not delivered all the same. */
async function unsold(ledger: Ledger): Promise<readonly string[]> {
  return (await allOrders(ledger))
    .filter(
      ({ kind, status }) => kind === 'purchase' && !['delivered', 'cancelled'].includes(status),
    )
    .map(
      ({ orderId, status, failure }) =>
        `${orderId} is ${status} on an account without faults: ${failure?.name} ${failure?.message}`,
    )
}

/** Does one thing; what the shop refuses is its right, and is judged by what it leaves behind. */
async function perform(
  shop: Provisioner,
  market: Market,
  ledger: Ledger,
  one: Act,
  unsure: Doubts,
): Promise<void> {
  const { world } = market.simulator
  const now = () => (market.clock?.now() ?? 0) + world.clockOffsetMs
  const orders = await allOrders(ledger)
  const bought = 'of' in one ? orders.find(order => order.orderId === one.of) : undefined
  const endpointId = bought?.status === 'delivered' ? bought.endpointId : undefined
  /** The oldest instance that a delivered order has there: only what was sold is used or taken off. */
  const sold = (): AddonInstance | undefined =>
    world.endpoints
      .get(endpointId ?? '')
      ?.instances.find(
        ({ uniqueId, ended }) =>
          ended === undefined &&
          orders.some(order => order.status === 'delivered' && order.uniqueId === uniqueId),
      )
  try {
    switch (one.do) {
      case 'buy':
        await shop.purchase({ orderId: one.order, sku: 'EU-1GB' })
        return
      case 'cancel':
        await shop.cancel(one.order)
        return
      case 'later':
        await market.clock?.sleep(one.days * DAY_MS)
        return
      case 'use':
        use(sold(), one.share, now())
        return
      case 'removeElsewhere': {
        const instance = sold()
        if (instance !== undefined) instance.ended = 'removed'
        return
      }
      case 'topUp':
        if (endpointId !== undefined)
          await shop.topUp({ orderId: one.order, endpointId, sku: one.sku })
        return
      case 'usage':
        if (endpointId !== undefined) await shop.usage({ endpointId })
        return
      case 'stock': {
        const choice = { tags: ['demo'], limit: one.limit }
        const plan = await shop.planLifecycle({ action: one.action, choice, force: true })
        const ids = plan.plan.operations.flatMap(({ changes }) =>
          changes.flatMap(change => ('id' in change ? (change.id ?? []) : [])),
        )
        const work = async () => {
          const { counts, results } = await shop.applyLifecycle(plan)
          if (counts.done < results.length) throw new Error('its end is not known')
        }
        await ids.reduce((rest, id) => () => unsure.during(id, rest), work)()
        return
      }
      case 'suspend':
        if (endpointId === undefined) return
        await unsure.during(endpointId, () => shop.suspend({ endpointId }))
        return
      case 'reactivate':
        if (endpointId === undefined) return
        await unsure.during(endpointId, () => shop.reactivate({ endpointId }))
        return
      case 'remove': {
        const uniqueId = sold()?.uniqueId
        if (endpointId !== undefined && uniqueId !== undefined)
          await shop.removeAddon({ endpointId, uniqueId })
        return
      }
    }
  } catch (error) {
    if (!(error instanceof Error) || error.name === 'TypeError') throw error
  }
}

/** Traffic of a traveller, as a share of what was granted. */
function use(instance: AddonInstance | undefined, share: number, now: number): void {
  if (instance === undefined || (instance.expiresAt ?? now + 1) <= now) return
  instance.startedAt ??= now
  instance.expiresAt ??= now + 30 * DAY_MS
  instance.leftBytes = Math.max(0, instance.leftBytes - Math.ceil(share * instance.grantedBytes))
  if (instance.leftBytes === 0) instance.ended = 'exhausted'
}
