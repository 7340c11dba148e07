import { setMaxListeners } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { SYSTEM_CLOCK } from '../clock.ts'
import { thisProcess } from '../durable/owner.ts'
import {
  accountName,
  budgetLocation,
  type Environment,
  ledgerLocation,
  type SettingOverrides,
  SettingsError,
  type SftSettings,
  sftSettings,
  stateLocation,
  timeZoneOf,
  wireSettings,
} from '../settings.ts'
import type { Sft } from '../sft/api.ts'
import { openSft } from '../sft/client.ts'
import { OPERATIONS } from '../sft/operations.ts'
import type { SlotSource } from '../sft/slots.ts'
import { sideBySide } from '../side-by-side.ts'
import type { State } from '../state/state.ts'
import { sharedSlots } from '../stores/budgets.ts'
import { openLedger } from '../stores/ledgers.ts'
import { watchState } from '../stores/states.ts'
import { normaliseIccid } from '../units.ts'
import type { Patience, Provisioner, ProvisionerOptions, ResumeReport } from './api.ts'
import { cancelOrder } from './cancel-order.ts'
import type { Cancellation } from './cancel-report.ts'
import { listCandidates } from './candidates.ts'
import { DEFAULT_POLICIES, type Desk, isoNow } from './desk.ts'
import { changeEndpoint, findSold, removeInstance, withEndpoint } from './endpoint-care.ts'
import {
  InvalidRequestError,
  OrderConflictError,
  OrderNotDeliveredError,
  ProvisionerClosedError,
  StorageError,
  ThrottledTooLongError,
  UnknownEndpointError,
  UnknownOrderError,
} from './errors.ts'
import { openEsimPool } from './esim-pool.ts'
import { tellSafely } from './events.ts'
import { explainError, reasonOf } from './explain.ts'
import { recheckSetAside, releaseEsim } from './free-esims.ts'
import { openLease } from './lease.ts'
import { type EndpointOperation, isUnfinished, type OrderRow } from './ledger.ts'
import { hashContent, type OrderContent } from './order.ts'
import { openOrderRuns, openSharedWork } from './order-runs.ts'
import { type OrderView, viewOrder } from './order-view.ts'
import { orderPages, takenAmong } from './pages.ts'
import { readUsage, sweepUsage } from './refresh-usage.ts'
import { judge, judgeOptions, problemOfOrderId, REQUESTS } from './requests.ts'
import { saleOf, topUpOf } from './sale.ts'
import { settleByHand } from './settle-order.ts'
import { countStock } from './stock.ts'
import { usageOf } from './usage.ts'

/**
 * Opens the runtime entry. Reads the state and the ledger, sends nothing until an order comes, apart
 * from resuming. Throws a SettingsError, an InvalidRequestError for options of another form, and a
 * StorageError for a state or ledger that cannot be read.
 */
export async function openProvisioner(options: ProvisionerOptions = {}): Promise<Provisioner> {
  judgeOptions(options)
  try {
    return await open(options)
  } catch (error) {
    throw error instanceof SettingsError ? error : explainError(undefined, error)
  }
}

