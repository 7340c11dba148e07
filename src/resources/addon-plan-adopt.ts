/** How the add-on plans of an account come into the catalog. */

import { createKeyMaker } from '../adopt/make-key.ts'
import { describeObject, pickRevisions } from '../adopt/pick-revisions.ts'
import {
  type AccountQuestion,
  type Adoption,
  type Ask,
  byKey,
  type Defaults,
  type EntryDraft,
  type KindProposal,
  type LeftOut,
  mostCommon,
  type ProposalContext,
  type ProposalInput,
  present,
} from '../adopt/proposal.ts'
import type { PrintedEntry } from '../catalog/entry-edit.ts'
import { count } from '../counts.ts'
import { isJsonObject } from '../json.ts'
import type { Address, Json, JsonObject, Spec } from '../model.ts'
import type { ReportedPlan } from '../sft/api.ts'
import { type AnyRecord, type PutEntry, putEntry } from '../state/state.ts'
import {
  formatAmount,
  formatPlanData,
  formatSpeed,
  formatValidity,
  parseDataVolume,
  parseValidity,
  type Validity,
} from '../units.ts'
import { ADDON_PLAN } from './addon-plan-entry.ts'
import type { SaidFields } from './addon-plan-like.ts'
import { observedPlan } from './addon-plan-observed.ts'
import { needsLike, sayable } from './addon-plan-sayable.ts'

/** What a plan needs in YAML and may not be reported. */
interface PlanAnswer {
  readonly dataMB?: number | 'unlimited'
  readonly validityDays?: Validity
  readonly rateZoneId?: string
}

/** What people told of plans, by ID. */
type PlanFacts = ReadonlyMap<string, PlanAnswer>

/** Why a plan has no form in the catalog language; undefined where it has one. */
function planObstacle(plan: ReportedPlan, told: PlanAnswer | undefined): string | undefined {
  const { benefits } = plan
  const spec = observedPlan(plan).spec
  if (plan.category !== undefined && plan.category.toUpperCase() !== 'ADDON')
    return `it is of category ${plan.category}; the catalog has add-ons only`
  if (benefits !== undefined && benefits.length !== 1)
    return benefits.length === 0
      ? 'it has no data benefit'
      : `it has ${benefits.length} data benefits; the catalog has plans of one`
  const said = sayable(plan, spec)
  const likeness = needsLike(plan, said)
  if ('obstacle' in likeness) return likeness.obstacle
  const facts = planFacts(plan, told)
  const missing = [
    ...(facts.rateZoneId === undefined ? ['rate zone'] : []),
    ...(said.data && facts.dataMB === undefined ? ['data'] : []),
    ...(said.validity && facts.validityDays === undefined ? ['validity'] : []),
  ]
  if (missing.length > 0)
    return `the account does not report its ${missing.join(', ')}: write the entry by hand, or adopt in a terminal, which asks`
  return undefined
}

/** What a plan needs at least: as reported, else as told. */
function planFacts(plan: ReportedPlan, told: PlanAnswer | undefined): PlanAnswer {
  const { rateZone, dataMB, validityDays } = observedPlan(plan).spec
  const rateZoneId = typeof rateZone === 'string' ? rateZone : told?.rateZoneId
  const data = typeof dataMB === 'number' || dataMB === 'unlimited' ? dataMB : told?.dataMB
  const days =
    typeof validityDays === 'number' || typeof validityDays === 'string'
      ? validityDays
      : told?.validityDays
  return {
    ...(rateZoneId !== undefined && { rateZoneId }),
    ...(data !== undefined && { dataMB: data }),
    ...(days !== undefined && { validityDays: days }),
  }
}

