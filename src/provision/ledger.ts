/**
 * The ledger: who bought what, on which eSIM, and how far it got. The three tables of the guide
 * api-data-flow-provisioning (endpoint–SIM mapping, add-on instances, usage view) with the orders and
 * the processes that work on them. Types only; a store keeps the rows durable and passes
 * the suite of test/provision/ledger-contract.ts.
 */

import type { Owner } from '../durable/owner.ts'
import type { Json } from '../model.ts'
import type { CountedBenefit, Counter } from '../sft/api.ts'
import type { SoldTerms } from './plan-terms.ts'

/** Who works on an order or an endpoint: one operation of one provisioner of one process. */
export interface OrderOwner extends Owner {
  /** The provisioner, by which it gives its signs of life. */
  readonly id: string
  /** The operation, and the ISO time at which it began. Absent in rows of release 0.1.0. */
  readonly claim?: string
  readonly since?: string
}

/** A sign of life of an owner, for those who cannot see its process. */
export interface LedgerProcess {
  readonly id: string
  /** ISO time. */
  readonly heartbeat: string
  /** Since when, in milliseconds, by the clock of a ledger that has one for all; it is not kept. */
  readonly silentMs?: number
}

export type OrderKind = 'purchase' | 'topUp'

/**
 * `new`: nothing reserved. `reserved`: an eSIM is kept for it, activation may be under way.
 * `activated`: the endpoint is active for it, a subscription may be under way. `delivered`: the add-on is
 * there and the buyer has it all. `failed`: final until placed again, nothing is held.
 */
export type OrderStatus = 'new' | 'reserved' | 'activated' | 'delivered' | 'failed' | 'cancelled'

export type StepName = 'reserve' | 'activate' | 'subscribe' | 'deliver' | 'cancel' | 'settle'
export type StepOutcome = 'announced' | 'done' | 'found' | 'refused' | 'unclear' | 'absent'

/** One line of an order's history. */
export interface OrderStep {
  readonly step: StepName
  readonly outcome: StepOutcome
  /** ISO time. */
  readonly at: string
  readonly endpointId?: string
  readonly detail?: string
  /** Who decided it, where that was a person. */
  readonly by?: string
}

/** A write that was announced and whose end is not known yet. */
export type OrderIntent =
  | {
      readonly write: 'activate'
      readonly endpointId: string
      readonly at: string
      readonly settleSeconds: number
    }
  | {
      readonly write: 'subscribe'
      readonly endpointId: string
      readonly planId: string
      readonly at: string
      readonly settleSeconds: number
      /** Instances that the endpoint had before; none of them can be this write's effect. */
      readonly known: readonly string[]
      /** Why `known` may say less than there was before; an instance not among it may then be older. */
      readonly doubt?: string
      /** The platform said yes without naming the instance: it is looked for, never sent again. */
      readonly accepted?: boolean
    }

/** What a cancellation did, in sentences for people. */
export interface CancelReport {
  readonly undone: readonly string[]
  readonly notUndone: readonly string[]
}

/** The error that ended the last attempt. */
export interface OrderFailure {
  readonly name: string
  readonly message: string
  /** The step that helps. Absent in rows of release 0.1.0. */
  readonly next?: string
}

/** How often an order was given to a worker, and the ISO time of the last one. */
export interface GivenOut {
  readonly count: number
  readonly at: string
}

/** What making an endpoint on demand took, beside the sale itself. */
export interface CreationCost {
  readonly calls: number
  readonly seconds: number
}

export interface OrderRow {
  readonly orderId: string
  readonly kind: OrderKind
  /** SHA-256 over kind, SKU, endpoint and reference: the same order again, or another one. */
  readonly content: string
  readonly sku: string
  /** What the portal bound it to. Absent: nothing, or an order of a release that kept the hash only. */
  readonly reference?: OrderReference
  /** What the SKU meant when the order was first placed. */
  readonly planId: string
  /** The same, where it is more than a volume for some days. */
  readonly terms?: SoldTerms
  readonly status: OrderStatus
  readonly endpointId?: string
  readonly uniqueId?: string
  readonly intent?: OrderIntent
  /** Who works on it now. Absent: nobody. */
  readonly owner?: OrderOwner
  /** Grows with each claim: what an earlier owner still wants to write is refused. Absent: 0. */
  readonly fence?: number
  /** A cancellation has begun to undo it: nothing but its end may follow. */
  readonly cancelling?: boolean
  /** What the cancellation did, for whoever cancels again. */
  readonly cancellation?: CancelReport
  /** The buyer wants the top-up although the eSIM is suspended. */
  readonly allowSuspended?: boolean
  /** How often it was given to a worker since its process died, and when last. */
  readonly givenOut?: GivenOut
  /** W3C trace context of the attempt that placed it, so that others go on in the same trace. */
  readonly traceparent?: string
  /** eSIMs that were tried and left. */
  readonly tried: number
  /** What it took to make an endpoint on demand, where stock was empty. */
  readonly creation?: CreationCost
  readonly steps: readonly OrderStep[]
  /** Why it stands where it stands, after an error. */
  readonly failure?: OrderFailure
  readonly createdAt: string
  readonly updatedAt: string
}

