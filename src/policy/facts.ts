/** What rules see of a catalog and of a plan. */
import type { Catalog, Entry, Position, Spec } from '../model.ts'
import type { Change, FieldChange, Plan } from '../plan/plan.ts'
import { ACTIONS, writes } from '../plan/plan.ts'
import { entriesOf } from '../resources/catalog-part.ts'
import type { Kind } from '../resources/kind.ts'
import { findKind } from '../resources/kinds.ts'
import type { Described, Facts, PolicyPart } from '../resources/policy-part.ts'
import type { AnyRecord } from '../state/state.ts'
import { ruledKinds } from './words.ts'

/** Something that a rule is held against. */
export interface Subject {
  /** The value of the variable of that name. */
  readonly value: object
  /** Where it stands in the catalog. */
  readonly positionOf: (reads: readonly string[]) => Position | undefined
}

/** Everything that rules see of one run. */
export interface World {
  readonly catalog: object
  readonly environment: string
  readonly plan?: object
  /** By scope. */
  readonly subjects: Readonly<Record<string, readonly Subject[]>>
}

/** What rules see of a catalog. */
export function catalogWorld(catalog: Catalog): World {
  const { account } = catalog
  const sections: Record<string, readonly object[]> = {}
  const subjects: Record<string, readonly Subject[]> = {}
  for (const { kind, policy } of ruledKinds()) {
    const entries = entriesOf(catalog, kind)
    const found = entries.map(entry => entrySubject(entry, policy))
    sections[kind.catalog.section] = found.map(({ value }) => value)
    subjects[policy.variable] = found
  }
  const value = {
    account: {
      planType: account.planType,
      currencyId: account.currencyId ?? '',
      addonServiceProfile: account.addonServiceProfile ?? '',
      basePlan: account.basePlan ?? '',
      apnGroup: account.apnGroup ?? '',
      roamingProfiles: account.roamingProfiles,
      onNetworkRemoval: account.onNetworkRemoval,
    },
    ...sections,
  }
  return {
    catalog: value,
    environment: account.environment ?? '',
    subjects: { ...subjects, catalog: [{ value, positionOf: () => undefined }] },
  }
}

/** What rules see of a plan too. */
export function planWorld(plan: Plan, catalog: Catalog): World {
  const world = catalogWorld(catalog)
  const changes = plan.changes.filter(({ action }) => action !== 'keep')
  const seen = changes.map(changeFacts)
  const value = {
    summary: Object.fromEntries(ACTIONS.map(action => [action, plan.summary[action]])),
    changes: seen,
    operations: plan.operations.length,
    calls: plan.cost.calls,
    seconds: plan.cost.seconds,
    soldEndpoints: sumOf(changes.map((change, index) => [change, seen[index]?.soldEndpoints])),
  }
  const ofChanges = changes.map(
    ({ position }, index): Subject => ({ value: seen[index] ?? {}, positionOf: () => position }),
  )
  return {
    ...world,
    plan: value,
    subjects: { change: ofChanges, plan: [{ value, positionOf: () => undefined }] },
  }
}

function entrySubject(entry: Entry, policy: PolicyPart): Subject {
  return {
    value: policy.ofEntry(entry),
    positionOf: reads => {
      const paths = reads.map(name => policy.facts[name]?.at ?? name)
      const said = paths.find(path => entry.positions[path] !== undefined)
      return said === undefined ? entry.position : entry.positions[said]
    },
  }
}

function changeFacts(change: Change) {
  const policy = findKind(change.kind)?.policy
  const before = policy && describe(policy, beforeOf(change))
  const after = policy && describe(policy, afterOf(change))
  const fields = 'fields' in change ? change.fields : []
  return {
    action: change.action,
    kind: change.kind,
    address: change.address,
    key: change.key,
    name: change.name,
    fields: fields.map(fieldFacts),
    skus: change.impact?.skus ?? [],
    soldEndpoints: touchesSold(change) ? change.impact?.soldEndpoints : 0,
    priceRisePercent: riseOf(pricesIn(policy, before), pricesIn(policy, after)),
    chargeRisePercent: chargeRiseOf(change, policy, before, after),
    before,
    after,
  }
}

