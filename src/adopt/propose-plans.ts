import { isJsonObject } from '../json.ts'
import type { Address, Json, JsonObject } from '../model.ts'
import { observedPlan } from '../resources/addon-plan.ts'
import type { ReportedPlan } from '../sft/api.ts'
import { formatAmount, formatDays, formatMB, parseAmount } from '../units.ts'
import { createKeyMaker } from './make-key.ts'
import { describeObject, pickRevisions } from './pick-revisions.ts'
import type { Defaults, EntryDraft, LeftOut, PlanAnswer, ProposalInput } from './proposal.ts'

/** Why a plan has no form in the catalog language; undefined where it has one. */
export function planObstacle(plan: ReportedPlan, told: PlanAnswer | undefined): string | undefined {
  const { benefits, validity, subscription } = plan
  const spec = observedPlan(plan).spec
  if (plan.category !== undefined && plan.category.toUpperCase() !== 'ADDON')
    return `it is of category ${plan.category}; the catalog has add-ons only`
  if (benefits !== undefined && benefits.length !== 1)
    return benefits.length === 0
      ? 'it has no data benefit'
      : `it has ${benefits.length} data benefits; the catalog has plans of one`
  if (validity?.type !== undefined && validity.type !== '1')
    return `its validity has type ${validity.type}; the catalog has days (type 1) only`
  if (subscription?.activatedBy !== undefined && spec['activation'] === undefined)
    return `its activatedBy is ${subscription.activatedBy}, which is neither first use (1) nor immediate (0)`
  if (subscription?.occurrences !== undefined && spec['renewal'] === undefined)
    return `its renewal rule ${subscription.rule ?? '(none)'} with ${subscription.occurrences} occurrences is not known`
  const facts = planFacts(plan, told)
  const missing = [
    ...(facts.rateZoneId === undefined ? ['rate zone'] : []),
    ...(facts.dataMB === undefined ? ['data'] : []),
    ...(facts.validityDays === undefined ? ['validity'] : []),
  ]
  if (missing.length > 0)
    return `the account does not report its ${missing.join(', ')}: write the entry by hand, or adopt in a terminal, which asks`
  return undefined
}

/** What a plan needs at least: as reported, else as told. */
export function planFacts(plan: ReportedPlan, told: PlanAnswer | undefined): PlanAnswer {
  const { rateZone, dataMB, validityDays } = observedPlan(plan).spec
  const rateZoneId = typeof rateZone === 'string' ? rateZone : told?.rateZoneId
  const data = typeof dataMB === 'number' ? dataMB : told?.dataMB
  const days = typeof validityDays === 'number' ? validityDays : told?.validityDays
  return {
    ...(rateZoneId !== undefined && { rateZoneId }),
    ...(data !== undefined && { dataMB: data }),
    ...(days !== undefined && { validityDays: days }),
  }
}

/** Plans of the account that nobody manages yet, inactive ones apart. */
export function unmanagedPlans({ state, observation }: ProposalInput): {
  readonly active: readonly ReportedPlan[]
  readonly inactive: readonly ReportedPlan[]
} {
  const managed = new Set(
    Object.values(state.addonPlans).flatMap(plan => [
      plan.planId,
      ...(plan.superseded ?? []).map(old => old.id),
    ]),
  )
  const unmanaged = observation.addonPlans.items.filter(plan => !managed.has(plan.planId))
  return {
    active: unmanaged.filter(plan => plan.status !== 'In-Active'),
    inactive: unmanaged.filter(plan => plan.status === 'In-Active'),
  }
}

/** Entries for the active plans that nobody manages yet, and keys for the inactive ones where asked. */
export function proposePlans(
  input: ProposalInput,
  zoneKeys: ReadonlyMap<string, string>,
  defaults: Defaults,
): {
  readonly drafts: readonly EntryDraft[]
  readonly retired: ReadonlyMap<string, ReportedPlan>
  readonly left: readonly LeftOut[]
} {
  const { catalog, state, answers, without } = input
  const { active, inactive } = unmanagedPlans(input)
  const named = new Map(catalog?.addonPlans.map(plan => [plan.name, plan.key]))
  const makeKey = createKeyMaker([
    ...Object.keys(state.addonPlans),
    ...(catalog?.addonPlans ?? []).map(plan => plan.key),
  ])
  const { picked, left: unpicked } = pickRevisions(
    'addonPlan',
    active.map(plan => ({ ...plan, id: plan.planId })),
  )
  const left: LeftOut[] = [...unpicked]
  const drafts: EntryDraft[] = []
  for (const { object: plan, base, revision } of picked) {
    const leave = (why: string) =>
      left.push({ kind: 'addonPlan', what: describeObject('addonPlan', plan), why })
    const known = named.get(base)
    if (known !== undefined) {
      if (Object.hasOwn(state.addonPlans, known))
        leave(`the catalog's addonPlan/${known} has this name and is another plan`)
      continue
    }
    const key = makeKey(base, `addon-plan-${plan.planId}`)
    const address: Address = `addonPlan/${key}`
    const told = answers.plans.get(plan.planId)
    const obstacle =
      without.get(address) ??
      planObstacle(plan, told) ??
      defaultsObstacle(plan, defaults) ??
      valueObstacle(plan)
    if (obstacle !== undefined) {
      leave(obstacle)
      continue
    }
    const draft = writePlan(plan, key, base, told, zoneKeys, defaults)
    drafts.push({
      ...draft,
      address,
      id: plan.planId,
      ...(revision !== undefined && { revision }),
      comments: [
        ...(revision === undefined ? [] : [`"${plan.name}" on the account: revision ${revision}`]),
        ...draft.comments,
      ],
    })
  }
  const retired = new Map<string, ReportedPlan>()
  for (const plan of inactive)
    if (input.inactive) retired.set(makeKey(plan.name, `addon-plan-${plan.planId}`), plan)
    else
      left.push({
        kind: 'addonPlan',
        what: describeObject('addonPlan', { id: plan.planId, name: plan.name }),
        why: 'it is inactive; --inactive records it in the state as retired',
      })
  return { drafts, retired, left }
}

