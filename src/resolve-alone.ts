import type { Observation } from './account/observation.ts'
import type { Catalog } from './model.ts'
import { type ResourceGraph, resolveCatalog } from './plan/resolve.ts'
import { kinds } from './resources/kinds.ts'
import { emptyState } from './state/apply-entry.ts'

/**
 * What a catalog wants, without an account and a state: its entries and what they refer to. Which networks a
 * country has is not known then, nor what only an account tells.
 */
export const resolveAlone = (catalog: Catalog): ResourceGraph =>
  resolveCatalog(catalog, nothingRead(), emptyState())

const UNREAD = { items: [], doubt: 'the account was not read' }

const nothingRead = (): Observation => ({
  ...Object.fromEntries(kinds().flatMap(({ list }) => (list ? [[list.section, UNREAD]] : []))),
  rateZones: UNREAD,
  addonPlans: UNREAD,
  networks: UNREAD,
  // Any text will do: it is sent nowhere.
  destGroupIds: ['not read'],
  sims: new Map(),
  simsRead: 'none',
  gone: {},
  notes: [],
})
