import type { Json, JsonObject } from '../model.ts'

/** One change of an entry. `field` is a field of the entry; lists are changed item by item. */
export type EntryEdit =
  | { readonly edit: 'set'; readonly field: string; readonly value: Json }
  | { readonly edit: 'remove'; readonly field: string }
  | { readonly edit: 'add'; readonly field: string; readonly items: readonly Json[] }
  | { readonly edit: 'drop'; readonly field: string; readonly index: number }

/** An entry of a catalog file: its fields in the order in which they are written, and what is said of it. */
export interface PrintedEntry {
  readonly fields: JsonObject
  readonly comments?: readonly string[]
}