async function open(options: ProvisionerOptions): Promise<Provisioner> {
  const {
    env = process.env,
    clock = SYSTEM_CLOCK,
    timeZone = timeZoneOf(env),
    onEvent = () => {},
    resumeAtOpen = true,
  } = options
  const opened: AsyncDisposable[] = []
  const tell = tellSafely(onEvent)
  const policies = { ...DEFAULT_POLICIES, ...options.policies }
  const readStateNow =
    typeof options.state === 'function'
      ? options.state
      : await watchState(stateLocation(env, options.state))
  const sft = isOpenSft(options.sft) ? options.sft : openAccount(env, options.sft, options)
  if (sft !== options.sft) opened.push(sft)
  const ledger =
    typeof options.ledger === 'object'
      ? options.ledger
      : await openLedger(ledgerLocation(env, options.ledger))
  if (ledger !== options.ledger) opened.push(ledger)

  const failedInBackground = (work: string) => (error: unknown) =>
    tell({ type: 'background work failed', work, message: reasonOf(error) })

  const pool = openEsimPool({
    sft,
    poolSize: policies.poolSize,
    looks: policies.esimsTried,
    taken: endpointIds => takenAmong(ledger, endpointIds),
    async setAside(candidate, reason) {
      const { endpointId } = candidate
      await ledger.transact({ endpointIds: [endpointId] }, rows => {
        const there = rows.esim(endpointId)
        if (there !== undefined && there.status !== 'released')
          return { entries: [], result: undefined }
        const row = { ...candidate, status: 'set aside', reason, at: isoNow({ clock }) } as const
        return { entries: [{ table: 'esims', row }], result: undefined }
      })
      tell({ type: 'esim set aside', endpointId, reason })
    },
    onError: failedInBackground('reading activation codes'),
  })

  let stateInPool: State | undefined
  const readState = async (): Promise<State> => {
    const state = await readStateNow()
    if (state === stateInPool) return state
    const candidates = listCandidates(state, policies)
    const taken = await takenAmong(
      ledger,
      candidates.map(candidate => candidate.endpointId),
    )
    if (state !== stateInPool) pool.update(candidates, id => taken.has(id))
    stateInPool = state
    return state
  }

  const lease = openLease({
    ledger,
    clock,
    silenceSeconds: policies.silenceSeconds,
    onError: failedInBackground('the sign of life'),
  })
  const desk: Desk = { sft, ledger, pool, readState, clock, policies, timeZone, lease, tell }
  try {
    await readState()
  } catch (error) {
    for (const part of opened.reverse()) await part[Symbol.asyncDispose]()
    throw error
  }
  const runs = openOrderRuns(desk)
  const cancels = openSharedWork<Cancellation>()
  const closing = new AbortController()
  // Every order that is resumed listens to it.
  setMaxListeners(0, closing.signal)

  let lowTold = false
  const watchStock = (): void => {
    const sellable = pool.sellable()
    const isLow = sellable <= policies.lowStock
    if (isLow && !lowTold) tell({ type: 'stock low', sellable, threshold: policies.lowStock })
    lowTold = isLow
  }

  /** Runs an order until it is delivered, with the rows that its sale is made of. */
  const deliver = async (content: OrderContent, orderId: string, patience: Patience) => {
    await admitOrderId(orderId)
    const hash = hashContent(content)
    const signal = signalOf(patience)
    await readState()
    for (;;) {
      if (closing.signal.aborted) throw new ProvisionerClosedError(orderId)
      const order = await runs.run(orderId, { ...content, hash }, signal)
      if (order.content !== hash)
        throw new OrderConflictError(
          orderId,
          `is a ${order.kind} of ${order.sku} with other content`,
        )
      watchStock()
      // A resumed run that this caller joined may have ended without a delivery: now it is placed.
      if (order.status === 'delivered') return await rowsOfOrder(order)
    }
  }

  const rowsOfOrder = async (order: OrderRow) => {
    const { orderId, endpointId = '' } = order
    const { esim, addon } = await ledger.transact({ endpointIds: [endpointId] }, rows => ({
      entries: [],
      result: {
        esim: rows.esim(endpointId),
        addon: rows.addons(endpointId).find(row => row.uniqueId === order.uniqueId),
      },
    }))
    if (esim === undefined)
      throw new StorageError(
        orderId,
        `the order has no eSIM in ${ledger.location}: the ledger is damaged`,
      )
    return { order, esim, addon }
  }

  const lookUp = (orderId: string): Promise<OrderRow | undefined> =>
    ledger.transact({ orderIds: [orderId] }, rows => ({
      entries: [],
      result: rows.order(orderId),
    }))

  /** An ID of a form that is not taken any more stays good for the order that has it. */
  const admitOrderId = async (orderId: unknown): Promise<void> => {
    const problem = problemOfOrderId(orderId)
    if (problem === undefined) return
    const isId = typeof orderId === 'string' || typeof orderId === 'number'
    const order = isId ? await lookUp(orderId as string) : undefined
    if (order?.orderId !== orderId || order === undefined)
      throw new InvalidRequestError('orderId', problem)
  }

  const findOrder = async (orderId: string): Promise<OrderRow> => {
    await admitOrderId(orderId)
    const order = await lookUp(orderId)
    if (order === undefined) throw new UnknownOrderError(orderId)
    return order
  }

  const runOther = (other: string) => runs.run(other, undefined, closing.signal)

  /** Something done to a sold endpoint, alone there and with signs of life. */
  const care = <Result>(
    { endpointId, signal }: { readonly endpointId: string; readonly signal?: AbortSignal },
    operation: EndpointOperation,
    work: Parameters<typeof withEndpoint<Result>>[5],
  ): Promise<Result> => {
    const own = closingSignal(closing.signal, signal === undefined ? {} : { signal })
    return lease.during(() => withEndpoint(desk, endpointId, operation, runOther, own, work))
  }

  const resume = async (patience: Patience = {}): Promise<ResumeReport> => {
    const signal = closingSignal(closing.signal, patience)
    const delivered: string[] = []
    const stopped: { orderId: string; error: string; message: string }[] = []
    let inWork = 0
    const goOn = async (orderId: string): Promise<void> => {
      const isTheirs = await ledger.transact({ orderIds: [orderId] }, rows => {
        const order = rows.order(orderId)
        const isMine = order?.owner?.id === lease.id
        const living = order !== undefined && lease.isHeld(order, rows)
        return { entries: [], result: living && !isMine }
      })
      if (isTheirs) {
        inWork += 1
        return
      }
      try {
        const order = await runs.run(orderId, undefined, signal)
        if (order.status === 'delivered') delivered.push(orderId)
      } catch (error) {
        const name = error instanceof Error ? error.name : 'Error'
        stopped.push({ orderId, error: name, message: reasonOf(error) })
      }
    }
    for await (const page of orderPages(ledger, { unfinished: true }))
      await sideBySide(page, 16, order => goOn(order.orderId))
    return { delivered, stopped, inWork }
  }

  /** Orders of owners that cannot be seen from here are looked at until they end, or their owners are silent. */
  const resumeAll = async (): Promise<void> => {
    let { inWork } = await resume()
    while (inWork > 0) {
      await delay(policies.silenceSeconds * 1000, undefined, { signal: closing.signal, ref: false })
      inWork = (await resume()).inWork
    }
  }
  const resuming = resumeAtOpen
    ? resumeAll().catch((error: unknown) => {
        if (!closing.signal.aborted) failedInBackground('resuming orders')(error)
      })
    : Promise.resolve()

  const shop: Omit<Provisioner, typeof Symbol.asyncDispose> = {
    async purchase(request) {
      judge(REQUESTS.purchase, request)
      const { orderId, sku, reference, ...patience } = request
      const content = {
        kind: 'purchase',
        sku,
        ...(reference === undefined ? {} : { reference }),
      } as const
      const { order, esim, addon } = await deliver(content, orderId, patience)
      return saleOf(order, esim, addon)
    },
    async topUp(request) {
      judge(REQUESTS.topUp, request)
      const { orderId, sku, endpointId, reference, allowSuspended, ...patience } = request
      const content = {
        kind: 'topUp',
        sku,
        endpointId,
        ...(reference === undefined ? {} : { reference }),
        ...(allowSuspended === undefined ? {} : { allowSuspended }),
      } as const
      const { order, esim, addon } = await deliver(content, orderId, patience)
      return topUpOf(order, esim, addon)
    },
    async sale(orderId) {
      const order = await findOrder(orderId)
      if (order.kind === 'topUp')
        throw new OrderConflictError(
          orderId,
          `is a top-up of endpoint ${order.endpointId ?? 'of no name'}`,
          'ask for the order that sold the endpoint',
        )
      if (order.status !== 'delivered')
        throw new OrderNotDeliveredError(
          orderId,
          order.status,
          isUnfinished(order) ? 'place it again or resume() to go on' : 'use a new order ID',
        )
      const rows = await rowsOfOrder(order)
      return saleOf(rows.order, rows.esim, rows.addon)
    },
    order: async orderId => viewOrder(await findOrder(orderId)),
    async orders(filter = {}) {
      judge(REQUESTS.orders, filter)
      const views: OrderView[] = []
      for await (const page of orderPages(ledger, filter)) views.push(...page.map(viewOrder))
      return views
    },
    async usage(of) {
      judge(REQUESTS.usage, of)
      const { endpointId } =
        'endpointId' in of && of.endpointId !== undefined
          ? of
          : await findOrder('orderId' in of ? of.orderId : '')
      if (endpointId === undefined)
        throw new UnknownEndpointError(
          'orderId' in of ? of.orderId : undefined,
          'the order has no endpoint yet',
        )
      await findSold(desk, endpointId)
      const { maxAgeSeconds, signal } = of
      if (maxAgeSeconds !== undefined) {
        const kept = await ledger.transact({ endpointIds: [endpointId] }, rows => ({
          entries: [],
          result: { addons: rows.addons(endpointId), usage: rows.usage(endpointId) },
        }))
        const oldest = clock.now() - maxAgeSeconds * 1000
        if (kept.usage !== undefined && Date.parse(kept.usage.refreshedAt) >= oldest)
          return usageOf(kept.addons, kept.usage)
      }
      return await readUsage(desk, endpointId, 'traveller', signal)
    },
    async refreshUsage(request = {}) {
      judge(REQUESTS.refreshUsage, request)
      const { olderThan = 3600, signal } = request
      const own = closingSignal(closing.signal, { ...(signal && { signal }) })
      return await sweepUsage(desk, olderThan, own)
    },
    async suspend(request) {
      judge(REQUESTS.suspend, request)
      const { endpointId, reason = 'support' } = request
      await care(request, 'suspend', (own, { iccid }, signal) =>
        changeEndpoint(own, endpointId, iccid, 'S', reason, signal),
      )
    },
    async reactivate(request) {
      judge(REQUESTS.reactivate, request)
      const { endpointId } = request
      await care(request, 'reactivate', (own, { iccid }, signal) =>
        changeEndpoint(own, endpointId, iccid, 'A', 'system', signal),
      )
    },
    async removeAddon(request) {
      judge(REQUESTS.removeAddon, request)
      const { endpointId, uniqueId } = request
      const removed = await care(request, 'remove-addon', (own, _esim, signal) =>
        removeInstance(own, endpointId, uniqueId, signal),
      )
      return { removed }
    },
    async cancel(orderId, patience = {}) {
      judge(REQUESTS.patience, patience)
      await admitOrderId(orderId)
      await runs.stop(orderId, cancelBegan(orderId))
      const start = (own: AbortSignal) =>
        lease.during(() => cancelOrder(desk, orderId, runOther, own))
      return await cancels.join(orderId, { start }, closingSignal(closing.signal, patience))
    },
    async settle(orderId, verdict) {
      judge(REQUESTS.settle, verdict)
      await admitOrderId(orderId)
      if ('instance' in verdict === 'notSold' in verdict)
        throw new InvalidRequestError('the request', 'must have either instance or notSold')
      await runs.stop(orderId, settlingBegan(orderId))
      const { user = 'somebody', host } = thisProcess()
      const { by = `${user}@${host}`, ...rest } = verdict
      const found = 'instance' in rest ? { instance: rest.instance } : { notSold: rest.notSold }
      const signal = closingSignal(closing.signal, verdict)
      return viewOrder(await lease.during(() => settleByHand(desk, orderId, found, by, signal)))
    },
    async stock() {
      const candidates = listCandidates(await readState(), policies)
      return await countStock(ledger, candidates, clock.now())
    },
    async recheckSetAside(request = {}) {
      judge(REQUESTS.recheckSetAside, request)
      const own = closingSignal(closing.signal, request)
      return await lease.during(() => recheckSetAside(desk, own))
    },
    async releaseEsim(request) {
      judge(REQUESTS.releaseEsim, request)
      const own = closingSignal(closing.signal, request)
      return await lease.during(() => releaseEsim(desk, normaliseIccid(request.iccid), own))
    },
    async resume(patience = {}) {
      judge(REQUESTS.patience, patience)
      return await resume(patience)
    },
  }
  return {
    ...explaining(shop, () => closing.signal.aborted),
    async [Symbol.asyncDispose]() {
      closing.abort(wasClosed())
      await runs.stopAll(wasClosed())
      await cancels.stopAll(wasClosed())
      await resuming
      await pool.stop()
      await lease[Symbol.asyncDispose]()
      for (const part of opened.reverse()) await part[Symbol.asyncDispose]()
    },
  }
}

