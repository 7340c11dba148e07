import type { Listing } from '../finding.ts'
import type { Issue } from '../issues.ts'
import type { KindName } from '../model.ts'
import type { Network, Sim } from '../sft/api.ts'
import type { ExpectedList } from './kind-list.ts'

/**
 * What one run has read of the account, and what of it is certain. Beside these fields it has the lists of
 * the kinds that the platform lists, which the kinds' files declare.
 */
export interface Observation {
  readonly destGroupIds: readonly string[]
  readonly networks: Listing<Network>
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
  readonly lists: readonly ExpectedList[]
  /** Networks that the state has in objects, as `operatorId/sponsorId`, with the ID of such an object. */
  readonly networks: ReadonlyMap<string, string>
  /** ICCIDs of the state, with the IDs of what their SIMs are attached to. */
  readonly iccids: ReadonlyMap<string, string>
  /** Kinds that are found by ICCID. */
  readonly bySim: readonly KindName[]
  /** Where the lists show that this is the account, the customer profile is not asked for. Absent: it is. */
  readonly account?: RecordedAccount
}

/** The list of a kind, as far as it was read. */
export function listingOf(observation: Observation, section: string): Listing<unknown> {
  const listing: Listing<unknown> | undefined = Reflect.get(observation, section)
  return listing ?? { items: [], doubt: `${section} were not read` }
}

/** What was odd about the lists, as warnings. */
export const listIssues = ({ notes }: Pick<Observation, 'notes'>): readonly Issue[] =>
  notes.map(message => ({ code: 'LIST_DOUBT', severity: 'warning', message }))
