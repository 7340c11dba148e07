/** What a team's own rules may ask of a kind: the words that kinds are said in, for `policy/`. */
import type { Entry, Json, JsonObject, Spec } from '../model.ts'

/** Type of a fact, as the language of rules has it. */
type FactType =
  | 'bool'
  | 'int'
  | 'double'
  | 'string'
  | 'list<string>'
  | 'map<string, double>'
  | 'map<string, dyn>'

/** A fact that rules can name. */
export interface FactRule {
  readonly type: FactType
  /** For docs/policy.md. */
  readonly meaning: string
  /** Where the entry says it, as a path: `portal.sku`. Absent: the fact's own name. */
  readonly at?: string
}

/** Facts by name. One that is left out is not known: a rule that asks for it cannot be evaluated. */
export type Facts = Readonly<Record<string, Json | undefined>>

/** Something as a record of the state has it, or as a plan wants it. */
export interface Described {
  readonly key: string
  readonly spec: Spec
  /** What is kept in the state only: `portal`. */
  readonly local: JsonObject
}

/** What rules may ask of the entries of a kind. */
export interface PolicyPart<Entry_ extends Entry = Entry> {
  /** The variable that stands for an entry, and what `on:` of a rule says: `addonPlan`. */
  readonly variable: string
  readonly facts: Readonly<Record<string, FactRule>>
  /** Pure: the facts of an entry of the catalog. */
  ofEntry(entry: Entry_): Facts
  /** Pure: the same of what was applied or is planned, to hold one against the other. Absent: it is not. */
  ofSpec?(described: Described): Facts
  /** Facts with amounts of money whose rise a change tells: those of travellers, and that of the platform. */
  readonly money?: { readonly prices: string; readonly charge: string }
}