/** What callers get who still wait when the provisioner is closed. */
const wasClosed = () => new ThrottledTooLongError(undefined, 'the provisioner was closed')

const cancelBegan = (orderId: string) =>
  new OrderConflictError(orderId, 'is being cancelled', 'cancel() tells how that ended')
const settlingBegan = (orderId: string) =>
  new OrderConflictError(orderId, 'is being settled by hand', 'order() tells how that ended')

type Calls = Readonly<Record<string, (...args: never[]) => Promise<unknown>>>

/** The same functions, which throw nothing but documented errors, whatever went wrong inside. */
function explaining<Shop extends Calls>(shop: Shop, isClosed: () => boolean): Shop {
  const guarded = Object.entries(shop).map(([name, call]) => [
    name,
    async (...args: never[]) => {
      try {
        if (isClosed()) throw new ProvisionerClosedError()
        return await call(...args)
      } catch (error) {
        throw explainError(undefined, error)
      }
    },
  ])
  return Object.fromEntries(guarded) as Shop
}

const isOpenSft = (sft: ProvisionerOptions['sft']): sft is Sft => sft !== undefined && 'read' in sft

function openAccount(
  env: Environment,
  given: SettingOverrides | undefined,
  options: ProvisionerOptions,
): Sft {
  const settings = sftSettings(env, given)
  const { paths, wire } = wireSettings(env, Object.keys(OPERATIONS))
  return openSft({ ...settings, paths, wire, env, slots: slotsOf(env, settings, options) })
}

