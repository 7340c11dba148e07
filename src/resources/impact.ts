/** What a change means for people: the values that a kind makes of a record and of sales. */
import type { Spec } from '../model.ts'
import type { AnyRecord } from '../state/state.ts'

/** What a change means for people. Sold counts need a ledger; without one they are undefined. */
export interface Impact {
  readonly skus: readonly string[]
  readonly soldEndpoints?: number
  readonly unsoldEndpoints?: number
}

/** What a ledger knows of sales, by platform ID. */
export interface Sales {
  /** ICCIDs that an order has reserved or sold. */
  readonly soldIccids: ReadonlySet<string>
  /** Endpoints, by ICCID, that the ledger has and the state does not: made on demand and sold. */
  readonly endpointsToTakeOver?: ReadonlyMap<string, string>
  /** Endpoints holding an instance of a plan, by plan ID. */
  readonly endpointsByPlan: ReadonlyMap<string, number>
}

/** What a change touches: a record of the state, and those of its objects that the change is about. */
export interface Touched<Record_ extends AnyRecord = AnyRecord> {
  readonly key: string
  readonly record: Record_
  /** Platform IDs. */
  readonly ids: readonly string[]
}

/** Things that travellers hold, and what happens to what they hold. */
export interface TravellersOf {
  /** The action of the change, such as `replace`. */
  readonly action: string
  readonly sold: number
  /** The spec before the change, where the state has it. */
  readonly before?: Spec
}
