/** What a comparison of account and state tells. */
import type { Issue } from '../issues.ts'
import type { Address, Json, KindName, Position } from '../model.ts'
import type { Outcome } from '../outcome.ts'

/** Where a value changed since it was last applied. */
type Direction = 'there' | 'here' | 'both'

/** One field that differs. `applied` is what was last written, `wanted` what the catalog says now. */
export interface FieldDrift {
  readonly field: string
  readonly direction: Direction
  readonly applied?: Json
  readonly wanted?: Json
  readonly account?: Json
  readonly notes: readonly string[]
}

/** What became of one thing of the state. */
export interface EntryDrift {
  readonly address: Address
  readonly kind: KindName
  readonly name: string
  readonly id: string
  /** `relinked`: the SIM has another endpoint now. */
  readonly status: 'changed' | 'gone' | 'relinked'
  readonly fields: readonly FieldDrift[]
  readonly notes: readonly string[]
  /** Where the catalog has it; absent for what only the state has. */
  readonly position?: Position
}

/** Account against state. */
export interface DriftReport {
  readonly entries: readonly EntryDrift[]
  /** Records that were compared, by kind. */
  readonly compared: Readonly<Record<KindName, number>>
  /** Fields that the account did not report, and of how many. */
  readonly notReported: readonly {
    readonly kind: KindName
    readonly field: string
    readonly count: number
  }[]
  /** Endpoints of the state by the status of their SIM; undefined where the stock was not read. */
  readonly statuses?: Readonly<Record<string, number>>
  /** Objects of the account that the state does not know, by kind. */
  readonly unmanaged: Readonly<Record<KindName, number>>
  /** What the catalog wants and the account does not let resolve: of that nothing is known. */
  readonly unresolved: readonly Issue[]
  /** Names of networks by `operatorId/sponsorId`. */
  readonly labels: Readonly<Record<string, string>>
}

/** Whether the account moved, which is what drift means; changes of the catalog alone are none. */
export const hasDrift = ({ entries }: DriftReport): boolean => entries.some(isDrift)

/** What a comparison comes to: `blocked` where something that the catalog wants is not known. */
export const driftOutcome = (report: DriftReport): Outcome =>
  report.unresolved.length > 0 ? 'blocked' : hasDrift(report) ? 'changes' : 'ok'

/** Whether an entry has moved on the account. */
export const isDrift = (entry: EntryDrift): boolean =>
  entry.status !== 'changed' || entry.fields.some(field => field.direction !== 'here')
