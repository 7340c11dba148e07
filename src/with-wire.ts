import type { Catalog } from './model.ts'
import type { Sft } from './sft/api.ts'

/** The account as a catalog says that it speaks (`account.wire`); settings that it was opened with win. */
export const withWireOf = (sft: Sft, catalog: Pick<Catalog, 'account'> | undefined): Sft =>
  catalog?.account.wire === undefined ? sft : sft.withWire(catalog.account.wire)