/**
 * `selected`: kept for an order. `released`: was selected, is for sale again. `in service`: activated without
 * a sale; with `operation` `activate` that was announced, and its end is not known yet. `being made`, `made`,
 * `not made`: not an eSIM, but the announcement of an endpoint that is created on demand, and its end (`keyOfSim`).
 */
export type EsimStatus =
  | 'selected'
  | 'activated'
  | 'delivered'
  | 'set aside'
  | 'released'
  | 'in service'
  | Making

/** Where the creation of an endpoint on demand stands; `not made`: known not to be there. */
export type Making = 'being made' | 'made' | 'not made'

/** What stands for `endpointId` where the endpoint of a SIM is not made yet: no platform ID looks so. */
export const keyOfSim = (iccid: string): string => `sim:${iccid}`

/** What is done to an endpoint without an order. */
export type EndpointOperation = 'activate' | 'suspend' | 'reactivate' | 'remove-addon'

/** Table 1 of the guide: endpoint, SIM and order. */
export interface EsimRow {
  readonly endpointId: string
  readonly iccid: string
  readonly msisdn?: string
  /** The LPA string, a secret: in memory and in the ledger only. Absent where it was never seen. */
  readonly activationCode?: string
  readonly batch: string
  readonly tags: readonly string[]
  readonly orderId?: string
  readonly status: EsimStatus
  /** Why it was set aside, released or not made. */
  readonly reason?: string
  /** The order that is worked on: what is done to one endpoint goes one by one. */
  readonly busyWith?: string
  /** What is done to it without an order. */
  readonly operation?: EndpointOperation
  /** Who does it. */
  readonly owner?: OrderOwner
  /** Grows with each claim of the endpoint. Absent: 0. */
  readonly fence?: number
  readonly suspended?: boolean
  /** ISO time of the last change of `status`. */
  readonly at: string
  /** Its endpoint was made on demand: it is for sale although the state may not have it yet. */
  readonly onDemand?: true
}

/**
 * `waiting`: subscribed, not started. `removed`: taken off by removeAddon or cancel. `removed elsewhere`: gone
 * before its end, with a balance that was not used. `ended`: gone, and not known how. `not known`: there, but
 * its dates cannot be read.
 */
export type AddonStatus =
  | 'waiting'
  | 'active'
  | 'exhausted'
  | 'expired'
  | 'removed'
  | 'removed elsewhere'
  | 'ended'
  | 'not known'

/** Table 2 of the guide: one add-on instance. */
export interface AddonRow {
  readonly uniqueId: string
  readonly endpointId: string
  readonly planId?: string
  readonly planName?: string
  /** Absent: nobody here made it (a renewal, or done elsewhere). */
  readonly orderId?: string
  /** ISO times; the validity is unknown until it starts. */
  readonly purchasedAt?: string
  /** What was sold, where it is more than a volume for some days. */
  readonly terms?: SoldTerms
  readonly startsAt?: string
  readonly expiresAt?: string
  readonly status: AddonStatus
}

/** Balances of one instance, in bytes; of daily data those of the day. */
export interface Balance {
  readonly grantedBytes?: number
  readonly leftBytes?: number
  readonly usedBytes?: number
  /** Benefits beside data, such as SMS, by count. */
  readonly benefits?: readonly CountedBenefit[]
}

/** Table 3 of the guide: what the portal shows of an endpoint. */
export interface UsageRow {
  readonly endpointId: string
  /** ISO time of the read. */
  readonly refreshedAt: string
  /** By uniqueId. */
  readonly balances: Readonly<Record<string, Balance>>
  /** `uniqueId event` of the events that were told, so that each is told once. */
  readonly told: readonly string[]
  /** As the platform reported them; absent: it reported none, or the row is of an earlier release. */
  readonly counters?: readonly Counter[]
  /** Why the read may have said less than there is. */
  readonly doubt?: string
}

/** One row put in its place; the rows of one transaction become durable together or not at all. */
export type LedgerEntry =
  | { readonly table: 'orders'; readonly row: OrderRow }
  | { readonly table: 'esims'; readonly row: EsimRow }
  | { readonly table: 'addons'; readonly row: AddonRow }
  | { readonly table: 'usage'; readonly row: UsageRow }
  | { readonly table: 'processes'; readonly row: LedgerProcess }

