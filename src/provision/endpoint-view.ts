/** Endpoints of the state as stock keepers see them. Types only. */
import type { SimStatus } from '../sft/api.ts'
import type { EndpointOperation } from './ledger.ts'

/**
 * Who has an endpoint. `unused`: nobody, it is for sale. `reserved`: an order that is not finished. `in service`:
 * it was activated without a sale, or is about to be.
 */
export type EndpointUse = 'unused' | 'reserved' | 'sold' | 'in service' | 'set aside'

export const ENDPOINT_USES: readonly EndpointUse[] = [
  'unused',
  'reserved',
  'sold',
  'in service',
  'set aside',
]

/** An endpoint of the state, with what the ledger and, where it was asked, the account say of it. */
export interface EndpointView {
  readonly iccid: string
  readonly endpointId: string
  readonly name: string
  readonly batch: string
  readonly tags: readonly string[]
  readonly use: EndpointUse
  /** The order that has it. */
  readonly orderId?: string
  /** What was announced for it outside an order, and whose end is not known. */
  readonly open?: EndpointOperation
  /** Why it is set aside. */
  readonly reason?: string
  /** The ledger has it as suspended. */
  readonly suspended?: boolean
  /** ISO time of its sale, where an order has it. */
  readonly soldAt?: string
  /** ISO time at which the state had it first; absent for those of earlier releases. */
  readonly since?: string
  /** State of its SIM on the account; absent: not asked, or not known. */
  readonly lifecycle?: SimStatus
  /** Why what the account says of it is not known, or is not of this endpoint. */
  readonly doubt?: string
}

/** Which endpoints are meant; everything that is given must fit, of a list one of its words. */
export interface EndpointChoice {
  readonly batches?: readonly string[]
  readonly tags?: readonly string[]
  /** ICCIDs, normalised. */
  readonly iccids?: readonly string[]
  /** Who has it, or the state of its SIM as the platform writes it, in any case: `unused`, `Pre-Active`. */
  readonly statuses?: readonly string[]
  /** The first so many. */
  readonly limit?: number
}