/** A default that a plan needs, where neither it nor the account section tells it. */
function defaultsObstacle(plan: ReportedPlan, defaults: Defaults): string | undefined {
  const lacking = [
    ...((plan.serviceProfile ?? defaults.addonServiceProfile) === undefined
      ? ['addonServiceProfile']
      : []),
    ...((plan.currencyId ?? defaults.currencyId) === undefined ? ['currencyId'] : []),
    ...((plan.destinationGroup ?? defaults.destinationGroup ?? defaults.roamingProfiles[0]) ===
    undefined
      ? ['destinationGroup']
      : []),
  ]
  if (lacking.length > 0)
    return `the account does not report its ${lacking.join(', ')}, and account: of the catalog gives none: add it there and adopt again`
  const type = observedPlan(plan).spec['planType']
  if (type !== undefined && type !== defaults.planType)
    return `it is ${String(type)}, and the catalog's plans are ${defaults.planType} (account.planType)`
  return undefined
}

/** Values that are reported and that the language does not take. */
function valueObstacle(plan: ReportedPlan): string | undefined {
  const { charge, priority } = observedPlan(plan).spec
  if (typeof charge === 'string' && parseAmount(charge) === undefined)
    return `its charge ${charge} is no amount of the catalog language`
  if (priority !== undefined && !(Number.isInteger(priority) && Number(priority) >= 1))
    return `its priority ${String(priority)} is none of the catalog language, which begins at 1`
  return undefined
}

function writePlan(
  plan: ReportedPlan,
  key: string,
  name: string,
  told: PlanAnswer | undefined,
  zoneKeys: ReadonlyMap<string, string>,
  defaults: Defaults,
): { readonly fields: JsonObject; readonly comments: readonly string[] } {
  const { spec } = observedPlan(plan)
  const facts = planFacts(plan, told)
  const zoneKey = zoneKeys.get(facts.rateZoneId ?? '')
  const trusted: string[] = []
  if (spec['rateZone'] === undefined) trusted.push('rateZone as told')
  if (spec['dataMB'] === undefined) trusted.push('data as told')
  if (spec['validityDays'] === undefined) trusted.push('validity as told')
  if (spec['activation'] === undefined) trusted.push('activation: taken as first-use')
  if (spec['renewal'] === undefined) trusted.push('renewal: taken as one time')
  if (spec['charge'] === undefined) trusted.push('charge: taken as 0')
  if (spec['priority'] === undefined) trusted.push('priority: taken as 1')
  const group = defaults.destinationGroup ?? defaults.roamingProfiles[0]
  const fields: Record<string, Json | undefined> = {
    key,
    name,
    description: spec['description'],
    rateZone: zoneKey ?? { id: facts.rateZoneId ?? '' },
    data: formatMB(facts.dataMB ?? 0),
    validity: formatDays(facts.validityDays ?? 0),
    activation: spec['activation'] === 'immediate' ? 'immediate' : undefined,
    renewal: isJsonObject(spec['renewal']) ? spec['renewal'] : undefined,
    charge:
      typeof spec['charge'] === 'string' && spec['charge'] !== '0'
        ? formatAmount(spec['charge'])
        : undefined,
    priority: spec['priority'] === 1 ? undefined : spec['priority'],
    serviceProfile: unless(defaults.addonServiceProfile, plan.serviceProfile),
    currencyId: unless(defaults.currencyId, plan.currencyId),
    destinationGroup: unless(group, plan.destinationGroup),
  }
  return {
    fields: present(fields),
    comments: trusted.length === 0 ? [] : [`not reported by the account: ${trusted.join('; ')}`],
  }
}

const unless = (usual: string | undefined, value: string | undefined): string | undefined =>
  value === usual ? undefined : value

/** Fields that have a value, in their order. */
export const present = (fields: Readonly<Record<string, Json | undefined>>): JsonObject =>
  Object.fromEntries(
    Object.entries(fields).filter((field): field is [string, Json] => field[1] !== undefined),
  )