const fieldFacts = ({ field, mutability, origin, applied, wanted, account }: FieldChange) => ({
  field,
  mutability,
  origin,
  applied,
  wanted,
  account,
})

/** What is made or taken over was not there for a buyer of ours. */
const touchesSold = ({ action }: Change): boolean => action !== 'create' && action !== 'adopt'

const describe = (policy: PolicyPart, described: Described | undefined): Facts | undefined =>
  described === undefined ? undefined : policy.ofSpec?.(described)

function beforeOf(change: Change): Described | undefined {
  const kind = findKind(change.kind)
  const record = 'record' in change ? change.record : undefined
  if (kind === undefined || record === undefined) return undefined
  return { key: change.key, spec: record.spec, local: localOf(kind, record) }
}

const localOf = (kind: Kind, record: AnyRecord): Described['local'] =>
  Object.fromEntries(
    kind.localFields.flatMap(field => {
      const value = Reflect.get(record, field)
      return value === undefined ? [] : [[field, value]]
    }),
  )

const afterOf = (change: Change): Described | undefined =>
  'resource' in change
    ? { key: change.key, spec: change.spec, local: change.resource.local }
    : undefined

type Amounts = Readonly<Record<string, number>>

function pricesIn(policy: PolicyPart | undefined, facts: Facts | undefined): Amounts {
  const prices = policy?.money && facts?.[policy.money.prices]
  const amounts = typeof prices === 'object' && prices !== null ? Object.entries(prices) : []
  return Object.fromEntries(amounts.map(([currency, price]) => [currency, Number(price)]))
}

function chargeIn(policy: PolicyPart | undefined, facts: Facts | undefined): Amounts {
  const charge = policy?.money && facts?.[policy.money.charge]
  return typeof charge === 'number' ? { charge } : {}
}

/** What is taken over was not of this state: what the account says of it is what there was, and not all of them say it. */
function chargeRiseOf(
  change: Change,
  policy: PolicyPart | undefined,
  before: Facts | undefined,
  after: Facts | undefined,
): number | undefined {
  const wanted = chargeIn(policy, after)
  if (change.action !== 'adopt') return riseOf(chargeIn(policy, before), wanted)
  const { key, current, fields } = change
  const found =
    policy && describe(policy, { key, spec: { ...current, ...toldOf(fields) }, local: {} })
  const old = chargeIn(policy, found)
  return 'charge' in wanted && !('charge' in old) ? undefined : riseOf(old, wanted)
}

const toldOf = (fields: readonly FieldChange[]): Spec =>
  Object.fromEntries(
    fields.flatMap(({ field, account }) => (account === undefined ? [] : [[field, account]])),
  )

/** Amounts have at most four decimal places: in whole numbers of the last one a rise of 10 % is 10. */
const inPlaces = (amount: number): number => Math.round(amount * 10_000)

/** By how much per cent the amount that rises most does; one that was not there before does not rise. */
function riseOf(before: Amounts, after: Amounts): number {
  const rises = Object.entries(after).flatMap(([name, amount]) => {
    const old = before[name]
    if (old === undefined || amount <= old) return []
    return [(100 * (inPlaces(amount) - inPlaces(old))) / inPlaces(old)]
  })
  return Math.max(0, ...rises)
}

/** Whether something that travellers hold is touched on the account. */
const reaches = (change: Change): boolean =>
  change.action === 'replace' ||
  change.action === 'retire' ||
  (change.action === 'update' && writes(change.fields))

/** Not known where one of them is not. */
function sumOf(sold: readonly (readonly [Change, number | undefined])[]): number | undefined {
  let sum = 0
  for (const [change, count] of sold) {
    if (!reaches(change)) continue
    if (count === undefined) return undefined
    sum += count
  }
  return sum
}