/** The rows that a transaction reads and may write: a database locks these and no others. */
export interface LedgerKeys {
  readonly orderIds?: readonly string[]
  /** With each endpoint come its eSIM, its add-ons and its usage. */
  readonly endpointIds?: readonly string[]
}

/** What a decision may look at: the rows of its keys, and any process. */
export interface LedgerRows {
  order(orderId: string): OrderRow | undefined
  esim(endpointId: string): EsimRow | undefined
  addons(endpointId: string): readonly AddonRow[]
  usage(endpointId: string): UsageRow | undefined
  process(id: string): LedgerProcess | undefined
}

export interface Decision<Result> {
  readonly entries: readonly LedgerEntry[]
  readonly result: Result
}

/** Where a page of orders goes on: after the order of this time and ID. */
export interface OrderPlace {
  readonly createdAt: string
  readonly orderId: string
}

/** Where a page of eSIMs goes on. */
export interface EsimPlace {
  /** ISO time at which its usage was read; empty: never. */
  readonly refreshedAt: string
  readonly endpointId: string
}

/** eSIMs of one status, those first whose usage was read longest ago. */
export interface EsimQuestion {
  readonly status: EsimStatus
  /** Only those whose usage was read at or before this ISO time, or never. */
  readonly refreshedBefore?: string
  readonly after?: EsimPlace
  readonly limit: number
}

/** What a ledger knows of an endpoint's stock. */
export type EsimStock = Pick<EsimRow, 'endpointId' | 'batch' | 'tags' | 'status'>

/** How many eSIMs there are of a batch, its tags, and a status. */
export interface EsimCount extends Omit<EsimStock, 'endpointId'> {
  readonly count: number
}

/** Tells of changes of some orders and eSIMs, whoever makes them. */
export interface LedgerWatch extends Disposable {
  /**
   * Resolves once one of the rows may have changed since this was asked last, or since the watch began. Rejects
   * where the signal fires.
   */
  changed(signal: AbortSignal): Promise<void>
}

/** Most keys of one question, and most rows of one page. */
export const PAGE = 1000

/** The ledger port. Several processes may have the same ledger open. */
export interface Ledger extends AsyncDisposable {
  /** For messages: a path or an address without secrets. */
  readonly location: string
  /**
   * Reads the rows of `keys` as they are now, lets `decide` look at them, and makes its entries durable,
   * all or none, before anybody else decides on these rows. `decide` does nothing but decide: it may be
   * called again. What it throws is thrown here, and nothing is written.
   */
  transact<Result>(
    keys: LedgerKeys,
    decide: (rows: LedgerRows) => Decision<Result>,
  ): Promise<Result>
  /**
   * A page of orders, oldest first, those of one time by their IDs; `unfinished` leaves out those that are
   * delivered, failed or cancelled.
   */
  ordersAfter(
    after: OrderPlace | undefined,
    limit: number,
    filter?: { readonly unfinished?: boolean },
  ): Promise<readonly OrderRow[]>
  /** Of these endpoints, at most `PAGE`, those that the ledger has. */
  esimsAmong(endpointIds: readonly string[]): Promise<readonly EsimStock[]>
  /** The same, whole. */
  esimsOf(endpointIds: readonly string[]): Promise<readonly EsimRow[]>
  /** Of these ICCIDs, at most `PAGE`, those that are sold, kept for an order or set aside. */
  takenIccidsAmong(iccids: readonly string[]): Promise<readonly string[]>
  esimOfIccid(iccid: string): Promise<EsimRow | undefined>
  esimsIn(
    question: EsimQuestion,
  ): Promise<readonly { readonly row: EsimRow; readonly place: EsimPlace }[]>
  /** All eSIMs, counted. */
  stock(): Promise<readonly EsimCount[]>
  /** Purchases that were placed at or after an ISO time and delivered, and the time of the first one ever. */
  salesSince(time: string): Promise<{ readonly count: number; readonly first?: string }>
  /** How many endpoints hold an add-on of each plan, or are about to. */
  holders(): Promise<ReadonlyMap<string, number>>
  /**
   * An ability: it tells by one clock for all how long ago a process gave its last sign of life, so that one that is
   * silent for these seconds counts as dead.
   */
  readonly silenceSeconds?: number
  /**
   * An ability: begins to watch rows, so that whoever waits for another owner is told. Without it they look again
   * from time to time. It throws nothing that waiting could not do without.
   */
  readonly watch?: (keys: LedgerKeys) => LedgerWatch
}

/** Whether an order still needs work. */
export const isUnfinished = (order: OrderRow): boolean =>
  order.cancelling === true ||
  (order.status !== 'delivered' && order.status !== 'failed' && order.status !== 'cancelled')

/** Anything JSON that the portal wants to bind an order ID to. */
export type OrderReference = Json