/** Plans of the account that nobody manages yet, inactive ones apart. */
function unmanagedPlans({ state, observation }: ProposalInput): {
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
function propose(
  input: ProposalInput,
  { entries, defaults, keys, facts }: ProposalContext<PlanFacts>,
): KindProposal {
  const { state, without } = input
  const zoneKeys = keys.get('rateZone') ?? new Map()
  const { active, inactive } = unmanagedPlans(input)
  const named = new Map(
    entries.flatMap(plan => ('name' in plan ? [[plan.name, plan.key] as const] : [])),
  )
  const makeKey = createKeyMaker([
    ...Object.keys(state.addonPlans),
    ...entries.map(plan => plan.key),
  ])
  const { picked, left: unpicked } = pickRevisions(
    ADDON_PLAN,
    active.map(plan => ({ ...plan, id: plan.planId })),
  )
  const left: LeftOut[] = [...unpicked]
  const drafts: EntryDraft[] = []
  for (const { object: plan, base, revision } of picked) {
    const leave = (why: string) =>
      left.push({ kind: 'addonPlan', what: describeObject(ADDON_PLAN, plan), why })
    const known = named.get(base)
    if (known !== undefined) {
      if (Object.hasOwn(state.addonPlans, known))
        leave(`the catalog's addonPlan/${known} has this name and is another plan`)
      continue
    }
    const key = makeKey(base, `addon-plan-${plan.planId}`)
    const address: Address = `addonPlan/${key}`
    const told = facts?.get(plan.planId)
    const obstacle =
      without.get(address) ?? planObstacle(plan, told) ?? defaultsObstacle(plan, defaults)
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
  const records: PutEntry[] = []
  for (const plan of inactive)
    if (input.inactive)
      records.push(retiredRecord(makeKey(plan.name, `addon-plan-${plan.planId}`), plan))
    else
      left.push({
        kind: 'addonPlan',
        what: describeObject(ADDON_PLAN, { id: plan.planId, name: plan.name }),
        why: 'it is inactive; --inactive records it in the state as retired',
      })
  return {
    entries: byKey(drafts),
    chosen: new Map(drafts.map(draft => [draft.address, draft])),
    records,
    left,
  }
}

/** A record for an inactive plan, which the catalog has no entry for. */
function retiredRecord(key: string, plan: ReportedPlan): PutEntry {
  // What it has besides is compared with a copy, and there is none.
  const { like: _fields, ...spec } = observedPlan(plan).spec
  const record: AnyRecord & { readonly planId: string; readonly rateZoneId: string } = {
    planId: plan.planId,
    name: plan.name,
    rateZoneId: typeof spec['rateZone'] === 'string' ? spec['rateZone'] : '',
    spec,
    retired: true,
  }
  return putEntry('addonPlan', key, record)
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

/** What is written where the account does not report a field. */
const TRUSTED = {
  rateZone: 'rateZone as told',
  dataMB: 'data as told',
  validityDays: 'validity as told',
  activation: 'activation: taken as first-use',
  renewal: 'renewal: taken as one time',
  charge: 'charge: taken as 0',
  priority: 'priority: taken as 1',
} as const

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
  const trusted = Object.entries(TRUSTED).flatMap(([field, how]) =>
    spec[field] === undefined ? [how] : [],
  )
  const group = defaults.destinationGroup ?? defaults.roamingProfiles[0]
  const said = sayable(plan, spec)
  const likeness = needsLike(plan, said)
  const isLike = 'like' in likeness && likeness.like
  const fields: Record<string, Json | undefined> = {
    key,
    name,
    description: spec['description'],
    rateZone: zoneKey ?? { id: facts.rateZoneId ?? '' },
    ...grantedFields(spec, facts, said, isLike),
    // With its own ID: what the language cannot say stays as it is, in each revision.
    like: isLike ? { planId: plan.planId } : undefined,
    serviceProfile: unless(defaults.addonServiceProfile, plan.serviceProfile),
    currencyId: unless(defaults.currencyId, plan.currencyId),
    destinationGroup: unless(group, plan.destinationGroup),
  }
  return {
    fields: present(fields),
    comments: trusted.length === 0 ? [] : [`not reported by the account: ${trusted.join('; ')}`],
  }
}

/** What a plan grants, as far as the language says it; with `like`, defaults are written too. */
function grantedFields(
  spec: Spec,
  facts: PlanAnswer,
  said: SaidFields,
  isLike: boolean,
): Readonly<Record<string, Json | undefined>> {
  const { throttleKbps, activation, renewal, charge, recurringCharge, priority } = spec
  const { dataMB = 0, validityDays = 0 } = facts
  const amount = formatAmount(typeof charge === 'string' ? charge : '0')
  return {
    ...(said.data && dataFields(dataMB, spec)),
    throttle: typeof throttleKbps === 'number' ? formatSpeed(throttleKbps) : undefined,
    validity: said.validity ? formatValidity(validityDays) : undefined,
    activation: said.activation ? written(activation, 'first-use', isLike) : undefined,
    renewal: said.renewal && isJsonObject(renewal) ? renewal : undefined,
    charge: said.charge ? written(amount, '0', isLike) : undefined,
    recurringCharge:
      said.charge && typeof recurringCharge === 'string'
        ? formatAmount(recurringCharge)
        : undefined,
    priority: said.priority ? written(priority, 1, isLike) : undefined,
  }
}

/** A value where it is not the default, or where what is left out would mean another thing. */
function written(value: Json | undefined, usual: Json, always: boolean): Json | undefined {
  const own = value ?? usual
  return own === usual && !always ? undefined : own
}

/** The short form, or benefits where there is more than data. */
function dataFields(
  megabytes: number | 'unlimited',
  { dataPer, smsCount }: Spec,
): Readonly<Record<string, Json>> {
  const data = formatPlanData({ megabytes, ...(dataPer === 'day' && { per: 'day' }) })
  return typeof smsCount === 'number' ? { benefits: { data, sms: smsCount } } : { data }
}

const unless = (usual: string | undefined, value: string | undefined): string | undefined =>
  value === usual ? undefined : value

/** Asks for what a plan needs and the account does not report. */
async function askPlans(
  input: ProposalInput,
  ask: Ask,
  say: (line: string) => void,
): Promise<PlanFacts> {
  const answers = new Map<string, PlanAnswer>()
  const unreported = unmanagedPlans(input).active.filter(plan => {
    const facts = planFacts(plan, undefined)
    const lacks = [facts.dataMB, facts.validityDays, facts.rateZoneId].includes(undefined)
    // Told values do not help a plan that the language cannot say.
    const told = { dataMB: 1, validityDays: 1, rateZoneId: '1' }
    return lacks && planObstacle(plan, told) === undefined
  })
  if (unreported.length === 0) return answers
  say(`The account does not report all of ${count(unreported.length, 'add-on plan')}.`)
  for (const plan of unreported) {
    const named = { id: plan.planId, name: plan.name }
    const text = await ask(
      `${describeObject(ADDON_PLAN, named)}: data, validity and rate zone ID, such as "10 GB, 30 days, 1201" (empty: leave out): `,
    )
    if (text.trim() === '') continue
    const [data = '', validity = '', rateZoneId = ''] = text.split(',').map(part => part.trim())
    const dataMB = parseDataVolume(data)
    const validityDays = parseValidity(validity)
    if (dataMB === undefined || validityDays === undefined || rateZoneId === '')
      say('  this is not data, validity and rate zone ID; it is left out')
    else answers.set(plan.planId, { dataMB, validityDays, rateZoneId })
  }
  return answers
}

/** Defaults that no plan of the account reports. */
function questions(input: ProposalInput): readonly AccountQuestion[] {
  const plans = unmanagedPlans(input).active
  const lacks = (field: 'serviceProfile' | 'currencyId' | 'destinationGroup') =>
    plans.length > 0 && plans.every(plan => plan[field] === undefined)
  const all: readonly (AccountQuestion | false)[] = [
    lacks('serviceProfile') && {
      field: 'addonServiceProfile',
      question: 'Service profile ID of add-on plans',
    },
    lacks('currencyId') && { field: 'currencyId', question: 'Currency ID' },
    lacks('destinationGroup') && {
      field: 'destinationGroup',
      question: 'Destination group of add-on plans, usually a roaming profile ID',
    },
  ]
  return all.filter(one => one !== false)
}

/** What most of the plans have. */
function commonDefaults(input: ProposalInput): Partial<Defaults> {
  const { active } = unmanagedPlans(input)
  const common = (field: string) =>
    mostCommon(
      active.map(plan => {
        const value = observedPlan(plan).spec[field]
        return typeof value === 'string' ? value : undefined
      }),
    )
  const told = input.answers.account
  const addonServiceProfile = common('serviceProfile') ?? told.addonServiceProfile
  const currencyId = common('currencyId') ?? told.currencyId
  const destinationGroup = common('destinationGroup') ?? told.destinationGroup
  return {
    planType: common('planType') === 'postpaid' ? 'postpaid' : 'prepaid',
    ...(addonServiceProfile !== undefined && { addonServiceProfile }),
    ...(currencyId !== undefined && { currencyId }),
    ...(destinationGroup !== undefined && { destinationGroup }),
  }
}

function notes(_input: ProposalInput, entries: readonly PrintedEntry[]): readonly string[] {
  const said: string[] = []
  const byId = entries.filter(entry => typeof entry.fields['rateZone'] === 'object').length
  if (byId > 0)
    said.push(
      `${byId} add-on plans use a rate zone that is not in the catalog: they name it by its ID`,
    )
  const lower = new Map<string, string[]>()
  for (const entry of entries) {
    const name = String(entry.fields['name'])
    lower.set(name.toLowerCase(), [...(lower.get(name.toLowerCase()) ?? []), name])
  }
  for (const names of lower.values())
    if (names.length > 1)
      said.push(
        `names that differ by capital letters only are different plans: ${names.map(name => `"${name}"`).join(', ')}`,
      )
  return said
}

/** Add-on plans of an account. */
export const addonPlanAdoption: Adoption<PlanFacts> = {
  file: 'addon-plans.yaml',
  recordsInactive: true,
  head: [],
  ask: askPlans,
  questions,
  defaults: commonDefaults,
  account: ({ addonServiceProfile, currencyId, planType, destinationGroup }) => ({
    fields: { addonServiceProfile, currencyId, planType, destinationGroup },
    comments: ['Of add-on plans: what most of them have.'],
  }),
  propose,
  notes,
}
