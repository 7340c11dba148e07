import type { Finding, Listing } from '../finding.ts'
import type { KindName } from '../model.ts'
import type { ListOptions, SftReader } from '../sft/api.ts'

/** How the platform lists the objects of one kind. */
export interface KindList<Item = unknown> {
  /** The part of an `Observation` that the list becomes. */
  readonly section: string
  /** The operation, for people. */
  readonly operation: string
  read(read: SftReader, options: ListOptions<Item>): Promise<Listing<Item>>
  idOf(item: Item): string
  nameOf(item: Item): string
  /**
   * Looks for one that the list lacks by its ID; `question` says how, for people: `QueryRatePlan with
   * planId=1201`. Absent: the list is read again.
   */
  readonly lookUp?: {
    readonly question: (id: string) => string
    find(read: SftReader, id: string): Promise<Finding<Item>>
  }
  /** Networks that an object has, as words; undefined where they are not reported. */
  networksOf?(item: Item): readonly string[] | undefined
}

/** A list, and what of it a run relies upon. */
export interface ExpectedList {
  readonly kind: KindName
  /** For people: `rate zones`. */
  readonly plural: string
  readonly list: KindList
  /** Platform IDs that the state has and the run judges. */
  readonly ids: ReadonlySet<string>
  /** Absence matters in any case, since something is wanted that the state does not have. */
  readonly whole: boolean
}
