/** The runtime entry as its callers see it. Types only: what implements them stands in provisioner.ts. */

import type { ApplyReport } from '../apply/report.ts'
import type { CatalogEnvironment } from '../catalog/index.ts'
import type { Clock } from '../clock.ts'
import type { Environment, SettingOverrides } from '../settings.ts'
import type { Sft } from '../sft/api.ts'
import type { CallTrace } from '../sft/call-trace.ts'
import type { SlotSource } from '../sft/slots.ts'
import type { State } from '../state/state.ts'
import type { Cancellation } from './cancel-report.ts'
import type { SuspensionReason } from './endpoint-care.ts'
import type { EndpointReport } from './endpoint-report.ts'
import type { EndpointChoice, EndpointView } from './endpoint-view.ts'
import type { ProvisionListener } from './events.ts'
import type { OrderFilter } from './find-orders.ts'
import type { Recheck } from './free-esims.ts'
import type { Ledger, OrderReference } from './ledger.ts'
import type { LifecycleOptions, LifecyclePlan, LifecycleRequest } from './lifecycle.ts'
import type { Offer } from './offers.ts'
import type { OrderView } from './order-view.ts'
import type { Orphan } from './orphans.ts'
import type { UsageSweep } from './refresh-usage.ts'
import type { Sale, TopUp } from './sale.ts'
import type { ProvisionPolicies } from './selling-context.ts'
import type { Stock } from './stock.ts'
import type { EndpointUsage } from './usage.ts'

/** Everything is optional: what is left out comes from the environment. */
export interface ProvisionerOptions {
  /** A state's location (`SFT_STATE`, default `state.json`), or a function that reads one. */
  readonly state?: string | (() => Promise<State>)
  /** A ledger's address (`SFT_LEDGER`, default `orders.json`), or an open ledger, which is not closed. */
  readonly ledger?: string | Ledger
  /** Settings of the account (`SFT_…`), or an open account, which is not closed. */
  readonly sft?: SettingOverrides | Sft
  /**
   * By which address the account's rate is shared with all who use it (`SFT_BUDGET`), or a source of call times of
   * your own. Default: that of the state; of the ledger, where the state is a function.
   */
  readonly budget?: string | SlotSource
  readonly policies?: ProvisionPolicies
  /** The catalog's folder (`SFT_CATALOG`, default `catalog`), which only creation on demand needs. */
  readonly catalog?: string
  /** What stands for `${NAME}` in its files, as `loadCatalog` takes it (docs/environments.md). */
  readonly environment?: CatalogEnvironment
  /** IANA zone of the platform's dates, UTC by default. ASSUMED (contract 1.7, U23): the account's. */
  readonly timeZone?: string
  readonly onEvent?: ProvisionListener
  /** Told of every call to the account, without secrets; not where an open account is given. */
  readonly onCall?: (call: CallTrace) => void
  /**
   * Stock and unfinished orders are counted for an OpenTelemetry SDK that asks, at most once in so many seconds: 60 by
   * default, `Infinity` for never.
   */
  readonly countEverySeconds?: number
  /** Whether unfinished orders of dead processes are gone on with in the background; true by default. */
  readonly resumeAtOpen?: boolean
  /** Time and sleep, for tests. */
  readonly clock?: Clock
  /** In place of `process.env`, for tests. */
  readonly env?: Environment
}

/** How long a caller waits. What fires first ends the waiting; the order can be resumed. */
export interface Patience {
  readonly signal?: AbortSignal
  readonly timeoutSeconds?: number
}

export interface PurchaseRequest extends Patience {
  /** The portal's own, never used for anything else. */
  readonly orderId: string
  /** `portal.sku` of an add-on plan in the catalog. */
  readonly sku: string
  /** Bound to the order ID with the SKU, and kept in the ledger: nothing secret. */
  readonly reference?: OrderReference
  /**
   * W3C trace context of the buyer's request, for events, spans and the order's later attempts. Without it, what an
   * OpenTelemetry SDK of this process has as under way.
   */
  readonly traceparent?: string
}

export interface TopUpRequest extends PurchaseRequest {
  /** An endpoint that was sold from this ledger. */
  readonly endpointId: string
  /** Top up a suspended eSIM too, whose add-on carries no traffic until it is reactivated. */
  readonly allowSuspended?: boolean
}

/** What a person found out about an order of unknown outcome. */
export type SettleRequest = (
  | {
      /** The add-on instance that is this order's, by its uniqueId. */
      readonly instance: string
    }
  | {
      /** There is none: the write did not happen. */
      readonly notSold: true
    }
) & {
  /** Who decided it, for the order's history; by default the user and host of this process. */
  readonly by?: string
} & Patience

/** Which endpoints are asked for. */
export interface EndpointRequest extends EndpointChoice {
  /** False: only what state and ledger say; no call is made. */
  readonly account?: boolean
}

/** What `resume` did. */
export interface ResumeReport {
  readonly delivered: readonly string[]
  readonly stopped: readonly {
    readonly orderId: string
    readonly error: string
    readonly message: string
  }[]
  /** Unfinished orders on which another living process works. */
  readonly inWork: number
}

/**
 * Sells what the catalog has. Dispose it to let running orders stop at a safe place. Every error is one of
 * `AnyProvisionError`; a call of another form than the types say throws InvalidRequestError, and nothing
 * was written.
 */
