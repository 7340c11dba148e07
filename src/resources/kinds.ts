import type { KindName } from '../model.ts'
import { addonPlan } from './addon-plan.ts'
import { endpoint } from './endpoint.ts'
import type { Kind } from './kind.ts'
import { rateZone } from './rate-zone.ts'

/** Every kind, in dependency order. A new kind is its file and a line here. */
export const KINDS: { readonly [Name in KindName]: Kind<Name> } = { rateZone, addonPlan, endpoint }

/** The kinds in dependency order. */
export const KIND_NAMES = Object.keys(KINDS) as readonly KindName[]
