/** What expressions can name: variables of each scope, and the fields of what they hold. */
import { ACTIONS } from '../plan/plan.ts'
import { kinds } from '../resources/kinds.ts'
import type { FactRule } from '../resources/policy-part.ts'

/** A field of a variable; its type is one of CEL's, or the name of another of these types. */
interface Field {
  readonly type: string
  readonly meaning: string
}

/** A type with fields. */
export type Fields = Readonly<Record<string, Field>>

/** What a rule can be about. */
export interface Scope {
  /** What `on:` says. */
  readonly name: string
  readonly meaning: string
  /** Variables by name, with their types. */
  readonly variables: Readonly<Record<string, string>>
}

/** The type of a kind's entries: `AddonPlan`. */
const typeOf = (variable: string): string => variable.charAt(0).toUpperCase() + variable.slice(1)

/** Kinds that rules can be about. */
export const ruledKinds = () =>
  kinds().flatMap(kind => (kind.policy === undefined ? [] : [{ kind, policy: kind.policy }]))

const ALWAYS = { catalog: 'Catalog', environment: 'string' } as const

/** All that `on:` can say. */
export const scopes = (): readonly Scope[] => [
  ...ruledKinds().map(({ kind, policy: { variable } }) => ({
    name: variable,
    meaning: `each ${kind.catalog.title} of the catalog`,
    variables: { [variable]: typeOf(variable), ...ALWAYS },
  })),
  { name: 'catalog', meaning: 'the catalog, once', variables: ALWAYS },
  {
    name: 'change',
    meaning: 'each change of a plan, apart from what is kept',
    variables: { change: 'Change', plan: 'Plan', ...ALWAYS },
  },
  { name: 'plan', meaning: 'a plan, once', variables: { plan: 'Plan', ...ALWAYS } },
]

/** Whether a rule can be looked at only once there is a plan. */
export const isOfPlan = (scope: string): boolean => scope === 'plan' || scope === 'change'

const ACCOUNT: Fields = {
  planType: { type: 'string', meaning: '"prepaid" or "postpaid"' },
  currencyId: { type: 'string', meaning: 'ID of the currency; "" where it is not given' },
  addonServiceProfile: { type: 'string', meaning: 'service profile; "" where it is not given' },
  basePlan: { type: 'string', meaning: 'base plan; "" where it is not given' },
  apnGroup: { type: 'string', meaning: 'APN group; "" where it is not given' },
  roamingProfiles: { type: 'list<string>', meaning: 'roaming profiles' },
  onNetworkRemoval: { type: 'string', meaning: '"block" or "replace"' },
}

const CHANGED: Fields = {
  field: { type: 'string', meaning: 'its name' },
  mutability: {
    type: 'string',
    meaning: '"in-place", "additive", "replace", "blocked" or "local"',
  },
  origin: {
    type: 'string',
    meaning: '"ours": the catalog moved; "drift": the account did; "both"',
  },
  applied: { type: 'dyn', meaning: 'what was last applied' },
  wanted: { type: 'dyn', meaning: 'what the catalog wants' },
  account: { type: 'dyn', meaning: 'what the account has, where it tells' },
}

const CHANGE: Fields = {
  action: { type: 'string', meaning: `${ACTIONS.filter(one => one !== 'keep').join(', ')}` },
  kind: { type: 'string', meaning: 'rateZone, addonPlan or endpoint' },
  address: { type: 'string', meaning: 'kind and key: addonPlan/europe-5gb' },
  key: { type: 'string', meaning: 'the key of the entry; the ICCID of an endpoint' },
  name: { type: 'string', meaning: 'the name on the platform' },
  fields: { type: 'list<ChangedField>', meaning: 'what differs' },
  skus: { type: 'list<string>', meaning: 'the SKUs that it is about' },
  soldEndpoints: {
    type: 'int',
    meaning: 'endpoints with something sold that it is about; not known without a ledger',
  },
  priceRisePercent: {
    type: 'double',
    meaning: 'how much the price that rises most does, of all currencies; 0 where none does',
  },
  chargeRisePercent: {
    type: 'double',
    meaning:
      'the same of the charge of the platform; not known where a plan is taken over whose charge the account does not tell',
  },
  before: {
    type: 'map<string, dyn>',
    meaning: 'an add-on plan as it was applied, with the fields of addonPlan; else not known',
  },
  after: { type: 'map<string, dyn>', meaning: 'the same as it will be' },
}

const SUMMARY: Fields = Object.fromEntries(
  ACTIONS.map(action => [action, { type: 'int', meaning: `changes with the action ${action}` }]),
)

const PLAN: Fields = {
  summary: { type: 'PlanSummary', meaning: 'how many changes of each action' },
  changes: { type: 'list<Change>', meaning: 'all but what is kept' },
  operations: { type: 'int', meaning: 'operations that apply carries out' },
  calls: { type: 'int', meaning: 'calls that it takes' },
  seconds: { type: 'double', meaning: 'how long they take at the rate of the account' },
  soldEndpoints: {
    type: 'int',
    meaning:
      'the sum of soldEndpoints of what is edited, replaced or retired on the account; not known without a ledger',
  },
}

/** Types by name. */
export function types(): Readonly<Record<string, Fields>> {
  const ofKinds = ruledKinds().map(
    ({ policy: { variable, facts } }): [string, Readonly<Record<string, FactRule>>] => [
      typeOf(variable),
      facts,
    ],
  )
  const sections = ruledKinds().map(({ kind, policy: { variable } }): [string, Field] => [
    kind.catalog.section,
    { type: `list<${typeOf(variable)}>`, meaning: kind.catalog.plural },
  ])
  return {
    ...Object.fromEntries(ofKinds),
    Account: ACCOUNT,
    Catalog: {
      account: { type: 'Account', meaning: 'the defaults of the catalog' },
      ...Object.fromEntries(sections),
    },
    ChangedField: CHANGED,
    Change: CHANGE,
    PlanSummary: SUMMARY,
    Plan: PLAN,
  }
}
