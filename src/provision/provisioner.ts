import { randomUUID } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import pLimit from 'p-limit'
import { thisProcess } from '../durable/owner.ts'
import {
  budgetFileOf,
  type Environment,
  ledgerLocation,
  type SettingOverrides,
  sftSettings,
  stateLocation,
  timeZoneOf,
  wireSettings,
} from '../settings.ts'
import type { Sft } from '../sft/api.ts'
import { openSft } from '../sft/client.ts'
import type { Clock } from '../sft/once.ts'
import { OPERATIONS } from '../sft/operations.ts'
import type { State } from '../state/state.ts'
import { normaliseIccid } from '../units.ts'
import type { Patience, Provisioner, ProvisionerOptions, ResumeReport } from './api.ts'
import { cancelOrder } from './cancel-order.ts'
import { listCandidates } from './candidates.ts'
import { DEFAULT_POLICIES, type Desk, isoNow } from './desk.ts'
import { changeEndpoint, findSold, removeInstance } from './endpoint-care.ts'
import { OrderConflictError, UnknownEndpointError, UnknownOrderError } from './errors.ts'
import { openEsimPool } from './esim-pool.ts'
import { tellSafely } from './events.ts'
import { explainError, reasonOf } from './explain.ts'
import { fileLedger } from './file-ledger.ts'
import { recheckSetAside, releaseEsim } from './free-esims.ts'
import type { OrderRow } from './ledger.ts'
import { hashContent, type OrderContent } from './order.ts'
import { openOrderRuns } from './order-runs.ts'
import { viewOrder } from './order-view.ts'
import { readUsage, sweepUsage } from './refresh-usage.ts'
import { saleOf, topUpOf } from './sale.ts'
import { enlistOwner, hasLivingOwner, SILENCE_MS } from './save-order.ts'
import { countStock } from './stock.ts'
import { usageOf } from './usage.ts'
import { watchState } from './watch-state.ts'

/**
 * Opens the runtime entry. Reads the state and the ledger, sends nothing until an order comes, apart
 * from resuming. Throws a SettingsError, and what a state or ledger that cannot be read throws.
 */