export interface Provisioner extends AsyncDisposable {
  /**
   * Sells an eSIM with an add-on. The same order again gives the same sale. Throws each error of
   * errors.ts but UnknownOrderError and UnknownEndpointError.
   */
  purchase(request: PurchaseRequest): Promise<Sale>
  /** Puts another add-on, of the same plan or not, on an endpoint that was sold. Idempotent likewise. */
  topUp(request: TopUpRequest): Promise<TopUp>
  /**
   * Shows a purchase that is delivered once more, QR code and all; it begins nothing and makes no call.
   * Throws UnknownOrderError, OrderNotDeliveredError, and OrderConflictError for a top-up.
   */
  sale(orderId: string): Promise<Sale>
  /** Where an order stands, every step with time and outcome. Throws UnknownOrderError. */
  order(orderId: string): Promise<OrderView>
  /**
   * Orders of the ledger, oldest first; without a filter all of them. IDs, a time from which on, and `unfinished` are
   * looked up; `references` alone reads every order, so give `since` with it where a customer waits.
   *
   * @example
   * const own = await shop.orders({ references: [{ customer: 'c-17' }], since: '2026-01-01T00:00:00Z' })
   * const shown = await shop.orders({ orderIds: ['A-1000', 'A-1001'] })
   */
  orders(filter?: OrderFilter): Promise<readonly OrderView[]>
  /**
   * Usage of a sold endpoint, by its ID or the order that has it. It asks the platform, unless the
   * ledger's figures are at most `maxAgeSeconds` old. Throws UnknownEndpointError, UnknownOrderError
   * and what stands for the account.
   */
  usage(
    of: ({ readonly endpointId: string } | { readonly orderId: string }) & {
      readonly maxAgeSeconds?: number
      readonly signal?: AbortSignal
    },
  ): Promise<EndpointUsage>
  /** Refreshes the sold endpoints whose usage is older than so many seconds, one hour by default. */
  refreshUsage(options?: {
    readonly olderThan?: number
    readonly signal?: AbortSignal
  }): Promise<UsageSweep>
  /**
   * Throws UnknownEndpointError and what stands for the account. Idempotent, as is `reactivate`, which also
   * takes the eSIM of a cancelled sale back into service. What is done to one endpoint goes one by one.
   */
  suspend(request: {
    readonly endpointId: string
    /** `support` by default. */
    readonly reason?: SuspensionReason
    readonly signal?: AbortSignal
  }): Promise<void>
  reactivate(request: { readonly endpointId: string; readonly signal?: AbortSignal }): Promise<void>
  /** Takes one instance off an endpoint; `removed` is false where it was gone already. */
  removeAddon(request: {
    readonly endpointId: string
    readonly uniqueId: string
    readonly signal?: AbortSignal
  }): Promise<{ readonly removed: boolean }>
  /**
   * Undoes what can be undone of an order, and says what cannot; again, it says the same. An ID that the
   * ledger does not have is closed, so that a late order of that ID does not sell, and UnknownOrderError
   * is thrown.
   */
  cancel(orderId: string, patience?: Patience): Promise<Cancellation>
  /**
   * Ends the doubt about an order by what a person says, and writes who and when into its history. No call
   * is made. Throws NothingToSettleError, OrderConflictError, UnknownOrderError.
   */
  settle(orderId: string, verdict: SettleRequest): Promise<OrderView>
  /**
   * The plans that a purchase takes now, with zone, countries and what the catalog keeps for the portal, as the state has
   * them. Makes no call.
   */
  offers(): Promise<readonly Offer[]>
  /** What can be sold, is reserved and was sold. Makes no call. */
  stock(): Promise<Stock>
  /** Reads each SIM that was set aside; those that are Pre-Active and unsold are for sale again. */
  recheckSetAside(options?: { readonly signal?: AbortSignal }): Promise<readonly Recheck[]>
  /**
   * Reads a SIM and puts it up for sale where it is Pre-Active and unsold; `reason` says why not. Throws
   * UnknownEndpointError and what stands for the account.
   */
  releaseEsim(request: { readonly iccid: string; readonly signal?: AbortSignal }): Promise<Recheck>
  /**
   * Endpoints of the state, with who has each. Unless `account` is false, the stock of SIMs is read for what
   * the account says of each. Throws what stands for the account.
   */
  endpoints(request?: EndpointRequest): Promise<readonly EndpointView[]>
  /** The same endpoints, counted by batch, tag, status and age. */
  reportEndpoints(request?: EndpointRequest): Promise<EndpointReport>
  /**
   * Plans to activate, suspend or take back into service endpoints that no order has. Nothing is written; the
   * plan's issues hold what stands against it.
   */
  planLifecycle(request: LifecycleRequest): Promise<LifecyclePlan>
  /**
   * Carries out what was planned. An endpoint that is activated is kept in the ledger first, so that it is never
   * sold as new. Throws InvalidRequestError for a plan whose issues hold an error.
   */
  applyLifecycle(plan: LifecyclePlan, options?: LifecycleOptions): Promise<ApplyReport>
  /** Goes on with the unfinished orders that no living process works on. */
  resume(patience?: Patience): Promise<ResumeReport>
  /**
   * Goes on with one unfinished order, and waits while another living process works on it. Throws UnknownOrderError,
   * and what `purchase` throws.
   */
  finish(request: { readonly orderId: string } & Patience): Promise<OrderView>
  /**
   * Unfinished orders on which no living process works, at most `limit`, for those who let others `finish` them. Each is
   * counted, and comes again only after a pause that grows; after ten attempts it is parked.
   */
  giveOut(request?: { readonly limit?: number }): Promise<readonly Orphan[]>
}