/** Call times shared with all who use the account, as far as the places say who these are. */
function slotsOf(
  env: Environment,
  settings: SftSettings,
  { budget, state, ledger }: ProvisionerOptions,
): SlotSource {
  if (typeof budget === 'object') return budget
  const shared = typeof state === 'function' ? addressOf(env, ledger) : stateLocation(env, state)
  const address = budgetLocation(env, shared, budget)
  if (address === undefined)
    throw new SettingsError(
      'the state is a function and the ledger is open already, so nothing says with whom the rate of the account is shared: give budget, or set SFT_BUDGET',
    )
  return sharedSlots(address, { account: accountName(settings) })
}

/** The address of a ledger; undefined for an open one. */
const addressOf = (env: Environment, ledger: ProvisionerOptions['ledger']): string | undefined =>
  typeof ledger === 'object' ? undefined : ledgerLocation(env, ledger)

function signalOf({ signal, timeoutSeconds }: Patience): AbortSignal | undefined {
  if (timeoutSeconds === undefined) return signal
  const timeout = AbortSignal.timeout(timeoutSeconds * 1000)
  return signal === undefined ? timeout : AbortSignal.any([signal, timeout])
}

/** A signal that the end of the provisioner fires too. */
function closingSignal(closing: AbortSignal, patience: Patience): AbortSignal {
  const signal = signalOf(patience)
  return signal === undefined ? closing : AbortSignal.any([closing, signal])
}
