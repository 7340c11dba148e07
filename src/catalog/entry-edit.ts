import type { Json } from '../model.ts'

/** One change of an entry. `field` is a field of the entry; lists are changed item by item. */
export type EntryEdit =
  | { readonly edit: 'set'; readonly field: string; readonly value: Json }
  | { readonly edit: 'remove'; readonly field: string }
  | { readonly edit: 'add'; readonly field: string; readonly items: readonly Json[] }
  | { readonly edit: 'drop'; readonly field: string; readonly index: number }
