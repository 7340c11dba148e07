/** An order as it is exported, with all that belongs to it. Types only. */
import type { MissingIdentifier } from '../identifiers.ts'
import type { Counter } from '../sft/api.ts'
import type {
  AddonStatus,
  Balance,
  EsimStatus,
  OrderKind,
  OrderReference,
  OrderStatus,
} from './ledger.ts'
import type { ShownTerms } from './usage.ts'

/** Usage of an instance; volumes in bytes. */
export interface ExportedUsage extends Balance {
  /** ISO time of the last read of its endpoint. */
  readonly refreshedAt: string
  /** Those that name the instance, as the platform writes them. */
  readonly counters?: readonly Counter[]
  /** Why the read may have said less than there is. */
  readonly doubt?: string
}

/** An add-on instance. */
export interface ExportedAddon extends ShownTerms {
  readonly uniqueId: string
  readonly endpointId: string
  /** Absent: nobody here made it (a renewal, or done elsewhere). */
  readonly orderId?: string
  readonly planId?: string
  readonly planName?: string
  /** Key of the plan in the catalog, and its SKU, by the state. */
  readonly plan?: string
  readonly sku?: string
  readonly status: AddonStatus
  /** ISO times. */
  readonly purchasedAt?: string
  readonly startsAt?: string
  readonly expiresAt?: string
  readonly usage?: ExportedUsage
}

/** An order with the endpoint and SIM that it has, and its add-on instances. */
export interface ExportedOrder {
  readonly orderId: string
  readonly kind: OrderKind
  readonly status: OrderStatus
  /** What the portal bound it to: its customer. Of a release that kept the hash only, nothing. */
  readonly reference?: OrderReference
  readonly sku: string
  readonly planId?: string
  /** Key of the plan in the catalog, by the state. */
  readonly plan?: string
  readonly uniqueId?: string
  readonly endpointId?: string
  readonly iccid?: string
  readonly msisdn?: string
  /** Key of the batch in the catalog. */
  readonly batch?: string
  readonly tags?: readonly string[]
  /** How far the eSIM is for this order. */
  readonly esimStatus?: EsimStatus
  readonly suspended?: boolean
  /** A secret: only where it was asked for. */
  readonly activationCode?: string
  readonly createdAt: string
  readonly updatedAt: string
  /** Identifiers that it should have by its status and has not. */
  readonly missing: readonly MissingIdentifier[]
  /** Its own; with the order that has the endpoint come those that no order made. */
  readonly addons: readonly ExportedAddon[]
}