export async function openProvisioner(options: ProvisionerOptions = {}): Promise<Provisioner> {
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
      : watchState(stateLocation(env, options.state))
  const sft = isOpenSft(options.sft) ? options.sft : openAccount(env, options.sft, options.state)
  if (sft !== options.sft) opened.push(sft)
  const ledger =
    typeof options.ledger === 'object'
      ? options.ledger
      : await fileLedger(ledgerLocation(env, options.ledger))
  if (ledger !== options.ledger) opened.push(ledger)

  const takenNow = async (): Promise<ReadonlySet<string>> => {
    const esims = await ledger.esims()
    return new Set(esims.filter(row => row.status !== 'released').map(row => row.endpointId))
  }
  const failedInBackground = (work: string) => (error: unknown) =>
    tell({ type: 'background work failed', work, message: reasonOf(error) })

  const pool = openEsimPool({
    sft,
    poolSize: policies.poolSize,
    looks: policies.esimsTried,
    taken: takenNow,
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
    const taken = await takenNow()
    if (state !== stateInPool) pool.update(listCandidates(state, policies), id => taken.has(id))
    stateInPool = state
    return state
  }

  const me = { ...thisProcess(), id: randomUUID() }
  const desk: Desk = { sft, ledger, pool, readState, clock, policies, timeZone, me, tell }
  try {
    await readState()
  } catch (error) {
    for (const part of opened.reverse()) await part[Symbol.asyncDispose]()
    throw error
  }
  const leave = enlistOwner(me.id)
  const runs = openOrderRuns(desk)
  const closing = new AbortController()
  // Every order that is resumed listens to it.
  setMaxListeners(0, closing.signal)

  const beat = async (): Promise<void> => {
    const row = { id: me.id, heartbeat: isoNow(desk) }
    await ledger.transact({}, () => ({ entries: [{ table: 'processes', row }], result: undefined }))
  }
  let beating = Promise.resolve()
  const heart = setInterval(() => {
    if (runs.size > 0) beating = beat().catch(failedInBackground('the heartbeat'))
  }, SILENCE_MS / 4).unref()

  let lowTold = false
  const watchStock = (): void => {
    const sellable = pool.sellable()
    const isLow = sellable <= policies.lowStock
    if (isLow && !lowTold) tell({ type: 'stock low', sellable, threshold: policies.lowStock })
    lowTold = isLow
  }

  /** Runs an order until it is delivered, with the rows that its sale is made of. */
  const deliver = async (content: OrderContent, orderId: string, patience: Patience) => {
    if (orderId === '') throw new TypeError('the order ID is empty')
    const hash = hashContent(content)
    const signal = signalOf(patience)
    await readState()
    for (;;) {
      if (closing.signal.aborted) throw new Error('the provisioner is closed')
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
      throw new Error(`order ${orderId} has no eSIM in ${ledger.location}: the ledger is damaged`)
    return { order, esim, addon }
  }

  const findOrder = async (orderId: string): Promise<OrderRow> => {
    const order = await ledger.transact({ orderIds: [orderId] }, rows => ({
      entries: [],
      result: rows.order(orderId),
    }))
    if (order === undefined) throw new UnknownOrderError(orderId)
    return order
  }

  const resume = async (patience: Patience = {}): Promise<ResumeReport> => {
    const signal = closingSignal(closing.signal, patience)
    const delivered: string[] = []
    const stopped: { orderId: string; error: string; message: string }[] = []
    let inWork = 0
    const limited = pLimit(16)
    const unfinished = await ledger.orders({ unfinished: true })
    await Promise.all(
      unfinished.map(({ orderId }) =>
        limited(async () => {
          const isTheirs = await ledger.transact({ orderIds: [orderId] }, rows => {
            const order = rows.order(orderId)
            const isMine = order?.owner?.id === me.id
            const living = order !== undefined && hasLivingOwner(order, rows, clock.now())
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
        }),
      ),
    )
    return { delivered, stopped, inWork }
  }

  const resuming = resumeAtOpen
    ? resume().catch(failedInBackground('resuming orders'))
    : Promise.resolve()

  return {
    async purchase({ orderId, sku, reference, ...patience }) {
      const content = {
        kind: 'purchase',
        sku,
        ...(reference === undefined ? {} : { reference }),
      } as const
      const { order, esim, addon } = await deliver(content, orderId, patience)
      return saleOf(order, esim, addon)
    },
    async topUp({ orderId, sku, endpointId, reference, ...patience }) {
      const content = {
        kind: 'topUp',
        sku,
        endpointId,
        ...(reference === undefined ? {} : { reference }),
      } as const
      const { order, esim, addon } = await deliver(content, orderId, patience)
      return topUpOf(order, esim, addon)
    },
    order: async orderId => viewOrder(await findOrder(orderId)),
    orders: async filter => (await ledger.orders(filter)).map(viewOrder),
    async usage(of) {
      const { endpointId } = 'endpointId' in of ? of : await findOrder(of.orderId)
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
    refreshUsage: ({ olderThan = 3600, signal } = {}) =>
      sweepUsage(desk, olderThan, closingSignal(closing.signal, { ...(signal && { signal }) })),
    async suspend({ endpointId, reason = 'support', signal }) {
      const { iccid } = await findSold(desk, endpointId)
      await changeEndpoint(desk, endpointId, iccid, 'S', reason, signal)
    },
    async reactivate({ endpointId, signal }) {
      const { iccid } = await findSold(desk, endpointId)
      await changeEndpoint(desk, endpointId, iccid, 'A', 'system', signal)
    },
    async removeAddon({ endpointId, uniqueId, signal }) {
      await findSold(desk, endpointId)
      return { removed: await removeInstance(desk, endpointId, uniqueId, signal) }
    },
    async cancel(orderId, patience = {}) {
      await runs.stop(orderId)
      const signal = closingSignal(closing.signal, patience)
      try {
        return await cancelOrder(desk, orderId, signal)
      } catch (error) {
        throw explainError(orderId, error)
      }
    },
    async stock() {
      const candidates = listCandidates(await readState(), policies)
      return countStock(candidates, await ledger.esims(), await ledger.orders(), clock.now())
    },
    recheckSetAside: ({ signal } = {}) =>
      recheckSetAside(desk, closingSignal(closing.signal, { ...(signal && { signal }) })),
    releaseEsim: ({ iccid, signal }) =>
      releaseEsim(
        desk,
        normaliseIccid(iccid),
        closingSignal(closing.signal, { ...(signal && { signal }) }),
      ),
    resume,
    async [Symbol.asyncDispose]() {
      closing.abort()
      clearInterval(heart)
      await runs.stopAll()
      await resuming
      await pool.stop()
      await beating
      leave()
      for (const part of opened.reverse()) await part[Symbol.asyncDispose]()
    },
  }
}

const SYSTEM_CLOCK: Clock = {
  now: Date.now,
  sleep: async (ms, signal) => {
    await delay(ms, undefined, signal === undefined ? {} : { signal })
  },
}

const isOpenSft = (sft: ProvisionerOptions['sft']): sft is Sft => sft !== undefined && 'read' in sft

function openAccount(
  env: Environment,
  given: SettingOverrides | undefined,
  state: ProvisionerOptions['state'],
): Sft {
  const budgetFile =
    typeof state === 'function' ? undefined : budgetFileOf(stateLocation(env, state))
  const { paths, wire } = wireSettings(env, Object.keys(OPERATIONS))
  return openSft({
    ...sftSettings(env, given),
    paths,
    wire,
    env,
    ...(budgetFile === undefined ? {} : { budgetFile }),
  })
}

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
