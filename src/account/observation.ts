import type { Listing } from '../finding.ts'
import type { Issue } from '../issues.ts'
import type { KindName } from '../model.ts'
import type { Network, ReportedPlan, ReportedRateZone, Sim } from '../sft/api.ts'

/** What one run has read of the account, and what of it is certain. */
export interface Observation {
  readonly destGroupIds: readonly string[]
  readonly networks: Listing<Network>
  readonly rateZones: Listing<ReportedRateZone>
  readonly addonPlans: Listing<ReportedPlan>
  /** SIMs by ICCID, as far as they were read; `simsRead` says which that is. */
  readonly sims: ReadonlyMap<string, Sim>
  /** Why a SIM that was asked for and is not among `sims` is not known; absent: there is none. */
  readonly simsDoubt?: string
  /** `none`: not needed. `skipped`: needed, but `--no-inventory`. `asked`: those that the plan needs. `all`: every SIM. */
  readonly simsRead: 'none' | 'skipped' | 'asked' | 'all'
  /** IDs of the state that are gone by two readings which agree, with what was read, by kind. */
  readonly gone: Readonly<Record<KindName, ReadonlyMap<string, string>>>
  /** What was odd about the lists, for people. */
  readonly notes: readonly string[]
}

/** An account as the state knows it: its destination group, and names of its objects, by kind and platform ID. */
export interface RecordedAccount {
  readonly destGroupId: string
  readonly names: ReadonlyMap<string, string>
}

/** What a run relies upon, so that what lists lack of it is looked for again. */
export interface Expected {
  /** Platform IDs of rate zones and add-on plans that the state has and the run judges. */
  readonly rateZones: ReadonlySet<string>
  readonly addonPlans: ReadonlySet<string>
  /** Networks that zones of the state have, as `operatorId/sponsorId`, with the ID of such a zone. */
  readonly networks: ReadonlyMap<string, string>
  /** ICCIDs of the state's endpoints, with their IDs. */
  readonly endpoints: ReadonlyMap<string, string>
  /** Where the lists show that this is the account, the customer profile is not asked for. Absent: it is. */
  readonly account?: RecordedAccount
  /** Lists in which absence matters in any case, since something is wanted that the state does not have. */
  readonly whole: { readonly rateZones: boolean; readonly addonPlans: boolean }
}

/** What was odd about the lists, as warnings. */
export const listIssues = ({ notes }: Pick<Observation, 'notes'>): readonly Issue[] =>
  notes.map(message => ({ code: 'LIST_DOUBT', severity: 'warning', message }))
