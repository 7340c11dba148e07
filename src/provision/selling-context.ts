/** What every part of selling works with. */

import type { Clock } from '../clock.ts'
import type { Sft } from '../sft/api.ts'
import type { State } from '../state/state.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import type { Candidate } from './candidates.ts'
import type { EsimPool } from './esim-pool.ts'
import type { Happening } from './events.ts'
import type { Lease } from './lease.ts'
import type { Ledger } from './ledger.ts'
import type { OnDemand } from './on-demand.ts'

/** What to sell, in which order, and when to give up. */
export interface ProvisionPolicies {
  /** Sell only endpoints of these batches, in this order; all batches in the state's order by default. */
  readonly batches?: readonly string[]
  /** Sell only endpoints that have one of these tags, those of the first tag first. */
  readonly tags?: readonly string[]
  /** eSIMs tried in one attempt at an order before it fails; 3 by default. */
  readonly esimsTried?: number
  /** Refusals of SubscribeAddon in one attempt before the order is held; 2 by default. */
  readonly subscribeRefusals?: number
  /** Sellable eSIMs from which `stock low` is told; 50 by default. */
  readonly lowStock?: number
  /**
   * A batch of the catalog. Where no stock is left, the next Ready-To-Activate SIM of it gets its endpoint while the
   * buyer waits. Default: that of `SFT_CREATE_ON_DEMAND`, or off, since creating is slow on the platform; `false`: off,
   * whatever the environment says.
   */
  readonly createOnDemand?: string | false
  /** Activation codes to have ready; 200 by default. */
  readonly poolSize?: number
  /**
   * Seconds without a sign of life after which a process that cannot be seen from here counts as dead, and
   * its orders are taken over; 60 by default. The same for all processes of a ledger.
   */
  readonly silenceSeconds?: number
}

type Optional = 'batches' | 'tags' | 'createOnDemand'

export type Policies = Required<Omit<ProvisionPolicies, Optional>> &
  Pick<ProvisionPolicies, 'batches' | 'tags'> & {
    /** The batch of creation on demand; absent: off. */
    readonly createOnDemand?: string
  }

export const DEFAULT_POLICIES: Policies = {
  esimsTried: 3,
  subscribeRefusals: 2,
  lowStock: 50,
  poolSize: 200,
  silenceSeconds: 60,
}

/** The parts of an open provisioner. */
export interface SellingContext {
  readonly sft: Sft
  readonly ledger: Ledger
  readonly pool: EsimPool
  /** The state as it is on disk now. */
  readonly readState: () => Promise<State>
  /** All that may be sold, in order: of the state, and what was made on demand since. */
  readonly candidates: () => Promise<readonly Candidate[]>
  /** Absent: nothing is made on demand. */
  readonly onDemand?: OnDemand
  readonly clock: Clock
  readonly policies: Policies
  readonly timeZone: string
  readonly lease: Lease
  readonly tell: (happening: Happening) => void
  readonly telemetry: Telemetry
}

/** The time as the ledger writes it. */
export const isoNow = (context: { readonly clock: Clock }): string =>
  new Date(context.clock.now()).toISOString()
